"""Whether fine-tuning was worth it: the held-out clips asked about with and without the adapter, without evidence."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, get_args

from pvchat.chat import prompt
from pvchat.chat.constrain import Constraint
from pvchat.chat.facts import SceneFacts
from pvchat.evaluation.answers import read_existence
from pvchat.evaluation.simulated import is_right
from pvchat.models.nano import collate
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.soft import prefix_embeddings
from pvchat.models.vlm import VLM
from pvchat.models.vlm_frames import FrameBudget
from pvchat.training.dialogue import QA
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import TrainingClip, Turn
from pvchat.training.vlm_personal import VlmClip
from pvchat.training.wordings import Kind

QUESTIONS = 3


@dataclass(frozen=True)
class Counts:
    """Of one kind of question: how many were asked, and how many answers were wrong."""

    asked: int = 0
    instant_errors: int = 0
    trained_errors: int = 0


@dataclass(frozen=True)
class Comparison:
    """The same questions, answered by the base alone ("instant") and with the adapter ("trained").

    Attributes:
        by_kind: counts of each kind of question. wrong: a few wrong answers of the trained one, for reading: question,
            expected, answer.
    """

    by_kind: dict[str, Counts] = field(default_factory=dict)
    wrong: tuple[tuple[str, str, str], ...] = ()

    @property
    def total(self) -> Counts:
        """Of all kinds together."""
        counts = self.by_kind.values()
        return Counts(
            sum(c.asked for c in counts), sum(c.instant_errors for c in counts), sum(c.trained_errors for c in counts)
        )

    @property
    def worse(self) -> bool:
        """Whether the trained one made more errors."""
        return self.total.trained_errors > self.total.instant_errors


class Asker(Protocol):
    """Answers questions about a held-out clip, without evidence lines."""

    def answer(self, clip: TrainingClip[Any], questions: Sequence[str], *, trained: bool) -> list[str]:
        """Answers of the base alone, or with the adapter."""


def compare(
    asker: Asker,
    clips: Sequence[TrainingClip[Any]],
    *,
    questions: int = QUESTIONS,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> Comparison:
    """Ask some questions about each clip, twice.

    Args:
        asker: see `Asker`. clips: held-out ones, whose content knows its facts; others are passed over.
        questions: about each clip, the first one about existence where there is one. seed: of which ones.
        check: called before each clip; ends the work by what it raises.
    """
    rng = random.Random(f"held out {seed}")
    counts: dict[str, Counts] = {}
    wrong: list[tuple[str, str, str]] = []
    for clip in clips:
        if check is not None:
            check()
        if clip.content.facts is None:
            continue
        turns = _some(clip.turns, questions, rng)
        asked = [turn.question for turn in turns]
        instant, trained = (asker.answer(clip, asked, trained=flag) for flag in (False, True))
        for turn, before, after in zip(turns, instant, trained, strict=True):
            good = right(turn, after, clip.content)
            found = counts.get(turn.kind, Counts())
            counts[turn.kind] = Counts(
                found.asked + 1,
                found.instant_errors + (not right(turn, before, clip.content)),
                found.trained_errors + (not good),
            )
            if not good and len(wrong) < 20:
                wrong.append((turn.question, turn.answer, after))
    return Comparison(dict(sorted(counts.items())), tuple(wrong))


def right(turn: Turn, answer: str, content: Any) -> bool:
    """Whether an answer is right: existence by its first word, everything else by what the facts say.

    Args:
        turn: the question. answer: what was said. content: of the clip, with its facts.
    """
    facts: SceneFacts = content.facts
    if turn.kind == "existence":
        return read_existence(answer) == facts.subjects[0].state
    names = tuple(subject.name for subject in facts.subjects)
    return is_right(answer, QA(turn.question, turn.answer, _kind(turn.kind), names), content)


class NanoAsker:
    """Asks nano.

    Args:
        adapters: of the nano that answers. key: of the adapter.
    """

    def __init__(self, adapters: NanoAdapters, key: str) -> None:
        self._adapters = adapters
        self._key = key

    def answer(self, clip: TrainingClip[NanoClip], questions: Sequence[str], *, trained: bool) -> list[str]:
        """See `Asker`."""
        nano, content = self._adapters.nano, clip.content
        language, shape = nano.language, nano.model.config
        worn = self._adapters.use([self._key] if trained else [])
        tokens = {"scene_tokens": shape.num_scene_tokens, "personal_tokens": shape.num_personal_tokens}
        ids = prompt.prefix_ids(language.encode, [content.name], None, **tokens)
        places = prompt.name_places(language.encode, [content.name], **tokens)
        patches = [content.patches] if worn is not None and worn.pixels is not None else []
        inputs = collate([content.arrays], [[content.subject]], language.device, patches)
        prefix = language.read(prefix_embeddings(nano, inputs, ids, worn, places))
        facts = content.facts or SceneFacts(0.0, (), 0, 0)
        answers = []
        for question in questions:
            constraint = Constraint(facts, question, use_record=False)
            ids = prompt.question_ids(language.encode, question)
            answers.append(language.generate(prefix, ids, constraint).text)
        return answers


class VlmAsker:
    """Asks a vision-language model.

    Args:
        vlm: that answers. key: of the adapter. budget: of a clip's frames.
    """

    def __init__(self, vlm: VLM, key: str, budget: FrameBudget | None = None) -> None:
        self._vlm = vlm
        self._key = key
        self._budget = budget or FrameBudget()

    def answer(self, clip: TrainingClip[VlmClip], questions: Sequence[str], *, trained: bool) -> list[str]:
        """See `Asker`."""
        vlm, content = self._vlm, clip.content
        features = vlm.family.features(vlm.family.pixels(content.frames, self._budget))
        prefix = vlm.read(features, [content.name], None, keys=[self._key if trained else ""])
        answers = []
        for question in questions:
            constraint = None
            if vlm.constrainable and content.facts is not None:
                constraint = Constraint(content.facts, question, use_record=False)
            answers.append(vlm.generate(prefix, question, constraint=constraint).text)
        return answers


def _some(turns: Sequence[Turn], count: int, rng: random.Random) -> list[Turn]:
    """So many different questions, one about existence first."""
    different = list({turn.question: turn for turn in turns}.values())
    existence = [turn for turn in different if turn.kind == "existence"][:1]
    others = [turn for turn in different if turn not in existence]
    return [*existence, *rng.sample(others, min(len(others), max(0, count - len(existence))))]


def _kind(word: str) -> Kind:
    if word not in get_args(Kind):
        raise ValueError(f"{word!r} is no kind of question")
    return word  # type: ignore[return-value]
