"""Another face engine: everybody is described anew from their video, or it is said why not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.engine_choice import choose_engine, chosen_engine
from pipelines.reembedding import reembed
from pipelines.session import Session
from pvchat.errors import ModelError
from storage import people, perceptions
from storage.store import Store
from tests.pipelines.scene_tools import SceneTools

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}
NEW = "other-engine"


def models(store: Store) -> dict[str, str]:
    with store.read() as session:
        return {subject.name: subject.vectors.face_model for subject in people.list_all(session)}


def test_everybody_is_found_again_in_their_video(session: Session, video: Video, home: Path) -> None:
    session.enroll("Ann", video("alone.mp4", {"face": 1}), **CONSENT)
    two = video("two.mp4", {"face": 2, "x": 0.2, "every": 0.5}, {"face": 3, "x": 0.8, "every": 0.5})
    session.enroll("Bob", two, pick=2, **CONSENT)
    with Store.open(home) as store, Session(Store.open(home), SceneTools(face_model=NEW)) as other:
        found = reembed(other, store)
        assert (found.done, found.failed, found.face_model) == (("Ann", "Bob"), (), NEW)
        assert models(store) == {"Ann": NEW, "Bob": NEW}
        assert other.ask(video("b.mp4", {"face": 3}), "Is Bob here?").evidence[0].state == "present"
        assert other.ask(two, "Is Ann here?").evidence[0].state == "absent"
        again = reembed(other, store)
        assert (again.done, again.kept) == ((), ("Ann", "Bob"))


def test_who_cannot_be_described_anew_is_named_with_the_reason(session: Session, video: Video, home: Path) -> None:
    gone = video("gone.mp4", {"face": 1})
    session.enroll("Ann", gone, **CONSENT)
    gone.unlink()
    two = video("two.mp4", {"face": 2, "x": 0.2}, {"face": 3, "x": 0.8})
    session.enroll("Bob", two, pick=2, **CONSENT)
    with Store.open(home) as store:
        with store.write() as database:
            # What was perceived has expired; only looking with the earlier engine again would tell who was meant.
            perceptions.drop_records(database, [found.id for found in perceptions.load_all(database)])
        with Session(Store.open(home), SceneTools(face_model=NEW)) as other:
            found = reembed(other, store, earlier=lambda _model: None)
            reasons = dict(found.failed)
            assert "is not where it was" in reasons["Ann"]
            assert "nothing tells any more which of them is Bob" in reasons["Bob"]
            assert models(store) == {"Ann": "dlib-resnet-v1", "Bob": "dlib-resnet-v1"}
            looked: list[str] = []

            def earlier(model: str) -> Any:
                looked.append(model)
                return SceneTools()

            assert reembed(other, store, earlier=earlier).done == ("Bob",)
            assert looked == ["dlib-resnet-v1"]


def test_a_data_folder_keeps_its_engine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_engine(home) == "dlib"
    choose_engine(home, "insightface:buffalo_s")
    assert chosen_engine(home) == "insightface:buffalo_s"
    monkeypatch.setenv("PVCHAT_ENGINE", "dlib")
    assert chosen_engine(home) == "dlib"
    monkeypatch.delenv("PVCHAT_ENGINE")
    (home / "engine.json").write_text("broken")
    with pytest.raises(ModelError, match="pvchat engine use dlib"):
        chosen_engine(home)
