"""Retention runs by itself: vectors of unknown people that are kept no longer go, now and then."""

import asyncio
import logging

from app.worker.own_thread import in_own_thread
from pipelines.session import Session
from pvchat.errors import PVChatError

log = logging.getLogger(__name__)

EVERY_S = 300.0


async def sweep_now_and_then(session: Session, every_s: float = EVERY_S) -> None:
    """Sweep at once and then every few minutes, until cancelled. What fails is tried again the next time."""
    while True:
        try:
            swept = await in_own_thread(session.sweep)
            if swept.records:
                log.info("vectors of %d records with unknown people have expired", swept.records)
        except PVChatError as error:
            log.error("expired vectors could not be deleted: %s", error)
        await asyncio.sleep(every_s)
