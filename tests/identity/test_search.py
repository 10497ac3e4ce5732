"""Search: exact in memory, in shards as good as exact, and never more than an index."""

import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import ModelError
from pvchat.identity.search import Block, ExactSearch, FaceSearch, search_for, unit
from pvchat.identity.shards import ShardedSearch

DIMENSION = 32


def faces(count: int, seed: int = 0, first: int = 1) -> Block:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return np.arange(first, first + count), unit(vectors)


@pytest.fixture(params=["exact", "shards"])
def search(request: pytest.FixtureRequest, tmp_path: Path) -> FaceSearch:
    return ExactSearch() if request.param == "exact" else ShardedSearch(tmp_path / "index", shard_faces=700)


def test_the_nearest_of_all_blocks_come_best_first(search: FaceSearch) -> None:
    first, second = faces(1500), faces(900, seed=1, first=5000)
    search.rebuild([first, second], "one")
    wanted = np.random.default_rng(2).standard_normal((3, DIMENSION)).astype(np.float32)
    found = search.search(wanted, 20)
    ids, vectors = np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])
    cosines = unit(wanted) @ vectors.T
    best = np.argsort(-cosines, axis=1)[:, :20]
    np.testing.assert_array_equal(found.ids, ids[best])
    np.testing.assert_allclose(found.cosines, np.take_along_axis(cosines, best, axis=1), atol=1e-5)
    assert search.stamp == "one"


def test_equal_faces_come_by_id(search: FaceSearch) -> None:
    ids, vectors = faces(50)
    search.rebuild([(ids[::-1], np.repeat(vectors[:1], 50, axis=0))], "equal")
    assert search.search(vectors[:1], 50).ids[0].tolist() == ids.tolist()


def test_fewer_faces_than_asked_for_are_all_given(search: FaceSearch) -> None:
    search.rebuild([faces(3)], "few")
    assert search.search(faces(2)[1], 10).ids.shape == (2, 3)
    search.rebuild([], "none")
    assert search.search(faces(2)[1], 10).ids.shape == (2, 0)


@pytest.mark.parametrize(("k", "dimension"), [(0, DIMENSION), (5, DIMENSION - 1)])
def test_what_cannot_be_searched_for_is_refused(search: FaceSearch, k: int, dimension: int) -> None:
    search.rebuild([faces(10)], "ten")
    with pytest.raises(ValueError, match=str(k if k == 0 else dimension)):
        search.search(np.ones((1, dimension), np.float32), k)


def test_shards_are_private_and_are_found_again_by_another_process(tmp_path: Path) -> None:
    folder = tmp_path / "corpus" / "index"
    ShardedSearch(folder, shard_faces=100).rebuild([faces(250)], "kept")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = ShardedSearch(folder)
    assert again.stamp == "kept"
    assert again.search(faces(250)[1][:1], 1).ids.tolist() == [[1]]


def test_a_deleted_index_is_none_and_a_damaged_one_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    assert ShardedSearch(folder).stamp == ""
    ShardedSearch(folder).rebuild([faces(50)], "kept")
    (folder / "0000.ids").write_bytes(b"12345678")
    with pytest.raises(ModelError, match="delete that folder"):
        ShardedSearch(folder).search(faces(1)[1], 1)


def test_an_interrupted_rebuild_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    search = ShardedSearch(tmp_path / "index", shard_faces=10)
    search.rebuild([faces(30)], "whole")

    def interrupted() -> Iterator[Block]:
        yield faces(25)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search.rebuild(interrupted(), "half")
    assert ShardedSearch(tmp_path / "index").stamp == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_many_faces_go_into_shards_and_few_stay_in_memory(tmp_path: Path) -> None:
    assert isinstance(search_for(10, tmp_path, exact_most=10), ExactSearch)
    assert isinstance(search_for(11, tmp_path, exact_most=10), ShardedSearch)
