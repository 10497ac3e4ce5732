"""Unknown people in the People tab: cards with a face, a name with consent, and forgetting."""

from typing import Any

import gradio as gr

from app.api import unknown_people
from app.api.context import Service
from app.api.problems import Problem
from app.api.subject_schemas import ConsentIn, SubjectIn
from app.api.worker_client import WorkerDownError
from app.ui.acts import acting_html, on_act
from app.ui.calls import QUIET, key_for, say, told
from app.ui.render import page_part


def build(service: Service, tab: gr.Tab, people: tuple[Any, list[Any]]) -> None:
    """Lay the section out below the cards of enrolled people, and wire it.

    Args:
        service: the running service. tab: shows it when it is selected. people: the handler that shows enrolled people,
            and what it fills in, for when there is one more of them.
    """
    cards = acting_html("", "pv-unknown")
    chosen = gr.State(None)
    with gr.Group(visible=False, elem_id="pv-naming") as naming:
        name = gr.Textbox(label="Name", max_length=200, elem_id="pv-unknown-name")
        given_by = gr.Textbox(label="Who consents", max_length=200, elem_id="pv-unknown-consent")
        purpose = gr.Textbox(label="What for", max_length=500, elem_id="pv-unknown-purpose")
        with gr.Row():
            save = gr.Button("Enroll", variant="primary", min_width=120, elem_id="pv-save-unknown")
            keep = gr.Button("Cancel", min_width=120)
    with gr.Group(visible=False, elem_id="pv-unknown-forgetting") as forgetting:
        what = gr.HTML("", elem_id="pv-what-unknown")
        with gr.Row():
            forget = gr.Button("Forget for good", variant="stop", min_width=160, elem_id="pv-forget-unknown")
            dont = gr.Button("Keep", min_width=120)
    handlers = _Handlers(service)
    outputs = [cards, chosen, naming, forgetting, name, given_by, purpose, what]
    tab.select(handlers.show, None, outputs, **QUIET)
    on_act(cards, handlers.act, None, outputs)
    show_people, filled = people
    named = save.click(handlers.name, [chosen, name, given_by, purpose], outputs, **QUIET)
    named.then(show_people, None, filled, **QUIET)
    forget.click(handlers.forget, [chosen], outputs, **QUIET)
    for button in (keep, dont):
        button.click(handlers.show, None, outputs, **QUIET)


class _Handlers:
    """What the section does, bound to the running service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @told
    async def show(self, request: gr.Request) -> tuple[Any, ...]:
        """The cards as they are now; nothing for a key that may not see them, or while the worker starts."""
        try:
            key = await key_for("unknown:read", request)
            return await self._cards(key)
        except (Problem, WorkerDownError):
            return self._shown("")

    @told
    async def act(self, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Name or forget was clicked on a card."""
        scope = "unknown:write" if event.act == "name" else "unknown:delete"
        await key_for(scope, request)
        person = await unknown_people.one(self._service, event.id)
        if event.act == "name":
            asked = gr.update(value="", label=f"Name of unknown person {person.number}")
            empty = gr.update(value="")
            shown, hidden = gr.update(visible=True), gr.update(visible=False)
            return gr.skip(), person.id, shown, hidden, asked, empty, empty, gr.skip()
        html = page_part("unknown_forgetting", person=person)
        return (gr.skip(), person.id, gr.update(visible=False), gr.update(visible=True), *(gr.skip(),) * 3, html)

    @told
    async def name(
        self, person_id: str | None, name: str, given_by: str, purpose: str, request: gr.Request
    ) -> tuple[Any, ...]:
        """Enroll the chosen person under a name."""
        key = await key_for("unknown:write", request)
        consent = ConsentIn(given_by=(given_by or "").strip(), purpose=(purpose or "").strip())
        body = SubjectIn(name=(name or "").strip(), consent=consent)
        named = await unknown_people.enroll(self._service, person_id or "", body)
        say(" ".join([f"{named.subject.name} is enrolled.", *named.warnings]), "Done")
        return await self._cards(key)

    @told
    async def forget(self, person_id: str | None, request: gr.Request) -> tuple[Any, ...]:
        """Forget the chosen person."""
        key = await key_for("unknown:delete", request)
        gone = await unknown_people.forget(person_id or "", self._service, key)
        say(f"Unknown person {gone.number} is forgotten.", "Done")
        return await self._cards(key)

    async def _cards(self, key: Any) -> tuple[Any, ...]:
        found = await unknown_people.list_unknown(self._service, key)
        return self._shown(page_part("unknown_people", people=found.unknown_people))

    @staticmethod
    def _shown(html: str) -> tuple[Any, ...]:
        hidden = gr.update(visible=False)
        return html, None, hidden, hidden, *(gr.skip(),) * 3, ""
