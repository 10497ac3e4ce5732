"""People: cards, a new name, going back to an earlier training, and forgetting with what will go."""

from dataclasses import dataclass
from typing import Any, Final

import gradio as gr

from app.api import subjects, trainings
from app.api.context import Service
from app.api.job_schemas import RollbackIn
from app.api.problems import Problem
from app.api.subject_schemas import MergeIn, SubjectChange
from app.ui import unknown_people
from app.ui.acts import acting_html, on_act
from app.ui.calls import QUIET, key_for, say, told
from app.ui.render import page_part
from pipelines.adapter_versions import versions
from pipelines.vlm_tools import base_name
from storage import people
from storage.adapters import AdapterInfo
from storage.people import SubjectInfo


@dataclass(frozen=True)
class Card:
    """What a card shows of one person.

    Attributes:
        version: of the adapter that answers. earlier: the version before it. newest: of all that are kept.
    """

    person: SubjectInfo
    version: int | None = None
    earlier: int | None = None
    newest: int | None = None

    @classmethod
    def of(cls, person: SubjectInfo, found: list[AdapterInfo]) -> "Card":
        """From a person and the versions of their adapter, newest first."""
        kept = [info.version for info in found]
        version = next((info.version for info in found if info.current), None)
        earlier = next((other for other in kept if version is not None and other < version), None)
        return cls(person, version, earlier, kept[0] if kept else None)


_SHOWN: Final = gr.update(visible=True)
_HIDDEN: Final = gr.update(visible=False)
CLOSED: Final = (_HIDDEN, gr.skip(), "")


class MergePanel:
    """What asks who is the same person; laid out where it is made."""

    def __init__(self) -> None:
        with gr.Group(visible=False, elem_id="pv-merging") as self.group:
            self.other = gr.Dropdown(label="Who is the same person?", choices=[], elem_id="pv-merge-with")
            self.what = gr.HTML("", elem_id="pv-what-merges")
            with gr.Row():
                self.confirm = gr.Button("Make one person of them", variant="stop", min_width=160, elem_id="pv-merge")
                self.dont = gr.Button("Keep both", min_width=120, elem_id="pv-keep-both")


def build(service: Service) -> gr.Tab:
    """Lay the tab out and wire it."""
    with gr.Tab("People", id="people") as tab:
        cards = acting_html("", "pv-cards")
        chosen = gr.State(None)
        with gr.Group(visible=False, elem_id="pv-renaming") as renaming:
            new_name = gr.Textbox(label="New name", max_length=200, elem_id="pv-new-name")
            with gr.Row():
                save = gr.Button("Save", variant="primary", min_width=120, elem_id="pv-save-name")
                keep = gr.Button("Cancel", min_width=120)
        merging = MergePanel()
        with gr.Group(visible=False, elem_id="pv-forgetting") as forgetting:
            what = gr.HTML("", elem_id="pv-what-goes")
            with gr.Row():
                forget = gr.Button("Forget for good", variant="stop", min_width=160, elem_id="pv-forget")
                dont = gr.Button("Keep", min_width=120, elem_id="pv-keep")
        handlers = _Handlers(service)
        outputs = [cards, chosen, renaming, forgetting, new_name, what, merging.group, merging.other, merging.what]
        unknown_people.build(service, tab, (handlers.show, outputs))
    tab.select(handlers.show, None, outputs, **QUIET)
    on_act(cards, handlers.act, None, outputs)
    for trigger in (save.click, new_name.submit):
        trigger(handlers.rename, [chosen, new_name], outputs, **QUIET)
    forget.click(handlers.forget, [chosen], outputs, **QUIET)
    merging.other.change(handlers.preview_merge, [chosen, merging.other], [merging.what], **QUIET)
    merging.confirm.click(handlers.merge, [chosen, merging.other], outputs, **QUIET)
    for button in (keep, dont, merging.dont):
        button.click(handlers.show, None, outputs, **QUIET)
    return tab


class _Handlers:
    """What the tab does, bound to the running service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @told
    async def show(self, request: gr.Request) -> tuple[Any, ...]:
        """The cards as they are now."""
        await key_for("subjects:read", request)
        return await self._cards()

    @told
    async def act(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Rename, roll back or forget was clicked on a card."""
        if event.act == "rollback":
            key = await key_for("subjects:write", request)
            version = int(event.version) if event.version else None
            body = RollbackIn(version=version, instant=version is None)
            await trainings.rollback(event.id, body, self._service, key)
            return await self._cards()
        if event.act == "rename":
            await key_for("subjects:write", request)
            person = await subjects.existing(self._service, event.id)
            asked = gr.update(value=person.name, label=f"New name for {person.name}")
            return gr.skip(), person.id, _SHOWN, _HIDDEN, asked, gr.skip(), *CLOSED
        if event.act == "merge":
            await key_for("subjects:delete", request)
            return gr.skip(), event.id, _HIDDEN, _HIDDEN, gr.skip(), "", *await self._opened(event.id)
        key = await key_for("subjects:delete", request)
        goes = await subjects.erasure(event.id, self._service, key)
        html = page_part("forgetting", goes=goes)
        return gr.skip(), event.id, _HIDDEN, _SHOWN, gr.skip(), html, *CLOSED

    @told
    async def rename(self, subject_id: str | None, name: str, request: gr.Request) -> tuple[Any, ...]:
        """Give the chosen person another name."""
        key = await key_for("subjects:write", request)
        await subjects.rename(subject_id or "", SubjectChange(name=(name or "").strip()), self._service, key)
        return await self._cards()

    @told
    async def forget(self, subject_id: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Forget the chosen person."""
        key = await key_for("subjects:delete", request)
        gone = await subjects.forget(subject_id or "", self._service, key)
        say(f"{gone.subject} is forgotten.", "Done")
        return await self._cards()

    @told
    async def preview_merge(self, kept: str | None, absorbed: str | None, request: gr.Request) -> str:
        """Somebody was chosen who may be the same person."""
        if not kept or not absorbed:
            return ""
        key = await key_for("subjects:delete", request)
        return page_part("merging", would=await subjects.preview_merge(kept, absorbed, self._service, key))

    @told
    async def merge(self, kept: str | None, absorbed: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Make one person of the two."""
        key = await key_for("subjects:delete", request)
        if not absorbed:
            raise Problem(422, "Nobody is chosen", "choose who is the same person first")
        done = await subjects.merge(kept or "", MergeIn(other=absorbed), self._service, key)
        say(f"{done.absorbed} is {done.kept} from now on.", "Done")
        return await self._cards()

    async def _opened(self, kept: str) -> tuple[Any, ...]:
        """The panel for merging somebody with one of the others."""
        person = await subjects.existing(self._service, kept)

        def work() -> list[tuple[str, str]]:
            with self._service.store.read() as session:
                return [(one.name, one.id) for one in people.list_info(session) if one.face_model and one.id != kept]

        others = await self._service.run(work)
        return _SHOWN, gr.update(choices=others, value=None, label=f"Who is the same person as {person.name}?"), ""

    async def _cards(self) -> tuple[Any, ...]:
        store, base = self._service.store, base_name(self._service.settings.base)

        def work() -> list[Card]:
            with store.read() as session:
                everybody = people.list_info(session)
            return [Card.of(person, versions(store, person.id, base)) for person in everybody]

        made = await self._service.run(work)
        html = page_part("people", cards=made, enrolled=sum(card.person.face_model is not None for card in made))
        return html, None, _HIDDEN, _HIDDEN, gr.skip(), "", *CLOSED
