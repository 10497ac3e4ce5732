"""Steps 5 and 6: further samples of the subject, each judged by its face, and other people to tell them from.

5. synthesize: new clips out of the enrollment video, those kept in which the subject is surely found
6. mine: other people's footage, kept as it is now, so that a training can be repeated when their videos have gone
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2

from pipelines.enroll.context import JobContext
from pipelines.enroll.files import beside_footage, own_entry, own_footage
from pipelines.enroll.flow import StepContext
from pipelines.mine.config import MiningConfig
from pipelines.mine.negatives import NegativeKeeper, Subject
from pipelines.training_material import MaterialFinder
from pvchat.errors import SynthesisError
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.geometry import Image, resize
from pvchat.perception.patches import FrameSource
from pvchat.synthesis.shots import shots_of
from pvchat.synthesis.synthesizer import Sample, synthesizer
from pvchat.synthesis.writing import write_sample
from pvchat.training.footage import Footage, parts
from pvchat.training.footage_files import write_footage

Context = StepContext[JobContext]

# People whose pictures samples are put into.
COMPANIONS = 4
_THUMBNAIL_PX = 160
_QUALITY = 80


def synthesize(context: Context) -> None:
    """Make samples; keep those in which the subject, and nobody else in the subject's place, is surely found."""
    job, draft = context.work, context.draft
    own, footage = own_entry(context.needed), own_footage(context.needed)
    made = []
    for sample in _samples(job, own, footage):
        context.tell(sample.index / max(1, job.options.samples), f"sample {sample.index + 1} of {job.options.samples}")
        made.append(_judge(job, own, sample, draft.folder))
    draft.note("samples", made)
    draft.note("kept", sum(bool(one["kept"]) for one in made))


def _samples(job: JobContext, own: GalleryEntry, footage: Footage) -> Iterator[Sample]:
    if not job.options.samples:
        return
    finder = MaterialFinder(job.store, job.tools, job.videos, job.check)
    beside = [other for other in finder.others(own, footage.key) if other.frames is not None][:COMPANIONS]
    shots = shots_of(footage, parts(footage)[0], segment=job.tools.people_mask())
    others = [shot for other in beside for shot in shots_of(other, other.span, segment=job.tools.people_mask(), most=2)]
    maker = synthesizer(job.options.synthesizer)
    try:
        yield from maker.generate(shots, others, job.options.samples, seed=job.options.seed, check=job.check)
    except SynthesisError:
        # Too little is seen of the subject: the enrollment video itself still serves.
        return


def _judge(job: JobContext, own: GalleryEntry, sample: Sample, folder: Path) -> dict[str, object]:
    """Look at a sample as at any video, and keep it if the subject is found in it."""
    stem = f"{sample.index:02}"
    video = folder / f"{stem}.mp4"
    write_sample(video, sample)
    (folder / f"{stem}.jpg").write_bytes(_thumbnail(sample.frames[len(sample.frames) // 2]))
    record, vectors = job.tools.perceive(video, None)
    decision = job.tools.decide(vectors, record, [own])[0]
    kept = decision.state == "present" and bool(decision.track_ids)
    if kept:
        found = Footage(f"sample {stem}", record, vectors, tuple(decision.track_ids), _nearest(sample))
        write_footage(folder / f"{stem}.npz", found)
    else:
        video.unlink()
    return {
        "index": sample.index,
        "kind": sample.kind,
        "recipe": list(sample.recipe),
        "kept": kept,
        "state": decision.state,
        "score": round(float(decision.score), 4),
        "source": sample.source[:12],
    }


def _nearest(sample: Sample) -> FrameSource:
    def frames(times: Sequence[float]) -> list[Image]:
        last = len(sample.frames) - 1
        return [sample.frames[min(last, max(0, round(time_s * sample.fps)))] for time_s in times]

    return frames


def mine(context: Context) -> None:
    """Keep other people's footage: of this data folder, of the corpus, of the enrollment video, of a photo of six."""
    job, draft, found = context.work, context.draft, context.needed
    subject = Subject(own_entry(found), own_footage(found), beside_footage(found))
    options = job.options
    config = MiningConfig(hard=options.look_alikes, easy=options.strangers, seed=options.seed)
    keeper = NegativeKeeper(job.store, job.tools, job.videos, draft.folder, job.check)
    kept = keeper.keep(subject, options.others, config, context.tell)
    draft.note("others", kept.noted)
    draft.note("corpus", kept.corpus)
    draft.note("random_level", kept.random_level)


def _thumbnail(image: Image) -> bytes:
    height, width = image.shape[:2]
    scale = _THUMBNAIL_PX / max(height, width)
    small = resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
    written, jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(jpeg) if written else b""
