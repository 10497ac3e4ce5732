"""What is mined: never the subject, those who look alike, others at random, and the same each time."""

import numpy as np
import pytest

from pipelines.mine.candidates import Candidates, entry_logits, find_candidates
from pipelines.mine.config import MiningConfig
from pipelines.mine.index import CorpusIndex
from pvchat.errors import CorpusError
from storage import corpus_faces
from tests.identity.people import MODEL
from tests.pipelines.mine.conftest import Place
from tests.pipelines.mine.mine_tools import face, plant

STRANGERS, COPIES, ALIKE = 600, 200, 50
WIDE = MiningConfig(hard=100, easy=20)


def strangers(place: Place, count: int = STRANGERS) -> list[int]:
    return plant(place.store, *([face(place.world.person())] for _ in range(count)), name="strangers")


def copies(place: Place, count: int = COPIES) -> list[int]:
    """The subject, from as good as flawless to so poor that it could be anybody."""
    items = []
    for number in range(count):
        share = number / count
        noise = (0.2 + 1.2 * share) * place.world.rng.standard_normal(128)
        items.append([face(place.tools.people[1] + noise, 0.95 - 0.75 * share)])
    return plant(place.store, *items, name="copies")


def look_alikes(place: Place, count: int = ALIKE) -> list[int]:
    """Others whose log-odds lie in the band: taken of many at a cosine of about .3."""
    items: list[int] = []
    centre = np.average(place.entry.whitened(), axis=0, weights=place.entry.weights)
    tried = 0
    while len(items) < count:
        tried += 1
        assert tried < 100 * count, "no look-alike can be drawn"
        drawn = face(place.world.look_alike(centre, float(place.world.rng.uniform(0.2, 0.4))))
        (item,) = plant(place.store, [drawn], name=f"alike {tried}")
        with place.store.read() as session:
            block = corpus_faces.of_items(session, [item], MODEL)
        assert block is not None
        logit = float(entry_logits(block, place.entry)[0])
        if -3.5 < logit < -2.2:
            items.append(item)
        else:
            with place.store.write() as session:
                corpus_faces.drop_faces(session, block.ids.tolist())
    return items


def items_of(found: Candidates) -> set[int]:
    return {one.item.id for one in (*found.hard, *found.easy)}


def test_none_of_two_hundred_pictures_of_the_subject_is_mined(place: Place) -> None:
    strangers(place)
    own = copies(place)
    found = find_candidates(place.store, place.entry, MiningConfig(hard=300, easy=300))
    assert len(found.hard) > 10
    assert len(found.easy) > 200
    assert not items_of(found) & set(own)


def test_somebody_beside_the_subject_is_not_mined_either(place: Place) -> None:
    strangers(place)
    together = plant(place.store, [face(place.tools.people[1]), face(place.tools.people[2])], name="together")
    found = find_candidates(place.store, place.entry, MiningConfig(hard=300, easy=600))
    assert not items_of(found) & set(together)


def test_at_least_eight_in_ten_look_alikes_are_found(place: Place) -> None:
    strangers(place)
    copies(place)
    planted = set(look_alikes(place))
    found = find_candidates(place.store, place.entry, WIDE)
    hard = {one.item.id for one in found.hard}
    assert len(hard & planted) >= 0.8 * ALIKE
    assert all(found.random_level <= one.logit < -2.0 for one in found.hard)
    assert all(one.logit < found.random_level for one in found.easy)


def test_the_most_alike_come_first_and_the_same_comes_each_time(place: Place) -> None:
    strangers(place)
    first, second = (find_candidates(place.store, place.entry, WIDE) for _ in range(2))
    logits = [one.logit for one in first.hard]
    assert logits == sorted(logits, reverse=True)
    assert [one.face for one in (*first.hard, *first.easy)] == [one.face for one in (*second.hard, *second.easy)]
    other = find_candidates(place.store, place.entry, MiningConfig(hard=100, easy=20, seed=8))
    assert [one.face for one in other.easy] != [one.face for one in first.easy]


def test_one_person_in_many_pictures_is_mined_twice_at_most(place: Place) -> None:
    strangers(place, 300)
    centre = np.average(place.entry.whitened(), axis=0, weights=place.entry.weights)
    alike = place.world.look_alike(centre, 0.26)
    album = plant(
        place.store, *([face(alike + 0.1 * place.world.rng.standard_normal(128))] for _ in range(40)), name="album"
    )
    found = find_candidates(place.store, place.entry, WIDE)
    assert len({one.item.id for one in found.hard} & set(album)) <= 2


def test_barred_files_are_left_out(place: Place) -> None:
    strangers(place)
    first = find_candidates(place.store, place.entry, WIDE)
    barred = {one.item.sha256 for one in first.hard[:5]}
    found = find_candidates(place.store, place.entry, WIDE, barred)
    assert not barred & {one.item.sha256 for one in (*found.hard, *found.easy)}


def test_an_album_of_the_subject_does_not_hide_the_look_alikes_behind_it(place: Place) -> None:
    strangers(place)
    own = [face(place.tools.people[1] + 0.2 * place.world.rng.standard_normal(128)) for _ in range(300)]
    plant(place.store, *([one] for one in own), name="album")
    found = find_candidates(place.store, place.entry, MiningConfig(hard=10, easy=0, nearest=16))
    assert len(found.hard) >= 10


def test_with_few_faces_the_random_level_is_of_people_drawn_by_chance(place: Place) -> None:
    strangers(place, 5)
    found = find_candidates(place.store, place.entry, WIDE)
    assert found.faces == 5
    assert -15 < found.random_level < -2


def test_an_empty_corpus_gives_nothing(place: Place) -> None:
    found = find_candidates(place.store, place.entry, WIDE)
    assert (found.hard, found.easy, found.faces) == ((), (), 0)


def test_a_look_alike_in_shards_is_found_as_in_memory(place: Place) -> None:
    strangers(place, 400)
    white = place.entry.whitened()[:1]
    exact = CorpusIndex(place.store, MODEL).search(white, 20)
    in_files = CorpusIndex(place.store, MODEL, exact_most=10).search(white, 20)
    np.testing.assert_array_equal(exact.ids, in_files.ids)
    np.testing.assert_allclose(exact.cosines, in_files.cosines, atol=1e-5)


def test_the_index_follows_what_is_added_and_taken_away(place: Place) -> None:
    index = CorpusIndex(place.store, MODEL, exact_most=2)
    strangers(place, 5)
    assert index.search(place.entry.whitened()[:1], 9).ids.shape == (1, 5)
    first = plant(place.store, [face(place.tools.people[3])], name="more")
    assert index.search(place.entry.whitened()[:1], 9).ids.shape == (1, 6)
    with place.store.write() as session:
        block = corpus_faces.of_items(session, first, MODEL)
        assert block is not None
        corpus_faces.drop_faces(session, block.ids.tolist())
    # The last face has gone and another one has come: count and ids alone must tell.
    plant(place.store, [face(place.tools.people[1])], name="other")
    found = index.search(place.tools.people[1][None], 1)
    assert float(found.cosines[0, 0]) > 0.99


@pytest.mark.parametrize("wrong", [{"hard": -1}, {"bound": -1.0}, {"random_quantile": 1.0}])
def test_settings_that_would_let_the_subject_in_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CorpusError, match=str(next(iter(wrong.values())))):
        MiningConfig(**wrong)  # type: ignore[arg-type]
