"""/v1/chat/completions and /v1/models: the shape that OpenAI clients speak, with video parts and people.

Fields of our own: `subjects` (ids or names), and in the answer `pvchat` (evidence, agreement, model, times). `fps` and
`max_frames`, which other servers take, are accepted; the density of looking is the service's choice, and the answer
says what was done.
"""

import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Security
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from app.api import problems
from app.api.answering import Asked, answer, final_answer, prepare
from app.api.chat_schemas import AnswerOut
from app.api.context import Service, ServiceDep, bearer, need
from app.api.fetch import decode_data_url, fetch
from app.api.openapi import events
from app.api.problems import Problem
from app.api.uploads import Upload, keep_upload, look_at
from app.api.waiting import QueueFullError
from app.api.wire import SEEN, WHOLE, Name
from pipelines.conversation import MOST_VIDEOS
from storage import media
from storage.keys import Key

router = APIRouter(prefix="/v1", tags=["openai"], dependencies=[Security(bearer)])

MODEL = "pvchat-nano"
_OURS = "pvchat://video/"
_DATA_URL_BYTES = 48 << 20
_BODY_BYTES = 64 << 20


# A question somewhere, and a video somewhere: both are searched from the newest message on.
_SAID: dict[str, Any] = {"pattern": SEEN}
_ASKED: dict[str, Any] = {
    "contains": {
        "properties": {
            "role": {"const": "user"},
            "content": {
                "anyOf": [
                    {"type": "string", **_SAID},
                    {"type": "array", "contains": {"required": ["text"], "properties": {"text": _SAID}}},
                ]
            },
        }
    }
}
_VIDEO = {"properties": {"type": {"const": "video_url"}}}
_SHOWN: dict[str, Any] = {"contains": {"properties": {"content": {"type": "array", "contains": _VIDEO}}}}

_PARTS: list[dict[str, Any]] = [
    {"type": "text", "text": "Is Maria in this video?"},
    {"type": "video_url", "video_url": {"url": f"{_OURS}6b1f0a52-0000-4000-8000-000000000000"}},
]
_EXAMPLE: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": _PARTS}], "subjects": []}

Words = Annotated[str, Field(max_length=100_000)]


class _Loose(BaseModel):
    """OpenAI clients send members we have no use for; they are let pass."""

    model_config = ConfigDict(extra="ignore", strict=True)


class VideoUrl(_Loose):
    """Where a video is: `pvchat://video/ID`, a `data:` URL, or http(s) from an allowed host."""

    url: Annotated[str, Field(min_length=1, max_length=_BODY_BYTES)]


class TextPart(_Loose):
    """Words."""

    type: Literal["text"]
    text: Words


class VideoPart(_Loose):
    """A video."""

    type: Literal["video_url"]
    video_url: VideoUrl


class CompletionMessage(_Loose):
    """One turn."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Words | Annotated[list[Annotated[TextPart | VideoPart, Field(discriminator="type")]], Field(min_length=1)]

    @property
    def text(self) -> str:
        """All words of the turn."""
        if isinstance(self.content, str):
            return self.content
        return " ".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def said(self) -> bool:
        """Whether there is something to see in the words."""
        return any(character.isprintable() and not character.isspace() for character in self.text)

    @property
    def videos(self) -> list[str]:
        """Addresses of the turn's videos."""
        parts = [] if isinstance(self.content, str) else self.content
        return [part.video_url.url for part in parts if isinstance(part, VideoPart)]


class StreamOptions(_Loose):
    """What a stream brings."""

    include_usage: bool = False


