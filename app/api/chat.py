"""/v1/chat: ask about a video, in one piece or as a stream."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Security
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.sse import format_sse_event

from app.api import problems
from app.api.answering import Asked, answer, final_answer, prepare
from app.api.chat_schemas import AnswerOut, ChatIn
from app.api.context import Service, ServiceDep, bearer, need
from app.api.openapi import JSON, events
from app.api.problems import Problem
from app.api.waiting import QueueFullError
from storage.keys import Key

router = APIRouter(prefix="/v1/chat", tags=["chat"], dependencies=[Security(bearer)])


@router.post(
    "",
    response_model=AnswerOut,
    responses={200: {"content": events(JSON, "progress", "draft", "answer", "problem")}, 404: {}},
)
async def chat(
    body: ChatIn, request: Request, service: ServiceDep, _key: Annotated[Key, Depends(need("chat"))]
) -> Response:
    """Ask about one or several videos. The newest message of the user is the question; it may lean on the turns before
    it ("and him?", "what about after that?", "in the second one"). What could mean several people or videos is asked
    back, with no evidence.

    With `stream` the answer comes as server-sent events: `progress` (the video is looked at), `draft` (the answer so
    far, not yet checked against its evidence), and last `answer` or `problem`."""
    questions = [message.content for message in body.messages if message.role == "user"]
    if not questions:
        raise Problem(422, "The request does not fit the schema", "one of the messages has to be the user's question")
    asked = await prepare(
        service,
        body.ids,
        questions,
        body.subjects,
        use_evidence=body.use_evidence,
        use_identity_bias=body.use_identity_bias,
    )
    if body.stream:
        if service.turns.waiting >= service.settings.chat_waiting:
            # Said while a status can still be said.
            raise QueueFullError(5)
        return StreamingResponse(_stream(service, asked), media_type="text/event-stream")
    last = await final_answer(service, asked, request)
    return JSONResponse(AnswerOut.of(last, asked.videos).model_dump(mode="json"))


async def _stream(service: Service, asked: Asked) -> AsyncIterator[bytes]:
    try:
        async with aclosing(answer(service, asked)) as events:
            async for event in events:
                kind = event["event"]
                if kind == "answer":
                    yield _sse("answer", AnswerOut.of(event, asked.videos).model_dump_json())
                elif kind == "text":
                    yield _sse("draft", _json({"text": event["text"]}))
                else:
                    yield _sse("progress", _json({"progress": event["progress"], "step": event["step"]}))
    except problems.HANDLED as error:
        yield _sse("problem", _json(problems.of(error).body()))


def _sse(event: str, data: str) -> bytes:
    return format_sse_event(event=event, data_str=data)


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)
