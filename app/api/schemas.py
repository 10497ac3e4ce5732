"""What goes over the wire, as pydantic models: the ground of all of them, keys, videos, the corpus, problems."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.wire import Moment, text
from app.auth.scopes import EVERYTHING
from storage.corpus import CorpusSource
from storage.keys import Key
from storage.media import Media


def without_default(schema: dict[str, Any]) -> None:
    """Leave the default out of a member's JSON schema: it stands for "not sent"."""
    schema.pop("default", None)


class In(BaseModel):
    """Something a client sends; unknown members and other types than documented are a mistake worth telling."""

    model_config = ConfigDict(extra="forbid", strict=True)


class VideoOut(BaseModel):
    """An uploaded video."""

    id: str
    name: str
    sha256: str
    size_bytes: int
    duration_s: float
    width: int
    height: int
    fps: float
    created_at: datetime
    perceived: bool

    @classmethod
    def of(cls, media: Media, *, perceived: bool) -> "VideoOut":
        """From the database."""
        return cls(**{**vars(media), "fps": round(media.fps, 3), "perceived": perceived})


class VideosOut(BaseModel):
    """All uploaded videos, newest first."""

    videos: list[VideoOut]


class KeyIn(In):
    """A key to make."""

    name: Annotated[str, text(100, "door")]
    scopes: Annotated[
        list[Annotated[str, Field(max_length=50, json_schema_extra={"enum": list(EVERYTHING)})]],
        Field(min_length=1, max_length=20),
    ]
    expires_at: Moment | None = None


class KeyOut(BaseModel):
    """A key as it is known after it was shown."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: Key) -> "KeyOut":
        """From the database."""
        return cls(**{**vars(key), "scopes": list(key.scopes)})


class NewKeyOut(KeyOut):
    """A key that was just made. `key` is never shown again."""

    key: str


class KeysOut(BaseModel):
    """All keys, oldest first."""

    keys: list[KeyOut]


class MistakeOut(BaseModel):
    """A place in a request that does not fit the schema."""

    where: str
    what: str


class ReadyOut(BaseModel):
    """Whether the service can answer questions."""

    status: Literal["ready", "starting"]
    detail: str | None = None


class ProblemOut(BaseModel):
    """An error (RFC 9457). `errors` names what does not fit the schema."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[MistakeOut] = []


class CorpusSourceOut(BaseModel):
    """A folder or file of the corpus, without where it lies."""

    id: str
    name: str
    licence: str
    added_at: datetime
    files: int
    faces: int
    no_face: int
    broken: int

    @classmethod
    def of(cls, source: CorpusSource) -> "CorpusSourceOut":
        """From the database."""
        return cls(
            id=source.id,
            name=source.name,
            licence=source.licence,
            added_at=source.added_at,
            files=source.items,
            faces=source.faces,
            no_face=source.no_face,
            broken=source.broken,
        )


class CorpusOut(BaseModel):
    """All sources, oldest first."""

    sources: list[CorpusSourceOut]
