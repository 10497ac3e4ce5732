"""The report of an enrollment that went as far as training: one HTML page, for the person and for an expert.

Everything is inside the page: style, curves, pictures. It has no script, loads nothing, and the same report gives the
same bytes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pvchat.chat.questions import TYPE_OF, QuestionType
from pvchat.evaluation.assessment import TYPES, Assessment
from pvchat.evaluation.enrollment_words import (
    COVERAGE,
    GROUP_WORDS,
    OTHERS_WORDS,
    SOURCE_WORDS,
    TYPE_WORDS,
    advice,
    first_sentence,
)
from pvchat.evaluation.report_page import lasting, page
from pvchat.evaluation.report_samples import SampleShown, samples_view
from pvchat.evaluation.svg import line_chart
from pvchat.evaluation.training_curves import curves, drawn_heads, last_heads

# Columns of a heat map that has room beside a chart.
_BESIDE = 8

if TYPE_CHECKING:
    from pvchat.training.fine_tune_config import FineTuned
    from pvchat.training.personal import TrainingData

__all__ = [
    "EnrollmentReport",
    "Material",
    "OtherPeople",
    "SampleShown",
    "SourceCount",
    "Verdict",
    "VideoFacts",
    "render",
]


@dataclass(frozen=True)
class Verdict:
    """What is used from now on.

    Attributes:
        published: whether the trained adapter answers; else the instant entry does. reason: why, a sentence or two.
    """

    published: bool
    reason: str

    @classmethod
    def of(cls, assessment: Assessment) -> "Verdict":
        """By the rule that nothing worse is published."""
        total = assessment.total
        change = total.instant_errors - total.trained_errors
        asked = f"in {total.asked} held-out questions"
        if change < 0:
            return cls(False, f"The trained answers had {_errors(-change, 'more')} {asked}; worse is never published.")
        if change == 0:
            return cls(True, f"The trained answers had as many errors as the instant ones {asked}: not worse.")
        return cls(True, f"The trained answers had {_errors(change, 'fewer')} {asked}.")


@dataclass(frozen=True)
class VideoFacts:
    """The enrollment video.

    Attributes:
        name: of the file. duration_s: seconds. width, height: pixels. frame_rate: frames per second.
        frames_seen: how many frames were looked at.
    """

    name: str
    duration_s: float
    width: int
    height: int
    frame_rate: float
    frames_seen: int


@dataclass(frozen=True)
class SourceCount:
    """What was made from one source.

    Attributes:
        source: of `pvchat.training.subject_data.Recipe`; another word is shown as it is. present: with the subject.
    """

    source: str
    present: bool
    clips: int
    questions: int


@dataclass(frozen=True)
class Material:
    """What was trained on.

    Attributes:
        stills, clips, held_out: how many of each. sources: the first two by source. questions: theirs by type.
        examples: a few of these questions with their answers.
    """

    stills: int
    clips: int
    held_out: int
    sources: Sequence[SourceCount]
    questions: Mapping[QuestionType, int]
    examples: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, data: "TrainingData[Any]") -> "Material":
        """Counted; the examples are the first question of each type about the subject and about somebody else."""
        clips: dict[tuple[str, bool], list[int]] = {}
        questions = dict.fromkeys(TYPES, 0)
        examples: dict[tuple[QuestionType, bool], tuple[str, str]] = {}
        for clip in (*data.stills, *data.clips):
            clips.setdefault((clip.source.partition(" ")[0], clip.present), []).append(len(clip.turns))
            for turn in clip.turns:
                found = TYPE_OF[turn.kind]
                questions[found] += 1
                examples.setdefault((found, clip.present), (turn.question, turn.answer))
        sources = [SourceCount(source, there, len(each), sum(each)) for (source, there), each in clips.items()]
        return cls(
            len(data.stills),
            len(data.clips),
            len(data.held_out),
            sorted(sources, key=lambda source: (not source.present, -source.clips, source.source)),
            {wanted: count for wanted, count in questions.items() if count},
            [examples[key] for wanted in TYPES for key in ((wanted, True), (wanted, False)) if key in examples],
        )


@dataclass(frozen=True)
class OtherPeople:
    """Whom the person was told from.

    Attributes:
        kinds: videos and pictures by what they show, as it is to be read.
        look_alikes: those of the corpus that resemble the person.
        licences: those of the corpus by licence, "" where none was noted. corpus: faces in the corpus.
    """

    kinds: Mapping[str, int]
    look_alikes: int
    licences: Mapping[str, int]
    corpus: int

    @classmethod
    def of(cls, noted: Sequence[Mapping[str, Any]], corpus: int) -> "OtherPeople":
        """Counted.

        Args:
            noted: of each video or picture "kind", and "licence" where it comes from the corpus.
        """
        mined = [one for one in noted if "licence" in one]
        return cls(
            dict(Counter(OTHERS_WORDS.get(one["kind"], one["kind"]) for one in noted)),
            sum(one["kind"] == "look-alike" for one in mined),
            dict(sorted(Counter(one["licence"] for one in mined).items())),
            corpus,
        )


@dataclass(frozen=True)
class EnrollmentReport:
    """All that the page shows.

    Attributes:
        subject_label: whom it is about: a name, or an id where the page will be shown around.
        subject_name: the name in questions and answers where the label is another; it is replaced by the label.
        made_at: moment of the report, as it is to be read.
        coverage: of the gallery entry. warnings: about the video, one line each. look_alikes: one line each.
        samples: every synthesized picture or clip, kept or not. threshold: likeness that a kept one has at least.
        others: whom the person was told from, None where that was not noted.
        assessment, training: None where the job did not get as far.
        timing_s: seconds of each step, in their order. settings, versions: as they are to be read.
        notes: what happened on the way.
    """

    subject_label: str
    verdict: Verdict
    video: VideoFacts
    coverage: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    look_alikes: Sequence[str] = ()
    samples: Sequence[SampleShown] = ()
    threshold: float | None = None
    material: Material | None = None
    others: OtherPeople | None = None
    assessment: Assessment | None = None
    training: "FineTuned | None" = None
    timing_s: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    subject_name: str = ""
    made_at: str = ""


def render(report: EnrollmentReport) -> str:
    """The page.

    Raises:
        PIL.UnidentifiedImageError: a sample's picture is none.
    """
    total_s = sum(report.timing_s.values())
    return page(
        "enrollment_report",
        report=report,
        total_s=total_s,
        slowest_s=max(report.timing_s.values(), default=0.0),
        first=first_sentence(report.verdict.published, report.subject_label),
        advice=advice(report),
        coverage=_coverage(report.coverage),
        samples=samples_view(report.samples, report.threshold),
        groups=GROUP_WORDS,
        types=TYPE_WORDS,
        sources=SOURCE_WORDS,
        **_learning(report.training),
    )


def _coverage(values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Label, value and what it means, of each figure of the coverage."""
    found = []
    for key, value in values.items():
        label, meaning = COVERAGE.get(key, (key, ""))
        if key == "seconds":
            shown = lasting(value)
        else:
            shown = (
                f"{value:.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
            )
        found.append((label, shown, meaning))
    return found


def _learning(tuned: "FineTuned | None") -> dict[str, Any]:
    """Curves and heads, ready to be put in."""
    history = tuned.history if tuned is not None else ()
    heads = last_heads(history)
    return {
        "charts": [(c, line_chart(c)) for c in curves(history) if any(line.drawn for line in c.lines)],
        "heads": drawn_heads(heads),
        "many_heads": any(len(of["activation"]) > _BESIDE for of in heads.values()),
    }


def _errors(count: int, word: str) -> str:
    return f"{count} {word} error" if count == 1 else f"{count} {word} errors"
