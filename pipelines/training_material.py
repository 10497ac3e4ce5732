"""What there is to train somebody on: their enrollment video, and everybody else this data folder has seen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipelines.tools import Progress, Tools
from pipelines.training_bases import Material
from pipelines.videos import PerceivedVideo, PerceivedVideos
from pvchat.errors import TrainingError, VideoError
from pvchat.identity.decision import IdentityDecision
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from pvchat.training.footage import Footage, window
from pvchat.training.frames import FrameStore
from storage import media, people, perceptions
from storage.media import MediaFolder
from storage.people import StoredSubject
from storage.schema import now
from storage.store import Store

# Of a long video of other people, so much is enough; of very many videos, the newest.
OTHERS_S = 60.0
MOST_OTHERS = 40
# Calibrated log-odds. Another track of the enrollment video below this is surely not the subject.
OTHER_PERSON_LOGIT = -2.0


class MaterialFinder:
    """Finds one subject's material in a data folder.

    Args:
        store: the data folder. tools: perception and identity. videos: perceived videos.
        check: called now and then; ends the work by what it raises.
    """

    def __init__(self, store: Store, tools: Tools, videos: PerceivedVideos, check: Callable[[], None]) -> None:
        self._store = store
        self._tools = tools
        self._videos = videos
        self._check = check
        self._frames = FrameStore(check)

    def find(self, subject: StoredSubject, video: Path | None, progress: Progress | None) -> Material:
        """All of it.

        Args:
            subject: who is trained. video: the enrollment video, where it has moved. progress: of looking at it.

        Raises:
            TrainingError: the enrollment video is gone or another, or the subject is not found in it.
            VideoError, WeightsError: it cannot be looked at.
        """
        file = self.enrollment_video(subject, video)
        perceived = self._videos.get(file, progress)
        self._check()
        entry = self._tools.entry(subject.name, subject.vectors, subject.coverage)
        enrollment, decision = self.enrollment(entry, perceived, file)
        others = list(self.others(entry, enrollment.key))
        with_pixels = sum(other.frames is not None for other in others)
        beside = bystanders(enrollment, decision)
        warnings = []
        if not with_pixels:
            warnings.append(
                "there is no other people's video whose file is still there, so a hidden face is told from stock "
                "pictures alone; ask about a video of other people first, then train again"
            )
        found = [*others, beside] if beside.record.tracks else others
        return Material(subject.name, entry, enrollment, found, tuple(warnings))

    # -- the enrollment video ----------------------------------------------------------------------------------------

    def enrollment_video(self, subject: StoredSubject, video: Path | None = None) -> Path:
        """Where the video somebody was enrolled from lies now.

        Args:
            subject: who. video: where it has moved to, if it has.

        Raises:
            TrainingError: it is gone, or the one given is another.
        """
        wanted = subject.video_sha256
        if video is not None:
            if self._videos.identify(video)[1] != wanted:
                raise TrainingError(
                    f'{video} is not the video "{subject.name}" was enrolled from ({subject.video_name}); '
                    "give that one, or forget the person and enroll from this one"
                )
            return video
        found = self._videos.find(wanted) or self._upload(wanted)
        if found is None:
            raise TrainingError(
                f'the video "{subject.name}" was enrolled from ({subject.video_name}) is not where it was; '
                "say where it is now: --video FILE"
            )
        return found

    def _upload(self, sha256: str) -> Path | None:
        with self._store.read() as session:
            media_id = media.by_content(session, sha256)
        file = None if media_id is None else MediaFolder(self._store.database.parent).path(media_id)
        try:
            return file if file is not None and self._videos.identify(file)[1] == sha256 else None
        except VideoError:
            return None

    def enrollment(
        self, entry: GalleryEntry, perceived: PerceivedVideo, file: Path
    ) -> tuple[Footage, IdentityDecision]:
        """The enrollment video with the tracks that are the subject, and what is decided about it.

        Raises:
            TrainingError: the subject is not surely found in it, or it was described by another engine.
        """
        record, vectors = perceived.record, perceived.vectors
        if vectors.face_model != entry.model_id:
            raise TrainingError(
                f'"{entry.name}" was enrolled with the face model {entry.model_id}, this session uses '
                f"{vectors.face_model}; open it with the other engine or enroll again"
            )
        decision = self._tools.decide(vectors, record, [entry])[0]
        if decision.state != "present" or not decision.track_ids:
            raise TrainingError(
                f'"{entry.name}" is not surely found in the enrollment video ({decision.state}); '
                "enroll again from a video that shows the face larger and longer"
            )
        return self._footage(file, record, vectors, tuple(decision.track_ids)), decision

    # -- everybody else ----------------------------------------------------------------------------------------------

    def others(self, entry: GalleryEntry, enrollment_sha256: str, *, most: int = MOST_OTHERS) -> Iterator[Footage]:
        """Videos in which the subject is not, newest first; with pixels where the file is there and unchanged.

        Args:
            entry: of the subject. enrollment_sha256: of the enrollment video, which is none of them. most: how many.
        """
        models = dict(self._tools.perception_models())
        moment = now()
        with self._store.read() as session:
            barred = {s.video_sha256 for s in people.list_all(session) if not s.consent.valid(moment)}
            cached = [
                (found.record, found.vectors)
                for found in perceptions.load_all(session)
                if found.record.models == models and found.record.video.sha256 not in {enrollment_sha256, *barred}
            ]
        taken = 0
        for record, vectors in reversed(cached):
            self._check()
            if taken == most:
                return
            if not record.tracks or self._tools.decide(vectors, record, [entry])[0].state != "absent":
                continue
            taken += 1
            file = self._videos.find(record.video.sha256) or self._upload(record.video.sha256)
            yield _shortened(self._footage(file, record, vectors, ()))

    def _footage(
        self, file: Path | None, record: PerceptionRecord, vectors: PerceptionVectors, tracks: Sequence[int]
    ) -> Footage:
        key = record.video.sha256
        frames = None if file is None or not record.sampled_s else self._frames.source(key, file, record.sampled_s)
        return Footage(key, record, vectors, tuple(tracks), frames)


def _shortened(footage: Footage) -> Footage:
    start, end = footage.span
    return footage if end - start <= OTHERS_S else window(footage, start, start + OTHERS_S)


def bystanders(enrollment: Footage, decision: IdentityDecision) -> Footage:
    """The other people of the enrollment video, without pixels: the subject is in those.

    Only tracks that surely show somebody else: a lost piece of the subject's own would teach the opposite of the truth.
    """
    scores = decision.track_scores
    tracks = tuple(
        track
        for track in enrollment.record.tracks
        if track.id not in enrollment.subject and scores.get(track.id, 0.0) < OTHER_PERSON_LOGIT
    )
    kept = {track.id for track in tracks}
    vectors = replace(
        enrollment.vectors,
        faces={i: found for i, found in enrollment.vectors.faces.items() if i in kept},
        appearance={i: found for i, found in enrollment.vectors.appearance.items() if i in kept},
    )
    record = enrollment.record.model_copy(update={"tracks": tracks})
    return replace(enrollment, key=f"{enrollment.key} others", record=record, vectors=vectors, subject=(), frames=None)
