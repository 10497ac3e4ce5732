"""One open data folder: short transactions, safe from several threads and processes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from storage import migrate
from storage.engine import StorageError, describe, make_engine, prepare_home

_CHECKPOINT_TRIES = 20
_CHECKPOINT_WAIT_S = 0.1


class Store:
    """The database of one data folder. Made by `Store.open`."""

    def __init__(self, database: Path, engine: Engine) -> None:
        self.database = database
        self._engine = engine
        self._writing = engine.execution_options(pvchat_write=True)

    @classmethod
    def open(cls, home: Path) -> Self:
        """Open the data folder, making it and bringing its schema up to date as needed.

        Raises:
            StorageError: the folder cannot be written, or holds something that is not our database.
        """
        database = prepare_home(home)
        engine = make_engine(database)
        try:
            migrate.upgrade(engine)
        except DatabaseError as error:
            engine.dispose()
            raise describe(error, database) from error
        except BaseException:
            engine.dispose()
            raise
        return cls(database, engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: one consistent view, given back at the end."""
        with self._session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that holds the write lock; committed at the end, rolled back on any exception."""
        with self._session(self._writing) as session:
            yield session
            session.commit()

    def scrub(self) -> None:
        """Rewrite the file and empty the write-ahead log, so that deleted bytes are nowhere in the data folder.

        Deleted rows are overwritten by zeros when they are deleted; this takes the copies in the log and the free
        space too.

        Raises:
            StorageError: another process kept the log busy.
        """
        try:
            with self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                if raw is None:
                    raise StorageError(f"{self.database} was closed; open it again")
                raw.execute("VACUUM")
                for _ in range(_CHECKPOINT_TRIES):
                    busy, _pages, _moved = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                    if not busy:
                        return
                    time.sleep(_CHECKPOINT_WAIT_S)
        except DatabaseError as error:
            raise describe(error, self.database) from error
        raise StorageError(
            f"{self.database} is in use by another process, which still sees old pages; "
            "the erased bytes leave its log when that process ends"
        )

    def close(self) -> None:
        """Close all connections; the last one to close folds the log into the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        session = Session(engine, expire_on_commit=False)
        try:
            yield session
        except DatabaseError as error:
            session.rollback()
            raise describe(error, self.database) from error
        finally:
            session.close()
