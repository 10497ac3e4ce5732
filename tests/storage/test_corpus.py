"""The corpus in the database: once for each content, removed with its source, and faces that go leave nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import PVChatError
from storage import corpus, corpus_faces, people
from storage.corpus import NewFace, NewItem
from storage.erase import erase_subject
from storage.people import Consent
from storage.store import Store

MODEL = "dlib-resnet-v1"


def face(seed: int) -> NewFace:
    vector = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    return NewFace(0.0, 1.0, 0.5, (0.1, 0.2, 0.3, 0.4), 0.9, 0.8, 3, vector / np.linalg.norm(vector))


def item(path: str, sha256: str | None, *faces: NewFace, **more: object) -> NewItem:
    state = "indexed" if faces else "no_face"
    return NewItem(path, sha256, 10, 20, "picture", state, MODEL, faces=faces, **more)  # type: ignore[arg-type]


def save(store: Store, name: str, items: Sequence[NewItem], licence: str = "CC0") -> str:
    with store.write() as session:
        source = corpus.add_source(session, name=name, path=f"/{name}", licence=licence, added_by="me")
        corpus.save_items(session, source, items)
    return source


def test_a_source_that_is_added_again_goes_on(store: Store) -> None:
    first = save(store, "a", [item("/a/1.png", "1", face(1))])
    again = save(store, "a", [item("/a/2.png", "2", face(2), face(3))], licence="CC BY")
    assert first == again
    with store.read() as session:
        (source,) = corpus.list_sources(session)
        known = corpus.known_by_path(session, {"/a/1.png", "/a/2.png"})
        items = corpus.items_by_id(session, {one.id for one in known.values()})
    assert (source.items, source.faces, source.licence) == (2, 3, "CC BY")
    assert {one.licence for one in items.values()} == {"CC BY"}


def test_the_same_content_is_kept_once(store: Store) -> None:
    save(store, "a", [item("/a/1.png", "same", face(1))])
    save(store, "b", [item("/b/1.png", "same", face(1))])
    with store.read() as session:
        assert sum(source.items for source in corpus.list_sources(session)) == 1
        assert corpus_faces.stamp(session, MODEL)[0] == 1


def test_several_files_that_could_not_be_read_are_no_duplicates(store: Store) -> None:
    save(store, "a", [item("/a/1.png", None, reason="no"), item("/a/2.png", None, reason="no")])
    with store.read() as session:
        assert corpus.list_sources(session)[0].items == 2


def test_removing_a_source_takes_its_items_and_faces_and_nothing_else(store: Store) -> None:
    gone = save(store, "a", [item("/a/1.png", "1", face(1))])
    save(store, "b", [item("/b/1.png", "2", face(2))])
    with store.write() as session:
        assert corpus.remove_source(session, gone)
        assert not corpus.remove_source(session, gone)
    with store.read() as session:
        assert [source.name for source in corpus.list_sources(session)] == ["b"]
        (block,) = corpus_faces.all_faces(session, MODEL)
    np.testing.assert_allclose(block.vectors[0], face(2).vector)


def test_nothing_is_stored_of_a_source_that_was_removed_meanwhile(store: Store) -> None:
    with store.write() as session:
        assert corpus.save_items(session, "gone", [item("/a/1.png", "1", face(1))]) == 0
        assert corpus_faces.stamp(session, MODEL) == (0, 0)


def test_count_and_largest_id_tell_every_change(store: Store) -> None:
    save(store, "a", [item("/a/1.png", "1", face(1), face(2))])
    with store.read() as session:
        before = corpus_faces.stamp(session, MODEL)
    with store.write() as session:
        assert corpus_faces.drop_faces(session, [before[1]]) == 1
    save(store, "b", [item("/b/1.png", "2", face(3))])
    with store.read() as session:
        after = corpus_faces.stamp(session, MODEL)
    assert (before, after) == ((2, 2), (2, 3))


def test_an_item_that_lost_its_last_face_stays_noted(store: Store) -> None:
    save(store, "a", [item("/a/1.png", "1", face(1))])
    with store.write() as session:
        corpus_faces.drop_faces(session, [1])
        (source,) = corpus.list_sources(session)
        assert (source.items, source.faces, source.no_face) == (1, 0, 1)
        assert corpus.known_by_content(session, {"1"})


def test_a_sample_is_spread_over_all_faces(store: Store) -> None:
    save(store, "a", [item(f"/a/{n}.png", f"{n}", face(n)) for n in range(100)])
    with store.read() as session:
        sampled = corpus_faces.sample(session, MODEL, 20, 3)
        assert sampled is not None
        assert sampled.ids.tolist() == list(range(3, 101, 5))
        assert corpus_faces.sample(session, "other", 20, 3) is None


def test_a_vector_that_is_not_finite_is_refused(store: Store) -> None:
    broken = face(1)
    broken.vector[0] = np.nan
    with pytest.raises(PVChatError, match="not finite"):
        save(store, "a", [item("/a/1.png", "1", broken)])


def test_forgetting_takes_faces_other_engines_and_paths_that_hold_the_name(store: Store, home: Path) -> None:
    from storage.schema import SubjectRow, VectorRow

    save(store, "wilhelmina", [item("/pictures/Wilhelmina.png", "1", face(1)), item("/pictures/2.png", "2", face(2))])
    with store.write() as session:
        other = NewItem("/pictures/3.png", "3", 1, 1, "picture", "indexed", "another", faces=[face(3)])
        source = corpus.list_sources(session)[0].id
        corpus.save_items(session, source, [other])
        subject = people.create(session, name="Wilhelmina", name_key="wilhelmina", consent=Consent("Ann", "door"))
        row = session.get(SubjectRow, subject)
        assert row is not None
        row.vectors.append(VectorRow(kind="face", model_id=MODEL, dimension=1, count=1, data=b"1234"))
        session.flush()
        erased = erase_subject(session, subject, (), [1])
    assert erased.corpus_faces == 2
    store.scrub()
    with store.read() as session:
        (found,) = corpus.list_sources(session)
        assert (found.items, found.faces, found.path) == (2, 1, None)
        assert list(corpus.known_by_path(session, {"/pictures/2.png", "/pictures/3.png"})) == ["/pictures/2.png"]
    store.close()
    content = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"ilhelmina" not in content
    assert face(1).vector.astype("<f4").tobytes() not in content
    assert face(2).vector.astype("<f4").tobytes() in content
