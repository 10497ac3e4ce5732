"""Erasing a person: rows, vectors, cached records, file names, and the bytes they left in the file."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pvchat.errors import SubjectError
from storage.corpus import chunks
from storage.corpus_faces import drop_faces, drop_other_engines
from storage.feedback import drop_faces as drop_feedback_faces
from storage.perceptions import CLEARED_NAME
from storage.schema import (
    AdapterRow,
    ConsentRow,
    CorpusItemRow,
    CorpusSourceRow,
    FeedbackRow,
    JobRow,
    MediaRow,
    PerceptionRow,
    SubjectRow,
    VectorRow,
    VideoRow,
)


@dataclass(frozen=True)
class Erased:
    """What one erasure took.

    Attributes:
        name: what the person was called.
        templates: face templates of the subject.
        appearance: appearance vectors of the subject.
        records: file names of the videos whose cached perception records went.
        track_vectors: vectors of tracks that went with those records.
        videos: file names of the videos that are no longer known at all.
        renamed: how many other videos lost their file name because it held the person's name.
        adapters: how many adapters were trained for the person, earlier versions among them.
        media: ids of the uploaded files that the person was or was to be enrolled from; the files are to be deleted.
        corpus_faces: faces of the corpus that went; its indexes are to be deleted.
        feedback: statements about the person. feedback_faces: faces that statements about others had left.
    """

    name: str
    templates: int
    appearance: int
    records: tuple[str, ...]
    track_vectors: int
    videos: tuple[str, ...]
    renamed: int
    adapters: int
    media: tuple[str, ...]
    corpus_faces: int
    feedback: int
    feedback_faces: int


def erase_subject(
    session: Session,
    subject_id: str,
    seen_in: Collection[int],
    corpus_faces: Collection[int] = (),
    feedback_faces: Collection[str] = (),
) -> Erased:
    """Delete a subject, their consent, and everything derived from their face.

    Perception records are a cache, so the whole record of a video the person is in goes, with everybody's vectors; it
    is made again when somebody asks about that video. The caller's transaction decides whether it stays.

    Args:
        subject_id: id of the subject.
        seen_in: ids of the videos, other than the enrollment video, in which the person was found.
        corpus_faces: ids of the faces of the corpus that are the person's. Those that another engine described cannot
            be compared and go as well.
        feedback_faces: ids of the statements about other people that left a face which could be the person's. The
            faces go; what was said goes on to hold in its video.

    Raises:
        SubjectError: there is no such subject.
    """
    subject = session.get(SubjectRow, subject_id)
    if subject is None:
        raise SubjectError("this person is not enrolled any more; run: pvchat people")
    name, consent_id = subject.name, subject.consent_id
    enrolled_from = () if subject.video_id is None else (subject.video_id,)
    video_ids = {*seen_in, *enrolled_from}
    counts = _count_by_kind(session, subject_id)
    in_corpus = drop_faces(session, corpus_faces) + _drop_not_comparable(session, subject_id)
    adapters = session.scalar(select(func.count()).where(AdapterRow.subject_id == subject_id)) or 0
    media = _enrollment_media(session, subject_id)
    said = session.scalar(select(func.count()).where(FeedbackRow.subject_id == subject_id)) or 0
    session.delete(subject)
    session.flush()
    # The person's own went with the person.
    others_faces = drop_feedback_faces(session, feedback_faces)
    consent = session.get(ConsentRow, consent_id)
    if consent is not None:
        session.delete(consent)

    records: list[str] = []
    gone: list[str] = []
    track_vectors = 0
    for video in session.scalars(select(VideoRow).where(VideoRow.id.in_(video_ids)).order_by(VideoRow.id)).all():
        perceptions = session.scalars(select(PerceptionRow).where(PerceptionRow.video_id == video.id)).all()
        for perception in perceptions:
            track_vectors += _count_vectors(session, perception.id)
            session.delete(perception)
        session.flush()
        if perceptions:
            records.append(video.name)
        if session.scalar(select(SubjectRow.id).where(SubjectRow.video_id == video.id).limit(1)) is None:
            gone.append(video.name)
            session.delete(video)
    session.flush()
    renamed = _clear_file_names(session, name)
    return Erased(
        name=name,
        templates=counts.get("face", 0),
        appearance=counts.get("appearance", 0),
        records=tuple(records),
        track_vectors=track_vectors,
        videos=tuple(gone),
        renamed=renamed,
        adapters=adapters,
        media=media,
        corpus_faces=in_corpus,
        feedback=said,
        feedback_faces=others_faces,
    )


def _drop_not_comparable(session: Session, subject_id: str) -> int:
    """Of a person who was enrolled, what other engines made of the corpus."""
    model_id = session.scalar(
        select(VectorRow.model_id).where(VectorRow.subject_id == subject_id, VectorRow.kind == "face")
    )
    return 0 if model_id is None else drop_other_engines(session, model_id)


def _enrollment_media(session: Session, subject_id: str) -> tuple[str, ...]:
    """Take the rows of the files uploaded to enroll this person, unless somebody else is enrolled from the same one."""
    enrolling = select(JobRow.media_id).where(JobRow.kind.in_(("enroll", "train")))
    ids = set(session.scalars(enrolling.where(JobRow.subject_id == subject_id)))
    others = set(session.scalars(enrolling.where(JobRow.subject_id != subject_id)))
    gone = sorted(media_id for media_id in ids - others if media_id is not None)
    for row in session.scalars(select(MediaRow).where(MediaRow.id.in_(gone))).all():
        session.delete(row)
    session.flush()
    return tuple(gone)


def _clear_file_names(session: Session, name: str) -> int:
    """Replace file names that hold the person's name ("maria_lopez.mp4") by the start of the file's hash.

    A path goes with the file's name, and also where only one of its folders holds the person's name.
    """
    wanted = _letters(name)
    renamed = 0
    rows: list[VideoRow | MediaRow] = [*session.scalars(select(VideoRow)), *session.scalars(select(MediaRow))]
    for row in rows:
        if wanted in _letters(row.name):
            row.name = row.sha256[:CLEARED_NAME]
            renamed += 1
        if isinstance(row, VideoRow) and (row.name == row.sha256[:CLEARED_NAME] or wanted in _letters(row.path or "")):
            row.path = None
    _clear_corpus_names(session, wanted)
    session.flush()
    return renamed


def _clear_corpus_names(session: Session, wanted: str) -> None:
    """The same for the corpus: its files are found again by their content alone."""
    for source in session.scalars(select(CorpusSourceRow)):
        if wanted in _letters(source.name):
            source.name = source.id[:CLEARED_NAME]
        if wanted in _letters(source.path or ""):
            source.path = None
    places = session.execute(select(CorpusItemRow.id, CorpusItemRow.path).where(CorpusItemRow.path.is_not(None)))
    named = [item_id for item_id, path in places.all() if wanted in _letters(path or "")]
    for chunk in chunks(named):
        session.execute(update(CorpusItemRow).where(CorpusItemRow.id.in_(chunk)).values(path=None))


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _count_by_kind(session: Session, subject_id: str) -> dict[str, int]:
    blocks = session.execute(
        select(VectorRow.kind, func.sum(VectorRow.count))
        .where(VectorRow.subject_id == subject_id)
        .group_by(VectorRow.kind)
    )
    return {kind: int(count) for kind, count in blocks.all()}


def _count_vectors(session: Session, perception_id: int) -> int:
    total = session.scalar(select(func.sum(VectorRow.count)).where(VectorRow.perception_id == perception_id))
    return int(total or 0)
