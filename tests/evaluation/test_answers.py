"""Reading answers: presence, refusals, words, names, form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.evaluation.answers import (
    fault_of_form,
    holds,
    holds_any,
    read_existence,
    refuses,
    without_names,
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Yes, Maria is in this video, 0:02-0:09.", "present"),
        ("No, Maria is not in this video.", "absent"),
        ("I am not sure whether Maria is in this video.", "unsure"),
        ("Maria is in this video.", "unread"),
        ("Nora is in this video.", "unread"),
        ("Yesterday is not an answer.", "unread"),
        ("yes, Maria is in this video.", "unread"),
        ("", "unread"),
    ],
)
def test_existence_is_read_from_the_first_words_alone(text: str, read: str) -> None:
    assert read_existence(text) == read


def test_a_refusal_is_word_for_word_and_about_the_right_person() -> None:
    assert refuses("No, Ana María is not in this video, as far as I can see.", "Ana María")
    assert not refuses("Ana is not in this video.", "Ana María")
    assert not refuses("Mariana is not in this video.", "Ana")
    assert not refuses("Ana is not in the video.", "Ana")


def test_a_name_inside_a_longer_word_does_not_count() -> None:
    assert holds("I see Ana.", "Ana")
    assert holds("Ana's top is red.", "Ana")
    assert not holds("I see Anabel.", "Ana")
    assert not holds("Ob Ñana", "ana")


def test_words_of_a_name_are_no_words_of_the_answer() -> None:
    text = "Scarlet Still's top is black."
    assert "still" not in without_names(text, ["Scarlet Still"]).lower()
    assert "black" in without_names(text, ["Scarlet Still"])


def test_the_longer_of_two_names_goes_first() -> None:
    assert without_names("Ana María waves", ["Ana", "Ana María"]).split() == ["waves"]


def test_words_are_found_whatever_their_case_and_only_whole() -> None:
    assert holds_any("Keeping Still.", ["still"])
    assert holds_any("with eyes closed", ["eyes closed"])
    assert not holds_any("stillness", ["still"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Yes, Maria is in this video.", None),
        ("I am not sure. It might be Maria, but I can't tell for certain.", None),
        ("Maria's jacket is black.", None),
        ("Yes, Maria is in this video", "does not end"),
        ("Yes, she is in this video.", "lacks the asked name"),
        ("Yes, maria is in this video.", "lacks the asked name"),
        ("Maria is left of Tom.", "names Tom"),
        ("Maria is left of Bertha.", "strange name Bertha"),
        ("Maria " + "is here " * 25 + ".", "words"),
        ("Bertha sees Maria.", "strange name Bertha"),
    ],
)
def test_the_form_of_an_answer(text: str, fault: str | None) -> None:
    found = fault_of_form(text, ["Maria"], ["Maria", "Tom"])
    assert found is None if fault is None else fault in (found or "")


def test_of_several_asked_names_one_is_enough() -> None:
    assert fault_of_form("Tom is on the left.", ["Maria", "Tom"], ["Maria", "Tom"]) is None
    assert fault_of_form("Nobody is on the left.", ["Maria", "Tom"], ["Maria", "Tom"]) is not None


@given(st.text(max_size=60), st.sampled_from(["Ana", "Ana María", "Đức", "O'Shea"]))
def test_no_text_breaks_the_readers(text: str, name: str) -> None:
    assert read_existence(text) in ("present", "absent", "unsure", "unread")
    assert refuses(f"{name} is not in this video.", name)
    assert not holds(without_names(f"{text} {name} {text}", [name]), name) or name in text
    fault_of_form(text, [name], [name])
