"""`pvchat enroll --train`: enroll a person and train, as a job that goes on when this process does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines import Session
    from storage.jobs import Job
    from storage.store import Store


def enroll_and_train(
    name: str,
    video: Path,
    consent_by: str,
    purpose: str,
    pick: int | None,
    questions: int | None,
    base: str,
    synthesis: Mapping[str, str],
) -> None:
    """Submit the job, run it here, follow it to its end.

    Args:
        questions: how many are trained on, None for the usual number.
        synthesis: see `pipelines.enroll.jobs.plain_options`. The others are those of `pvchat enroll`; somebody who is
            enrolled from this video already needs no new consent.

    Raises:
        PVChatError: see `pvchat enroll`; or the job failed, was cancelled, or asks who is meant.
    """
    import pipelines
    from app.cli import following
    from app.cli.needs import fetch_missing_weights
    from pipelines.enroll import jobs
    from pipelines.enroll.options import JobOptions
    from pipelines.enroll_instant import check_consent
    from pvchat.paths import home_dir
    from storage.store import Store

    options = JobOptions.from_dict(jobs.plain_options(questions, video, synthesis))
    with pipelines.open(base=base) as session, Store.open(home_dir()) as store:
        known = _known(store, name, video)
        if known is None:
            check_consent(consent_by, purpose)
            name = session.check_enrollment(name, video)
        fetch_missing_weights()
        subject_id = known or session.create_subject(name, consent_by=consent_by, purpose=purpose)
        ended: Job | None = None
        try:
            job = jobs.submit(store, subject_id, options, owner="cli", pick=pick)
            if job.state == "needs_pick":
                job = jobs.resume(store, job.id, pick=pick)
            ended = following.run_here(session, store, job.id, name)
        finally:
            if known is None and ended is not None and ended.state == "failed":
                _drop_if_not_enrolled(session, store, subject_id)
        following.tell_end(store, ended, name)


def _known(store: "Store", name: str, video: Path) -> str | None:
    """Id of the person who has this name already; who is enrolled has to be enrolled from this video.

    Raises:
        SubjectError: the name is not usable, or of somebody enrolled from another video.
    """
    from pipelines import names
    from pipelines.enroll.jobs import content_of
    from storage import people

    key = names.name_key(names.clean_name(name))
    with store.read() as session:
        info = next((info for info in people.list_info(session) if names.name_key(info.name) == key), None)
        enrolled_from = None if info is None else people.video_of(session, info.id)
    if info is None:
        return None
    if enrolled_from not in (None, content_of(video)):
        raise people.taken(info.name)
    return info.id


def _drop_if_not_enrolled(session: "Session", store: "Store", subject_id: str) -> None:
    """A name that nobody stands behind would only be in the way of the next try."""
    from storage import people

    with store.read() as reading:
        info = people.get(reading, subject_id)
    if info is not None and info.face_model is None:
        session.forget_subject(subject_id)
