"""The constraint lets every right answer through, token by token, and stops the wrong ones."""

import random
import re

import pytest

from pvchat.chat.constrain import MAX_WORDS, Constraint
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.partial_text import split_incomplete
from pvchat.training.dialogue import make_qa
from tests.chat.scenes import random_scene
from tests.chat.test_agreement import Mutation, other_colour, other_count, other_name, other_place, other_time

MARIA = SubjectFacts(
    "Maria", "present", 0.9, ((2.0, 9.0),), "left", "near", "black", "blue", ("talking", "moving left"), 0.2
)
TOM = SubjectFacts("Tom", "present", 0.9, ((5.0, 12.0),), "right", "far", "red", None, ("smiling",), 0.8)
ONE = SceneFacts(12.0, (MARIA,), 2, 1)
TWO = SceneFacts(12.0, (MARIA, TOM), 3, 1)


def pieces_of(text: str, rng: random.Random) -> list[bytes]:
    """Cut a text as byte-level tokens are cut: mostly words with their space, names anywhere, even inside a letter."""
    cut: list[bytes] = []
    for match in re.finditer(rb" ?[A-Za-z]+| ?\d| ?[^A-Za-z\d\s]+|\s+", text.encode()):
        word = match.group()
        if max(word) > 127 or (len(word) > 3 and rng.random() < 0.2):
            while word:
                size = rng.randint(1, 3)
                cut.append(word[:size])
                word = word[size:]
        else:
            cut.append(word)
    return cut


def accepts(constraint: Constraint, text: str) -> bool:
    """Whether a text passes word by word and may end there."""
    so_far = ""
    for piece in re.findall(r"\s*\S+?(?=[.,;!?]*\s|[.,;!?]*$)|[.,;!?]+", text):
        if not constraint.allows(so_far, piece):
            return False
        so_far += piece
    assert so_far == text
    return not constraint.must_continue(text)


def test_right_answers_pass_in_tokens_of_any_cut() -> None:
    rng = random.Random(10)
    for _ in range(2000):
        scene = random_scene(rng, rng.choice(("train", "heldout")))
        precise = rng.random() < 0.7
        qa = make_qa(scene, rng, split=rng.choice(("train", "heldout")), precise_times=precise)
        asked = qa.subjects if len(scene.subjects) > 3 else None
        constraint = Constraint(scene, qa.question, use_record=precise, asked=asked)
        so_far = b""
        for piece in pieces_of(qa.answer, rng):
            assert constraint.allows(so_far, piece), (qa, so_far, piece)
            so_far += piece
        assert not constraint.must_continue(qa.answer), qa


@pytest.mark.parametrize("mutate", [other_place, other_colour, other_name, other_time, other_count])
def test_mutated_answers_are_stopped(mutate: Mutation) -> None:
    rng = random.Random(11)
    stopped = 0
    for _ in range(1200):
        scene = random_scene(rng)
        qa = make_qa(scene, rng)
        wrong = mutate(qa, scene, rng)
        if wrong is None or wrong == qa.answer:
            continue
        constraint = Constraint(scene, qa.question)
        so_far = b""
        for piece in pieces_of(wrong, rng):
            if not constraint.allows(so_far, piece):
                stopped += 1
                break
            so_far += piece
        else:
            pytest.fail(f"{wrong!r} passed as an answer to {qa.question!r}")
    assert stopped >= 10


def test_a_name_of_nobody_asked_about_is_stopped_at_its_first_wrong_letter() -> None:
    constraint = Constraint(ONE, "Is Maria here?", use_record=False)
    assert constraint.allows("Yes, ", "Mar")
    assert constraint.allows("Yes, Mar", "ia")
    assert not constraint.allows("Yes, Mar", "k")
    assert not constraint.allows("Yes,", " Tom")
    assert not constraint.allows("Yes, Maria", "nne")


def test_a_two_word_name_has_to_be_finished() -> None:
    scene = SceneFacts(5.0, (SubjectFacts("Mary Ann", "present"),), 1, 0)
    constraint = Constraint(scene, "Is Mary Ann here?")
    assert constraint.allows("Yes, Mary", " Ann")
    assert not constraint.allows("Yes, Mary", " is")
    assert constraint.must_continue("Yes, Mary is here.")


