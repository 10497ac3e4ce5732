"""Answer wordings of the four types: forty of each sort, all different, all read as true by those who check answers."""

import random
from collections.abc import Iterator
from typing import Literal

import pytest

from pvchat.chat.agreement import check
from pvchat.chat.constrain import MAX_WORDS, Constraint
from pvchat.chat.facts import SceneFacts, State, SubjectFacts
from pvchat.evaluation.answers import fault_of_form, read_existence, refuses
from pvchat.evaluation.simulated import is_right
from pvchat.training import answers, answers_more
from pvchat.training.composer_person import FURTHER_SHARE
from pvchat.training.dialogue import QA, make_qa
from pvchat.training.wordings import Kind
from tests.chat.scenes import random_scene
from tests.chat.test_constrain import pieces_of

Sort = Literal["yes", "no", "told", "refused"]

MARIA = SubjectFacts(
    "Maria", "present", 0.9, ((2.0, 9.0),), "left", "near", "orange", "blue", ("talking", "moving the arms"), 0.2
)
PARTLY = SubjectFacts("Zoë Öztürk", "present", 0.9, ((0.0, 12.0),), "middle", None, None, "gray", ("keeping still",))
TOLD = (SceneFacts(12.0, (MARIA,), 2, 1), SceneFacts(12.0, (PARTLY,), 1, 0))
GONE = (
    SceneFacts(12.0, (SubjectFacts("Maria", "absent"),), 2, 2),
    SceneFacts(12.0, (SubjectFacts("Zoë Öztürk", "absent"),), 0, 0),
)
QUESTION: dict[Kind, str] = {
    "existence": "Is {n} in this video?",
    "appearance": "What is {n} wearing?",
    "upper": "What colour is {n}'s shirt?",
    "lower": "What colour are {n}'s jeans?",
    "action": "What is {n} doing?",
    "location": "Where is {n}?",
}
SORTS: list[tuple[Kind, Sort]] = [
    ("existence", "yes"),
    ("existence", "no"),
    *((kind, sort) for kind in ("appearance", "action", "location") for sort in ("told", "refused")),
]


def wordings(kind: Kind, sort: Sort) -> list[str]:
    """Every wording of one sort of answer, the topic of refusals filled in."""
    if sort == "refused":
        templates = [*answers.ABSENT, *answers_more.ABSENT, *answers_more.ABSENT_ABOUT[kind]]
        return [t.replace("{t}", answers.TOPIC[kind]) for t in templates]
    tables = {"existence": ("YES",), "appearance": ("WEAR",), "upper": ("UPPER",), "lower": ("LOWER",)}
    names = ("ABSENT_NO",) if sort == "no" else tables.get(kind, (kind.upper(),))
    return [t for name in names for module in (answers, answers_more) for t in getattr(module, name)]


def filled(templates: list[str], facts: SubjectFacts) -> Iterator[str]:
    top = "an orange top and blue bottoms" if facts is MARIA else "gray bottoms"
    acts = "talking and moving the arms" if facts is MARIA else "keeping still"
    at = "on the left, near the camera" if facts is MARIA else "in the middle"
    for template in templates:
        yield template.format(
            n=facts.name,
            wear=top,
            acts=acts,
            at=at,
            up="shirt",
            lo="jeans",
            c=facts.lower if "{lo}" in template else facts.upper,
            a_c=f"an {facts.upper}",
            when="from 0:02 to 0:09" if facts is MARIA else "from 0:00 to 0:12",
        )


@pytest.mark.parametrize(("kind", "sort"), SORTS)
def test_there_are_forty_wordings_of_each_sort_that_differ_with_names_and_facts_filled_in(
    kind: Kind, sort: Sort
) -> None:
    for facts in (MARIA, PARTLY):
        assert len(set(filled(wordings(kind, sort), facts))) >= 40


@pytest.mark.parametrize("facts", [MARIA, PARTLY], ids=["all is told", "a part is told"])
def test_one_list_repeats_nothing_of_another(facts: SubjectFacts) -> None:
    said = [text for kind, sort in SORTS if sort != "refused" for text in set(filled(wordings(kind, sort), facts))]
    assert len(set(said)) == len(said)
    assert all(len(set(table)) == len(table) for table in vars(answers_more).values() if isinstance(table, tuple))


