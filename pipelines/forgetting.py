"""Forgetting a person: which videos may hold them, what goes, and what would go."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.results import ForgetReport
from pipelines.tools import Tools
from storage import corpus_faces, feedback, perceptions
from storage.corpus_folder import CorpusFolder
from storage.erase import Erased, erase_subject
from storage.media import MediaFolder
from storage.people import StoredSubject
from storage.store import Store
from storage.training_folder import TrainingFolder

if TYPE_CHECKING:
    from pvchat.identity.gallery import GalleryEntry


def erase(subject_id: str, enrolled: Sequence[StoredSubject], store: Store, tools: Tools) -> ForgetReport:
    """Delete a person and all that comes from their face, files included.

    Args:
        enrolled: everybody who is enrolled. store: the data folder. tools: identity.

    Raises:
        SubjectError: there is no such person.
    """
    seen_in = _seen_in(subject_id, enrolled, store, tools)
    faces = _in_corpus(subject_id, enrolled, store, tools)
    indexes = CorpusFolder(store.database.parent)
    # Before, so that they are gone whatever comes; and after, as another process may have made them anew meanwhile.
    indexes.drop()
    said = _in_feedback(subject_id, enrolled, store, tools)
    with store.write() as session:
        erased = erase_subject(session, subject_id, seen_in, faces, said)
    indexes.drop()
    folder = MediaFolder(store.database.parent)
    for media_id in erased.media:
        folder.drop(folder.path(media_id))
    TrainingFolder(store.database.parent).drop(subject_id)
    return _report(erased)


def preview(subject_id: str, enrolled: Sequence[StoredSubject], store: Store, tools: Tools) -> ForgetReport:
    """What `erase` would take now. Nothing is changed.

    Raises:
        SubjectError: there is no such person.
    """
    seen_in = _seen_in(subject_id, enrolled, store, tools)
    faces = _in_corpus(subject_id, enrolled, store, tools)
    said = _in_feedback(subject_id, enrolled, store, tools)
    with store.write() as session:
        # The same code as for real, so that both always say the same; then nothing of it is kept.
        erased = erase_subject(session, subject_id, seen_in, faces, said)
        session.rollback()
    return _report(erased)


def videos_with(subject: StoredSubject, enrolled: Sequence[StoredSubject], store: Store, tools: Tools) -> set[int]:
    """Ids of the videos whose cached records may hold this person: found or said to be there, perhaps there, or not
    comparable.

    Args:
        subject: who is to be forgotten. enrolled: everybody, the subject among them.
        store: the data folder. tools: identity.
    """
    alone = [tools.entry(subject.name, subject.vectors, subject.coverage)]
    everybody = [tools.entry(other.name, other.vectors, other.coverage) for other in enrolled]
    with store.read() as session:
        confirmed = feedback.videos_of(session, subject.id)
        # Where vectors expired nobody can tell any more.
        found = perceptions.without_vectors(session)
        for cached in perceptions.load_all(session):
            if cached.record.video.sha256 in confirmed or cached.vectors.face_model != subject.vectors.face_model:
                found.add(cached.video_id)
                continue
            comparable = [e for e in everybody if e.model_id == cached.vectors.face_model]
            for gallery in (alone, comparable):
                decisions = tools.decide(cached.vectors, cached.record, gallery)
                if any(d.name == subject.name and d.state != "absent" for d in decisions):
                    found.add(cached.video_id)
    return found


def records_like(entry: "GalleryEntry", store: Store, tools: Tools) -> set[int]:
    """Ids of the cached records that may hold a person, whoever else is enrolled.

    Args:
        entry: of the person. store: the data folder. tools: identity.
    """
    with store.read() as session:
        return {
            cached.id
            for cached in perceptions.load_all(session)
            if cached.vectors.face_model == entry.model_id
            and tools.decide(cached.vectors, cached.record, [entry])[0].state != "absent"
        }


def corpus_faces_like(entry: "GalleryEntry", store: Store) -> set[int]:
    """Ids of the faces of the corpus that surely are a person's."""
    with store.read() as session:
        if not corpus_faces.stamp(session, entry.model_id)[0]:
            return set()
    # Only where there is a corpus: identity takes a while to import.
    from pipelines.mine.removing import faces_of

    return faces_of(entry, store)


def statements_like(entry: "GalleryEntry", store: Store, about_others_than: str = "") -> set[str]:
    """Ids of the statements whose face may be a person's, or cannot be compared.

    Args:
        entry: of the person. store: the data folder. about_others_than: id of the subject whose own are left out.
    """
    with store.read() as session:
        faces = [face for face in feedback.faces(session) if face.subject_id != about_others_than]
    if not faces:
        return set()
    # Only where something was said: identity takes a while to import.
    from pvchat.identity.calibration import SURE_LOGIT
    from pvchat.identity.similarity import track_scores
    from pvchat.identity.whitening import Whitening

    templates, whitening = entry.whitened(), Whitening.for_model(entry.model_id)
    found = set()
    for face in faces:
        if face.model_id == entry.model_id:
            white = whitening.transform(face.vector[None])
            if track_scores(white, templates, entry.weights, model_id=entry.model_id)[0] <= -SURE_LOGIT:
                continue
        found.add(face.feedback_id)
    return found


def _seen_in(subject_id: str, enrolled: Sequence[StoredSubject], store: Store, tools: Tools) -> set[int]:
    subject = next((other for other in enrolled if other.id == subject_id), None)
    return set() if subject is None else videos_with(subject, enrolled, store, tools)


def _in_corpus(subject_id: str, enrolled: Sequence[StoredSubject], store: Store, tools: Tools) -> set[int]:
    """Ids of the faces of the corpus that surely are the person's, if the person was enrolled."""
    subject = next((other for other in enrolled if other.id == subject_id), None)
    if subject is None:
        return set()
    return corpus_faces_like(tools.entry(subject.name, subject.vectors, subject.coverage), store)


def _in_feedback(subject_id: str, enrolled: Sequence[StoredSubject], store: Store, tools: Tools) -> set[str]:
    """Ids of the statements about other people whose face may be the person's, if the person was enrolled."""
    subject = next((other for other in enrolled if other.id == subject_id), None)
    if subject is None:
        return set()
    entry = tools.entry(subject.name, subject.vectors, subject.coverage)
    return statements_like(entry, store, about_others_than=subject_id)


def _report(erased: Erased) -> ForgetReport:
    return ForgetReport(
        subject=erased.name,
        templates=erased.templates,
        appearance=erased.appearance,
        track_vectors=erased.track_vectors,
        records=erased.records,
        videos=erased.videos,
        uploads=len(erased.media),
        adapters=erased.adapters,
        corpus_faces=erased.corpus_faces,
        feedback=erased.feedback,
        feedback_faces=erased.feedback_faces,
    )