def test_a_letter_may_come_in_two_tokens_inside_a_name_only() -> None:
    scene = SceneFacts(5.0, (SubjectFacts("Zoë", "present"),), 1, 0)
    constraint = Constraint(scene, "Is Zoë here?")
    first, second = "ë".encode()[:1], "ë".encode()[1:]
    assert constraint.allows(b"Yes, Zo", first)
    assert constraint.allows(b"Yes, Zo" + first, second)
    assert not constraint.allows(b"Yes, Zo", "é".encode()[:1] + b"\xaa")
    assert not constraint.allows(b"Yes, i", first)
    assert constraint.allows("Yes, Zo", "\ufffd")
    assert not constraint.allows("Yes", "\ufffd")


@pytest.mark.parametrize(
    "name",
    ["Łukasz", "van Dijk", "maria", "O'Shea", "李明", "R2_D2", "Violet", "Rose Brown", "Anne-Marie", "Çağla Öztürk"],
)
def test_names_of_every_shape_pass(name: str) -> None:
    scene = SceneFacts(5.0, (SubjectFacts(name, "absent"),), 0, 0)
    constraint = Constraint(scene, f"Is {name} here?")
    text = f"No, {name} is not in this video."
    raw = text.encode()
    assert all(constraint.allows(raw[:i], raw[i : i + 1]) for i in range(len(raw)))
    assert not constraint.must_continue(text)


@pytest.mark.parametrize(
    ("question", "answer", "passes"),
    [
        ("Where is Maria?", "Maria is on the left.", True),
        ("Where is Maria?", "Maria is on the right.", False),
        ("Where is Maria?", "Maria is on the left, far from the camera.", False),
        ("What is Maria wearing?", "Maria is wearing a black top and blue bottoms.", True),
        ("What is Maria wearing?", "Maria is wearing a blue top.", False),
        ("What is Maria wearing?", "Maria is wearing a black top and a hat.", False),
        ("What is Maria doing?", "Maria is talking and moving left.", True),
        ("What is Maria doing?", "Maria is moving right.", False),
        ("What is Maria doing?", "Maria is smiling.", False),
        ("When is Maria here?", "Maria is here from 0:02 to 0:09.", True),
        ("When is Maria here?", "Maria is here from 0:09 to 0:02.", False),
        ("When is Maria here?", "Maria is here at 0:05.", False),
        ("How long is Maria here?", "Maria is here for 7 seconds.", True),
        ("How long is Maria here?", "Maria is here for 2 seconds.", False),
        ("How long is Maria here?", "Maria is here for 7 minutes.", False),
        ("How many people are there?", "There are 2 people, and Maria is one of them.", True),
        ("How many people are there?", "There is 1 person, and it is Maria.", False),
        ("How many people are there?", "There is nobody like Maria.", False),
        ("Is Maria wearing a hat?", "I can't tell whether Maria is wearing a hat.", True),
        ("Is Maria smiling?", "I can't tell whether Maria is smiling.", True),
        ("Is Maria smiling?", "Yes, Maria is smiling.", False),
        ("Where is Maria?", "As far as I can tell, Maria is on the left.", True),
    ],
)
def test_words_are_held_to_the_record(question: str, answer: str, passes: bool) -> None:
    assert accepts(Constraint(ONE, question), answer) is passes


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        ("Yes, Maria is to the left of Tom.", True),
        ("Tom is to the right of Maria.", True),
        ("Yes, Maria is to the right of Tom.", False),
        ("Tom is further left than Maria.", False),
    ],
)
def test_relations_are_held_to_the_order(answer: str, passes: bool) -> None:
    assert accepts(Constraint(TWO, "Is Maria left of Tom?"), answer) is passes


def test_each_person_keeps_the_own_words() -> None:
    constraint = Constraint(TWO, "What are Maria and Tom wearing?")
    assert accepts(constraint, "Maria is wearing a black top; Tom is wearing a red top.")
    assert not accepts(constraint, "Maria is wearing a red top; Tom is wearing a black top.")


def test_without_the_record_only_names_are_held() -> None:
    assert accepts(Constraint(ONE, "Where is Maria?", use_record=False), "Maria is on the right at 0:55.")


