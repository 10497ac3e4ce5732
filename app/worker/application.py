"""The worker's own small HTTP application; only the service talks to it, over a socket nobody else can open."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.worker import unknown
from app.worker.chatting import Question, answer_events
from app.worker.job_runner import JobRunner
from app.worker.own_thread import in_own_thread
from app.worker.sweeping import sweep_now_and_then
from pipelines.session import Session
from pvchat.errors import PVChatError
from storage.media import MediaFolder
from storage.store import Store

log = logging.getLogger(__name__)


def build(session: Session, store: Store, folder: MediaFolder, warm: bool = True, *, jobs_url: str = "") -> Starlette:
    """The application over an open session.

    Args:
        session: answers and enrolls. store: the same data folder, for the jobs. folder: of the uploaded files.
        warm: load the models before saying that the worker is ready. jobs_url: see `ServiceSettings`.
    """
    from pipelines.enroll.worker import TrainingWorker

    runner = JobRunner(session, store, folder)
    trainer = TrainingWorker(session, store, url=jobs_url or None)
    loaded = asyncio.Event()
    broken: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async def load() -> None:
            try:
                if warm:
                    await in_own_thread(session.warm_up)
            except PVChatError as error:
                broken.append(str(error))
                log.error("the models cannot be loaded: %s", error)
            loaded.set()

        loading = asyncio.create_task(load())
        runner.start()
        try:
            await asyncio.to_thread(trainer.start)
        except PVChatError as error:
            broken.append(str(error))
            log.error("trainings cannot run: %s", error)
        sweeping = asyncio.create_task(sweep_now_and_then(session))
        yield
        loading.cancel()
        sweeping.cancel()
        await asyncio.gather(asyncio.to_thread(trainer.stop), asyncio.to_thread(runner.stop))

    async def health(_request: Request) -> Response:
        return JSONResponse({"ready": loaded.is_set() and not broken, "problem": broken[0] if broken else None})

    async def wake(_request: Request) -> Response:
        runner.wake()
        trainer.wake()
        return Response(status_code=204)

    async def chat(request: Request) -> Response:
        asked = Question.of(await request.json())
        return StreamingResponse(answer_events(session, asked), media_type="application/x-ndjson")

    async def forget(request: Request) -> Response:
        data = await request.json()
        work = session.preview_forgetting if data.get("preview") else session.forget_subject
        try:
            report = await asyncio.to_thread(work, str(data["subject_id"]))
        except PVChatError as error:
            return JSONResponse({"kind": type(error).__name__, "detail": str(error)}, status_code=409)
        return JSONResponse(report.to_dict())

    async def strangers(request: Request) -> Response:
        asked = await request.json()
        try:
            told = await asyncio.to_thread(unknown.act, session, asked)
        except PVChatError as error:
            return JSONResponse({"kind": type(error).__name__, "detail": str(error)}, status_code=409)
        return JSONResponse(told)

    routes = [
        Route("/health", health),
        Route("/wake", wake, methods=["POST"]),
        Route("/chat", chat, methods=["POST"]),
        Route("/forget", forget, methods=["POST"]),
        Route("/unknown", strangers, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
