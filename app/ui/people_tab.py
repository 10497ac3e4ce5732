"""People: cards, a new name, and forgetting with what will go."""

from typing import Any

import gradio as gr

from app.api import subjects
from app.api.context import Service
from app.api.schemas import SubjectChange
from app.ui.acts import acting_html, on_act
from app.ui.calls import QUIET, key_for, say, told
from app.ui.render import page_part
from storage import people
from storage.people import SubjectInfo


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
        with gr.Group(visible=False, elem_id="pv-forgetting") as forgetting:
            what = gr.HTML("", elem_id="pv-what-goes")
            with gr.Row():
                forget = gr.Button("Forget for good", variant="stop", min_width=160, elem_id="pv-forget")
                dont = gr.Button("Keep", min_width=120, elem_id="pv-keep")
    handlers = _Handlers(service)
    outputs = [cards, chosen, renaming, forgetting, new_name, what]
    tab.select(handlers.show, None, outputs, **QUIET)
    on_act(cards, handlers.act, None, outputs)
    for trigger in (save.click, new_name.submit):
        trigger(handlers.rename, [chosen, new_name], outputs, **QUIET)
    forget.click(handlers.forget, [chosen], outputs, **QUIET)
    for button in (keep, dont):
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
        """Rename or forget was clicked on a card."""
        if event.act == "rename":
            await key_for("subjects:write", request)
            person = await subjects.existing(self._service, event.id)
            asked = gr.update(value=person.name, label=f"New name for {person.name}")
            return gr.skip(), person.id, gr.update(visible=True), gr.update(visible=False), asked, gr.skip()
        key = await key_for("subjects:delete", request)
        goes = await subjects.erasure(event.id, self._service, key)
        html = page_part("forgetting", goes=goes)
        return gr.skip(), event.id, gr.update(visible=False), gr.update(visible=True), gr.skip(), html

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

    async def _cards(self) -> tuple[Any, ...]:
        def work() -> list[SubjectInfo]:
            with self._service.store.read() as session:
                return people.list_info(session)

        html = page_part("people", people=await self._service.run(work))
        return html, None, gr.update(visible=False), gr.update(visible=False), gr.skip(), ""
