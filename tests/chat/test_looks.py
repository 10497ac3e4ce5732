"""Hair, clothes, posture, hands, who talks to whom, where it is: composed answers are true, others are stopped."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.chat.agreement import check
from pvchat.chat.constrain import Constraint
from pvchat.chat.evidence import subject_line
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.looks import AskedLook, are_so, asked_looks, hair_text, upper_text, wear_text, with_article
from pvchat.perception.words import (
    DOINGS,
    GARMENTS,
    HAIR_COLOURS,
    HAIR_LENGTHS,
    HANDS,
    PATTERNS,
    POSTURES,
    SCENE_PLACES,
    SCENE_THINGS,
)
from pvchat.training.dialogue import QA, fitting_kinds, make_qa
from pvchat.training.wordings import Kind
from tests.chat.scenes import random_scene
from tests.chat.test_constrain import accepts, pieces_of

MARIA = SubjectFacts(
    "Maria",
    "present",
    0.9,
    ((2.0, 9.0),),
    upper="black",
    actions=("talking", "sitting", "waving", "nodding"),
    garment="sweater",
    pattern="striped",
    hair_colour="brown",
    hair_length="long",
)
TOM = SubjectFacts("Tom", "present", 0.9, ((5.0, 12.0),), upper="red")
ANA = SubjectFacts("Ana", "absent")
SCENE = SceneFacts(12.0, (MARIA, TOM), 2, 0, (("Maria", "Tom"),), "street", ("car", "dog"))
RICH: tuple[Kind, ...] = (
    *("hair", "is_hair", "garment", "is_garment", "pattern", "posture", "hands", "action", "is_action"),
    *("talks", "setting", "unanswerable"),
)


def passes(qa: QA, text: str, scene: SceneFacts, rng: random.Random) -> bool:
    asked = qa.subjects if len(scene.subjects) > 3 and qa.subjects else None
    constraint = Constraint(scene, qa.question, asked=asked)
    so_far = b""
    for piece in pieces_of(text, rng):
        if not constraint.allows(so_far, piece):
            return False
        so_far += piece
    return not constraint.must_continue(text)


@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32), choice=st.integers(0, 1000), split=st.sampled_from(("train", "heldout")))
def test_composed_answers_of_all_kinds_are_true_and_may_be_generated(seed: int, choice: int, split: str) -> None:
    rng = random.Random(seed)
    scene = random_scene(rng, split)  # type: ignore[arg-type]
    kinds = fitting_kinds(scene)
    # Every other example is of the kinds that this file is about.
    rich = [kind for kind in kinds if kind in RICH]
    chosen = rich if choice % 2 else kinds
    qa = make_qa(scene, rng, kind=chosen[choice % len(chosen)])
    result = check(qa.answer, qa.question, scene, qa.subjects)
    assert result.agrees, (qa, result.why)
    assert passes(qa, qa.answer, scene, rng), qa


def _other(words: Sequence[str], said: str | None, rng: random.Random) -> str:
    return rng.choice([word for word in words if word != said])


def _person(qa: QA, scene: SceneFacts) -> SubjectFacts | None:
    found = [s for s in scene.subjects if s.name in qa.subjects]
    return found[0] if len(found) == 1 and found[0].state == "present" else None


def _swap(text: str, word: str | None, other: str) -> str | None:
    if not word or not re.search(rf"\b{word}\b", text):
        return None
    return re.sub(rf"\b(?:an? )?{word}\b", lambda m: m.group().replace(word, other), text)


def other_hair(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    person = _person(qa, scene)
    if person is None or qa.kind not in ("hair", "is_hair"):
        return None
    return _swap(qa.answer, person.hair_colour, _other(HAIR_COLOURS, person.hair_colour, rng))


def other_garment(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    person = _person(qa, scene)
    if person is None or qa.kind not in ("garment", "is_garment"):
        return None
    return _swap(qa.answer, person.garment, _other(GARMENTS, person.garment, rng))


def other_pattern(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    person = _person(qa, scene)
    if person is None or qa.kind not in ("appearance", "garment", "is_garment", "pattern"):
        return None
    return _swap(qa.answer, person.pattern, _other(PATTERNS, person.pattern, rng))


def other_doing(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    person = _person(qa, scene)
    if person is None or not person.actions or qa.kind not in ("action", "is_action", "posture", "hands"):
        return None
    words = [word for word in DOINGS if word not in person.actions]
    if qa.kind in ("posture", "hands"):
        words = [word for word in words if word in (POSTURES if qa.kind == "posture" else HANDS)]
    return _swap(qa.answer, next((a for a in person.actions if a in qa.answer), None), rng.choice(words))


def other_setting(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    if qa.kind != "setting":
        return None
    if scene.setting is None:
        said = next((thing for thing in scene.things if thing in qa.answer), None)
        return _swap(qa.answer, said, rng.choice([t for t in SCENE_THINGS if t not in scene.things]))
    place = SCENE_PLACES[_other(list(SCENE_PLACES), scene.setting, rng)]
    return _swap(qa.answer, SCENE_PLACES[scene.setting], place)


def other_talk(qa: QA, scene: SceneFacts, rng: random.Random) -> str | None:
    if qa.kind != "talks" or not qa.answer.startswith("Yes"):
        return None
    one, other = qa.subjects
    if {(one, other), (other, one)} <= set(scene.talks):
        return None
    return qa.answer.replace(one, "\0").replace(other, one).replace("\0", other)


Mutation = Callable[[QA, SceneFacts, random.Random], str | None]
MUTATIONS: Mapping[Mutation, tuple[Kind, ...]] = {
    other_hair: ("hair", "is_hair"),
    other_garment: ("garment", "is_garment"),
    other_pattern: ("appearance", "garment", "is_garment", "pattern"),
    other_doing: ("action", "is_action", "posture", "hands"),
    other_setting: ("setting",),
    other_talk: ("talks",),
}


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_foreign_values_disagree_and_are_stopped(mutate: Mutation) -> None:
    rng = random.Random(12)
    seen = 0
    for _ in range(400):
        scene = random_scene(rng, subjects=2)
        qa = make_qa(scene, rng, kind=rng.choice(MUTATIONS[mutate]))
        wrong = mutate(qa, scene, rng)
        if wrong is None or wrong == qa.answer:
            continue
        seen += 1
        assert not check(wrong, qa.question, scene, qa.subjects).agrees, (qa, wrong)
        # Who talks to whom is left to the check: both names and the verb are right.
        assert mutate is other_talk or not passes(qa, wrong, scene, rng), (qa, wrong)
    assert seen >= 5


@pytest.mark.parametrize(
    ("question", "answer", "true"),
    [
        ("What colour is Maria's hair?", "Maria's hair is brown.", True),
        ("What colour is Maria's hair?", "Maria has long brown hair.", True),
        ("What colour is Maria's hair?", "Maria's hair is black.", False),
        ("What is Maria's hair like?", "Maria has short hair.", False),
        ("Does Maria have long hair?", "Yes, Maria has long brown hair.", True),
        ("Does Maria have long hair?", "No, Maria has long brown hair.", False),
        ("Does Maria have short hair?", "No, Maria has long brown hair.", True),
        ("Is Maria's hair red?", "No, Maria's hair is brown.", True),
        ("Is Maria blonde?", "Yes, Maria is blonde.", False),
        ("What kind of top does Maria wear?", "Maria is wearing a striped black sweater.", True),
        ("What kind of top does Maria wear?", "Maria is wearing a black coat.", False),
        ("Is Maria wearing a suit?", "No, Maria is wearing a striped black sweater.", True),
        ("Is Maria wearing a suit?", "Yes, Maria is wearing a suit.", False),
        ("Is Maria's top striped?", "Yes, Maria's top is striped.", True),
        ("Does Maria's top have a pattern?", "No, Maria's top is striped.", False),
        ("What pattern does Maria's jacket have?", "Maria's jacket is striped.", True),
        ("What pattern does Maria's jacket have?", "Maria's jacket is plain.", False),
        ("What colour is Maria's coat?", "Maria's coat is black.", True),
        ("Is Maria sitting or standing?", "Maria is sitting.", True),
        ("Is Maria sitting or standing?", "Maria is standing.", False),
        ("What is Maria doing with her hands?", "Maria is waving.", True),
        ("What is Maria doing with her hands?", "Maria is clapping.", False),
        ("Is Maria nodding?", "Yes, Maria is nodding.", True),
        ("Is Maria nodding?", "No, Maria is waving.", False),
        ("Does Maria wave?", "Yes, Maria is waving.", True),
        ("Is Maria clapping?", "Yes, Maria is clapping.", False),
        ("Is Maria talking to Tom?", "Yes, Maria is talking to Tom.", True),
        ("Is Tom talking to Maria?", "Yes, Tom is talking to Maria.", False),
        ("Do Tom and Maria talk to each other?", "Yes, Maria is talking to Tom.", True),
        ("Where was this filmed?", "It looks like this video was filmed on a street.", True),
        ("Where was this filmed?", "It looks like this video was filmed in a garden.", False),
        ("What things do you see?", "I can see a car and a dog in this video.", True),
        ("What things do you see?", "I can see a cat in this video.", False),
    ],
)
def test_what_is_said_is_checked(question: str, answer: str, true: bool) -> None:
    names = [name for name in ("Maria", "Tom") if name in question]
    asked = replace(SCENE, subjects=tuple(s for s in SCENE.subjects if s.name in names or not names))
    assert check(answer, question, asked, [s.name for s in asked.subjects]).agrees is true


@pytest.mark.parametrize(
    ("question", "wrong", "right"),
    [
        ("Does Maria have long hair?", "No, Maria has long brown hair.", "Yes, Maria has long brown hair."),
        ("Is Maria wearing a suit?", "Yes, Maria is in a sweater.", "No, Maria is wearing a striped black sweater."),
        ("Is Maria nodding?", "No, Maria is nodding.", "Yes, Maria is nodding."),
        ("Is Tom nodding?", "Yes, Tom is here.", "I can't tell whether Tom is nodding from this video."),
        ("Does Tom have long hair?", "Yes, Tom has long hair.", "I can't tell whether Tom has long hair."),
        ("What is Tom doing with his hands?", "Tom is in this video.", "I can't say what Tom is doing with the hands."),
    ],
)
def test_yes_and_no_are_held_to_the_record(question: str, wrong: str, right: str) -> None:
    who = MARIA if "Maria" in question else TOM
    constraint = Constraint(SceneFacts(12.0, (who,), 1, 0), question)
    assert accepts(constraint, right)
    assert not accepts(constraint, wrong)


@pytest.mark.parametrize(
    "question",
    ["What colour is Ana's hair?", "Is Ana nodding?", "How old is Ana?", "What is Ana doing with her hands?"],
)
def test_of_the_absent_nothing_is_declined_without_saying_that_they_are_absent(question: str) -> None:
    constraint = Constraint(SceneFacts(12.0, (ANA,), 1, 1), question)
    assert not accepts(constraint, "I can't tell that from this video, Ana.")
    assert accepts(constraint, "I can't tell that, because Ana is not in this video.")
    assert accepts(constraint, "Ana is not in this video.")


def test_of_the_unsure_nothing_is_declined_without_doubting_that_they_are_there() -> None:
    constraint = Constraint(SceneFacts(12.0, (SubjectFacts("Leo", "unsure", 0.5),), 1, 1), "What is Leo's hair like?")
    assert not accepts(constraint, "I can't tell what Leo's hair is like.")
    assert accepts(constraint, "I am not sure whether Leo is in this video.")


@pytest.mark.parametrize(
    ("question", "looks"),
    [
        ("does # have long brown hair?", (("hair_length", "long"), ("hair_colour", "brown"))),
        ("how long is #'s hair?", ()),
        ("is # blonde?", (("hair_colour", "blond"),)),
        ("is # wearing a lab coat?", (("garment", "lab coat"),)),
        ("is #'s sweater checked?", (("pattern", "checked"),)),
        ("is # in a checked sweater?", (("pattern", "checked"), ("garment", "sweater"))),
        ("is there a pattern on #'s top?", (("pattern", "patterned"),)),
        ("is # here?", ()),
    ],
)
def test_what_a_question_asks_of_looks(question: str, looks: tuple[tuple[str, str], ...]) -> None:
    assert tuple((look.field, look.value) for look in asked_looks(question)) == looks


def test_one_look_that_is_another_is_enough_for_no_and_one_untold_for_no_answer() -> None:
    long, black = AskedLook("hair_length", "long"), AskedLook("hair_colour", "black")
    assert are_so((long, black), MARIA) is False
    assert are_so((long,), MARIA) is True
    assert are_so((long,), TOM) is None
    assert are_so((AskedLook("pattern", "patterned"),), replace(TOM, pattern="plain")) is False
    assert are_so((), MARIA) is None


def test_clothes_and_hair_are_put_into_words() -> None:
    assert wear_text(replace(MARIA, lower="blue")) == "a striped black sweater and blue bottoms"
    assert upper_text(TOM) == "red top"
    assert (hair_text(MARIA), hair_text(MARIA, "length"), hair_text(TOM)) == ("long brown hair", "long brown hair", "")
    assert [with_article(words) for words in ("orange top", "uniform")] == [
        "an orange top",
        "a uniform",
    ]


@given(
    st.builds(
        SubjectFacts,
        name=st.just("Maria"),
        state=st.just("present"),
        upper=st.sampled_from((None, "red", "orange")),
        lower=st.sampled_from((None, "blue")),
        actions=st.lists(st.sampled_from(list(DOINGS)), max_size=4, unique=True).map(tuple),
        garment=st.sampled_from((None, *GARMENTS)),
        pattern=st.sampled_from((None, *PATTERNS)),
        hair_colour=st.sampled_from((None, *HAIR_COLOURS)),
        hair_length=st.sampled_from((None, *HAIR_LENGTHS)),
    )
)
def test_an_evidence_line_says_all_that_is_told_and_nothing_else(facts: SubjectFacts) -> None:
    line = subject_line(facts).removeprefix("Maria: present").rstrip(".")
    parts = [part for group in line.split("; ") for part in group.split(", ") if part]
    looks = (upper_text(facts), f"{facts.lower} bottoms" if facts.lower else "", hair_text(facts))
    assert parts == [*(look for look in looks if look), *facts.actions]
    for told in (facts.garment, facts.pattern, facts.hair_colour, facts.hair_length):
        assert told is None or any(told in part for part in parts)
