"""What a training job keeps of other people, as files: of this data folder, of the corpus, of the enrollment video."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.mine.candidates import Candidate, find_candidates
from pipelines.mine.config import MiningConfig
from pipelines.mine.footage import MinedFootage
from pipelines.mine.stills import even, perceive_still
from pipelines.tools import Tools
from pipelines.training_material import MaterialFinder
from pipelines.videos import PerceivedVideos
from pvchat import weights
from pvchat.errors import VideoError, WeightsError
from pvchat.evaluation.images import read_image
from pvchat.identity.gallery import GalleryEntry
from pvchat.training.footage import Footage, window
from pvchat.training.footage_files import write_footage
from storage import people
from storage.schema import now
from storage.store import Store

# How much of each video of this data folder is kept.
OTHERS_S = 15.0

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Subject:
    """Who is to be told from others.

    Attributes:
        entry: as enrolled. enrollment: the enrollment video. beside: the other people in it, None where there are none.
    """

    entry: GalleryEntry
    enrollment: Footage
    beside: Footage | None


@dataclass
class Kept:
    """What was kept.

    Attributes:
        noted: of each file, what it shows and where that comes from. corpus: faces in the corpus.
        random_level: log-odds from which somebody of the corpus counts as a look-alike.
    """

    noted: list[dict[str, Any]] = field(default_factory=list)
    corpus: int = 0
    random_level: float = 0.0


class NegativeKeeper:
    """Keeps other people's footage in one folder, so that a training can be repeated when their videos have gone.

    Args:
        store, tools, videos: of the data folder. folder: for the files.
        check: called now and then; ends the work by what it raises.
    """

    def __init__(
        self, store: Store, tools: Tools, videos: PerceivedVideos, folder: Path, check: Callable[[], None]
    ) -> None:
        self._store = store
        self._tools = tools
        self._videos = videos
        self._folder = folder
        self._check = check

    def keep(self, subject: Subject, most: int, config: MiningConfig, tell: Tell) -> Kept:
        """Find and write.

        Args:
            most: videos of this data folder; with 0 the group photo is left out as well.
            config: of the corpus. tell: told how far it is, 0..1, and what is done.
        """
        kept = Kept()
        own = self._own_videos(kept, subject, most, tell)
        if subject.beside is not None:
            self._write(kept, subject, "beside", subject.beside, "in the same video")
        if most and (crowd := self._crowd(subject)) is not None:
            self._write(kept, subject, "crowd", crowd, "group photo")
        self._corpus(kept, subject, config, tell, {subject.enrollment.key, *own, *self._barred()})
        return kept

    def _own_videos(self, kept: Kept, subject: Subject, most: int, tell: Tell) -> set[str]:
        """Returns what was kept, by SHA-256 of the video."""
        finder = MaterialFinder(self._store, self._tools, self._videos, self._check)
        with self._store.read() as session:
            enrolled = {other.video_sha256 for other in people.list_all(session)}
        keys = set()
        for index, other in enumerate(finder.others(subject.entry, subject.enrollment.key, most=most)):
            tell(0.5 * index / max(1, most), f"{index + 1} videos of others")
            kind = "somebody enrolled" if other.key in enrolled else "somebody unknown"
            self._write(kept, subject, f"{index:02}", _shortened(other), kind)
            keys.add(other.key)
        return keys

    def _corpus(self, kept: Kept, subject: Subject, config: MiningConfig, tell: Tell, barred: set[str]) -> None:
        tell(0.5, "searching the corpus")
        found = find_candidates(self._store, subject.entry, config, barred)
        kept.corpus, kept.random_level = found.faces, round(found.random_level, 3)
        if not found.faces:
            return
        maker = MinedFootage(
            self._tools, self._videos, subject.entry, subject.enrollment, self._folder, config, self._check
        )
        taken: set[int] = set()
        for kind, wanted, candidates in (
            ("look-alike", config.hard, found.hard),
            ("corpus", config.easy, found.easy),
        ):
            done = 0
            for candidate in candidates:
                self._check()
                if done == wanted:
                    break
                tell(0.5 + 0.5 * len(taken) / max(1, config.hard + config.easy), f"{len(taken) + 1} of the corpus")
                footage = None if candidate.item.id in taken else maker.make(candidate)
                if footage is None:
                    continue
                try:
                    self._write(kept, subject, f"mined{len(taken):02}", footage, kind, _provenance(candidate))
                except VideoError:
                    # The file went bad while its frames were read.
                    continue
                taken.add(candidate.item.id)
                done += 1

    def _barred(self) -> set[str]:
        """Enrollment videos of people whose consent has ended."""
        moment = now()
        with self._store.read() as session:
            return {other.video_sha256 for other in people.list_all(session) if not other.consent.valid(moment)}

    def _write(
        self,
        kept: Kept,
        subject: Subject,
        stem: str,
        footage: Footage,
        kind: str,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        path = self._folder / f"{stem}.npz"
        write_footage(path, footage)
        scores = self._tools.decide(footage.vectors, footage.record, [subject.entry])[0].track_scores.values()
        kept.noted.append(
            {
                "file": path.name,
                "source": footage.key[:12],
                "kind": kind,
                "people": len(footage.record.tracks),
                "pixels": footage.frames is not None,
                "likeness": round(float(max(scores, default=-6.0)), 3),
                **(more or {}),
            }
        )

    def _crowd(self, subject: Subject) -> Footage | None:
        """A photo of six people as footage, or None where it is not installed or the subject could be on it."""
        try:
            picture = even(read_image(weights.demo_photo()))
        except WeightsError:
            return None
        found = perceive_still(picture, self._tools, self._folder)
        if found is None:
            return None
        record, vectors = found
        if not record.tracks or self._tools.decide(vectors, record, [subject.entry])[0].state != "absent":
            return None
        return Footage("group photo", record, vectors, (), lambda times: [picture for _ in times])


def _provenance(candidate: Candidate) -> dict[str, Any]:
    item = candidate.item
    return {
        "item": item.id,
        "corpus_source": item.source_id,
        "licence": item.licence,
        "score": round(candidate.logit, 3),
    }


def _shortened(footage: Footage) -> Footage:
    start, end = footage.span
    return footage if end - start <= OTHERS_S else window(footage, start, start + OTHERS_S)
