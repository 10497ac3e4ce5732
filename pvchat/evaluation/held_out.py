"""Whether fine-tuning was worth it: the held-out clips asked about with and without the adapter, without evidence."""

import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol, get_args

from pvchat.chat import prompt
from pvchat.chat.constrain import Constraint
from pvchat.chat.facts import SceneFacts
from pvchat.chat.questions import TYPE_OF
from pvchat.evaluation.answers import read_existence
from pvchat.evaluation.assessment import GROUPS, TYPES, Answered, Assessment, Counts, Group
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
_MOST_WRONG = 20
_EXAMPLES_PER_TYPE = 2

Tells = Callable[[TrainingClip[Any]], bool]


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
    look_alike: Tells | None = None,
    covered: Tells | None = None,
    check: Callable[[], None] | None = None,
) -> Assessment:
    """Ask some questions about each clip, twice.

    Args:
        asker: see `Asker`. clips: held-out ones, whose content knows its facts; others are passed over.
        questions: about each clip, the first one about existence where there is one. seed: of which ones.
        look_alike: whether a clip without the subject shows one of the people who resemble them most; None for none.
        covered: whether no face is seen in a clip; None for none.
        check: called before each clip; ends the work by what it raises.
    """
    rng = random.Random(f"held out {seed}")
    kinds: dict[str, Counts] = {}
    groups: dict[Group, Counts] = {}
    answers: list[Answered] = []
    for clip in clips:
        if check is not None:
            check()
        if clip.content.facts is None:
            continue
        turns = _some(clip.turns, questions, rng)
        asked = [turn.question for turn in turns]
        instant, trained = (asker.answer(clip, asked, trained=flag) for flag in (False, True))
        for turn, before, after in zip(turns, instant, trained, strict=True):
            good = right(turn, before, clip.content), right(turn, after, clip.content)
            answers.append(Answered(turn.kind, turn.question, turn.answer, before, after, *good))
            counts = Counts(1, not good[0], not good[1])
            kinds[turn.kind] = kinds.get(turn.kind, Counts()) + counts
            for group in _groups(turn, clip, look_alike, covered):
                groups[group] = groups.get(group, Counts()) + counts
    return Assessment(
        dict(sorted(kinds.items())),
        {group: groups[group] for group in GROUPS if group in groups},
        tuple(answer for answer in answers if not answer.trained_right)[:_MOST_WRONG],
        _examples(answers),
    )


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


def _groups(turn: Turn, clip: TrainingClip[Any], look_alike: Tells | None, covered: Tells | None) -> tuple[Group, ...]:
    """Which groups a question counts for."""
    state = clip.content.facts.subjects[0].state
    if turn.kind != "existence" or state == "unsure":
        return ()
    if state == "present":
        return ("covered",) if covered is not None and covered(clip) else ("present",)
    return ("absent", "look_alike") if look_alike is not None and look_alike(clip) else ("absent",)


def _examples(answers: Sequence[Answered]) -> tuple[Answered, ...]:
    """The first few of each type."""
    return tuple(
        answer for wanted in TYPES for answer in [a for a in answers if TYPE_OF[a.kind] == wanted][:_EXAMPLES_PER_TYPE]
    )


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
