"""The key to begin with: made at the first start, shown once."""

from app.auth.scopes import EVERYTHING
from storage import keys
from storage.store import Store


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
