"""What the first start needs: a key to begin with, and a secret that signs the browser's cookies."""

import os
import secrets
from pathlib import Path

from app.auth.scopes import EVERYTHING
from storage import keys
from storage.engine import StorageError
from storage.store import Store

_SECRET_FILE = "cookie.secret"
_BYTES = 32


def first_key(store: Store) -> str | None:
    """Make a key that may do everything, if there never was one.

    Returns:
        The key, to be printed once, or None.
    """
    with store.write() as session:
        if keys.count(session):
            return None
        secret, _ = keys.make(session, name="first key", scopes=EVERYTHING)
        return secret


def cookie_secret(home: Path) -> bytes:
    """The secret of this data folder, made when missing, readable by its owner only.

    Raises:
        StorageError: it cannot be read or written.
    """
    path = home / _SECRET_FILE
    try:
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            found = path.read_bytes()
            if len(found) != _BYTES:
                raise StorageError(f"{path} is damaged; delete it, everybody will have to log in again") from None
            return found
        with os.fdopen(descriptor, "wb") as file:
            made = secrets.token_bytes(_BYTES)
            file.write(made)
            return made
    except OSError as error:
        raise StorageError(f"{path} cannot be used: {error.strerror}") from error
