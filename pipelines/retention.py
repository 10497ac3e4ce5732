"""Until when vectors of people who are nobody enrolled are kept, and taking them away when that time has come."""

import logging
import os
from dataclasses import dataclass
from datetime import timedelta

from pipelines.gallery import Gallery
from pipelines.unknown_grouping import UnknownGrouping
from pvchat.errors import PVChatError
from storage import unknown_people
from storage.engine import StorageError
from storage.schema import now
from storage.store import Store

log = logging.getLogger(__name__)

UNKNOWN_HOURS = "PVCHAT_UNKNOWN_HOURS"
DEFAULT_HOURS = 24


class RetentionError(PVChatError):
    """How long vectors are kept is no number of hours."""


@dataclass(frozen=True)
class Swept:
    """What went.

    Attributes:
        records: how many perception records lost their vectors. vectors: how many these were.
        scrubbed: whether the deleted bytes are out of the database's free space and log as well.
    """

    records: int = 0
    vectors: int = 0
    scrubbed: bool = True


def unknown_hours() -> int:
    """For how many hours vectors of unknown people are kept (`PVCHAT_UNKNOWN_HOURS`, default 24).

    Raises:
        RetentionError: it is no whole number above zero.
    """
    text = os.environ.get(UNKNOWN_HOURS) or str(DEFAULT_HOURS)
    if not text.strip().isdecimal() or int(text) == 0:
        raise RetentionError(f"{UNKNOWN_HOURS}={text!r} has to be a whole number above zero; the default is 24")
    return int(text)


class Retention:
    """Sweeps one data folder.

    Args:
        store: the data folder. gallery: who is enrolled. grouping: decides who in a video is a stranger.
    """

    def __init__(self, store: Store, gallery: Gallery, grouping: UnknownGrouping) -> None:
        self._store = store
        self._gallery = gallery
        self._grouping = grouping
        self._unscrubbed = False

    def sweep(self, hours: int | None = None) -> Swept:
        """Delete the vectors of every record that is older than allowed and shows somebody who is nobody enrolled.

        A record that shows none but enrolled people, with consents that hold, keeps its vectors.

        Args:
            hours: for how long they are kept; by default `unknown_hours`.

        Raises:
            RetentionError: the setting is no number of hours.
        """
        before = now() - timedelta(hours=unknown_hours() if hours is None else hours)
        with self._store.read() as session:
            due = set(unknown_people.due(session, before))
        if not due and not self._unscrubbed:
            return Swept()
        expiring = self._with_strangers(due) if due else set()
        if expiring:
            with self._store.write() as session:
                gone = unknown_people.expire(session, expiring)
        else:
            gone = 0
        if gone or self._unscrubbed:
            self._unscrubbed = not self._scrub()
        return Swept(len(expiring), gone, not self._unscrubbed)

    def _with_strangers(self, due: set[int]) -> set[int]:
        subjects = self._gallery.subjects()
        digest = self._gallery.digest(subjects)
        with self._store.read() as session:
            clean = unknown_people.without_strangers(session, due, digest)
        expiring = set()
        for perception_id in sorted(due - clean):
            scan = self._grouping.scan_readable(perception_id, subjects)
            if scan is None or scan.strangers:
                expiring.add(perception_id)
                continue
            with self._store.write() as session:
                unknown_people.replace_tracks(session, perception_id, scan.model_id, (), gallery=digest, strangers=0)
        return expiring

    def _scrub(self) -> bool:
        try:
            self._store.scrub()
        except StorageError as error:
            log.warning("expired vectors are deleted, but not yet out of the database's log: %s", error)
            return False
        return True
