"""Two enrolled people who are one: what merging them would do, and doing it. It cannot be undone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session as DatabaseSession

from pipelines.gallery import check_consent_holds
from pvchat.errors import SubjectError
from storage import adapters, feedback, jobs, people
from storage.people import StoredSubject, SubjectVectors
from storage.store import Store
from storage.training_folder import TrainingFolder

if TYPE_CHECKING:
    from pvchat.identity.gallery import GalleryEntry


@dataclass(frozen=True)
class MergeReport:
    """What came, or would come, of a merge.

    Attributes:
        kept: who stays. absorbed: who becomes that person and is gone as such.
        templates: of the person that stays, from now on. consent_ends: the earlier end of the two consents, if any.
        adapters: trained adapters that go with the absorbed one. feedback: statements about the absorbed one that are
            about the kept one from now on. feedback_dropped: statements "this is not ..." that told the two apart.
        warnings: one line each: the faces differ, the consents are for different purposes.
    """

    kept: str
    absorbed: str
    templates: int
    consent_ends: datetime | None
    adapters: int
    feedback: int
    feedback_dropped: int
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        ends = None if self.consent_ends is None else self.consent_ends.isoformat(timespec="seconds")
        return {**asdict(self), "consent_ends": ends, "warnings": list(self.warnings)}


def merge(store: Store, kept_id: str, absorbed_id: str, *, preview: bool = False) -> MergeReport:
    """Make one person of two. The kept one's name and adapters stay: they were trained on the same person.

    Args:
        kept_id: of the person who stays. absorbed_id: of the one who is the same person.
        preview: only say what would come of it; nothing is changed.

    Raises:
        SubjectError: one is not there or not enrolled, they are of two engines, or one has a job that runs.
        ConsentError: the consent of one is withdrawn or expired.
    """
    if kept_id == absorbed_id:
        raise SubjectError("nobody can be merged with themselves; name two people")
    with store.write() as session:
        enrolled = people.list_all(session)
        kept, absorbed = (_enrolled(session, one, enrolled) for one in (kept_id, absorbed_id))
        for one in (kept, absorbed):
            check_consent_holds(one)
            if any(not job.ended for job in jobs.list_all(session, subject_id=one.id)):
                raise SubjectError(f'"{one.name}" is being enrolled or trained; wait for the job, or cancel it')
        if kept.vectors.face_model != absorbed.vectors.face_model:
            raise SubjectError(
                f'"{kept.name}" was enrolled with {kept.vectors.face_model} and "{absorbed.name}" with '
                f"{absorbed.vectors.face_model}; enroll both with one engine first"
            )
        report = _merge(session, kept, absorbed)
        if preview:
            # The same code as for real, so that both always say the same; then nothing of it is kept.
            session.rollback()
    if not preview:
        TrainingFolder(store.database.parent).drop(absorbed_id)
    return report


def _merge(session: DatabaseSession, kept: StoredSubject, absorbed: StoredSubject) -> MergeReport:
    from pvchat.identity.gallery import join_entries

    entries = _entry(kept), _entry(absorbed)
    joined = join_entries(*entries)
    coverage = dict(joined.coverage)
    if "seconds" in kept.coverage or "seconds" in absorbed.coverage:
        coverage["seconds"] = round(
            float(kept.coverage.get("seconds", 0.0)) + float(absorbed.coverage.get("seconds", 0.0)), 1
        )
    dropped = _told_apart(session, entries, (kept.id, absorbed.id))
    for feedback_id in dropped:
        feedback.remove(session, feedback_id)
    moved = len(feedback.list_all(session, subject_id=absorbed.id))
    trained = len(adapters.infos(session, absorbed.id))
    own_look = kept.vectors.appearance is not None
    people.merge(
        session,
        kept.id,
        absorbed.id,
        coverage=coverage,
        vectors=SubjectVectors(
            kept.vectors.face_model,
            joined.templates,
            joined.weights,
            kept.vectors.appearance_model if own_look else absorbed.vectors.appearance_model,
            joined.appearance,
        ),
    )
    after = people.get(session, kept.id)
    return MergeReport(
        kept=kept.name,
        absorbed=absorbed.name,
        templates=len(joined.templates),
        consent_ends=None if after is None else after.consent.expires_at,
        adapters=trained,
        feedback=moved,
        feedback_dropped=len(dropped),
        warnings=tuple(_warnings(kept, absorbed, entries)),
    )


def _enrolled(session: DatabaseSession, subject_id: str, enrolled: Sequence[StoredSubject]) -> StoredSubject:
    found = next((one for one in enrolled if one.id == subject_id), None)
    if found is not None:
        return found
    info = people.get(session, subject_id)
    if info is None:
        raise SubjectError("this person was forgotten meanwhile; run: pvchat people")
    raise SubjectError(f'"{info.name}" is not enrolled yet; enroll the person first, or forget them')


def _entry(subject: StoredSubject) -> "GalleryEntry":
    from pvchat.identity.gallery import GalleryEntry

    vectors = subject.vectors
    return GalleryEntry(
        subject.name, vectors.face_model, vectors.templates, vectors.weights, vectors.appearance, dict(subject.coverage)
    )


def _told_apart(
    session: DatabaseSession, entries: "tuple[GalleryEntry, GalleryEntry]", subject_ids: tuple[str, str]
) -> list[str]:
    """Statements "this is not A" about tracks that surely are B: they would work against the person that both are."""
    from pvchat.identity.calibration import SURE_LOGIT
    from pvchat.identity.similarity import track_scores
    from pvchat.identity.whitening import Whitening

    model_id = entries[0].model_id
    other = {subject_ids[0]: entries[1], subject_ids[1]: entries[0]}
    found = []
    for face in feedback.faces(session):
        entry = other.get(face.subject_id)
        if entry is None or face.verdict != "is_not" or face.model_id != model_id:
            continue
        white = Whitening.for_model(model_id).transform(face.vector[None])
        if track_scores(white, entry.whitened(), entry.weights, model_id=model_id)[0] >= SURE_LOGIT:
            found.append(face.feedback_id)
    return found


def _warnings(
    kept: StoredSubject, absorbed: StoredSubject, entries: "tuple[GalleryEntry, GalleryEntry]"
) -> Sequence[str]:
    from pvchat.identity.calibration import SURE_LOGIT
    from pvchat.identity.gallery import closest

    warnings = []
    found = closest(entries[0], [entries[1]])
    if found is not None and found[1] < SURE_LOGIT:
        look = "look like" if found[1] <= -SURE_LOGIT else "may be"
        warnings.append(f"the faces of {kept.name} and {absorbed.name} {look} two people; see both videos first")
    if kept.consent.purpose != absorbed.consent.purpose:
        warnings.append(
            f"the consents are for different purposes: {kept.consent.purpose} (kept), {absorbed.consent.purpose}; "
            "from now on the kept one stands for both"
        )
    return warnings
