"""One person of two: consents, templates, statements and adapters afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pipelines.merging import merge
from pipelines.session import Session
from pvchat.errors import ConsentError, SubjectError
from pvchat.identity.gallery import MAX_TEMPLATES, join_entries
from pvchat.identity.pointing import Pointer
from storage import adapters, jobs, people
from storage.schema import ConsentRow, now
from storage.store import Store
from tests.identity.people import World

Video = Callable[..., Path]
SOON = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(home: Path) -> Any:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def two(session: Session, video: Video) -> Session:
    """Maria (1) and Maria Ruiz (2)."""
    session.enroll("Maria", video("1.mp4", {"face": 1}), consent_by="Ann", purpose="door", expires_at=None)
    session.enroll("Maria Ruiz", video("2.mp4", {"face": 2}), consent_by="Ann", purpose="film", expires_at=SOON)
    return session


def ids(store: Store) -> dict[str, str]:
    with store.read() as session:
        return {info.name: info.id for info in people.list_info(session)}


def test_the_stricter_consent_and_all_statements_stay(two: Session, store: Store, video: Video) -> None:
    known = ids(store)
    clip = video("c.mp4", {"face": 9, "spans": [[0, 4]]}, {"face": 1, "spans": [[5, 9]]})
    two.feedback.say(clip, "Maria Ruiz", "is", Pointer(track=1))
    two.feedback.say(clip, "Maria Ruiz", "is_not", Pointer(track=2))
    with store.write() as session:
        for name, subject in known.items():
            adapters.save(session, subject, base="nano", base_sha256="a", card="{}", data=name.encode())
    before = people_of(two)
    would = merge(store, known["Maria"], known["Maria Ruiz"], preview=True)
    assert people_of(two) == before
    done = merge(store, known["Maria"], known["Maria Ruiz"])
    assert done == would
    assert (done.consent_ends, done.adapters, done.feedback, done.feedback_dropped) == (SOON, 1, 1, 1)
    assert "different purposes: door (kept), film" in done.warnings[1]
    (maria,) = two.people()
    assert (maria.name, maria.expires_at, maria.templates, maria.consent_by) == ("Maria", SOON, 2, "Ann")
    assert maria.coverage["faces"] == 6
    with store.read() as session:
        assert list(adapters.ids(session, "nano")) == [known["Maria"]]
    assert two.ask(clip, "Is Maria here?").evidence[0].tracks == (1, 2)
    assert [said.feedback.subject for said in two.feedback.list()] == ["Maria"]


def people_of(session: Session) -> list[dict[str, Any]]:
    return [person.to_dict() for person in session.people()]


def test_an_open_session_knows_at_once(two: Session, store: Store, video: Video) -> None:
    clip = video("c.mp4", {"face": 2})
    assert two.ask(clip, "Is Maria here?", ["Maria"]).evidence[0].state == "absent"
    known = ids(store)
    merge(store, known["Maria"], known["Maria Ruiz"])
    assert two.ask(clip, "Is Maria here?", ["Maria"]).evidence[0].state == "present"
    with pytest.raises(SubjectError):
        two.ask(clip, "Is she here?", ["Maria Ruiz"])


def test_what_cannot_be_merged(two: Session, store: Store, video: Video) -> None:
    known = ids(store)
    maria, ruiz = known["Maria"], known["Maria Ruiz"]
    with pytest.raises(SubjectError, match="with themselves"):
        merge(store, maria, maria)
    with pytest.raises(SubjectError, match="forgotten meanwhile"):
        merge(store, maria, "nobody")
    later = two.create_subject("Later", consent_by="Ann", purpose="door")
    with pytest.raises(SubjectError, match='"Later" is not enrolled yet'):
        merge(store, maria, later)
    with store.write() as session:
        job = jobs.add(session, kind="train", owner="me", subject_id=ruiz)
    with pytest.raises(SubjectError, match="being enrolled or trained"):
        merge(store, maria, ruiz)
    with store.write() as session:
        assert job is not None
        jobs.cancel_of_subject(session, ruiz)
        session.execute(update(ConsentRow).where(ConsentRow.expires_at.is_not(None)).values(withdrawn_at=now()))
    with pytest.raises(ConsentError, match="withdrawn"):
        merge(store, maria, ruiz)
    assert set(ids(store)) == {"Maria", "Maria Ruiz", "Later"}


@pytest.mark.parametrize("seed", [1, 2])
def test_joined_entries_are_bounded_and_find_the_person(seed: int) -> None:
    world = World(seed)
    ana = world.person()
    one, two = world.entry("Ana", ana), world.entry("Ana R", ana)
    joined = join_entries(one, two)
    assert joined.name == "Ana"
    assert len(joined.templates) <= MAX_TEMPLATES
    assert joined.weights.sum() == pytest.approx(1.0)
    assert joined.coverage["faces"] == one.coverage["faces"] + two.coverage["faces"]
