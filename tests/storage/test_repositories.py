"""Records, vectors and people come back as they went in, and leave nothing when they go."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import select

from pvchat.errors import SubjectError
from storage import adapters, jobs, people, perceptions
from storage.engine import StorageError
from storage.erase import erase_subject
from storage.people import Consent, SubjectVectors
from storage.schema import ConsentRow, PerceptionRow, SubjectRow, VectorRow, VideoRow
from storage.store import Store
from storage.vectors import pack, unpack

MODELS = {"faces": "detector-1", "recognition": "dlib-resnet-v1"}
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
TEMPLATE = np.linspace(-1, 1, 256, dtype=np.float32).reshape(2, 128)
CANARY_NAME = "Zephyrine Quill"


@given(arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(1, 9)), elements=FINITE))
def test_vectors_survive_the_round_trip(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    again = unpack(pack(values), *values.shape)
    assert again.dtype == np.float32
    assert np.array_equal(again, values)


def test_vectors_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(StorageError, match="not finite"):
        pack(np.array([1.0, np.nan], np.float32))
    with pytest.raises(StorageError, match="does not hold"):
        unpack(b"\0" * 12, 2, 2)


Make = Callable[..., Any]


@pytest.fixture
def enrolled(store: Store, make_record: Make, make_vectors: Make) -> Callable[..., str]:
    """Enrolls somebody by hand; returns the subject's id."""

    def enroll(name: str = "Ann", file: str = "ann.mp4", sha256: str = "a" * 64, seed: int = 0) -> str:
        with store.write() as session:
            video_id = perceptions.save(session, make_record(sha256), make_vectors(seed), Path(file), 1000)
            subject_id = people.create(
                session,
                name=name,
                name_key=name.casefold(),
                consent=Consent(given_by=f"{name} in person", purpose="door"),
            )
            people.enroll(
                session,
                subject_id,
                video_id=video_id,
                coverage={"faces": 3},
                vectors=SubjectVectors(
                    "dlib-resnet-v1", TEMPLATE + seed, np.ones(2, np.float32), "net", np.full(4, 0.5 + seed, np.float32)
                ),
            )
            return subject_id

    return enroll


def test_record_and_vectors_come_back(store: Store, make_record: Make, make_vectors: Make) -> None:
    record, vectors = make_record(), make_vectors()
    with store.write() as session:
        perceptions.save(session, record, vectors, Path("x/clip.mp4"), 1234)
    with store.read() as session:
        found = perceptions.load(session, "a" * 64, MODELS)
    assert found is not None
    assert found.record == record
    assert found.video_name == "clip.mp4"
    assert found.vectors.face_model == vectors.face_model
    assert set(found.vectors.faces) == set(vectors.faces)
    for track_id, samples in vectors.faces.items():
        assert np.array_equal(found.vectors.faces[track_id].vectors, samples.vectors)
        assert np.array_equal(found.vectors.faces[track_id].times_s, samples.times_s)
        assert np.array_equal(found.vectors.faces[track_id].quality, samples.quality)
        assert np.array_equal(found.vectors.appearance[track_id], vectors.appearance[track_id])


def test_records_of_other_models_or_files_are_not_found(store: Store, make_record: Make, make_vectors: Make) -> None:
    with store.write() as session:
        perceptions.save(session, make_record(), make_vectors(), Path("clip.mp4"), 1)
    with store.read() as session:
        assert perceptions.load(session, "b" * 64, MODELS) is None
        assert perceptions.load(session, "a" * 64, {**MODELS, "faces": "detector-2"}) is None
        assert perceptions.load(session, "a" * 64, dict(reversed(MODELS.items()))) is not None


def test_saving_again_replaces_and_leaves_no_orphans(store: Store, make_record: Make, make_vectors: Make) -> None:
    for seed in (0, 1):
        with store.write() as session:
            perceptions.save(session, make_record(), make_vectors(seed), Path("clip.mp4"), 1)
    with store.read() as session:
        assert len(session.scalars(select(PerceptionRow)).all()) == 1
        assert len(session.scalars(select(VectorRow)).all()) == 4
        found = perceptions.load(session, "a" * 64, MODELS)
    assert found is not None
    assert np.array_equal(found.vectors.faces[0].vectors, make_vectors(1).faces[0].vectors)


def test_load_all_gives_every_record(store: Store, make_record: Make, make_vectors: Make) -> None:
    with store.write() as session:
        for sha256 in ("a" * 64, "b" * 64):
            perceptions.save(session, make_record(sha256), make_vectors(), Path("clip.mp4"), 1)
    with store.read() as session:
        assert [p.record.video.sha256[0] for p in perceptions.load_all(session)] == ["a", "b"]


def test_file_names_that_are_no_text_are_stored(store: Store, make_record: Make, make_vectors: Make) -> None:
    with store.write() as session:
        perceptions.save(session, make_record(), make_vectors(), Path("clip\udcff.mp4"), 1)
    with store.read() as session:
        assert session.scalars(select(VideoRow.name)).one() == "clip?.mp4"


def test_subject_comes_back_with_consent_and_vectors(store: Store, enrolled: Make) -> None:
    enrolled()
    with store.read() as session:
        (subject,) = people.list_all(session)
    assert (subject.name, subject.consent.given_by, subject.consent.purpose) == ("Ann", "Ann in person", "door")
    assert subject.consent.policy_version == people.POLICY_VERSION
    assert subject.coverage == {"faces": 3}
    assert subject.video_name == "ann.mp4"
    assert np.array_equal(subject.vectors.templates, TEMPLATE)
    assert subject.vectors.appearance is not None
    assert subject.vectors.appearance.shape == (4,)


