"""Questions with right answers about a scene's facts: what the embedded model learns to say.

The answer follows from the facts alone: a refusal where the person is absent, doubt where identity is unsure, "I can't
tell" where perception told nothing, and otherwise just what was told.
"""

import random
from dataclasses import dataclass

from pvchat.chat.evidence import (
    left_to_right,
    listed_actions,
)
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.looks import hair_aspect, with_article
from pvchat.perception.record import PLACES
from pvchat.training import answers as say
from pvchat.training import answers_looks as looks
from pvchat.training.composed_parts import join
from pvchat.training.composer import MAX_NAMED_APART, Composer
from pvchat.training.wordings import (
    TOPICS,
    Kind,
    Split,
)

MAX_WORDS = 40

SINGLE: dict[Kind, float] = {
    "existence": 6.0,
    "appearance": 2.5,
    "upper": 1.5,
    "lower": 1.0,
    "action": 3.0,
    "location": 3.0,
    "distance": 0.7,
    "time": 1.5,
    "first": 0.6,
    "last": 0.6,
    "duration": 0.7,
    "count": 1.2,
    "is_place": 0.8,
    "is_colour": 0.8,
    "is_action": 2.0,
    "hair": 1.0,
    "is_hair": 1.0,
    "garment": 0.8,
    "is_garment": 1.0,
    "pattern": 0.6,
    "posture": 1.0,
    "hands": 1.0,
    "unanswerable": 4.5,
}
"""How often each kind is asked about one person."""
SEVERAL: dict[Kind, float] = {"both": 2.0, "either": 1.2, "which": 1.8, "count_named": 0.7, "count": 0.6}
"""How often each kind is asked about all the people at once."""
PAIR: dict[Kind, float] = {"relation": 1.8, "order": 1.5, "together": 1.2, "earlier": 1.0, "talks": 1.5}
"""How often each kind is asked about two people."""
IN_EVIDENCE: tuple[Kind, ...] = ("talks",)
"""Kinds that only evidence lines answer: tokens do not say who talks to whom."""
SETTING_SHARE = 0.025
"""How often the question is where the video was filmed."""
FOCUS_SHARE = 0.4
ALL_OF: tuple[Kind, ...] = ("appearance", "action", "location", "hair", "posture", "hands")
"""What may be asked of several people in one question."""


@dataclass(frozen=True)
class QA:
    """One question with its answer.

    Attributes:
        subjects: names the question is about, in the order of the scene.
    """

    question: str
    answer: str
    kind: Kind
    subjects: tuple[str, ...]


def _choose(weights: dict[Kind, float], rng: random.Random) -> Kind:
    return rng.choices(list(weights), list(weights.values()))[0]


def fitting_kinds(scene: SceneFacts, *, precise_times: bool = True) -> tuple[Kind, ...]:
    """All kinds of questions that can be asked about a scene; see `make_qa`."""
    alone: tuple[Kind, ...] = tuple(SINGLE) if scene.subjects else ("count",)
    several: tuple[Kind, ...] = (*SEVERAL, *PAIR) if len(scene.subjects) > 1 else ()
    kinds = dict.fromkeys((*alone, *several, "setting"))
    return tuple(kind for kind in kinds if precise_times or kind not in IN_EVIDENCE)


def choose_kind(scene: SceneFacts, rng: random.Random, *, precise_times: bool = True) -> Kind:
    """A kind of question that fits the number of asked people, and what can be read of the scene."""
    if rng.random() < SETTING_SHARE:
        return "setting"
    if not scene.subjects:
        return "count"
    if len(scene.subjects) == 1:
        return "which" if rng.random() < 0.02 else _choose(SINGLE, rng)
    if rng.random() < FOCUS_SHARE:
        return _choose({k: w for k, w in SINGLE.items() if k != "count"}, rng)
    wanted = {**SEVERAL, **PAIR}
    if scene.talks:
        # It is rare that two of those asked about talk, and a yes has to be learned, too.
        wanted["talks"] *= 4
    return _choose({k: w for k, w in wanted.items() if precise_times or k not in IN_EVIDENCE}, rng)