def test_the_answer_ends_with_a_stop_and_the_names() -> None:
    constraint = Constraint(TWO, "Are Maria and Tom here?")
    assert constraint.must_continue("Yes, Maria and Tom are here")
    assert constraint.must_continue("Yes, Maria is here.")
    assert not constraint.must_continue("Yes, Maria and Tom are here.")


def test_the_forty_first_word_is_not_begun() -> None:
    constraint = Constraint(ONE, "Where is Maria?", use_record=False)
    text = "Maria " + "is " * (MAX_WORDS - 2) + "is"
    assert constraint.must_stop(text)
    assert not constraint.allows(text, " is")
    assert constraint.allows(text, ".")


def test_a_cut_off_answer_is_closed() -> None:
    constraint = Constraint(ONE, "Where is Maria?")
    assert constraint.closing("Maria is here. She is on the") == "Maria is here."
    assert constraint.closing("Maria is on the left,") == "Maria is on the left."


@pytest.mark.parametrize("piece", ["", "\n", "<", " \u00e9t\u00e9", "  ", "\u4e2d", " **"])
def test_what_no_answer_has_is_never_allowed(piece: str) -> None:
    assert not Constraint(ONE, "Where is Maria?").allows("Maria is", piece)


def test_incomplete_characters_are_split_off() -> None:
    assert split_incomplete("Zoë".encode()) == ("Zoë", b"")
    assert split_incomplete("Zoë".encode()[:-1]) == ("Zo", b"\xc3")
    with pytest.raises(UnicodeDecodeError):
        split_incomplete(b"\xff\xfe")


def test_answers_about_existence_open_with_yes_no_or_doubt() -> None:
    unsure = SceneFacts(5.0, (SubjectFacts("Maria", "unsure", 0.5),), 1, 1)
    for constraint in (
        Constraint(unsure, "Can you see Maria anywhere?"),
        Constraint(ONE, "Can you see Maria anywhere?", use_record=False),
    ):
        for text in ("Yes, Maria is in this video.", "No, Maria is not here.", "I am not sure whether Maria is here."):
            assert accepts(constraint, text)
        for text in ("I can see Maria on the left.", "Maria is here.", "Not that I can see, Maria is away."):
            assert not accepts(constraint, text)


def test_a_sentence_does_not_run_into_the_next() -> None:
    constraint = Constraint(ONE, "Where is Maria?")
    assert not constraint.allows("Maria is on the left.", "first")
    assert constraint.allows("Maria is on the left.", " I")


def test_what_is_not_told_is_declined_from_the_first_word_on() -> None:
    idle = SceneFacts(8.0, (SubjectFacts("Maria", "present", 0.9, ((0.0, 8.0),), "left", None, "black"),), 1, 0)
    constraint = Constraint(idle, "What is Maria doing?")
    for right in (
        "I can't tell what Maria is doing from this video.",
        "From this video, I can't tell what Maria is doing.",
    ):
        assert accepts(constraint, right), right
    for wrong in (
        "I can see that the person is wearing a black top.",
        "Maria is wearing a black top.",
        "In this video, I",
    ):
        assert not accepts(constraint, wrong), wrong


@pytest.mark.parametrize("slip", ["I can't tell what Maria isearing.", "I seeMaria.", "Maria is talkingly here."])
def test_words_that_are_none_are_stopped(slip: str) -> None:
    for use_record in (True, False):
        assert not accepts(Constraint(ONE, "What is Maria doing?", use_record=use_record), slip)


def test_the_words_of_the_question_may_be_used_to_decline_it() -> None:
    text = "I can't tell what Maria is thinking about zodiacs from this video."
    assert accepts(Constraint(ONE, "What is Maria thinking about zodiacs?"), text)
    assert not accepts(Constraint(ONE, "What is Maria thinking?"), text)


def test_a_word_is_begun_only_where_it_can_be_finished() -> None:
    absent = SceneFacts(8.0, (SubjectFacts("Maria", "absent"),), 1, 1)
    constraint = Constraint(absent, "How does Maria move?")
    so_far = b"I can't say how Maria is"
    assert not constraint.allows(so_far, b" motionl")
    assert constraint.allows(so_far, b" mov")
    assert constraint.allows(b"Maria is", b" no")