def cases() -> Iterator[tuple[Kind, SceneFacts, str]]:
    for scene in TOLD:
        facts = scene.subjects[0]
        kinds: tuple[Kind, ...] = ("existence", "appearance", "lower", "action", "location")
        for kind in kinds if facts.upper is None else (*kinds, "upper"):
            sort: Sort = "yes" if kind == "existence" else "told"
            yield from ((kind, scene, text) for text in filled(wordings(kind, sort), facts))
        when = [*answers.YES_WHEN, *answers_more.YES_WHEN]
        yield from (("existence", scene, text) for text in filled(when, facts))
    for scene in GONE:
        facts = scene.subjects[0]
        for kind in QUESTION:
            sort = "no" if kind == "existence" else "refused"
            yield from ((kind, scene, text) for text in filled(wordings(kind, sort), facts))


class _Scene:
    def __init__(self, facts: SceneFacts) -> None:
        self.facts: SceneFacts | None = facts


def test_every_wording_is_well_formed_and_read_as_true() -> None:
    for kind, scene, text in cases():
        name = scene.subjects[0].name
        question = QUESTION[kind].format(n=name)
        assert fault_of_form(text, [name]) is None, text
        assert len(text.split()) <= MAX_WORDS
        assert check(text, question, scene, [name]).agrees, (text, check(text, question, scene, [name]).why)
        present = scene.subjects[0].state == "present"
        plain = f"Yes, {name} is in this video." if present else f"{name} is not in this video."
        assert is_right(text, QA(question, plain, kind, (name,)), _Scene(scene)), text
        assert refuses(text, name) is not present, text
        if kind == "existence":
            assert read_existence(text) == ("present" if present else "absent"), text


def test_every_wording_may_be_generated_with_and_without_the_record() -> None:
    rng = random.Random(3)
    for kind, scene, text in cases():
        for use_record in (True, False):
            constraint = Constraint(scene, QUESTION[kind].format(n=scene.subjects[0].name), use_record=use_record)
            so_far = b""
            for piece in pieces_of(text, rng):
                assert constraint.allows(so_far, piece), (text, so_far, piece)
                so_far += piece
            assert not constraint.must_continue(text), text


def test_wordings_are_false_of_somebody_else() -> None:
    """What is true of one is contradicted by the record of another, wherever both records tell it."""
    other = SubjectFacts(
        "Maria", "present", 0.9, ((2.0, 9.0),), "right", "far", "black", "white", ("smiling",), centre_x=0.8
    )
    wrong: tuple[tuple[State, SceneFacts], ...] = (
        ("present", SceneFacts(12.0, (other,), 2, 1)),
        ("absent", GONE[0]),
    )
    for kind, scene, text in cases():
        if scene.subjects[0].name != "Maria" or (kind != "existence" and scene.subjects[0].state == "absent"):
            continue
        for state, facts in wrong:
            if (kind == "existence") == (state != scene.subjects[0].state):
                assert not check(text, QUESTION[kind].format(n="Maria"), facts, ["Maria"]).agrees, (text, state)


def test_half_of_the_answers_keep_to_the_wordings_nano_was_pretrained_with() -> None:
    first = set(filled(list(answers.ACTION), MARIA)) | set(filled(list(answers.ACTION), PARTLY))
    drawn = [make_qa(TOLD[1], random.Random(i), kind="action").answer for i in range(600)]
    assert sum(text in first for text in drawn) / len(drawn) == pytest.approx(1 - FURTHER_SHARE, abs=0.08)


PAIRS: tuple[Kind, ...] = ("relation", "order", "together", "earlier")


@pytest.mark.parametrize("kind", PAIRS)
def test_what_is_said_of_two_people_is_read_as_true_and_may_be_generated(kind: Kind) -> None:
    rng = random.Random(f"pairs {kind}")
    said = set()
    for _ in range(300):
        qa_scene = random_scene(rng, subjects=2)
        qa = make_qa(qa_scene, rng, kind=kind)
        if qa.kind != kind:
            continue
        said.add(qa.answer)
        assert check(qa.answer, qa.question, qa_scene, qa.subjects).agrees, (qa, qa_scene)
        constraint = Constraint(qa_scene, qa.question)
        so_far = b""
        for piece in pieces_of(qa.answer, rng):
            assert constraint.allows(so_far, piece), (qa, so_far, piece)
            so_far += piece
        assert not constraint.must_continue(qa.answer), qa
    assert len(said) > 100
