"""Migrations: up from nothing, down to nothing, and never apart from the models."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from storage import adapters, jobs, migrate, trainings
from storage.engine import DATABASE_NAME, StorageError, make_engine, prepare_home
from storage.jobs import Choice
from storage.schema import Base
from storage.store import Store


@pytest.fixture
def engine(home: Path) -> Engine:
    return make_engine(prepare_home(home))


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Reflected constraints; SQL in them as text, because its objects are equal to themselves only."""
    options = "dialect_options"
    return {
        item["name"]: {**item, options: {key: str(value) for key, value in item.get(options, {}).items()}}
        for item in items
    }


def test_upgrade_from_empty_makes_every_table(engine: Engine) -> None:
    migrate.upgrade(engine)
    assert tables(engine) == {*Base.metadata.tables, "alembic_version"}


def test_migrated_schema_equals_the_models(engine: Engine) -> None:
    migrate.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_constraints_equal_the_models(engine: Engine) -> None:
    migrate.upgrade(engine)
    from_models = create_engine("sqlite://")
    Base.metadata.create_all(from_models)
    migrated, declared = inspect(engine), inspect(from_models)
    for table in Base.metadata.tables:
        # A table that was made anew has its constraints in any order.
        for checks in ("get_foreign_keys", "get_check_constraints", "get_unique_constraints", "get_indexes"):
            found, wanted = getattr(migrated, checks)(table), getattr(declared, checks)(table)
            assert by_name(found) == by_name(wanted)


def test_downgrade_to_base_drops_every_table_and_up_again_works(engine: Engine) -> None:
    migrate.upgrade(engine)
    migrate.downgrade(engine, "base")
    assert tables(engine) == {"alembic_version"}
    migrate.upgrade(engine)
    assert set(Base.metadata.tables) <= tables(engine)


def test_head_is_the_newest_script(engine: Engine) -> None:
    script = ScriptDirectory(str(migrate.SCRIPTS))
    assert script.get_current_head() == migrate.HEAD
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert migrate.revision(connection) == migrate.HEAD


def test_database_of_a_newer_program_is_refused(engine: Engine) -> None:
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="9999"):
        migrate.upgrade(engine)


def test_failed_migration_leaves_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = migrate._config

    def config_that_breaks(connection: object) -> object:
        config = real(connection)  # type: ignore[arg-type]
        config.attributes["connection"].exec_driver_sql("CREATE TABLE vectors (id INTEGER)")
        return config

    monkeypatch.setattr(migrate, "_config", config_that_breaks)
    with pytest.raises(Exception, match="vectors"):
        migrate.upgrade(engine)
    assert tables(engine) == set()


def test_two_at_once_migrate_one_after_the_other(home: Path) -> None:
    database = prepare_home(home)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate.upgrade(make_engine(database))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert failures == []
    assert set(Base.metadata.tables) <= tables(make_engine(database))


OLD_ROWS = """
INSERT INTO consents VALUES (1, 'Ann', 'door', '1', '2026-01-01 00:00:00', NULL, NULL);
INSERT INTO subjects (id, name, name_key, created_at, consent_id, coverage)
    VALUES ('ann', 'Ann', 'ann', '2026-01-01 00:00:00', 1, '{}');
INSERT INTO jobs (id, kind, state, subject_id, progress, step, attempts, version, owner, created_at)
    VALUES ('old', 'enroll', 'needs_pick', 'ann', 0.5, 'several people', 1, 4, 'me', '2026-01-01 00:00:00');
INSERT INTO job_crops VALUES (1, 'old', 2, 'left', x'ff');
INSERT INTO adapters (id, subject_id, base, base_sha256, card, data, size, created_at)
    VALUES ('first', 'ann', 'nano', 'abc', '{}', x'0102', 4, '2026-01-01 00:00:00');
"""


@pytest.fixture
def old(home: Path, engine: Engine) -> Iterator[Store]:
    """A data folder of schema 0003 with a person, a job that asks, and an adapter, brought up to date."""
    migrate.upgrade(engine, "0003")
    with engine.begin() as connection:
        for statement in OLD_ROWS.split(";")[:-1]:
            connection.execute(text(statement))
    engine.dispose()
    with Store.open(home) as store:
        yield store


def test_jobs_and_adapters_from_before_trainings_are_kept(old: Store) -> None:
    with old.write() as session:
        job = jobs.get(session, "old")
        assert job is not None
        assert (job.state, job.choices, job.version) == ("needs_pick", ((2, "left"),), 4)
        assert (job.what, job.eta_s, job.options, job.workflow, job.runs) == ("", None, None, None, 0)
        assert jobs.choose(session, "old", 2)
        (kept,) = adapters.versions(session, "ann", "nano")
        assert (kept.id, kept.version, kept.current, kept.base_sha256) == ("first", 1, True, "abc")
        assert adapters.load(session, "first") == ("{}", b"\x01\x02")


def test_going_back_takes_trainings_and_keeps_the_adapter_in_use(home: Path, old: Store) -> None:
    with old.write() as session:
        added = jobs.add(session, kind="train", owner="me", subject_id="ann", options={"steps": 3})
        assert added is not None
        trainings.begin(session, added.id)
        jobs.ask_for_pick(session, added.id, [Choice(1, "left", b"a")])
        second = adapters.save(session, "ann", base="nano", base_sha256="abc", card="{}", data=b"12")
        adapters.save(session, "ann", base="nano", base_sha256="abc", card="{}", data=b"123")
        adapters.roll_back(session, "ann", "nano")
        adapters.save(session, "ann", base="other", base_sha256="abc", card="{}", data=b"1")
        adapters.retire(session, "ann", "other")
    old.close()
    engine = make_engine(home / DATABASE_NAME)
    migrate.downgrade(engine, "0003")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM adapters")).scalars().all() == [second]
        assert connection.execute(text("SELECT id FROM jobs")).scalars().all() == ["old"]
        assert connection.execute(text("SELECT job_id FROM job_crops")).scalars().all() == ["old"]
    migrate.upgrade(engine)
    with Store.open(home) as store, store.read() as session:
        assert adapters.ids(session, "nano") == {"ann": second}
