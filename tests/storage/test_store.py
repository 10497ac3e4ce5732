"""Opening a data folder, transactions, and what the schema refuses."""

import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storage import people
from storage.engine import DATABASE_NAME, StorageError
from storage.people import Consent
from storage.schema import ConsentRow, SubjectRow, VectorRow, VideoRow, now
from storage.store import Store


def consent() -> ConsentRow:
    return ConsentRow(given_by="Ann", purpose="test", policy_version="1")


def count(session: Session, table: type[ConsentRow]) -> int:
    return len(session.scalars(select(table)).all())


def test_folder_and_file_are_private(home: Path, store: Store) -> None:
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for file in home.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_pragmas_are_on_for_every_connection(store: Store) -> None:
    with store.read() as session:
        values = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "secure_delete")
        }
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1}


def test_write_commits_and_survives_reopening(home: Path, store: Store) -> None:
    with store.write() as session:
        session.add(consent())
    store.close()
    with Store.open(home) as again, again.read() as session:
        assert count(session, ConsentRow) == 1


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_write_rolls_back_on_any_exception(store: Store, error: type[BaseException]) -> None:
    def write_and_fail() -> None:
        with store.write() as session:
            session.add(consent())
            session.flush()
            raise error

    with pytest.raises(error):
        write_and_fail()
    with store.read() as session:
        assert count(session, ConsentRow) == 0


def test_subject_needs_a_consent_row(store: Store) -> None:
    with store.write() as session:
        session.add(VideoRow(sha256="0" * 64, name="v", size_bytes=1, duration_s=1.0, width=1, height=1))
    with pytest.raises(StorageError, match="FOREIGN KEY"), store.write() as session:
        session.add(SubjectRow(name="Ann", name_key="ann", consent_id=99, video_id=1, coverage={}))
    with pytest.raises(StorageError, match="NOT NULL"), store.write() as session:
        session.add(SubjectRow(name="Ann", name_key="ann", video_id=1, coverage={}))


def test_consent_of_a_subject_cannot_be_deleted(store: Store) -> None:
    with store.write() as session:
        session.add(VideoRow(id=1, sha256="0" * 64, name="v", size_bytes=1, duration_s=1.0, width=1, height=1))
        row = consent()
        session.add(row)
        session.flush()
        session.add(SubjectRow(name="Ann", name_key="ann", consent_id=row.id, video_id=1, coverage={}))
    with pytest.raises(StorageError, match="FOREIGN KEY"), store.write() as session:
        session.execute(text("DELETE FROM consents"))


def test_vectors_have_one_owner_and_the_stated_size(store: Store) -> None:
    with pytest.raises(StorageError, match="one_owner"), store.write() as session:
        session.add(VectorRow(kind="face", model_id="m", dimension=2, count=1, data=b"\0" * 8))
    with pytest.raises(StorageError, match="data_size"), store.write() as session:
        session.add(VectorRow(kind="face", subject_id="x", model_id="m", dimension=2, count=1, data=b"\0" * 7))


def test_times_come_back_aware_and_naive_ones_are_refused(store: Store) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with store.write() as session:
        session.add(ConsentRow(given_by="Ann", purpose="p", policy_version="1", given_at=moment))
    with store.read() as session:
        row = session.scalars(select(ConsentRow)).one()
        assert row.given_at == moment
        assert row.given_at.tzinfo is not None
    with pytest.raises(Exception, match="no time zone"), store.write() as session:
        session.add(ConsentRow(given_by="Ann", purpose="p", policy_version="1", given_at=datetime(2026, 1, 1)))


def test_many_threads_write_without_loss(store: Store) -> None:
    def run() -> None:
        for _ in range(5):
            with store.write() as session:
                session.add(consent())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with store.read() as session:
        assert count(session, ConsentRow) == 20


def test_reader_keeps_its_view_while_a_writer_commits(store: Store) -> None:
    with store.read() as reading:
        assert count(reading, ConsentRow) == 0
        with store.write() as session:
            session.add(consent())
        reading.expire_all()
        assert count(reading, ConsentRow) == 0
    with store.read() as reading:
        assert count(reading, ConsentRow) == 1


def test_a_file_that_is_no_database_is_one_clear_line(home: Path) -> None:
    home.mkdir()
    (home / DATABASE_NAME).write_bytes(b"certainly not a database" * 100)
    with pytest.raises(StorageError, match="not a PVChat database") as caught:
        Store.open(home)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="PVCHAT_HOME") as caught:
        Store.open(tmp_path / "file" / "home")
    assert "\n" not in str(caught.value)


def test_consent_validity() -> None:
    from storage.people import Consent

    given = now()
    assert Consent("Ann", "p").valid(given)
    assert not Consent("Ann", "p", withdrawn_at=given).valid(given)
    assert Consent("Ann", "p", expires_at=given + timedelta(seconds=1)).valid(given)
    assert not Consent("Ann", "p", expires_at=given).valid(given)


def test_what_one_store_of_a_process_opens_takes_no_lock_from_another(home: Path) -> None:
    """A lock that SQLite holds on a file ends when the process closes that file anywhere: others would take its log."""
    program = "import sys, pathlib, storage.store as s; s.Store.open(pathlib.Path(sys.argv[1])).close()"
    other_process = [sys.executable, "-c", program, str(home)]
    with Store.open(home) as first, Store.open(home) as second:
        for number, store in enumerate((first, second, first)):
            with store.write() as session:
                people.create(session, name=f"P{number}", name_key=f"p{number}", consent=Consent("Ann", "door"))
            subprocess.run(other_process, check=True, cwd=Path(__file__).parents[2])
            assert home.joinpath("pvchat.db-wal").is_file()
    with Store.open(home) as again, again.read() as session:
        assert [info.name for info in people.list_info(session)] == ["P0", "P1", "P2"]
