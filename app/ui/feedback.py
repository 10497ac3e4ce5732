"""Buttons beside the evidence that say who somebody is, or is not, and the list of what was said, to take it back."""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from fastapi import Response

from app.api import feedback as routes
from app.api.chat_schemas import AnswerOut, FeedbackIn
from app.api.context import Service
from app.ui.acts import acting_html, on_act
from app.ui.calls import QUIET, key_for, told
from app.ui.render import clock, page_part
from storage import perceptions
from storage.media import Media

_MOST_TRACKS = 4


@dataclass(frozen=True)
class SayButton:
    """A button under the timeline of a person.

    Attributes:
        video: id of the upload. subject: the name. track: of the video. verdict: what a click says. when: of which
            stretch, where the person has several; else empty.
    """

    video: str
    subject: str
    track: int
    verdict: str
    when: str


async def buttons_of(service: Service, answer: AnswerOut, video: Media) -> dict[str, list[SayButton]]:
    """What can be said about each person of an answer in one video, by name: of who is found that it is not, in doubt
    both."""

    def work() -> dict[int, Any]:
        with service.store.read() as session:
            record = perceptions.newest(session, video.sha256)
        return {} if record is None else {track["id"]: track["spans"] for track in record["tracks"]}

    spans = await service.run(work)
    made: dict[str, list[SayButton]] = {}
    for one in (item for item in answer.evidence if item.video == video.id):
        tracks = [track for track in one.tracks if spans.get(track)][:_MOST_TRACKS]
        verdicts = ("is", "is_not") if one.state == "unsure" else ("is_not",)
        made[one.subject] = [
            SayButton(video.id, one.subject, track, verdict, _when(spans[track]) if len(tracks) > 1 else "")
            for track in tracks
            for verdict in verdicts
        ]
    return made


def build(service: Service, evidence: gr.HTML, video: gr.Dropdown) -> None:
    """Lay the list out and wire it, and the buttons inside the evidence.

    Args:
        evidence: of `acting_html`, with the buttons of `buttons_of`. video: chooses the video.
    """
    said = acting_html("", "pv-said")
    handlers = _Handlers(service)
    on_act(evidence, handlers.say, None, [said])
    on_act(said, handlers.undo, None, [said])
    video.change(handlers.show, [video], [said], **QUIET)


class _Handlers:
    """What the buttons do, bound to the running service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @told
    async def say(self, event: gr.EventData, request: gr.Request) -> str:
        """A button under a timeline was clicked."""
        key = await key_for("feedback:write", request)
        # The evidence may be of another video of the conversation than the one that is chosen.
        body = FeedbackIn(video=event.video, subject=event.subject, verdict=event.act, track=int(event.track))
        await routes.say(body, self._service, Response(), key)
        return await self._list(event.video)

    @told
    async def undo(self, event: gr.EventData, request: gr.Request) -> str:
        """Something that was said is taken back."""
        key = await key_for("feedback:write", request)
        await routes.undo(event.id, self._service, key)
        return await self._list(event.video)

    @told
    async def show(self, video_id: str | None, request: gr.Request) -> str:
        """Another video was chosen. Whose key may not read feedback sees none, and is not told so each time."""
        key = await key_for("videos:read", request)
        return await self._list(video_id) if "feedback:read" in key.scopes else ""

    async def _list(self, video_id: str | None) -> str:
        if not video_id:
            return ""
        found = await routes.said_about(self._service, video_id)
        return page_part("said", video=video_id, said=[(one, _when(one.spans)) for one in found])


def _when(spans: list[Any]) -> str:
    return f"{clock(spans[0][0])} to {clock(spans[-1][1])}" if spans else ""