def test_taken_name_is_refused_and_nothing_of_the_second_stays(store: Store, enrolled: Make) -> None:
    enrolled()
    with pytest.raises(SubjectError, match="enrolled already"):
        enrolled(name="ANN", file="other.mp4", sha256="b" * 64)
    with store.read() as session:
        assert len(session.scalars(select(ConsentRow)).all()) == 1
        assert len(session.scalars(select(VideoRow)).all()) == 1


def test_fingerprint_changes_with_the_gallery_and_with_consent(store: Store, enrolled: Make) -> None:
    def look() -> tuple[str, ...]:
        with store.read() as session:
            return people.fingerprint(session)

    before = look()
    enrolled()
    after = look()
    with store.write() as session:
        session.scalars(select(ConsentRow)).one().withdrawn_at = session.scalars(select(ConsentRow)).one().given_at
    assert len({before, after, look()}) == 3


def test_erase_takes_only_what_belongs_to_the_person(
    store: Store, make_record: Make, make_vectors: Make, enrolled: Make
) -> None:
    ann = enrolled()
    enrolled(name="Bob", file="bob.mp4", sha256="b" * 64, seed=1)
    with store.write() as session:
        seen = perceptions.save(session, make_record("c" * 64), make_vectors(2), Path("party.mp4"), 1)
        perceptions.save(session, make_record("d" * 64), make_vectors(3), Path("empty street.mp4"), 1)
    with store.write() as session:
        erased = erase_subject(session, ann, [seen])
    assert erased.templates == 2
    assert erased.appearance == 1
    assert erased.records == ("ann.mp4", "party.mp4")
    assert erased.videos == ("ann.mp4", "party.mp4")
    assert erased.track_vectors == 2 * (2 * 3 + 2)
    with store.read() as session:
        assert session.scalars(select(SubjectRow.name)).all() == ["Bob"]
        assert len(session.scalars(select(ConsentRow)).all()) == 1
        assert session.scalars(select(VideoRow.name)).all() == ["bob.mp4", "empty street.mp4"]
        assert len(session.scalars(select(VectorRow)).all()) == 4 + 4 + 2


def test_erase_keeps_a_video_somebody_else_was_enrolled_from_but_not_its_record(store: Store, enrolled: Make) -> None:
    ann = enrolled(file="ann and bob.mp4")
    enrolled(name="Bob", file="ann and bob.mp4", seed=1)
    with store.write() as session:
        erased = erase_subject(session, ann, [])
    assert erased.videos == ()
    assert erased.renamed == 1
    with store.read() as session:
        assert session.scalars(select(VideoRow.name)).all() == ["a" * 12]
        assert session.scalars(select(PerceptionRow)).all() == []
        assert [s.name for s in people.list_all(session)] == ["Bob"]


def test_erase_of_nobody_is_an_error(store: Store) -> None:
    with pytest.raises(SubjectError), store.write() as session:
        erase_subject(session, "no such id", [])


def test_no_byte_of_an_erased_person_stays_in_the_folder(
    home: Path, store: Store, make_record: Make, make_vectors: Make, enrolled: Make
) -> None:
    for number in range(30):
        enrolled(name=f"Other {number}", file=f"{number}.mp4", sha256=f"{number:064d}", seed=10 + number)
    subject_id = enrolled(name=CANARY_NAME, file="Zephyrine_Quill.mp4", sha256="f" * 64, seed=7)
    with store.write() as session:
        perceptions.save(session, make_record("e" * 64), make_vectors(99), Path("zephyrine-quill at sea.mov"), 1)
        perceptions.save(session, make_record("d" * 64), make_vectors(98), Path("album of Zephyrine Quill/1.mov"), 1)
        adapters.save(
            session, subject_id, base="nano", base_sha256="0" * 64, card="card of nobody else", data=b"tensor canary"
        )
        adapters.save(session, subject_id, base="nano", base_sha256="0" * 64, card="{}", data=b"later canary")
        jobs.add(session, kind="train", owner="me", subject_id=subject_id, options={"note": "option canary"})
    canaries = {
        "name": CANARY_NAME.encode(),
        "key": CANARY_NAME.casefold().encode(),
        "file": b"Zephyrine_Quill",
        "other file": b"zephyrine-quill",
        "folder": b"album of Zephyrine Quill",
        "card": b"card of nobody else",
        "tensors": b"tensor canary",
        "later tensors": b"later canary",
        "options": b"option canary",
        "template": (TEMPLATE + 7).astype("<f4")[1].tobytes()[:64],
        "appearance": np.full(4, 7.5, "<f4").tobytes(),
        "track face": make_vectors(7).faces[0].vectors[1].tobytes()[:64],
        "track appearance": make_vectors(7).appearance[1].tobytes()[:64],
    }

    def found() -> set[str]:
        content = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
        return {label for label, canary in canaries.items() if canary in content}

    assert found() == set(canaries)
    with store.write() as session:
        erased = erase_subject(session, subject_id, [])
    assert erased.adapters == 2
    store.scrub()
    assert found() == set()
    with store.read() as session:
        assert len(people.list_all(session)) == 30
