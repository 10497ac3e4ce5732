"""One question to the session, as a stream of events; a client that goes away ends the work."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.worker.own_thread import in_own_thread
from pipelines.naming import told_as
from pipelines.session import Session
from pvchat.errors import PVChatError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """What the service asks for a client.

    Attributes:
        videos: the files. called: what they are called, in the same order. question: the newest question.
        earlier: those before it, oldest first. subjects: names asked about; none lets the question say.
        use_evidence, use_identity_bias: see `Session.ask`.
    """

    videos: tuple[str, ...]
    called: tuple[str, ...]
    question: str
    earlier: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    use_evidence: bool = True
    use_identity_bias: bool = True

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Question":
        """From the message of the service."""
        return cls(
            videos=tuple(map(str, data["videos"])),
            called=tuple(map(str, data["called"])),
            question=str(data["question"]),
            earlier=tuple(data.get("earlier", ())),
            subjects=tuple(data.get("subjects", ())),
            use_evidence=bool(data.get("use_evidence", True)),
            use_identity_bias=bool(data.get("use_identity_bias", True)),
        )


class _LeftError(Exception):
    """Nobody waits for the answer any more."""


async def answer_events(session: Session, asked: Question) -> AsyncIterator[bytes]:
    """Lines of JSON: any number of "progress" and "text", then one "answer" or "error"."""
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    left = threading.Event()

    def put(event: dict[str, Any] | None) -> None:
        if left.is_set():
            raise _LeftError
        loop.call_soon_threadsafe(events.put_nowait, event)

    def work() -> None:
        try:
            answer = session.chat(
                asked.videos,
                asked.question,
                asked.subjects or None,
                earlier=asked.earlier,
                called=asked.called,
                use_evidence=asked.use_evidence,
                use_identity_bias=asked.use_identity_bias,
                progress=lambda done, step: put({"event": "progress", "progress": round(done, 3), "step": step}),
                on_text=lambda text: put({"event": "text", "text": text}),
            )
            put({"event": "answer", **answer.to_dict()})
        except _LeftError:
            return
        except PVChatError as error:
            detail = str(error)
            for video in asked.videos:
                detail = told_as(detail, Path(video))
            _last(put, {"event": "error", "kind": type(error).__name__, "detail": detail})
        except Exception:
            log.exception("a question failed unexpectedly")
            _last(put, {"event": "error", "kind": "Unexpected", "detail": "something unexpected happened"})
        finally:
            loop.call_soon_threadsafe(events.put_nowait, None)

    working = in_own_thread(work)
    try:
        while (event := await events.get()) is not None:
            yield json.dumps(event, ensure_ascii=False).encode() + b"\n"
    finally:
        left.set()
        await asyncio.shield(working)


def _last(put: Any, event: dict[str, Any]) -> None:
    try:
        put(event)
    except _LeftError:
        return
