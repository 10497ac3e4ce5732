"""Adapters: versions per subject and base, found by id, gone with what they were trained on; where videos lie."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from pvchat.errors import SubjectError
from storage import adapters, people, perceptions
from storage.adapters import AdapterInfo
from storage.engine import StorageError
from storage.people import Consent, SubjectVectors
from storage.schema import AdapterRow
from storage.store import Store
from storage.training_folder import TrainingFolder

Make = Callable[..., Any]
VECTORS = SubjectVectors("dlib-resnet-v1", np.ones((1, 128), np.float32), np.ones(1, np.float32))


@pytest.fixture
def ann(store: Store, make_record: Make, make_vectors: Make) -> tuple[str, int]:
    """Ann, enrolled: her id and her video's."""
    with store.write() as session:
        video_id = perceptions.save(session, make_record(), make_vectors(), Path("ann.mp4"), 1)
        subject_id = people.create(session, name="Ann", name_key="ann", consent=Consent("Ann", "door"))
        assert not people.enroll(session, subject_id, video_id=video_id, coverage={}, vectors=VECTORS)
    return subject_id, video_id


def save(store: Store, subject_id: str, base: str = "nano", data: bytes = b"tensors") -> str:
    with store.write() as session:
        return adapters.save(session, subject_id, base=base, base_sha256="0" * 64, card="{}", data=data)


def ids(store: Store, base: str = "nano") -> dict[str, str]:
    with store.read() as session:
        return adapters.ids(session, base)


def versions(store: Store, subject_id: str, base: str = "nano") -> list[tuple[int, bool]]:
    with store.read() as session:
        return [(info.version, info.current) for info in adapters.versions(session, subject_id, base)]


def roll_back(store: Store, subject_id: str, version: int | None = None) -> AdapterInfo:
    with store.write() as session:
        return adapters.roll_back(session, subject_id, "nano", version)


def test_an_adapter_comes_back_by_id_and_is_listed_without_its_tensors(store: Store, ann: tuple[str, int]) -> None:
    first, other = save(store, ann[0]), save(store, ann[0], base="org/vlm", data=b"more")
    assert ids(store) == {ann[0]: first}
    assert ids(store, "org/vlm") == {ann[0]: other}
    assert ids(store, "unknown") == {}
    with store.read() as session:
        assert adapters.load(session, first) == ("{}", b"tensors")
        assert adapters.load(session, "no such id") is None
        found = adapters.infos(session, ann[0])
    assert [(info.id, info.base, info.size) for info in found] == [(first, "nano", 9), (other, "org/vlm", 6)]


def test_a_new_training_is_used_under_a_new_id_and_the_old_one_is_kept(store: Store, ann: tuple[str, int]) -> None:
    before, after = save(store, ann[0]), save(store, ann[0], data=b"better")
    assert before != after
    assert ids(store) == {ann[0]: after}
    with store.read() as session:
        assert adapters.load(session, before) == ("{}", b"tensors")
        assert [info.id for info in adapters.infos(session, ann[0])] == [after]
    assert versions(store, ann[0]) == [(2, True), (1, False)]


def test_the_newest_versions_are_kept_beside_the_current_one(store: Store, ann: tuple[str, int]) -> None:
    first = save(store, ann[0])
    other = save(store, ann[0], base="org/vlm")
    for _ in range(adapters.KEPT_VERSIONS + 1):
        save(store, ann[0])
    assert versions(store, ann[0]) == [(5, True), (4, False), (3, False), (2, False)]
    with store.read() as session:
        assert adapters.load(session, first) is None
        assert adapters.load(session, other) is not None


def test_a_rolled_back_version_is_used_until_the_next_training(store: Store, ann: tuple[str, int]) -> None:
    made = [save(store, ann[0], data=bytes(number)) for number in range(3)]
    other = save(store, ann[0], base="org/vlm")
    assert roll_back(store, ann[0]).version == 2
    back = roll_back(store, ann[0])
    assert (back.id, back.version, back.current) == (made[0], 1, True)
    assert ids(store) == {ann[0]: made[0]}
    assert versions(store, ann[0]) == [(3, False), (2, False), (1, True)]
    with pytest.raises(SubjectError, match="no earlier adapter for nano; kept versions: 1, 2, 3"):
        roll_back(store, ann[0])
    assert ids(store) == {ann[0]: made[0]}
    assert roll_back(store, ann[0], 3).id == made[2]
    roll_back(store, ann[0], 1)
    save(store, ann[0])
    assert versions(store, ann[0]) == [(4, True), (3, False), (2, False), (1, False)]
    assert ids(store, "org/vlm") == {ann[0]: other}


@pytest.mark.parametrize("version", [None, 1])
def test_nothing_to_roll_back_to_is_told(store: Store, ann: tuple[str, int], version: int | None) -> None:
    with pytest.raises(SubjectError, match="kept versions: none"):
        roll_back(store, ann[0], version)


def test_a_retired_adapter_is_not_used_and_can_come_back(store: Store, ann: tuple[str, int]) -> None:
    save(store, ann[0])
    newest = save(store, ann[0])
    with store.write() as session:
        assert adapters.retire(session, ann[0], "nano")
        assert not adapters.retire(session, ann[0], "nano")
        assert adapters.infos(session, ann[0]) == []
    assert ids(store) == {}
    assert roll_back(store, ann[0]).id == newest
    assert ids(store) == {ann[0]: newest}


def test_two_current_versions_are_refused(store: Store, ann: tuple[str, int]) -> None:
    save(store, ann[0])
    save(store, ann[0])
    with pytest.raises(StorageError, match="UNIQUE"), store.write() as session:
        session.execute(update(AdapterRow).values(current=True))


def test_nobody_has_no_adapter(store: Store) -> None:
    with pytest.raises(SubjectError, match="forgotten"):
        save(store, "no such id")


@pytest.mark.parametrize(("video", "template", "kept"), [(0, 1.0, True), (1, 1.0, False), (0, 2.0, False)])
def test_only_the_same_enrollment_keeps_its_adapter(
    store: Store,
    make_record: Make,
    make_vectors: Make,
    ann: tuple[str, int],
    video: int,
    template: float,
    kept: bool,
) -> None:
    save(store, ann[0])
    vectors = SubjectVectors("dlib-resnet-v1", np.full((1, 128), template, np.float32), np.ones(1, np.float32))
    with store.write() as session:
        video_id = perceptions.save(session, make_record("ab"[video] * 64), make_vectors(), Path("b.mp4"), 1)
        changed = people.enroll(session, ann[0], video_id=video_id, coverage={}, vectors=vectors)
    assert changed is not kept
    assert bool(ids(store)) is kept


def test_where_a_video_lies_follows_it(store: Store, ann: tuple[str, int], tmp_path: Path) -> None:
    def places() -> dict[str, str]:
        with store.read() as session:
            return perceptions.places(session)

    assert places() == {"a" * 64: str(Path("ann.mp4").absolute())}
    for file, expected in ((tmp_path / "moved.mp4", "moved.mp4"), (tmp_path / "odd\udcff.mp4", "moved.mp4")):
        with store.write() as session:
            perceptions.note_place(session, "a" * 64, file)
        assert Path(places()["a" * 64]).name == expected


def test_a_training_folder_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    folder.drop("nobody")
    for subject_id in ("one", "two"):
        made = folder.make(subject_id)
        (made / "training.png").write_bytes(b"picture")
        assert made.stat().st_mode & 0o077 == 0
    folder.drop("one")
    assert [path.name for path in (tmp_path / "training").iterdir()] == ["two"]
    folder.drop("two")
    assert list(tmp_path.iterdir()) == []
