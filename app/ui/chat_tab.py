"""Chat: choose a video, ask about people, see what the answer rests on."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

import gradio as gr

from app.api import videos
from app.api.answering import answer, prepare
from app.api.chat_schemas import AnswerOut, ChatIn
from app.api.context import Service
from app.api.problems import Problem
from app.api.uploads import adopt, keep_upload
from app.ui import feedback
from app.ui.acts import acting_html
from app.ui.calls import HANDLED, QUIET, arrived, key_for, problem_of, told
from app.ui.evidence import evidence_html, main_video, player_html
from pipelines.conversation import MOST_VIDEOS
from storage import media, people

T = TypeVar("T")

_HINTS = ("Is {name} in this video?", "What is {name} wearing?", "What is {name} doing?", "Where is {name}?")
_HINT_LABELS = ("Here?", "Wearing?", "Doing?", "Where?")
_MOST_TURNS = 50
_FAILED = "That did not work: "


@dataclass
class ChatTab:
    """The tab's parts that others need.

    Attributes:
        video: chooses the video. further: chooses more that are asked about. people: chooses who is asked about.
        tab: holds all of it.
    """

    video: gr.Dropdown
    further: gr.Dropdown
    people: gr.CheckboxGroup
    tab: gr.Tab


def build(service: Service) -> ChatTab:
    """Lay the tab out and wire it."""
    with gr.Tab("Chat", id="chat") as tab, gr.Row(elem_classes="pv-columns"):
        with gr.Column(scale=6, min_width=320):
            with gr.Row(elem_classes="pv-choose"):
                video = gr.Dropdown(label="Video", choices=[], scale=5, min_width=200, elem_id="pv-video")
                upload = gr.UploadButton("Upload", file_types=["video"], scale=1, min_width=90, elem_id="pv-upload")
                delete = gr.Button("Delete", scale=1, min_width=80, elem_id="pv-delete-video")
            further = gr.Dropdown(
                label="Also about",
                info="Further videos of this conversation: the second one, the third one.",
                choices=[],
                multiselect=True,
                max_choices=MOST_VIDEOS - 1,
                visible=False,
                elem_id="pv-further",
            )
            player = gr.HTML(player_html(None), elem_id="pv-player")
            shown = acting_html(evidence_html(None, None), "pv-evidence")
            feedback.build(service, shown, video)
        with gr.Column(scale=5, min_width=320):
            chosen = gr.CheckboxGroup(
                label="People asked about",
                info="None: the question says who is meant.",
                choices=[],
                elem_id="pv-people",
            )
            talk = gr.Chatbot(
                label="Conversation",
                height=380,
                layout="bubble",
                buttons=[],
                render_markdown=False,
                feedback_options=None,
                placeholder="Answers come with the moments they rest on.",
                elem_id="pv-talk",
            )
            with gr.Row(elem_classes="pv-hints"):
                hints = [gr.Button(label, size="sm", min_width=80) for label in _HINT_LABELS]
            with gr.Row(elem_classes="pv-ask"):
                question = gr.Textbox(
                    label="Question",
                    placeholder="Is Maria in this video?",
                    lines=1,
                    max_lines=4,
                    max_length=2000,
                    scale=5,
                    min_width=180,
                    elem_id="pv-question",
                )
                send = gr.Button("Ask", variant="primary", scale=1, min_width=80, elem_id="pv-ask")
                stop = gr.Button("Stop", scale=1, min_width=80, visible=False, elem_id="pv-stop")

    handlers = _Handlers(service)
    given = [question, talk, video, further, chosen]
    shows = [question, talk, player, shown, send, stop]
    for trigger in (send.click, question.submit):
        trigger(handlers.ask, given, shows, trigger_mode="once", **QUIET)
    for number, hint in enumerate(hints):
        hint.click(handlers.hint(number), given, shows, trigger_mode="once", **QUIET)
    stop.click(handlers.stop, None, None, **QUIET)
    changed = [talk, player, shown]
    video.change(handlers.show, [video], changed, **QUIET)
    upload.upload(handlers.upload, [upload, further], [video, further, upload], **QUIET)
    delete.click(handlers.delete, [video, further], [video, further], **QUIET)
    return ChatTab(video, further, chosen, tab)


async def choices(
    service: Service, request: gr.Request, video_id: str | None, further: Sequence[str], names: Sequence[str]
) -> tuple[Any, Any, Any]:
    """What there is to choose now: the video, further ones, the people; keeps what was chosen and is still there."""
    await key_for("videos:read", request)
    await key_for("subjects:read", request)

    def work() -> tuple[list[tuple[str, str]], list[str]]:
        with service.store.read() as session:
            uploaded = [(f"{m.name} ({m.duration_s:.0f} s)", m.id) for m in media.list_all(session)]
            return uploaded, [info.name for info in people.list_info(session) if info.face_model is not None]

    listed, enrolled = await service.run(work)
    ids = [media_id for _, media_id in listed]
    current = video_id if video_id in ids else (ids[0] if ids else None)
    return (
        gr.update(choices=listed, value=current),
        gr.update(
            choices=listed, value=[one for one in further if one in ids and one != current], visible=len(listed) > 1
        ),
        gr.update(choices=enrolled, value=[name for name in names if name in enrolled], visible=bool(enrolled)),
    )


class _Handlers:
    """What the tab does, bound to the running service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # By page: set when its reader does not want the answer any more.
        self._stops: dict[str, asyncio.Event] = {}

    async def ask(
        self,
        question: str,
        talk: list[dict[str, Any]],
        video_id: str | None,
        further: list[str] | None,
        names: list[str],
        request: gr.Request,
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Put a question, show the answer as it is written, then its evidence."""
        asked = (question or "").strip()
        if not asked:
            yield (gr.skip(),) * 6
            return
        turns = [*_plain(talk), {"role": "user", "content": asked}]
        on, off = gr.update(visible=True), gr.update(visible=False)
        idle, busy = (on, off), (off, on)
        yield "", [*turns, _says("…")], gr.skip(), gr.skip(), *busy
        if not video_id:
            yield gr.skip(), [*turns, _says("Choose or upload a video first.")], gr.skip(), gr.skip(), *idle
            return
        stop = self._stops[request.session_hash or ""] = asyncio.Event()
        try:
            ids = list(dict.fromkeys([video_id, *(further or ())]))
            async for text, player, shown in until(stop, self._events(turns, ids, names, request)):
                yield gr.skip(), [*turns, _says(text)], player, shown, *busy
        except HANDLED as error:
            yield gr.skip(), [*turns, _says(_FAILED + problem_of(error).detail)], gr.skip(), gr.skip(), *idle
            return
        finally:
            self._stops.pop(request.session_hash or "", None)
        # What was written so far was not checked against the evidence, so it does not stay.
        stopped = [*turns, _says("Stopped.")] if stop.is_set() else gr.skip()
        yield gr.skip(), stopped, gr.skip(), gr.skip(), *idle

    async def stop(self, request: gr.Request) -> None:
        """End the answer that is being written on this page."""
        found = self._stops.get(request.session_hash or "")
        if found is not None:
            found.set()

    async def _events(
        self, turns: list[dict[str, Any]], ids: list[str], names: Sequence[str], request: gr.Request
    ) -> AsyncGenerator[tuple[str, Any, Any], None]:
        await key_for("chat", request)
        asked_so_far = [turn for turn in turns if turn["role"] == "user"][-_MOST_TURNS:]
        body = ChatIn.model_validate({"videos": ids, "messages": asked_so_far, "subjects": list(names)})
        asked = await prepare(self._service, ids, [turn["content"] for turn in asked_so_far], body.subjects)
        async with aclosing(answer(self._service, asked)) as events:
            async for event in events:
                if event["event"] == "progress":
                    yield f"Looking at the video: {event['step']}, {event['progress']:.0%}", gr.skip(), gr.skip()
                elif event["event"] == "text":
                    yield event["text"] or "…", gr.skip(), gr.skip()
                elif event["event"] == "answer":
                    final = AnswerOut.of(event, asked.videos)
                    found = await videos.existing(self._service, main_video(final, ids[0]))
                    # One player: with several videos it shows the one that the evidence is from.
                    player = player_html(found) if len(ids) > 1 and final.evidence else gr.skip()
                    buttons = await feedback.buttons_of(self._service, final, found)
                    yield final.answer, player, evidence_html(final, found, buttons)

    def hint(self, number: int) -> Any:
        """A ready question about whoever is chosen."""

        @told
        async def ask(
            _question: str,
            talk: list[dict[str, Any]],
            video_id: str | None,
            further: list[str] | None,
            names: list[str],
            request: gr.Request,
        ) -> AsyncIterator[tuple[Any, ...]]:
            if not names:
                raise Problem(422, "Nobody is chosen", "choose who is asked about first")
            who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
            text = _HINTS[number].format(name=who)
            text = text.replace("Is ", "Are ", 1) if len(names) > 1 and number == 0 else text
            text = text.replace(" is ", " are ", 1) if len(names) > 1 and number > 0 else text
            async for update in self.ask(text, talk, video_id, further, names, request):
                yield update

        return ask

    @told
    async def show(self, video_id: str | None, request: gr.Request) -> tuple[Any, Any, Any]:
        """Another video: a new conversation."""
        if not video_id:
            return [], player_html(None), evidence_html(None, None)
        await key_for("videos:read", request)
        found = await videos.existing(self._service, video_id)
        return [], player_html(found), evidence_html(None, found)

    @told
    async def upload(
        self, path: str, further: list[str] | None, request: gr.Request
    ) -> AsyncIterator[tuple[Any, Any, Any]]:
        """Keep a video that the browser sent, let it be looked at, choose it."""
        key = await key_for("videos:write", request)
        again = gr.update(interactive=True, label="Upload", value=None)
        yield gr.skip(), gr.skip(), gr.update(interactive=False, label="Checking")
        try:
            file = arrived(self._service, path)
            upload = await adopt(file, file.name, self._service)
            try:
                job = await keep_upload(self._service, upload, owner=key.id, kind="perceive")
            finally:
                self._service.folder.drop(upload.path)
        except HANDLED:
            yield gr.skip(), gr.skip(), again
            raise
        await self._service.supervisor.client.wake()
        listed, others, _people = await choices(self._service, request, job.media_id, further or (), ())
        yield listed, others, again

    @told
    async def delete(self, video_id: str | None, further: list[str] | None, request: gr.Request) -> tuple[Any, Any]:
        """Delete the chosen video and what was perceived in it."""
        if not video_id:
            raise Problem(422, "No video", "choose the video to delete first")
        key = await key_for("videos:write", request)
        await videos.delete(video_id, self._service, key)
        listed, others, _people = await choices(self._service, request, None, further or (), ())
        return listed, others


async def until(stop: asyncio.Event, events: AsyncGenerator[T, None]) -> AsyncIterator[T]:
    """Pass events on until there are no more or `stop` is set; then the generator is closed at once."""
    stopping = asyncio.create_task(stop.wait())
    try:
        while True:
            coming = asyncio.ensure_future(anext(events))
            await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
                return
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
    finally:
        stopping.cancel()
        await events.aclose()


def _plain(talk: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation as role and text, whatever Gradio made of it."""
    plain = []
    for turn in talk or []:
        content = turn["content"]
        text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        plain.append({"role": turn["role"], "content": text})
    return plain


def _says(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}
