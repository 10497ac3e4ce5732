"""Synthesized samples in a report: which pictures are shown, how many of each recipe were kept, how scores lie."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pvchat.evaluation.svg import Tone, stacked_bars

MOST_SHOWN = 24
SIDE = 160
_QUALITY = 80
_TONES: dict[str, Tone] = {"rejected": "second", "kept": "main"}


@dataclass(frozen=True)
class SampleShown:
    """A synthesized sample as the report tells it.

    Attributes:
        kept: whether it was trained on. reason: why it was kept or not, a few words.
        score: likeness to the subject, higher is more alike; None where no face was found.
        recipe: how it was made. jpeg: the picture, or one of a clip; any size.
    """

    kept: bool
    reason: str
    score: float | None
    recipe: str
    jpeg: bytes


@dataclass(frozen=True)
class Picture:
    """One picture of the page.

    Attributes:
        uri: the picture itself. alt: it in words. width, height: in pixels.
    """

    sample: SampleShown
    uri: Markup
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class SamplesView:
    """All that a report says of samples.

    Attributes:
        kept, rejected: how many. recipes: name, kept and rejected of each recipe. reasons: why samples were rejected,
            with how many, most frequent first. kept_pictures, rejected_pictures: those shown, most alike first.
        scores: chart of the scores, None without any.
    """

    kept: int
    rejected: int
    recipes: Sequence[tuple[str, int, int]]
    reasons: Sequence[tuple[str, int]]
    kept_pictures: Sequence[Picture]
    rejected_pictures: Sequence[Picture]
    scores: Markup | None


def samples_view(samples: Sequence[SampleShown], threshold: float | None) -> SamplesView:
    """Count all, choose and shrink some.

    Args:
        samples: every one that was made. threshold: see `EnrollmentReport`.
    """
    kept = [sample for sample in samples if sample.kept]
    rejected = [sample for sample in samples if not sample.kept]
    half = MOST_SHOWN // 2
    more_kept, more_rejected = max(half, MOST_SHOWN - len(rejected)), max(half, MOST_SHOWN - len(kept))
    recipes = sorted({sample.recipe for sample in samples})
    reasons = Counter(sample.reason for sample in rejected)
    scores = {"rejected": _scores(rejected), "kept": _scores(kept)}
    mark = None if threshold is None else (threshold, f"kept from {threshold:.2f} on")
    every = [*scores["kept"], *scores["rejected"]]
    # Probabilities: 0 and 1 tell more than the least and the most of them.
    span = (0.0, 1.0) if every and min(every) >= 0 and max(every) <= 1 else None
    return SamplesView(
        len(kept),
        len(rejected),
        [(name, _count(kept, name), _count(rejected, name)) for name in recipes],
        sorted(reasons.items(), key=lambda item: (-item[1], item[0])),
        [_picture(sample) for sample in _spread(kept, more_kept)],
        [_picture(sample) for sample in _spread(rejected, more_rejected)],
        stacked_bars(scores, _TONES, x_label="likeness to the person", mark=mark, span=span) if every else None,
    )


def _count(samples: Sequence[SampleShown], recipe: str) -> int:
    return sum(sample.recipe == recipe for sample in samples)


def _scores(samples: Sequence[SampleShown]) -> list[float]:
    return [sample.score for sample in samples if sample.score is not None]


def _spread(samples: Sequence[SampleShown], most: int) -> list[SampleShown]:
    """So many, evenly over the scores, the best and the worst among them; without a score last."""
    ranked = sorted(samples, key=lambda s: (s.score is None, -(s.score or 0.0)))
    if len(ranked) <= most:
        return ranked
    return [ranked[round(index * (len(ranked) - 1) / (most - 1))] for index in range(most)]


def _picture(sample: SampleShown) -> Picture:
    from PIL import Image

    # Written anew in any case: what a camera noted beside its pixels does not belong into a page.
    picture = Image.open(io.BytesIO(sample.jpeg)).convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    uri = Markup("data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii"))
    likeness = "no face found" if sample.score is None else f"likeness {sample.score:.2f}"
    alt = f"{'Kept' if sample.kept else 'Rejected'} picture, {sample.recipe}, {likeness}"
    return Picture(sample, uri, alt, picture.width, picture.height)