def make_qa(
    scene: SceneFacts,
    rng: random.Random,
    *,
    split: Split = "train",
    precise_times: bool = True,
    kind: Kind | None = None,
) -> QA:
    """One question about a scene and its right answer.

    Args:
        scene: the facts; questions are about all, two or one of its subjects.
        rng: the only source of chance.
        split: which wordings may be used; names come from the scene.
        precise_times: whether the answer may give clock times and seconds (with evidence lines in the prompt);
            otherwise times are told roughly ("in the first half").
        kind: a kind that fits the scene; None draws one.

    Raises:
        ValueError: the kind does not fit the number of subjects.
    """
    kind = kind or choose_kind(scene, rng, precise_times=precise_times)
    if len(scene.subjects) < 2 and (kind in PAIR or kind in ("both", "either", "count_named")):
        raise ValueError(f"a question of kind {kind!r} needs two subjects, the scene has {len(scene.subjects)}")
    if not scene.subjects and kind not in ("count", "setting"):
        raise ValueError(f"a question of kind {kind!r} needs a subject, the scene has none")
    while True:
        qa = _compose(scene, rng, split, precise_times, kind)
        if len(qa.answer.split()) <= MAX_WORDS:
            return qa


def _compose(scene: SceneFacts, rng: random.Random, split: Split, precise_times: bool, kind: Kind) -> QA:
    composer = Composer(scene, rng, split, precise_times)
    subjects = scene.subjects
    names = tuple(s.name for s in subjects)
    if kind == "setting":
        question, _ = composer.question(kind)
        return QA(question, composer.setting(), kind, ())
    if kind in PAIR:
        one, two = rng.sample(subjects, 2)
        if kind == "talks" and scene.talks and rng.random() < 0.5:
            talking = rng.choice(scene.talks)
            one, two = (next(s for s in subjects if s.name == name) for name in talking)
        while not _told_apart(scene, kind, one, two):
            if len(subjects) == 2 or rng.random() < 0.2:
                return _compose(scene, rng, split, precise_times, "which")
            one, two = rng.sample(subjects, 2)
        composer.slots.update(a=one.name, b=two.name)
        question, _ = composer.question(kind)
        asked = tuple(n for n in names if n in (one.name, two.name))
        return QA(question, composer.pair(kind, one, two), kind, asked)
    if kind in SEVERAL or kind == "which":
        composer.slots.update(names=join(names), names_or=join(names, "or"), n=join(names))
        few = len(subjects) < 2
        question, _ = composer.question(kind, named=False if (few and kind == "which") or not subjects else None)
        answer = composer.count(subjects) if kind == "count" else composer.several(kind, subjects)
        return QA(question, answer, kind, names)
    if len(subjects) > 1 and len(subjects) <= MAX_NAMED_APART and kind in ALL_OF and rng.random() < 0.35:
        composer.slots["n"] = join(names)
        question, _ = composer.question(kind, named=True, plural=True)
        return QA(question, composer.each(kind, subjects), kind, names)
    facts = rng.choice(subjects)
    _lean_to_truth(composer, facts)
    composer.slots["n"] = facts.name
    question, template = composer.question(kind, named=None if len(subjects) == 1 else True)
    topic = TOPICS[template] if kind == "unanswerable" else {**say.TOPIC, **looks.TOPIC}.get(kind, "that")
    if kind == "hair":
        topic = looks.TOPIC_OF_HAIR[hair_aspect(question.lower())]
    elif kind in ("is_hair", "is_garment"):
        composer.slots["look"] = composer.look_asked(facts)
    return QA(question, composer.single(kind, facts, topic), kind, (facts.name,))


def _told_apart(scene: SceneFacts, kind: Kind, one: SubjectFacts, two: SubjectFacts) -> bool:
    """Whether the evidence lines of the whole scene answer a question about these two."""
    present = [s for s in scene.subjects if s.state == "present"]
    if len(present) == 2 or kind in ("earlier", "talks") or {one.state, two.state} != {"present"}:
        return True
    return kind != "together" and bool(left_to_right(present))


def _lean_to_truth(composer: Composer, facts: SubjectFacts) -> None:
    """Half of the yes-or-no questions ask for what is true."""
    rng = composer.rng
    place = facts.place if facts.place and rng.random() < 0.5 else rng.choice(PLACES)
    composer.slots["asked_place"] = place
    composer.slots["place"] = "in the middle" if place == "middle" else f"on the {place}"
    if facts.upper and rng.random() < 0.5:
        composer.slots.update(c=facts.upper, a_c=with_article(facts.upper))
    if facts.actions and rng.random() < 0.5:
        composer.ask_for(rng.choice(listed_actions(facts)))
    hair = [word for word in (facts.hair_colour, facts.hair_length) if word]
    if hair and rng.random() < 0.5:
        composer.slots["h"] = rng.choice(hair)
    if facts.pattern and rng.random() < 0.5:
        composer.slots["p"] = facts.pattern
    if facts.garment and rng.random() < 0.5:
        composer.slots["g"] = with_article(facts.garment)
