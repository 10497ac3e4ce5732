"""Logins of browsers: a signed cookie stands for an API key for some hours."""

import os
import secrets
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from storage.engine import StorageError

COOKIE = "pvchat_session"
_SECRET_FILE = "cookie.secret"
_BYTES = 32


class Cookies:
    """Signed cookies that hold the id of a key. A key that is revoked ends its cookies too.

    Args:
        secret: signs them. lasts_s: how long one lasts.
    """

    def __init__(self, secret: bytes, lasts_s: int) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="pvchat login")
        self.lasts_s = lasts_s

    def value(self, key_id: str) -> str:
        """The cookie for a key, from now on."""
        signed: str = self._signer.dumps(key_id)
        return signed

    def read(self, header: str) -> str | None:
        """The id in the valid, unexpired cookie of a request's `Cookie` header, else None."""
        try:
            morsel = SimpleCookie(header).get(COOKIE)
            found = None if morsel is None else self._signer.loads(morsel.value, max_age=self.lasts_s)
        except (CookieError, BadSignature):
            return None
        return found if isinstance(found, str) else None


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
