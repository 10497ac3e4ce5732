"""Jobs: what is waiting, running and done; cancel what has not ended, let a training go on."""

from typing import Any

import gradio as gr

from app.api import jobs as job_routes
from app.api.context import Service
from app.ui.acts import acting_html, on_act
from app.ui.calls import QUIET, key_for, told
from app.ui.render import page_part
from storage import jobs, media, people

# How often the list looks again: while something goes on, and while nothing does.
_SOON_S, _LATER_S = 2.0, 10.0
_MOST = 50
_KINDS = {"enroll": "Enroll", "perceive": "Look at", "train": "Train"}
# A training can be of a file that was never uploaded.
_NO_UPLOAD = {"train": "enrollment video"}


def build(service: Service) -> gr.Tab:
    """Lay the tab out and wire it."""
    with gr.Tab("Jobs", id="jobs") as tab:
        table = acting_html("", "pv-jobs")
        timer = gr.Timer(_SOON_S, active=False)
    handlers = _Handlers(service)
    tab.select(handlers.show, None, [table, timer], **QUIET)
    timer.tick(handlers.show, None, [table, timer], **QUIET)
    on_act(table, handlers.act, None, [table, timer])
    return tab


class _Handlers:
    """What the tab does, bound to the running service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @told
    async def show(self, request: gr.Request) -> tuple[Any, Any]:
        """The newest jobs; the list looks again by itself."""
        await key_for("jobs:read", request)
        return await self._table()

    @told
    async def act(self, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Cancel a job, or let it go on."""
        key = await key_for("jobs:write", request)
        does = job_routes.resume if event.act == "resume" else job_routes.cancel
        await does(event.id, self._service, key)
        return await self._table()

    async def _table(self) -> tuple[Any, Any]:
        def work() -> list[dict[str, Any]]:
            with self._service.store.read() as session:
                names = {info.id: info.name for info in people.list_info(session)}
                files = {item.id: item.name for item in media.list_all(session)}
                return [
                    {
                        "job": job,
                        "what": _KINDS[job.kind],
                        "whom": names.get(job.subject_id or "", ""),
                        "file": files.get(job.media_id or "", _NO_UPLOAD.get(job.kind, "deleted video")),
                    }
                    for job in jobs.list_all(session, most=_MOST)
                ]

        rows = await self._service.run(work)
        going_on = any(not row["job"].ended for row in rows)
        return page_part("jobs", rows=rows), gr.update(value=_SOON_S if going_on else _LATER_S, active=True)
