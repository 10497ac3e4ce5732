"""Settings come from the environment and are refused by name."""

from pathlib import Path

import pytest

from app.auth.first_key import first_key
from app.settings import ServiceSettings, SettingsError
from storage.store import Store


def test_the_environment_overrides_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PVCHAT_HOME", str(tmp_path))
    monkeypatch.setenv("PVCHAT_PORT", "9000")
    monkeypatch.setenv("PVCHAT_VIDEO_HOSTS", "Videos.example.org, other.example.org,")
    monkeypatch.setenv("PVCHAT_FETCH_TIMEOUT_S", "2.5")
    settings = ServiceSettings.from_environment()
    assert (settings.home, settings.port, settings.fetch_timeout_s) == (tmp_path, 9000, 2.5)
    assert settings.video_hosts == ("videos.example.org", "other.example.org")
    assert settings.host == "127.0.0.1"


def test_what_is_set_for_a_synthesizer_is_handed_to_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(ServiceSettings.from_environment().synthesis.values()) == {""}
    monkeypatch.setenv("PVCHAT_SYNTHESIZER", "image-to-video")
    monkeypatch.setenv("PVCHAT_SYNTHESIZER_OFFLOAD", "sequential")
    chosen = {name: value for name, value in ServiceSettings.from_environment().synthesis.items() if value}
    assert chosen == {"synthesizer": "image-to-video", "synthesizer_offload": "sequential"}


@pytest.mark.parametrize("value", ["", "many", "0", "-5", "1e3"])
def test_a_value_that_is_no_number_above_zero_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PVCHAT_MAX_UPLOAD_MB", value)
    with pytest.raises(SettingsError, match="PVCHAT_MAX_UPLOAD_MB"):
        ServiceSettings.from_environment()


def test_the_first_key_is_made_once(tmp_path: Path) -> None:
    with Store.open(tmp_path / "home") as store:
        assert first_key(store) is not None
        assert first_key(store) is None
