"""Steps 1 to 4: the video, what it shows, who is meant, and the gallery entry that answers at once.

1. ingest: which file it is  2. perceive: look at it  3. pick: whom it is about  4. entry: store the gallery entry
"""

from collections.abc import Mapping
from pathlib import Path

from pipelines import enroll_instant
from pipelines.enroll.artifacts import Artifact
from pipelines.enroll.context import JobContext, PickNeededError
from pipelines.enroll.files import BESIDE, ENTRY, SEEN, SUBJECT
from pipelines.enroll.flow import StepContext
from pipelines.training_material import MaterialFinder, bystanders
from pipelines.videos import PerceivedVideo
from pvchat.errors import AmbiguousSubjectError, TrainingError, VideoError
from pvchat.identity.entry_files import write_entry
from pvchat.perception.archive import read_perception, write_perception
from pvchat.training.footage_files import write_footage
from storage import people
from storage.media import MediaFolder
from storage.people import StoredSubject
from storage.schema import now

Context = StepContext[JobContext]
Found = Mapping[str, Artifact]


def ingest(context: Context) -> None:
    """Which file the job is about, by content. A file that is no video is refused here."""
    job, draft = context.work, context.draft
    file = video_file(job)
    size_bytes, sha256 = job.videos.identify(file)
    job.tools.probe(file)
    draft.note("sha256", sha256)
    draft.note("size_bytes", size_bytes)


def perceive(context: Context) -> None:
    """Look at the video, once."""
    job, found, draft = context.work, context.needed, context.draft
    perceived = job.videos.get(same_file(job, found), context.tell, store=False)
    with (draft.folder / SEEN).open("wb") as file:
        write_perception(file, perceived.record, perceived.vectors)
    draft.note("people", len(perceived.record.tracks))


def pick(context: Context) -> None:
    """Whom the video is about, by the number that picks count with.

    Raises:
        PickNeededError: several people are equally likely, and nobody has said who is meant.
        NoFaceError, AmbiguousSubjectError: there is nobody, or nobody with the number that was picked.
    """
    job = context.work
    perceived = _perceived(context.needed)
    candidates = enroll_instant.candidates_of(perceived, job.tools)
    known = _enrolled(job)
    number = job.job.pick
    if number is None and known is not None and known.video_sha256 == perceived.record.video.sha256:
        number = _enrolled_number(job, known, perceived, candidates)
    try:
        chosen = enroll_instant.pick_subject(candidates, number, Path("the video"), drawn=perceived.record.drawn)
    except AmbiguousSubjectError as error:
        if number is not None:
            raise
        raise PickNeededError(video_file(job)) from error
    context.draft.note("pick", candidates.index(chosen) + 1)


def entry(context: Context) -> None:
    """Store the gallery entry, from which questions are answered from now on; keep what training needs of the video.

    Raises:
        TrainingError: the person is not surely found in their own video; the entry is stored all the same.
    """
    job, found, draft = context.work, context.needed, context.draft
    file, perceived = same_file(job, found), _perceived(found)
    job.check_now()
    job.videos.know(perceived)
    result = job.session.enroll_subject(
        job.subject_id, file, pick=int(found["pick"].notes["pick"]), keep_training=job.job.id
    )
    draft.note("coverage", result.coverage)
    draft.note("warnings", list(result.warnings))
    draft.timings["instant_s"] = round((now() - job.job.created_at).total_seconds(), 2)
    known = _enrolled(job)
    if known is None:
        raise TrainingError("the gallery entry is gone again; start the job anew")
    own = job.tools.entry(known.name, known.vectors, known.coverage)
    write_entry(draft.folder / ENTRY, own)
    finder = MaterialFinder(job.store, job.tools, job.videos, job.check)
    footage, decision = finder.enrollment(own, perceived, file)
    write_footage(draft.folder / SUBJECT, footage)
    beside = bystanders(footage, decision)
    if beside.record.tracks:
        write_footage(draft.folder / BESIDE, beside)


def video_file(job: JobContext) -> Path:
    """Where the enrollment video lies now.

    Raises:
        VideoError: nowhere any more. TrainingError: the same, of somebody who was enrolled before.
    """
    if job.options.file is not None:
        return Path(job.options.file)
    if job.job.media_id is not None:
        return MediaFolder(job.home).path(job.job.media_id)
    known = _enrolled(job)
    if known is None:
        raise VideoError("the job's video was deleted; upload it again")
    return MaterialFinder(job.store, job.tools, job.videos, job.check).enrollment_video(known)


def same_file(job: JobContext, found: Found) -> Path:
    """The enrollment video, which is still the one the job began with.

    Raises:
        VideoError, TrainingError: it is gone, or another one lies there.
    """
    file = video_file(job)
    if job.videos.identify(file)[1] != found["ingest"].notes["sha256"]:
        raise VideoError(f"{file.name} is another video than when the job began; start a new job for it")
    return file


def _perceived(found: Found) -> PerceivedVideo:
    record, vectors = read_perception(found["perceive"].folder / SEEN)
    return PerceivedVideo(record, vectors, int(found["ingest"].notes["size_bytes"]), stored=False)


def _enrolled(job: JobContext) -> StoredSubject | None:
    with job.store.read() as session:
        return next((s for s in people.list_all(session) if s.id == job.subject_id), None)


def _enrolled_number(
    job: JobContext,
    known: StoredSubject,
    perceived: PerceivedVideo,
    candidates: list[enroll_instant.Candidate],
) -> int | None:
    """Who of the video is enrolled from it already; None leaves it open."""
    if known.vectors.face_model != perceived.vectors.face_model:
        return None
    own = job.tools.entry(known.name, known.vectors, known.coverage)
    tracks = set(job.tools.decide(perceived.vectors, perceived.record, [own])[0].track_ids)
    numbers = [n for n, c in enumerate(candidates, start=1) if tracks & {track.id for track in c.tracks}]
    return numbers[0] if len(numbers) == 1 else None
