"""How groups of unknown people are scored."""

from collections import Counter

import pytest

from benchmarks.people.media import Media, find_media
from benchmarks.rich.unknown import CLIPS, Shown, plan, score
from pvchat.errors import WeightsError


def shown(*people: str) -> list[Shown]:
    return [Shown(f"clip {index}", f"{index}", 1, person) for index, person in enumerate(people)]


def groups(*numbers: int | None) -> dict[tuple[str, int], int]:
    return {(f"{index}", 1): number for index, number in enumerate(numbers) if number is not None}


def test_one_group_each_is_perfect() -> None:
    found = score(shown("a", "a", "b"), groups(7, 7, 3))
    assert (found["purity"], found["completeness"], found["mistakes"]) == (1.0, 1.0, [])


def test_two_people_in_one_group_cost_purity() -> None:
    found = score(shown("a", "a", "a", "b"), groups(1, 1, 1, 1))
    assert (found["purity"], found["completeness"]) == (0.75, 1.0)
    assert found["mistakes"] == ["b in clip 3: taken for a"]


def test_a_person_in_two_groups_or_in_none_costs_completeness() -> None:
    found = score(shown("a", "a", "a", "a"), groups(1, 1, 2, None))
    assert (found["purity"], found["completeness"], found["alone"]) == (1.0, 0.5, 1)
    assert Counter(line.partition(": ")[2] for line in found["mistakes"]) == {"a group apart": 1, "in no group": 1}


def test_the_shared_media_give_thirty_clips_and_other_moments_to_enroll(shared_data: object) -> None:
    try:
        media: Media = find_media()
    except WeightsError:
        pytest.skip("the demo media are not cached")
    enrolled, recipes = plan(media)
    assert len(recipes) == CLIPS
    assert len(set(recipes)) == CLIPS
    assert len(enrolled) == 2
