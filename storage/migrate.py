"""Bringing a database to the schema of this program, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from storage.engine import StorageError

if TYPE_CHECKING:
    from alembic.config import Config

# Kept here beside the migrations, so that an up-to-date database opens without importing Alembic.
HEAD = "0007"
SCRIPTS = Path(__file__).parent / "migrations"


def revision(connection: Connection) -> str | None:
    """Revision of the schema in the database, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def upgrade(engine: Engine, target: str = "head") -> None:
    """Migrate to `target` in one transaction; two processes doing this at once do it one after the other.

    Raises:
        StorageError: the database was written by a newer program.
    """
    with engine.connect() as connection:
        if target == "head" and revision(connection) == HEAD:
            return
    with _migrating(engine) as connection:
        found = revision(connection)
        config = _config(connection)
        if found is not None and not _known(config, found):
            raise StorageError(f"the database has schema {found}, this program knows up to {HEAD}; update PVChat")
        from alembic import command

        command.upgrade(config, target)


def downgrade(engine: Engine, target: str) -> None:
    """Migrate back to `target` ("base" for an empty database), in one transaction. Data in dropped tables is lost."""
    from alembic import command

    with _migrating(engine) as connection:
        command.downgrade(_config(connection), target)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """One transaction with the write lock. SQLite can change a table only by making it anew; with foreign keys on,
    dropping the old one would delete every row that points to it."""
    with engine.connect().execution_options(pvchat_write=True) as connection:
        raw = connection.connection.driver_connection
        if raw is None:
            raise StorageError("the database was closed; open it again")
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
                    raise StorageError("the database has rows that point nowhere; restore it from a backup")
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def _known(config: "Config", found: str) -> bool:
    from alembic.script import ScriptDirectory

    return any(script.revision == found for script in ScriptDirectory.from_config(config).walk_revisions())


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