class CompletionIn(_Loose):
    """A request of an OpenAI client."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    model: Annotated[str, Field(max_length=200)] = MODEL
    messages: Annotated[
        list[CompletionMessage], Field(min_length=1, max_length=100, json_schema_extra={"allOf": [_ASKED, _SHOWN]})
    ]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1), WHOLE] = 1
    subjects: Annotated[list[Name], Field(max_length=20)] = []
    fps: Annotated[float | None, Field(gt=0, le=60)] = None
    max_frames: Annotated[int | None, Field(gt=0, le=100_000), WHOLE] = None


@router.get("/models")
async def models(_key: Annotated[Key, Depends(need("chat"))]) -> dict[str, Any]:
    """The models that can be named in a request."""
    return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "pvchat"}]}


@router.post(
    "/chat/completions",
    max_body_size=_BODY_BYTES,
    responses={200: {"content": events({"type": "string"})}, 404: {}},
)
async def completions(
    body: CompletionIn, request: Request, service: ServiceDep, key: Annotated[Key, Depends(need("chat"))]
) -> Response:
    """Ask the way an OpenAI client does: the newest question, about the newest message's videos."""
    if body.model != MODEL:
        raise Problem(404, "Not found", f"there is no model {body.model[:60]!r}; use {MODEL}")
    questions = [message.text for message in body.messages if message.role == "user" and message.said]
    if not questions:
        raise Problem(422, "The request does not fit the schema", "one of the messages has to be the user's question")
    addresses = next((message.videos for message in reversed(body.messages) if message.videos), [])
    if not addresses:
        raise Problem(422, "No video", "add a part of type video_url to a message, for example pvchat://video/ID")
    if len(dict.fromkeys(addresses)) > MOST_VIDEOS:
        raise Problem(422, "Too many videos", f"a conversation is about at most {MOST_VIDEOS} videos; leave some out")
    ids = [await _video_of(service, address, key) for address in dict.fromkeys(addresses)]
    asked = await prepare(service, ids, questions, body.subjects)
    head = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time()), "model": MODEL}
    usage = body.stream_options is not None and body.stream_options.include_usage
    if body.stream:
        if service.turns.waiting >= service.settings.chat_waiting:
            raise QueueFullError(5)
        return StreamingResponse(_stream(service, asked, head, usage=usage), media_type="text/event-stream")
    last = await final_answer(service, asked, request)
    told = AnswerOut.of(last, asked.videos)
    choice = {"index": 0, "message": {"role": "assistant", "content": told.answer}, "finish_reason": "stop"}
    return JSONResponse(
        {
            **head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(asked, told.answer),
            "pvchat": _ours(told, asked),
        }
    )


async def _stream(service: Service, asked: Asked, head: dict[str, Any], *, usage: bool) -> AsyncIterator[bytes]:
    """The answer word by word once it was checked against its evidence: what is streamed cannot be taken back."""
    chunk = {**head, "object": "chat.completion.chunk"}
    told: AnswerOut | None = None
    try:
        yield _data({**chunk, "choices": [_delta({"role": "assistant", "content": ""})]})
        async with aclosing(answer(service, asked)) as events:
            async for event in events:
                if event["event"] == "answer":
                    told = AnswerOut.of(event, asked.videos)
    except problems.HANDLED as error:
        yield _data({"error": _error(problems.of(error))})
        return
    if told is not None:
        for number, word in enumerate(told.answer.split(" ")):
            yield _data({**chunk, "choices": [_delta({"content": word if number == 0 else f" {word}"})]})
        last = {**_delta({}), "finish_reason": "stop"}
        yield _data({**chunk, "choices": [last], "pvchat": _ours(told, asked)})
        if usage:
            yield _data({**chunk, "choices": [], "usage": _usage(asked, told.answer)})
    yield b"data: [DONE]\n\n"


async def _video_of(service: Service, url: str, key: Key) -> str:
    if url.startswith(_OURS):
        return url.removeprefix(_OURS)[:36]
    if "videos:write" not in key.scopes:
        raise Problem(403, "The key may not do this", "sending a video needs the scope videos:write")
    path = await service.run(service.folder.begin)
    try:
        most = service.settings.max_upload_bytes
        if url.startswith("data:"):
            path.write_bytes(decode_data_url(url, min(most, _DATA_URL_BYTES)))
        else:
            await fetch(
                url,
                path,
                hosts=service.settings.video_hosts,
                most_bytes=most,
                timeout_s=service.settings.fetch_timeout_s,
            )
        facts = await look_at(path, service)
        known = await service.run(lambda: _known(service, facts.sha256))
        if known is not None:
            return known
        upload = Upload(path, media.display_name("video"), facts.sha256, path.stat().st_size, facts, {})
        job = await keep_upload(service, upload, owner=key.id, kind="perceive")
        await service.supervisor.client.wake()
        if job.media_id is None:
            raise problems.not_found("video")
        return job.media_id
    finally:
        service.folder.drop(path)


def _known(service: Service, sha256: str) -> str | None:
    with service.store.read() as session:
        return media.by_content(session, sha256)


def _ours(told: AnswerOut, asked: Asked) -> dict[str, Any]:
    return {"video": asked.videos[0], "videos": list(asked.videos), **told.model_dump(mode="json", exclude={"answer"})}


def _usage(asked: Asked, text: str) -> dict[str, int]:
    # Counted in words: the tokens of soft prompts and evidence are no business of a bill.
    prompt = sum(len(question.split()) for question in (*asked.earlier, asked.question))
    written = len(text.split())
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def _delta(delta: dict[str, Any]) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": None}


def _error(problem: Problem) -> dict[str, Any]:
    return {"message": problem.detail, "type": "server_error", "param": None, "code": problem.title}


def _data(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
