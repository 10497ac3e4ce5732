"""Migrations: up from nothing, down to nothing, and never apart from the models."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from storage import migrate
from storage.engine import StorageError, make_engine, prepare_home
from storage.schema import Base


@pytest.fixture
def engine(home: Path) -> Engine:
    return make_engine(prepare_home(home))


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


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
            by_name = {item["name"]: item for item in found}
            assert by_name == {item["name"]: item for item in wanted}


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
