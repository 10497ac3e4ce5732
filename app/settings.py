"""How the service runs, read from the environment."""

import os
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pipelines.retention import DEFAULT_HOURS
from pvchat.errors import PVChatError
from pvchat.paths import home_dir

PREFIX = "PVCHAT_"
JOBS_URL = f"{PREFIX}JOBS_URL"


class SettingsError(PVChatError):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True)
class ServiceSettings:
    """Settings of the service; each comes from the environment variable `PVCHAT_` and its name in capitals.

    Attributes:
        home: data folder.
        host, port: where to listen. By default only this machine can connect.
        max_upload_mb: largest upload. max_minutes: longest video. max_megapixels: largest frame.
        max_json_kb: largest body that is no upload.
        chat_waiting: questions that may wait for the model; more are refused with 429.
        jobs_waiting: jobs that may wait; more are refused with 429.
        requests_per_minute: per key (per address without one).
        video_hosts: host names that a `video_url` may be fetched from, comma-separated; none by default.
        fetch_timeout_s: for a fetched video as a whole.
        pages: 1 for the web pages, 0 for the API alone.
        login_hours: how long a browser stays logged in.
        base: model that answers: "nano", or a vision-language model by name or folder.
        synthesizer: what makes further samples of a person who is trained; "" for the usual one, see docs/synthesis.md.
        synthesizer_model, synthesizer_adapter, synthesizer_device, synthesizer_offload: of a synthesizer that runs a
            diffusers pipeline; "" as usual.
        jobs_url: database of the durable workflows that train, for example of PostgreSQL; "" for a file in the data
            folder.
        unknown_hours: for how many hours vectors of unknown people are kept.
    """

    home: Path = field(default_factory=home_dir)
    host: str = "127.0.0.1"
    port: int = 8000
    max_upload_mb: int = 512
    max_minutes: int = 60
    max_megapixels: int = 10
    max_json_kb: int = 256
    chat_waiting: int = 16
    jobs_waiting: int = 32
    requests_per_minute: int = 1200
    video_hosts: tuple[str, ...] = ()
    fetch_timeout_s: float = 60.0
    pages: bool = True
    login_hours: int = 12
    base: str = "nano"
    synthesizer: str = ""
    synthesizer_model: str = ""
    synthesizer_adapter: str = ""
    synthesizer_device: str = ""
    synthesizer_offload: str = ""
    jobs_url: str = ""
    unknown_hours: int = DEFAULT_HOURS

    @classmethod
    def from_environment(cls) -> "ServiceSettings":
        """Defaults, overridden by the environment.

        Raises:
            SettingsError: a value is no number where one is needed, or out of range.
        """
        values: dict[str, Any] = {}
        defaults = cls()
        for item in fields(cls):
            text = os.environ.get(PREFIX + item.name.upper())
            if text is None or item.name == "home":
                continue
            values[item.name] = _read(item.name, text, getattr(defaults, item.name))
        return replace(defaults, **values)

    @property
    def synthesis(self) -> dict[str, str]:
        """The options of a training job that are about its synthesizer."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name.startswith("synthesizer")}

    @property
    def max_upload_bytes(self) -> int:
        """`max_upload_mb` in bytes."""
        return self.max_upload_mb << 20


def _read(name: str, text: str, default: object) -> object:
    if isinstance(default, tuple):
        return tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text.strip() not in ("0", "1"):
            raise SettingsError(f"{PREFIX}{name.upper()}={text!r} has to be 0 or 1; the default is {int(default)}")
        return text.strip() == "1"
    try:
        number = float(text) if isinstance(default, float) else int(text)
    except ValueError as error:
        raise SettingsError(f"{PREFIX}{name.upper()}={text!r} is no number; the default is {default}") from error
    if number <= 0:
        raise SettingsError(f"{PREFIX}{name.upper()}={text!r} has to be above zero; the default is {default}")
    return number
