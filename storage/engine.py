"""Opening the SQLite file: private, in write-ahead mode, with foreign keys and overwriting of deleted bytes."""

import contextlib
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from pvchat.errors import PVChatError

DATABASE_NAME = "pvchat.db"
BUSY_TIMEOUT_S = 30


class StorageError(PVChatError):
    """The data folder or the database in it cannot be used."""


def prepare_home(home: Path) -> Path:
    """Create the data folder and an empty database file in it, readable by their owner only.

    Args:
        home: data folder; missing parents are created too.

    Returns:
        Path of the database file.

    Raises:
        StorageError: the folder cannot be created or written.
    """
    database = home / DATABASE_NAME
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of the database, so the mode has to be right from the start.
        make_private(database)
    except OSError as error:
        raise StorageError(
            f"cannot use the data folder {home}: {error.strerror}; set PVCHAT_HOME to a writable folder"
        ) from error
    return database


def make_private(file: Path) -> None:
    """Create an empty file that only its owner can read, unless it is there.

    A database that is there must not even be opened and closed: with that, this process would lose every lock that
    SQLite holds on it elsewhere in the process (POSIX), and the next process would delete the log it still writes to.

    Raises:
        OSError: it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def make_engine(database: Path) -> Engine:
    """Build the engine of one database file. Safe to use from several threads and processes.

    Transactions begin when SQLAlchemy says so (not at the first write, as `sqlite3` would), so that schema changes are
    transactional too. A connection with the execution option `pvchat_write` takes the write lock at its start, so that
    what it read is still true when it writes.
    """
    engine = create_engine(
        f"sqlite+pysqlite:///{database}",
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def describe(error: DatabaseError, database: Path) -> StorageError:
    """One line about a database error, without statement or parameters (they may hold biometric data)."""
    cause = error.orig
    if isinstance(cause, sqlite3.DatabaseError) and "not a database" in str(cause):
        return StorageError(f"{database} is not a PVChat database; move it away or set PVCHAT_HOME to another folder")
    if "locked" in str(cause):
        return StorageError(f"{database} is in use by another process; try again when it has finished")
    return StorageError(f"{database} cannot be used: {cause}")


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("pvchat_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
