"""How well nano answers on simulated scenes, names and wordings that training never saw."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pvchat.chat import prompt
from pvchat.chat.agreement import check
from pvchat.chat.constrain import Constraint
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.facts import SceneFacts
from pvchat.models.nano import Nano, collate
from pvchat.models.soft import prefix_embeddings
from pvchat.training.dialogue import QA, fitting_kinds, make_qa
from pvchat.training.simulate import SceneSimulator
from pvchat.training.simulated_scene import SimulatedScene

REFUSED = "is not in this video"
DECLINED = ("can't", "cannot", "could not", "not sure", "don't know", "not clear", "does not", "hard to", "no way to")


@dataclass
class SimulatedReport:
    """Counts of (right, asked).

    Attributes:
        scenes: how many. by_kind: per kind of question. with_evidence, without_evidence: per path.
        wrong: a few wrong answers, for reading: question, expected, answer.
    """

    scenes: int
    by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)
    with_evidence: tuple[int, int] = (0, 0)
    without_evidence: tuple[int, int] = (0, 0)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)


def evaluate_simulated(nano: Nano, *, scenes: int, seed: int, questions: int = 6) -> SimulatedReport:
    """Ask held-out questions about held-out scenes; half of the scenes with evidence lines, half without.

    Half of the questions are drawn as in training, half are of the kind that was asked least, so that every kind has a
    figure. Right means: nothing said contradicts the facts, and the answer is declined exactly where the facts tell
    nothing.
    """
    simulator = SceneSimulator(seed, nano.model.config.layout, split="heldout")
    rng = random.Random(seed)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    report = SimulatedReport(scenes=scenes)
    for number in range(scenes):
        scene = simulator.scene()
        evidence = number % 2 == 0
        asked = questions_about(scene, rng, questions, evidence, {kind: n for kind, (_, n) in counts.items()})
        for qa, answer in zip(asked, _ask(nano, scene, asked, evidence), strict=True):
            right = is_right(answer, qa, scene)
            for key in (qa.kind, "with" if evidence else "without"):
                counts[key][0] += right
                counts[key][1] += 1
            if not right and len(report.wrong) < 40:
                report.wrong.append((qa.question, qa.answer, answer))
    report.with_evidence = _pair(counts.pop("with", [0, 0]))
    report.without_evidence = _pair(counts.pop("without", [0, 0]))
    report.by_kind = {kind: _pair(values) for kind, values in counts.items()}
    return report


class _Told(Protocol):
    @property
    def facts(self) -> SceneFacts | None:
        """What is true of the scene."""


def is_right(answer: str, qa: QA, scene: _Told) -> bool:
    """Whether an answer states the facts that the question asks for.

    A refusal needs its words; other answers may be declined only where the facts tell nothing.
    """
    if scene.facts is None or not check(answer, qa.question, scene.facts, qa.subjects).agrees:
        return False
    if REFUSED in qa.answer:
        return REFUSED in answer
    return _declines(answer) == _declines(qa.answer)


def _declines(text: str) -> bool:
    lowered = text.lower()
    return any(words in lowered for words in DECLINED)


def questions_about(
    scene: SimulatedScene, rng: random.Random, count: int, evidence: bool, asked: Mapping[str, int]
) -> list[QA]:
    """Questions about a scene in held-out wordings, every other one of the kind that was asked least.

    Args:
        scene: what they are about. rng: the source of chance. count: how many. evidence: whether there are evidence
            lines. asked: how often each kind was asked before.
    """
    times = Counter(asked)
    found: list[QA] = []
    for number in range(count):
        kinds = fitting_kinds(scene.facts, precise_times=evidence)
        least = min(kinds, key=lambda kind: (times[kind], rng.random()))
        kind = least if number % 2 else None
        found.append(make_qa(scene.facts, rng, split="heldout", precise_times=evidence, kind=kind))
        times[found[-1].kind] += 1
    return found


def _ask(nano: Nano, scene: SimulatedScene, questions: Sequence[QA], evidence: bool) -> list[str]:
    language = nano.language
    config = nano.model.config
    ids = prompt.prefix_ids(
        language.encode,
        [s.name for s in scene.facts.subjects],
        evidence_lines(scene.facts) if evidence else None,
        scene_tokens=config.num_scene_tokens,
        personal_tokens=config.num_personal_tokens,
    )
    inputs = collate([scene.clip], [list(scene.subjects)], language.device)
    prefix = language.read(prefix_embeddings(nano, inputs, ids))
    out = []
    for qa in questions:
        constraint = Constraint(scene.facts, qa.question, use_record=evidence)
        out.append(language.generate(prefix, prompt.question_ids(language.encode, qa.question), constraint).text)
    return out


def _pair(values: list[int]) -> tuple[int, int]:
    return values[0], values[1]
