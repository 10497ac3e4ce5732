"""Adding to the corpus: every file once, whatever is wrong with it, and on from where it was interrupted."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pipelines.mine.add import Added
from pvchat.errors import CorpusError
from storage import corpus, corpus_faces
from storage.corpus import CorpusSource
from tests.identity.people import MODEL
from tests.pipelines.mine.conftest import Place
from tests.pipelines.mine.mine_tools import write_picture
from tests.pipelines.scene_tools import write_scene


def sources(place: Place) -> list[CorpusSource]:
    with place.store.read() as session:
        return corpus.list_sources(session)


def counts(added: Added) -> dict[str, int]:
    names = ("files", "indexed", "no_face", "broken", "duplicates", "known", "faces")
    return {name: getattr(added, name) for name in names if getattr(added, name)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures, a video, and what is wrong in real folders."""
    folder = tmp_path / "pictures"
    for number in (2, 3, 4):
        write_picture(folder / f"{number}.png", number)
    write_picture(folder / "two.png", 5, 6)
    write_picture(folder / "nobody.png", 0)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "empty.png").touch()
    (folder / "broken.mp4").write_bytes(b"no video")
    shutil.copy(folder / "2.png", folder / "copy of 2.png")
    write_scene(folder / "party.mp4", {"face": 7, "x": 0.2}, {"face": 8, "x": 0.8})
    (folder / "loop").symlink_to(folder)
    return folder


def test_faces_are_noted_with_their_files_and_what_is_broken_with_its_reason(place: Place, folder: Path) -> None:
    added = place.indexer().add(folder, licence="CC BY 4.0", name="friends")
    assert counts(added) == {
        "files": 10,
        "indexed": 5,
        "no_face": 1,
        "broken": 3,
        "duplicates": 1,
        "faces": 7,
    }
    (source,) = sources(place)
    assert (source.name, source.licence, source.items, source.faces) == ("friends", "CC BY 4.0", 9, 7)
    assert (source.no_face, source.broken) == (1, 3)
    with place.store.read() as session:
        known = corpus.known_by_path(session, {str(folder / name) for name in ("broken.jpg", "empty.png", "two.png")})
        block = corpus_faces.of_items(session, {known[str(folder / "two.png")].id}, MODEL)
    assert block is not None
    assert len(block) == 2
    np.testing.assert_allclose(np.linalg.norm(block.vectors, axis=1), 1.0, rtol=1e-5)
    assert known[str(folder / "empty.png")].sha256 is None


def test_reasons_do_not_hold_the_file_name(place: Place, folder: Path) -> None:
    place.indexer().add(folder)
    from sqlalchemy import select

    from storage.schema import CorpusItemRow

    with place.store.read() as session:
        reasons = session.scalars(select(CorpusItemRow.reason).where(CorpusItemRow.state == "broken")).all()
    assert len(reasons) == 3
    assert all(reasons)
    assert not any("broken." in reason or "empty." in reason for reason in reasons)


def test_a_second_run_looks_at_nothing_but_what_is_new(place: Place, folder: Path) -> None:
    place.indexer().add(folder)
    place.tools.calls.clear()
    write_picture(folder / "new.png", 9)
    again = place.indexer().add(folder)
    assert place.tools.calls.count("picture") == 1
    assert (again.indexed, again.faces, again.known) == (1, 1, 8)
    assert len(sources(place)) == 1


def test_an_interrupted_run_keeps_what_it_has_and_goes_on(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for number in range(2, 42):
        write_picture(folder / f"{number}.png", number)

    def stop(added: Added) -> None:
        if added.indexed == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.indexer(batch=10).add(folder, tell=stop)
    (source,) = sources(place)
    assert (source.items, source.faces) == (25, 25)
    again = place.indexer(batch=10).add(folder)
    assert (again.known, again.indexed) == (25, 15)
    assert sources(place)[0].faces == 40


def test_a_file_that_changed_is_looked_at_again_and_replaced(place: Place, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "pictures/a.png", 2)
    place.indexer().add(path.parent)
    write_picture(path, 3, 4)
    assert place.indexer().add(path.parent).faces == 2
    (source,) = sources(place)
    assert (source.items, source.faces) == (1, 2)


def test_a_file_that_moved_is_noted_where_it_lies_now(place: Place, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "pictures/a.png", 2)
    place.indexer().add(path.parent)
    moved = path.rename(path.with_name("b.png"))
    assert place.indexer().add(path.parent).duplicates == 1
    with place.store.read() as session:
        assert list(corpus.known_by_path(session, {str(path), str(moved)})) == [str(moved)]


def test_another_engine_looks_at_everything_anew(place: Place, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "pictures/a.png", 2)
    place.indexer().add(path)
    with place.store.write() as session:
        from sqlalchemy import update

        from storage.schema import CorpusFaceRow, CorpusItemRow

        session.execute(update(CorpusItemRow).values(model_id="other"))
        session.execute(update(CorpusFaceRow).values(model_id="other"))
    assert place.indexer().add(path).indexed == 1
    with place.store.read() as session:
        assert corpus_faces.stamp(session, "other")[0] == 0
        assert corpus_faces.stamp(session, MODEL)[0] == 1


def test_a_thousand_files_are_walked_in_batches(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "thousand"
    for number in range(1000):
        write_picture(folder / f"{number // 100}/{number}.png", 2 + number % 50, white=200 + number // 50)
    told: list[int] = []
    added = place.indexer().add(folder, tell=lambda added: told.append(added.files))
    assert (added.indexed, added.faces, added.broken) == (1000, 1000, 0)
    assert told == sorted(told)
    with place.store.read() as session:
        assert corpus_faces.stamp(session, MODEL) == (1000, 1000)


def test_videos_of_the_corpus_are_not_stored_as_seen(place: Place, folder: Path) -> None:
    from storage import perceptions

    place.indexer().add(folder)
    with place.store.read() as session:
        assert list(perceptions.load_all(session)) == []


@pytest.mark.parametrize("what", ["missing", "home", "in home"])
def test_what_cannot_be_added_is_refused(place: Place, tmp_path: Path, what: str) -> None:
    home = place.store.database.parent
    path = {"missing": tmp_path / "nothing", "home": home, "in home": home / "media"}[what]
    if what == "in home":
        path.mkdir()
    with pytest.raises(CorpusError, match=str(path)):
        place.indexer().add(path)
    assert sources(place) == []
