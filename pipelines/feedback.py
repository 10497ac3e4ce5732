"""Saying who a track of a video is, or is not: stored, listed, undone. It holds from the next answer on, everywhere."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import names
from pvchat.errors import ConsentError, FeedbackConflictError, FeedbackError, SubjectError
from pvchat.identity.feedback import Statement, Verdict, anchors_of, check, rulings_of
from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from storage import feedback, people, perceptions
from storage.feedback import Feedback
from storage.schema import now
from storage.store import Store

if TYPE_CHECKING:
    from pipelines.tools import Progress
    from pipelines.videos import PerceivedVideos
    from pvchat.identity.pointing import Pointer

_LEAST_PREFIX = 4


@dataclass(frozen=True)
class Said:
    """A statement and whether it counts.

    Attributes:
        feedback: the statement. in_effect: whether its track is found in the video as it was perceived last; None
            where the video is not perceived now, so that nobody can tell before it is looked at again.
        new: False when the same had been said before.
    """

    feedback: Feedback
    in_effect: bool | None
    new: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        said = self.feedback
        return {
            "id": said.id,
            "subject": said.subject,
            "verdict": said.verdict,
            "video_sha256": said.video_sha256,
            "video": said.video_name,
            "track": said.track_id,
            "spans": [[round(start, 2), round(end, 2)] for start, end in said.spans],
            "author": said.author,
            "created_at": said.created_at.isoformat(timespec="seconds"),
            "in_effect": self.in_effect,
        }


class SessionFeedback:
    """What people say about tracks of video files, as a session offers it.

    Args:
        store: the data folder. videos: perceived videos.
    """

    def __init__(self, store: Store, videos: "PerceivedVideos") -> None:
        self._store = store
        self._videos = videos

    def say(
        self,
        video: Path | str,
        name: str,
        verdict: Verdict,
        pointer: "Pointer",
        *,
        author: str = "python",
        progress: "Progress | None" = None,
    ) -> Said:
        """Say that a track of a video is an enrolled person, or is not; see `say`.

        Args:
            name: of the person, whatever its case. pointer: which track. author: who says so.

        Raises:
            SubjectError: nobody is called so.
            VideoError, WeightsError: the video cannot be looked at.
        """
        subject_id = self._id(name)
        perceived = self._videos.get(Path(video), progress)
        return say(self._store, subject_id, verdict, (perceived.record, perceived.vectors), pointer, author=author)

    def list(self, video: Path | str | None = None, name: str | None = None) -> "list[Said]":
        """What was said, oldest first; about one video, about one person, or all. Raises VideoError, SubjectError."""
        sha256 = None if video is None else self._videos.identify(Path(video))[1]
        return listed(self._store, video_sha256=sha256, subject_id=None if name is None else self._id(name))

    def undo(self, feedback_id: str) -> Said:
        """Take a statement back; see `undo`."""
        return undo(self._store, feedback_id)

    def _id(self, name: str) -> str:
        with self._store.read() as session:
            everybody = people.list_info(session)
        wanted = names.find_subject(name, [info.name for info in everybody])
        return next(info.id for info in everybody if info.name == wanted)


def say(
    store: Store,
    subject_id: str,
    verdict: Verdict,
    perceived: tuple[PerceptionRecord, PerceptionVectors],
    pointer: "Pointer",
    *,
    author: str,
) -> Said:
    """Say that a track is this person, or is not.

    The mean of the track's faces is kept: as something that is not the person, or as one more template of them.

    Args:
        perceived: record and vectors of the video. pointer: which track. author: id of an API key, or "cli".

    Raises:
        SubjectError: the person was forgotten, or is not enrolled.
        ConsentError: the consent is withdrawn or expired.
        FeedbackError: nobody can be told who is meant.
        FeedbackConflictError: it contradicts what was said before.
    """
    from pvchat.identity.judging import raw_track_mean
    from pvchat.identity.pointing import track_meant

    record, vectors = perceived
    track = track_meant(pointer, record)
    samples = vectors.faces.get(track.id)
    described = samples is not None and len(samples.vectors) > 0
    face = (vectors.face_model, raw_track_mean(samples, vectors.face_model)) if samples and described else None
    sha256 = record.video.sha256
    with store.write() as session:
        person = people.get(session, subject_id)
        if person is None:
            raise SubjectError("this person was forgotten meanwhile; create the person anew")
        if person.face_model is None:
            raise SubjectError(f'"{person.name}" is not enrolled yet; enroll the person first')
        if not person.consent.valid(now()):
            raise ConsentError(f'the consent for "{person.name}" has ended; nothing more is stored about the person')
        earlier = [said.statement() for said in feedback.list_all(session, video_sha256=sha256)]
        same = check(Statement("", person.name, verdict, track.id, anchors_of(track)), earlier, record)
        feedback_id = same.id if same is not None else ""
        if same is None:
            feedback_id = feedback.add(
                session,
                subject_id=subject_id,
                verdict=verdict,
                video_sha256=sha256,
                track_id=track.id,
                spans=track.spans,
                anchors=anchors_of(track),
                author=author,
                face=face,
            )
        stored = feedback.get(session, feedback_id)
    if stored is None:
        raise FeedbackError("the feedback was undone meanwhile; say it again")
    return Said(stored, True, new=same is None)


def newest_perception(store: Store, sha256: str) -> tuple[PerceptionRecord, PerceptionVectors] | None:
    """What was perceived last in a video; None where it is not perceived now."""
    with store.read() as session:
        cached = perceptions.newest_read(session, sha256)
    return None if cached is None else (cached.record, cached.vectors)


def listed(
    store: Store, *, video_sha256: str | None = None, subject_id: str | None = None, newest: int | None = None
) -> list[Said]:
    """What was said, oldest first, and whether it counts.

    Args:
        video_sha256, subject_id: of one video, about one person. newest: at most so many.
    """
    idle: dict[str, frozenset[str] | None] = {}
    with store.read() as session:
        found = feedback.list_all(session, video_sha256=video_sha256, subject_id=subject_id, newest=newest)
        for sha256 in {said.video_sha256 for said in found}:
            cached = perceptions.newest_read(session, sha256)
            if cached is None:
                idle[sha256] = None
                continue
            # Others' statements about the same video count in what contradicts what.
            everything = [said.statement() for said in feedback.list_all(session, video_sha256=sha256)]
            idle[sha256] = rulings_of(everything, cached.record)[1]
    out = []
    for said in found:
        without = idle[said.video_sha256]
        out.append(Said(said, None if without is None else said.id not in without))
    return out


def one(store: Store, feedback_id: str) -> Said:
    """One statement. Raises FeedbackError when there is none."""
    with store.read() as session:
        found = feedback.get(session, feedback_id)
    about = [] if found is None else listed(store, video_sha256=found.video_sha256)
    for said in about:
        if said.feedback.id == feedback_id:
            return said
    raise FeedbackError(f"there is no feedback {feedback_id}; it may have been undone")


def undo(store: Store, feedback_id: str) -> Said:
    """Take a statement back; answers are again what they were before it.

    Args:
        feedback_id: its id, or so much of the beginning that no other has it.

    Returns:
        What was taken back.

    Raises:
        FeedbackError: there is none, or there are several.
    """
    with store.write() as session:
        whole = feedback_id
        if len(feedback_id) >= _LEAST_PREFIX and feedback.get(session, feedback_id) is None:
            begun = feedback.starting_with(session, feedback_id)
            if len(begun) > 1:
                raise FeedbackConflictError(f"{len(begun)} statements begin with {feedback_id}; give more of the id")
            whole = begun[0] if begun else feedback_id
        found = feedback.get(session, whole)
        if found is None or not feedback.remove(session, whole):
            raise FeedbackError(f"there is no feedback {feedback_id}; run: pvchat feedback list")
    return replace(Said(found, False), new=False)
