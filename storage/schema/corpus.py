"""Faces of other people, from folders that were given for training and mining."""

from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.schema.base import Base, UtcDateTime, now

CorpusKind = Literal["picture", "video"]
CorpusState = Literal["indexed", "no_face", "broken"]


class CorpusSourceRow(Base):
    """A folder or file whose faces are a part of the corpus, as it was given to `pvchat corpus add`.

    `licence` is what its owner says about the use of what is in it, empty where nothing was said. `path` goes when
    somebody is forgotten whose name is in it.
    """

    __tablename__ = "corpus_sources"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=lambda: str(uuid4()))
    name: Mapped[str] = mapped_column(String(255))
    path: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str] = mapped_column(String(200))
    added_by: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    items: Mapped[list["CorpusItemRow"]] = relationship(
        back_populates="source", cascade="all, delete-orphan", passive_deletes=True
    )


class CorpusItemRow(Base):
    """A picture or video of the corpus, once for each content. The file itself is not copied.

    Path, size and time of the last change tell whether a file has to be looked at again. `sha256` is empty where the
    file could not be read at all. `model_id` is the engine that described its faces: with another one the file is
    looked at anew. `reason` says why a broken one is broken.
    """

    __tablename__ = "corpus_items"
    __table_args__ = (
        CheckConstraint("kind IN ('picture', 'video')", name="kind"),
        CheckConstraint("state IN ('indexed', 'no_face', 'broken')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("corpus_sources.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    path: Mapped[str | None] = mapped_column(Text, index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[CorpusKind] = mapped_column(String(20))
    state: Mapped[CorpusState] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    licence: Mapped[str] = mapped_column(String(200))
    model_id: Mapped[str] = mapped_column(String(100))

    source: Mapped[CorpusSourceRow] = relationship(back_populates="items")
    faces: Mapped[list["CorpusFaceRow"]] = relationship(
        back_populates="item", cascade="all, delete-orphan", passive_deletes=True
    )


class CorpusFaceRow(Base):
    """A person's track in an item of the corpus; in a picture, a track of one sighting.

    `data` is the unit vector, float32 and little-endian, of the mean of `count` described faces in the whitened space
    of the engine. `reliability` is what `pvchat.identity.reliability` says of these faces, `quality` that of their
    pictures. `box` is the face at `key_s`, as fractions of the picture.
    """

    __tablename__ = "corpus_faces"
    __table_args__ = (
        CheckConstraint("length(data) = 4 * dimension", name="data_size"),
        Index(None, "model_id", "id"),
        # An id that was used once never comes back, so that count and largest id tell every state apart.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("corpus_items.id", ondelete="CASCADE"), index=True)
    start_s: Mapped[float]
    end_s: Mapped[float]
    key_s: Mapped[float]
    box: Mapped[list[float]] = mapped_column(JSON)
    quality: Mapped[float]
    reliability: Mapped[float]
    count: Mapped[int]
    model_id: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)

    item: Mapped[CorpusItemRow] = relationship(back_populates="faces")
