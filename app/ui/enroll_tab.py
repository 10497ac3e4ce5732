"""Enroll: one video, a name, the consent; live progress, a face to click when there are several, the coverage."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from fastapi import Response

from app.api import jobs as job_routes
from app.api import problems, subjects
from app.api.context import Service
from app.api.job_schemas import JobOut, PickIn
from app.api.subject_schemas import SubjectIn
from app.api.uploads import adopt, keep_upload
from app.ui.acts import acting_html, on_act
from app.ui.calls import HANDLED, QUIET, arrived, key_for, told
from app.ui.render import page_part
from pipelines.enroll.titles import answers
from storage import jobs, people
from storage.keys import Key
from storage.people import SubjectInfo
from storage.schema import JobKind

_LOOK_EVERY_S = 0.25
# Of a training, when the person can be asked about and the form can be used for somebody else.
_LOOK_LATER_S = 1.0
_SOMEBODY_NEW = [("Somebody new", "")]
_CONSENT = (
    "This person knows that face measurements are made from the video and kept to find them in other videos, and "
    "agrees. They can have everything deleted at any time under People."
)


@dataclass(frozen=True)
class Following:
    """The job this page follows.

    Attributes:
        job_id: of the job. fresh: the person was made for it, and goes with it when it fails.
    """

    job_id: str
    fresh: bool


def build(service: Service) -> gr.Tab:
    """Lay the tab out and wire it."""
    with gr.Tab("Enroll", id="enroll") as tab, gr.Row(elem_classes="pv-columns"):
        with gr.Column(scale=5, min_width=320):
            video = gr.Video(
                label="Video of the person",
                sources=["upload", "webcam"],
                include_audio=False,
                webcam_options=gr.WebcamOptions(mirror=False),
                buttons=[],
                height=300,
                elem_id="pv-enroll-video",
            )
            who = gr.Dropdown(_SOMEBODY_NEW, value="", label="Person", elem_id="pv-enroll-who", visible=False)
            name = gr.Textbox(label="Name", placeholder="Maria", max_length=200, elem_id="pv-enroll-name")
            with gr.Group(elem_classes="pv-consent") as consent:
                given_by = gr.Textbox(
                    label="Consent given by",
                    info="The person, or who may speak for them.",
                    max_length=200,
                    elem_id="pv-consent-by",
                )
                purpose = gr.Textbox(
                    label="Purpose", placeholder="Family archive", max_length=500, elem_id="pv-consent-purpose"
                )
                until = gr.DateTime(
                    label="Consent ends (optional)", include_time=False, type="string", elem_id="pv-consent-until"
                )
                agreed = gr.Checkbox(label=_CONSENT, elem_id="pv-consent-agreed")
            train = gr.Checkbox(label="Also train (about 10 minutes; answers work at once)", elem_id="pv-enroll-train")
            start = gr.Button("Enroll", variant="primary", elem_id="pv-enroll")
        with gr.Column(scale=5, min_width=320):
            panel = acting_html(page_part("enrolling", job=None, subject=None), "pv-enrolling")
            following = gr.State(None)
            timer = gr.Timer(_LOOK_LATER_S, active=False)
    handlers = _Handlers(service)
    given = [video, who, name, given_by, purpose, until, agreed, train]
    shows = [panel, following, start, video, name, agreed, timer]
    # As the browser sent it: Gradio would run a converter on a file nobody has looked at yet, to take the sound away.
    start.click(handlers.start, given, shows, trigger_mode="once", preprocess=False, **QUIET)
    on_act(panel, handlers.act, [following], shows)
    timer.tick(handlers.look, [following], shows, **QUIET)
    tab.select(handlers.known, [who], [who], **QUIET)
    who.change(_ask_for_consent, [who], [name, consent], **QUIET)
    return tab


class _Handlers:
    """What the tab does, bound to the running service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @told
    async def known(self, who: str, request: gr.Request) -> Any:
        """Who can be enrolled from another video."""
        await key_for("subjects:read", request)

        def work() -> list[SubjectInfo]:
            with self._service.store.read() as session:
                return people.list_info(session)

        found = [(info.name, info.id) for info in await self._service.run(work)]
        chosen = who if who in [subject_id for _, subject_id in found] else ""
        return gr.update(choices=[*_SOMEBODY_NEW, *found], value=chosen, visible=bool(found))

    @told
    async def start(
        self,
        video: dict[str, Any] | None,
        who: str,
        name: str,
        given_by: str,
        purpose: str,
        until: str | None,
        agreed: bool,
        train: bool,
        request: gr.Request,
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Create the person, keep the video, follow the job."""
        key = await key_for("subjects:write", request)
        if not video:
            raise problems.Problem(422, "No video", "choose a video of the person, or record one")
        file = arrived(self._service, str(video["path"]))
        if not who:
            _check_form(name, given_by, purpose, agreed)
        yield _shown(page_part("enrolling", job=_STARTING, subject=None), None, busy=True)
        try:
            subject = who or await self._subject(name, given_by, purpose, until, key)
            job = await self._accept(file, subject, key, fresh=not who, train=train)
        except HANDLED:
            yield _nobody()
            raise
        async for update in self._follow(Following(job.id, fresh=not who)):
            yield update

    @told
    async def act(
        self, following: Following | None, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[tuple[Any, ...]]:
        """A face was clicked, or the job is to be cancelled or to go on."""
        key = await key_for("jobs:write", request)
        if following is None:
            raise problems.not_found("job")
        if event.act == "pick":
            await job_routes.pick(following.job_id, PickIn(number=int(event.number)), self._service, key)
        elif event.act == "resume":
            await job_routes.resume(following.job_id, self._service, key)
        else:
            await job_routes.cancel(following.job_id, self._service, key)
        async for update in self._follow(following, clear=event.act == "pick"):
            yield update

    @told
    async def look(self, following: Following | None, request: gr.Request) -> tuple[Any, ...]:
        """How far the training is by now. The form is left alone: somebody may be at it."""
        await key_for("jobs:read", request)
        job = None if following is None else await self._service.run(lambda: self._job(following.job_id))
        if job is None or following is None:
            return _nobody()
        return _shown(await self._panel(following, job), gr.skip(), goes_on=answers(job))

    async def _subject(self, name: str, given_by: str, purpose: str, until: str | None, key: Key) -> str:
        consent = {
            "given_by": (given_by or "").strip(),
            "purpose": (purpose or "").strip(),
            "expires_at": _end_of(until),
        }
        body = SubjectIn.model_validate({"name": (name or "").strip(), "consent": consent})
        return (await subjects.create(body, self._service, Response(), key)).id

    async def _accept(self, video: Path, subject_id: str, key: Key, *, fresh: bool, train: bool) -> jobs.Job:
        try:
            upload = await adopt(video, video.name, self._service)
            try:
                kind: JobKind = "train" if train else "enroll"
                job = await keep_upload(self._service, upload, owner=key.id, kind=kind, subject_id=subject_id)
            finally:
                self._service.folder.drop(upload.path)
        except HANDLED:
            if fresh:
                await self._drop_if_not_enrolled(subject_id)
            raise
        await self._service.supervisor.client.wake()
        return job

    async def _follow(self, following: Following, *, clear: bool = True) -> AsyncIterator[tuple[Any, ...]]:
        """The panel at each change, until the form is free again; `clear` empties the form when all went well."""
        seen = -1
        while True:
            job = await self._service.run(lambda: self._job(following.job_id))
            if job is None:
                yield _nobody()
                return
            if job.version != seen:
                seen = job.version
                free = _free(job)
                yield _shown(
                    await self._panel(following, job),
                    following,
                    busy=not free,
                    clear=clear and (job.state == "done" or answers(job)),
                    goes_on=answers(job),
                )
                if free:
                    return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _panel(self, following: Following, job: jobs.Job) -> str:
        subject = await self._person(job.subject_id)
        if job.state in ("failed", "cancelled") and job.subject_id is not None and following.fresh:
            # A name that nobody stands behind would only be in the way of the next try.
            await self._drop_if_not_enrolled(job.subject_id)
        return page_part("enrolling", job=JobOut.of(job), subject=subject)

    async def _drop_if_not_enrolled(self, subject_id: str) -> None:
        subject = await self._person(subject_id)
        if subject is not None and subject.face_model is None:
            await self._service.supervisor.client.forget(subject_id)

    def _job(self, job_id: str) -> jobs.Job | None:
        with self._service.store.read() as session:
            return jobs.get(session, job_id)

    async def _person(self, subject_id: str | None) -> SubjectInfo | None:
        def work() -> SubjectInfo | None:
            with self._service.store.read() as session:
                return None if subject_id is None else people.get(session, subject_id)

        return await self._service.run(work)


def _check_form(name: str, given_by: str, purpose: str, agreed: bool) -> None:
    for text, missing in ((name, "the name"), (given_by, "who gave the consent"), (purpose, "the purpose")):
        if not (text or "").strip():
            raise problems.Problem(422, "Not complete yet", f"say {missing}; nobody is enrolled without consent")
    if not agreed:
        raise problems.Problem(422, "No consent", "tick the box; nobody is enrolled without consent")


def _ask_for_consent(who: str) -> tuple[Any, Any]:
    """Whoever is known has a name and a consent already."""
    return gr.update(visible=not who), gr.update(visible=not who)


def _end_of(day: str | None) -> str | None:
    """The last moment of a day, as the API takes it; None for none."""
    if not (day or "").strip():
        return None
    try:
        return datetime.combine(date.fromisoformat((day or "").strip()[:10]), time.max, UTC).isoformat()
    except ValueError as error:
        raise problems.Problem(422, "No such day", f"{day!r} is no day; write it as 2030-01-31") from error


def _free(job: jobs.Job) -> bool:
    """Whether the form can be used for somebody else."""
    return job.ended or job.state == "needs_pick" or answers(job)


_STARTING = SimpleNamespace(kind="enroll", state="queued", step="checking the video", what="", eta_s=None, progress=0.0)


def _shown(
    html: str,
    following: Any,
    *,
    busy: bool | None = None,
    clear: bool = False,
    goes_on: bool = False,
) -> tuple[Any, ...]:
    """Panel, job, button, the form's fields, timer; `busy` None leaves the button as it is."""
    return (
        html,
        following,
        gr.skip() if busy is None else gr.update(interactive=not busy),
        gr.update(value=None) if clear else gr.skip(),
        gr.update(value="") if clear else gr.skip(),
        gr.update(value=False) if clear else gr.skip(),
        gr.update(active=goes_on),
    )


def _nobody() -> tuple[Any, ...]:
    """As before anything was sent."""
    return _shown(page_part("enrolling", job=None, subject=None), None, busy=False)
