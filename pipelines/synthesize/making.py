"""Make samples one way after another, until there are enough that pass the gate.

1. the way that is wished, a generative model, up to half again as many as are wanted
2. augmentation: what was wanted of it, and what the model could not give
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from math import ceil
from pathlib import Path

from pipelines.synthesize.judging import NoveltyOf, judge_sample
from pipelines.tools import Tools
from pvchat.errors import SynthesisError
from pvchat.identity.gallery import GalleryEntry
from pvchat.synthesis.novelty import FPS, NoveltyMeter
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import Synthesizer

AUGMENT = "augment"
# Of a model's samples so many are made for one that is wanted, then it is given up.
_TRIES = 1.5


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        synthesizer: the generative way; "augment" for none. generated: samples that pass, of it.
        augmented: samples made by augmentation, passing or not. seed: of everything random.
    """

    synthesizer: str
    generated: int
    augmented: int
    seed: int


@dataclass
class Way:
    """How one way of making samples went.

    Attributes:
        name: of the synthesizer. made, kept: samples. why: what ended it early; "" where nothing did.
    """

    name: str
    made: int = 0
    kept: int = 0
    why: str = ""


@dataclass(frozen=True)
class Made:
    """Everything that was made.

    Attributes:
        samples: each as plain JSON, kept or not: number, way, kind, recipe, kept, reason and scores.
        ways: how each way went, as plain JSON.
    """

    samples: list[dict[str, object]]
    ways: list[dict[str, object]]


def make_samples(
    shots: Callable[[float], Sequence[Shot]],
    others: Sequence[Shot],
    wanted: Wanted,
    *,
    maker: Callable[[str], Synthesizer],
    tools: Tools,
    entry: GalleryEntry,
    folder: Path,
    check: Callable[[], None],
    tell: Callable[[float, str], None],
) -> Made:
    """Make samples; keep files of those that pass the gate, and a small picture of each.

    Args:
        shots: of the subject, with so many frames per second if there are as many. others: of other people.
        wanted: how many and in which way. maker: makes a synthesizer by its name.
        tools: perception and identity. entry: of the subject. folder: for the files, `NUMBER.mp4`, `.npz`, `.jpg`.
        check: called often; ends the work by what it raises. tell: is told how far it is, 0..1, and a few words.
    """
    samples: list[dict[str, object]] = []
    ways: list[Way] = []

    @cache
    def meter() -> NoveltyOf | None:
        mesh = tools.face_mesh()
        # Of a photo, or without landmarks, nothing says what a copy is.
        with suppress(SynthesisError):
            return None if mesh is None else NoveltyMeter.fit(shots(FPS), mesh).of
        return None

    total = max(1, wanted.generated + wanted.augmented)

    def run(way: Way, count: int, enough: int) -> None:
        ways.append(way)
        if not count:
            return
        tell(min(1.0, len(samples) / total), f"{way.name}: learning" if way.name != AUGMENT else way.name)
        try:
            way_of = maker(way.name)
            for sample in way_of.generate(shots(way_of.fps), others, count, seed=wanted.seed, check=check):
                # What augmentation shows is as it was filmed, and has to be.
                novelty_of = None if way.name == AUGMENT or sample.novelty is not None else meter()
                noted = judge_sample(tools, entry, sample, folder / f"{len(samples):03}", novelty_of)
                samples.append({"number": len(samples), "way": way.name, **noted})
                way.made += 1
                way.kept += bool(noted["kept"])
                tell(min(1.0, len(samples) / total), f"{way.name}: {way.kept} of {enough} samples kept")
                if way.kept == enough:
                    return
        except SynthesisError as error:
            way.why = str(error)

    if wanted.synthesizer != AUGMENT:
        way = Way(wanted.synthesizer)
        run(way, ceil(wanted.generated * _TRIES), wanted.generated)
        if way.kept < wanted.generated and not way.why:
            way.why = f"only {way.kept} of {way.made} samples passed the gate"
        wanted_of_augment = wanted.augmented + wanted.generated - way.kept
    else:
        wanted_of_augment = wanted.augmented
    run(Way(AUGMENT), wanted_of_augment, wanted_of_augment)
    return Made(samples, [asdict(way) for way in ways])
