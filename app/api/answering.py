"""One question through the queue to the worker, as events. Both chat routes stand on this."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request

from app.api.context import Service
from app.api.problems import Problem, not_found, of_kind
from app.api.videos import existing
from app.api.worker_client import WorkerDownError
from pipelines.conversation import file_names
from storage import jobs, people
from storage.jobs import Job

Event = dict[str, Any]

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Asked:
    """A question that can be asked: the videos are there, the people are known.

    Attributes:
        videos: the uploads' ids. called: what they are called. question: the newest one. earlier: those before it.
        names: whom it is about.
    """

    videos: tuple[str, ...]
    called: tuple[str, ...]
    question: str
    earlier: tuple[str, ...]
    names: tuple[str, ...]
    use_evidence: bool = True
    use_identity_bias: bool = True


async def prepare(
    service: Service,
    videos: Sequence[str],
    questions: Sequence[str],
    subjects: Sequence[str],
    *,
    use_evidence: bool = True,
    use_identity_bias: bool = True,
) -> Asked:
    """Check what can be checked before the queue.

    Args:
        videos: ids of the uploads. questions: the user's turns, oldest first. subjects: ids or names.

    Raises:
        Problem: there is no such video or subject.
    """
    found = [await existing(service, video_id) for video_id in dict.fromkeys(videos)]

    def work() -> dict[str, str]:
        with service.store.read() as session:
            return {info.id: info.name for info in people.list_info(session)}

    by_id = await service.run(work) if subjects else {}
    names = tuple(by_id.get(subject, subject) for subject in subjects)
    return Asked(
        tuple(video.id for video in found),
        tuple(file_names([Path(video.name) for video in found])),
        questions[-1],
        tuple(questions[:-1]),
        names,
        use_evidence,
        use_identity_bias,
    )


async def answer(service: Service, asked: Asked) -> AsyncGenerator[Event, None]:
    """Wait for a turn and pass the worker's events on: "progress", "text", then "answer".

    Raises:
        QueueFullError: too many are waiting.
        Problem: the question cannot be answered.
        WorkerDownError: the worker went away.
    """
    began = time.monotonic()
    outcome = "left"
    first = True
    try:
        # Whoever asks about a video that is still being looked at waits here, not in front of the model.
        for video_id in asked.videos:
            async for event in _looked_at(service, video_id):
                yield event
        async with service.turns.turn():
            message = {
                "videos": [str(service.folder.path(video_id)) for video_id in asked.videos],
                "called": list(asked.called),
                "question": asked.question,
                "earlier": list(asked.earlier),
                "subjects": list(asked.names),
                "use_evidence": asked.use_evidence,
                "use_identity_bias": asked.use_identity_bias,
            }
            async with aclosing(service.supervisor.client.chat(message)) as events:
                async for event in events:
                    if event["event"] == "error":
                        outcome = "refused"
                        raise _problem(event)
                    if first and event["event"] in ("text", "answer"):
                        first = False
                        service.metrics.first_token.observe(time.monotonic() - began)
                    if event["event"] == "answer":
                        outcome = "answered"
                    yield event
    except WorkerDownError:
        outcome = "worker_down"
        raise
    finally:
        service.metrics.answers.labels(outcome).inc()


async def final_answer(service: Service, asked: Asked, request: Request) -> Event:
    """The last event of `answer`, for clients that do not stream. A client that goes away ends the work.

    Raises what `answer` raises.
    """

    async def collect() -> Event:
        last: Event = {}
        async with aclosing(answer(service, asked)) as events:
            async for event in events:
                last = event
        return last

    async def left() -> None:
        # The body was read; all that can come now is the end of the connection.
        while (await request.receive())["type"] != "http.disconnect":
            pass

    answering, leaving = asyncio.create_task(collect()), asyncio.create_task(left())
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise Problem(499, "The client left", "the connection ended before the answer was there")
        return answering.result()
    finally:
        for task in (answering, leaving):
            task.cancel()
        await asyncio.gather(answering, leaving, return_exceptions=True)


async def _looked_at(service: Service, video_id: str) -> AsyncIterator[Event]:
    job = await service.run(lambda: _perceiving(service, video_id))
    if job is None:
        return
    seen = -1
    with service.turns.aside():
        while job is not None:
            if job.version != seen:
                seen = job.version
                yield {"event": "progress", "progress": round(job.progress, 3), "step": job.step}
            await asyncio.sleep(_LOOK_EVERY_S)
            job = await service.run(lambda: _perceiving(service, video_id))


def _perceiving(service: Service, video_id: str) -> Job | None:
    with service.store.read() as session:
        return jobs.perceiving(session, video_id)


def _problem(event: Event) -> Problem:
    if event["kind"] == "SubjectError":
        return Problem(404, "Not found", event["detail"])
    if event["kind"] == "VideoError":
        return not_found("video") if "cannot be read: No such file" in event["detail"] else of_kind(**_kind(event))
    return of_kind(**_kind(event))


def _kind(event: Event) -> dict[str, str]:
    return {"kind": event["kind"], "detail": event["detail"]}
