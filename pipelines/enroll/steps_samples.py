"""Steps 5 and 6: further samples of the subject, each judged by its face, and other people to tell them from.

5. synthesize: new stills and clips out of the enrollment video, those kept that pass the gate
6. mine: other people's footage, kept as it is now, so that a training can be repeated when their videos have gone
"""

from pathlib import Path

from pipelines.enroll.context import JobContext
from pipelines.enroll.files import beside_footage, own_entry, own_footage
from pipelines.enroll.flow import StepContext
from pipelines.synthesize.making import Made, Wanted, make_samples
from pipelines.training_material import MaterialFinder
from pvchat import weights
from pvchat.errors import VideoError, WeightsError
from pvchat.evaluation.images import read_image
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.geometry import resize
from pvchat.synthesis.shots import shots_of
from pvchat.synthesis.synthesizer import Sample, synthesizer
from pvchat.synthesis.writing import write_sample
from pvchat.training.footage import Footage, parts, window
from pvchat.training.footage_files import write_footage
from storage import people

Context = StepContext[JobContext]

# People whose pictures samples are put into, and how much of each negative is kept.
COMPANIONS = 4
OTHERS_S = 15.0
_PHOTO_FPS, _PHOTO_FRAMES = 8.0, 5
_PHOTO_PX = 960


def synthesize(context: Context) -> None:
    """Make samples; keep those that pass the gate."""
    job, draft = context.work, context.draft
    own, footage = own_entry(context.needed), own_footage(context.needed)
    options, mask = job.options, job.tools.people_mask()
    wanted = Wanted(options.synthesizer, options.generated, options.samples, options.seed)
    made = Made([], [])
    if wanted.generated or wanted.augmented:
        finder = MaterialFinder(job.store, job.tools, job.videos, job.check)
        beside = [other for other in finder.others(own, footage.key) if other.frames is not None][:COMPANIONS]
        made = make_samples(
            shots_of(footage, parts(footage)[0], segment=mask),
            [shot for other in beside for shot in shots_of(other, other.span, segment=mask, most=2)],
            wanted,
            maker=lambda name: synthesizer(name, options.hub, mesh=job.tools.face_mesh()),
            tools=job.tools,
            entry=own,
            folder=draft.folder,
            check=job.check,
            tell=context.tell,
        )
    draft.note("samples", made.samples)
    draft.note("ways", made.ways)
    draft.note("kept", sum(bool(one["kept"]) for one in made.samples))


def mine(context: Context) -> None:
    """Keep other people's footage: of this data folder, of the enrollment video, of a photo of six people."""
    job, draft = context.work, context.draft
    own, key = own_entry(context.needed), own_footage(context.needed).key
    finder = MaterialFinder(job.store, job.tools, job.videos, job.check)
    with job.store.read() as session:
        enrolled = {subject.video_sha256 for subject in people.list_all(session)}
    noted = []
    for index, other in enumerate(finder.others(own, key, most=job.options.others)):
        context.tell(index / max(1, job.options.others), f"{index + 1} videos of others")
        kind = "somebody enrolled" if other.key in enrolled else "somebody unknown"
        noted.append(_keep(job, own, draft.folder / f"{index:02}.npz", _shortened(other), kind))
    beside = beside_footage(context.needed)
    if beside is not None:
        noted.append(_keep(job, own, draft.folder / "beside.npz", beside, "in the same video"))
    if job.options.others and (crowd := _crowd(job, own, draft.folder)) is not None:
        noted.append(_keep(job, own, draft.folder / "crowd.npz", crowd, "group photo"))
    draft.note("others", noted)


def _keep(job: JobContext, own: GalleryEntry, path: Path, footage: Footage, kind: str) -> dict[str, object]:
    write_footage(path, footage)
    scores = job.tools.decide(footage.vectors, footage.record, [own])[0].track_scores.values()
    return {
        "file": path.name,
        "source": footage.key[:12],
        "kind": kind,
        "people": len(footage.record.tracks),
        "pixels": footage.frames is not None,
        "likeness": round(float(max(scores, default=-6.0)), 3),
    }


def _shortened(footage: Footage) -> Footage:
    start, end = footage.span
    return footage if end - start <= OTHERS_S else window(footage, start, start + OTHERS_S)


def _crowd(job: JobContext, own: GalleryEntry, folder: Path) -> Footage | None:
    """A photo of six people as footage, or None where it is not installed or the subject could be on it."""
    try:
        picture = read_image(weights.demo_photo())
    except WeightsError:
        return None
    height, width = picture.shape[:2]
    scale = min(1.0, _PHOTO_PX / max(height, width))
    picture = resize(picture, round(width * scale) // 2 * 2, round(height * scale) // 2 * 2)
    frames = (picture,) * _PHOTO_FRAMES
    path = folder / "crowd.mp4"
    write_sample(path, Sample(0, "still", frames, _PHOTO_FPS, ("photo",), "group photo"))
    try:
        record, vectors = job.tools.perceive(path, None)
    except VideoError:
        return None
    finally:
        path.unlink()
    if not record.tracks or job.tools.decide(vectors, record, [own])[0].state != "absent":
        return None
    return Footage("group photo", record, vectors, (), lambda times: [picture for _ in times])
