"""Prompts: every card is dealt before one comes again, the same for the same number, and nothing about the person."""

import re

from hypothesis import given
from hypothesis import strategies as st

from pvchat.synthesis.prompts import CARDS, NEGATIVE, PARTS, deal

# Words that would say who the person is.
_ABOUT = (
    "man woman boy girl male female lady gentleman guy young old elderly adult child teenager aged asian black-skinned "
    "white-skinned african european latino indian blond brunette bearded handsome beautiful pretty his her he she"
).split()


@given(seed=st.integers(0, 10_000), index=st.integers(0, 1000))
def test_a_prompt_follows_from_the_seed_and_the_number_alone(seed: int, index: int) -> None:
    prompt = deal(seed, index, medium="a photo")
    assert prompt == deal(seed, index, medium="a photo")
    assert prompt.text.startswith("a photo of a person, ")


@given(seed=st.integers(0, 10_000), turn=st.integers(0, 20), part=st.sampled_from(PARTS))
def test_all_cards_of_a_deck_are_dealt_before_one_comes_again(seed: int, turn: int, part: str) -> None:
    cards = next(cards for name, cards in CARDS.items() if name == part)
    first = turn * len(cards)
    dealt = [deal(seed, index, medium="a photo").text for index in range(first, first + len(cards))]
    assert all(sum(card in text.split(", ") for text in dealt) == 1 for card in cards)


def test_another_seed_deals_in_another_order() -> None:
    assert [deal(1, i, medium="a photo").text for i in range(5)] != [
        deal(2, i, medium="a photo").text for i in range(5)
    ]


def test_a_hundred_samples_of_a_job_hardly_repeat_a_prompt() -> None:
    assert len({deal(7, index, medium="a photo").text for index in range(100)}) >= 98


def test_the_parts_are_named_and_are_what_the_text_says() -> None:
    prompt = deal(3, 5, medium="a video")
    assert [part.partition(": ")[0] for part in prompt.parts] == ["clothes", "action", "scene", "light"]
    assert prompt.text == ", ".join(["a video of a person", *(part.partition(": ")[2] for part in prompt.parts)])


def test_a_prompt_can_be_about_the_action_alone() -> None:
    prompt = deal(3, 5, medium="a video", parts=("action",))
    assert len(prompt.parts) == 1
    assert prompt.parts[0].startswith("action: ")
    assert prompt.parts[0] in deal(3, 5, medium="a video").parts


def test_no_prompt_says_who_the_person_is() -> None:
    text = " ".join([NEGATIVE, *(card for cards in CARDS.values() for card in cards)]).lower()
    assert set(re.findall(r"[a-z-]+", text)).isdisjoint(_ABOUT)


def test_decks_are_of_different_sizes_without_a_card_twice() -> None:
    assert len({len(cards) for cards in CARDS.values()}) == len(CARDS)
    assert all(len(set(cards)) == len(cards) for cards in CARDS.values())
