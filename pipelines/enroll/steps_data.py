"""Steps 7 and 8: clips with questions, and what the model sees of them.

7. questions: which part of which video each clip is, and what is asked about it; every answer checked against the facts
8. features: the same clips with the frozen network's features of their pixels, and the pairs for the alignment
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from pipelines.enroll.context import JobContext
from pipelines.enroll.files import (
    CLIPS,
    HELD_OUT,
    PAIRS,
    QUESTIONS,
    Found,
    other_footage,
    own_entry,
    own_footage,
    sample_footage,
)
from pipelines.enroll.flow import StepContext
from pipelines.questions.build import rows_of
from pipelines.questions.check import problems
from pipelines.questions.rows import QuestionRow, write_rows
from pvchat.perception.patches import PatchMaps
from pvchat.training.clip_files import read_clips, write_clips, write_pairs
from pvchat.training.footage import Footage
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import TrainingClip
from pvchat.training.stock import stock_footage
from pvchat.training.subject_clips import SubjectClips
from pvchat.training.subject_data import SubjectDataConfig

Context = StepContext[JobContext]
Clip = TrainingClip[NanoClip]


def questions(context: Context) -> None:
    """Clips without pixels, with questions; a question whose answer the facts do not bear out is left out."""
    job, draft = context.work, context.draft
    subject = subject_clips(job, context.needed)
    kept: list[Clip] = []
    rows: list[QuestionRow] = []
    refused = 0
    for made in _all(context, subject, look=False):
        clip, dropped = _checked(made)
        refused += dropped
        trained = len(kept) < job.options.stills + job.options.clips
        rows += rows_of([clip], "train" if trained else "held_out", 1 if len(kept) < job.options.stills else 2)
        kept.append(clip)
    write_clips(draft.folder / CLIPS, kept)
    write_rows(draft.folder / QUESTIONS, rows)
    draft.note("clips", job.options.stills + job.options.clips)
    draft.note("questions", sum(row.split == "train" for row in rows))
    draft.note("refused", refused)
    draft.note("look_alikes", [f"held out.{i}" for i in range(job.options.held_out) if subject.shows_look_alike(i)])


def features(context: Context) -> None:
    """The clips of step 7 with features, and the pairs."""
    job, draft = context.work, context.draft
    subject = subject_clips(job, context.needed)
    asked = read_clips(context.needed["questions"].folder / CLIPS)
    seen = [
        replace(clip, content=replace(clip.content, patches=made.content.patches))
        for clip, made in zip(asked, _all(context, subject, look=subject.pixels), strict=True)
    ]
    trained = job.options.stills + job.options.clips
    write_clips(draft.folder / CLIPS, seen[:trained])
    write_clips(draft.folder / HELD_OUT, seen[trained:])
    write_pairs(draft.folder / PAIRS, subject.pairs(job.options.pairs) if subject.pixels else [])
    draft.note("pixels", subject.pixels)


def subject_clips(job: JobContext, found: Found) -> SubjectClips:
    """What builds the job's clips, from the files of the steps before."""
    training, options = job.training(), job.options
    own = own_entry(found)

    def describe(footage: Footage, rng: random.Random) -> PatchMaps:
        job.check()
        return training.describe(footage, rng)

    return SubjectClips(
        own.name,
        own,
        training.layout,
        own_footage(found),
        [*other_footage(found), *stock_footage(own.model_id)],
        describe if training.sees_pixels else None,
        SubjectDataConfig(
            seed=options.seed,
            stills=options.stills,
            clips=options.clips,
            questions=options.questions,
            held_out=options.held_out,
        ),
        positives=sample_footage(found),
    )


def _all(context: Context, subject: SubjectClips, *, look: bool) -> Iterator[Clip]:
    """Stills, clips, and the held-out part."""
    options = context.work.options
    trained, every = options.stills + options.clips, options.stills + options.clips + options.held_out
    for index in range(every):
        context.tell(index / every, f"clip {index + 1} of {every}")
        yield subject.clip(index, look=look) if index < trained else subject.held_out(index - trained, look=look)


def _checked(clip: Clip) -> tuple[Clip, int]:
    """The clip with those of its questions that the facts bear out, and how many were left out."""
    good = tuple(
        turn
        for turn, row in zip(clip.turns, rows_of([clip], "train", 2), strict=True)
        if not problems(row, clip.content.facts, [clip.content.name])
    )
    return replace(clip, turns=good or clip.turns[:1]), len(clip.turns) - len(good)
