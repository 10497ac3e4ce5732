"""Steps 5 and 6: further samples of the subject, each judged by its face, and other people to tell them from.

5. synthesize: new stills and clips out of the enrollment video, those kept that pass the gate
6. mine: other people's footage, kept as it is now, so that a training can be repeated when their videos have gone
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from pipelines.enroll.context import JobContext
from pipelines.enroll.files import Found, beside_footage, own_entry, own_footage
from pipelines.enroll.flow import StepContext
from pipelines.enroll.steps_video import same_file
from pipelines.mine.config import MiningConfig
from pipelines.mine.negatives import NegativeKeeper, Subject
from pipelines.synthesize.making import Made, Wanted, make_samples
from pipelines.training_material import MaterialFinder
from pvchat.errors import TrainingError, VideoError
from pvchat.perception.patches import frames_of
from pvchat.synthesis.shots import Segment, Shot, shots_of
from pvchat.synthesis.synthesizer import SHOT_FPS, synthesizer
from pvchat.training.footage import Footage, parts

Context = StepContext[JobContext]

# People whose pictures samples are put into.
COMPANIONS = 4


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
            _shots(job, context.needed, footage, mask),
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


def _shots(job: JobContext, found: Found, footage: Footage, mask: Segment | None) -> Callable[[float], list[Shot]]:
    """Shots of the part that is trained on, by frames per second: out of the video while it is there, else out of the
    fewer frames that were kept."""
    fps = SHOT_FPS
    if footage.frames is not None:
        with suppress(VideoError, TrainingError):
            footage = replace(footage, frames=frames_of(same_file(job, found)))
            fps = footage.record.video.fps
    return lambda wanted: shots_of(footage, parts(footage)[0], fps=min(wanted, fps), segment=mask)


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
