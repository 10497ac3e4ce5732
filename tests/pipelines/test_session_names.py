"""Names: which are allowed, which are the same, and which a question mentions."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.names import asked_stranger, clean_name, find_subject, fold, mentioned, name_key
from pvchat.errors import SubjectError

NAMES = st.text(alphabet=st.characters(whitelist_categories=["Lu", "Ll", "Lo", "Mn"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    "name",
    ["Ann", "Ana María", "O'Brien", "Jean-Luc", "D'Arcy Lopez", "小明", "Zoë", "J. R. Smith", "R2D2", "محمد", "Ø" * 60],
)
def test_names_people_have_are_allowed(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 61,
        "a\nb",
        "a\x00b",
        "a\tb",
        "a\u202eb",
        "a\u200bb",
        "\ud800",
        "Who is this?",
        "Maria is here.",
        "this is not really a name",
        "<end>",
        "a{b}",
        "Maria: present",
        "123",
        "--",
        "😀",
    ],
)
def test_what_is_no_name_is_one_clear_line(name: str) -> None:
    with pytest.raises(SubjectError) as caught:
        clean_name(name)
    assert str(caught.value).isprintable()


@given(NAMES)
def test_cleaning_twice_is_cleaning_once(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except SubjectError:
        return
    assert clean_name(cleaned) == cleaned
    assert name_key(cleaned) == name_key(name)


@given(NAMES)
def test_case_and_unicode_form_do_not_make_another_name(name: str) -> None:
    for form in ("NFC", "NFD"):
        assert name_key(unicodedata.normalize(form, name)) == name_key(name)
    # Casefolding twice is stable, other changes of case are not for every script.
    assert name_key(name.casefold()) == name_key(name)


@given(NAMES)
def test_an_enrolled_name_is_found_by_itself(name: str) -> None:
    assert find_subject(name, ["someone else", name]) == name


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is Maria here?", ["Maria"]),
        ("is maría HERE", ["Maria"]),
        ("Is Maria Lopez here?", ["Maria Lopez"]),
        ("Is maria  lopez with Maria?", ["Maria Lopez", "Maria"]),
        ("Is Mariana here?", []),
        ("Submaria?", []),
        ("What is Maria's shirt like?", ["Maria"]),
        ("Is Bob left of Maria, or Bob right?", ["Bob", "Maria"]),
        ("Where is jose?", ["José"]),
        ("小明在哪里?", ["小明"]),
        ("Straße", []),
        ("Is STRASSER here?", ["Straßer"]),
        ("Who is here?", []),
    ],
)
def test_mentions(question: str, expected: list[str]) -> None:
    enrolled = ["Maria", "Maria Lopez", "Bob", "José", "小明", "Straßer"]
    assert mentioned(question, enrolled) == expected


def test_accents_decide_between_names_that_differ_by_nothing_else() -> None:
    enrolled = ["José", "Jose"]
    assert mentioned("Is jose with JOSÉ?", enrolled) == ["Jose", "José"]
    with pytest.raises(SubjectError, match="could be"):
        mentioned("Is Josè here?", enrolled)
    with pytest.raises(SubjectError, match="could be"):
        find_subject("Josè", enrolled)


@given(NAMES.filter(lambda name: fold(name_key(name)).strip() != ""))
def test_a_name_between_spaces_is_always_found(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except SubjectError:
        return
    assert mentioned(f"1 {cleaned} 2", [cleaned]) == [cleaned]


@pytest.mark.parametrize(
    ("question", "stranger"),
    [
        ("Is Bob here?", "Bob"),
        ("Where is Bob's hat?", "Bob"),
        ("was O'Brien there", "O'Brien"),
        ("Is anybody here?", None),
        ("Is she here?", None),
        ("Does It move?", None),
        ("What is on TV?", None),
        ("How many people are there?", None),
        ("Is the man with the Nike shirt here?", None),
    ],
)
def test_a_capitalised_word_after_a_verb_is_taken_for_a_name(question: str, stranger: str | None) -> None:
    assert asked_stranger(question) == stranger


def test_an_endless_list_of_names_is_cut() -> None:
    with pytest.raises(SubjectError) as caught:
        find_subject("x" * 500, [f"Person {number}" for number in range(500)])
    assert len(str(caught.value)) < 500
