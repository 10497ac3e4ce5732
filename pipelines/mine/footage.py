"""A candidate of the corpus as footage: its file is found, looked at as any video is, and judged once more."""

import os
from collections.abc import Callable
from pathlib import Path

from pipelines.mine.candidates import Candidate
from pipelines.mine.config import MiningConfig
from pipelines.mine.copies import CopyGuard
from pipelines.mine.stills import perceive_still
from pipelines.tools import Tools
from pipelines.videos import PerceivedVideos
from pvchat.digest import sha256_of_open
from pvchat.errors import PictureError, VideoError
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.geometry import Image
from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from pvchat.pictures import read_pictures
from pvchat.pictures.reading import open_picture
from pvchat.training.footage import Footage, window
from pvchat.training.frames import FrameStore

_MAX_SIDE = 960
_MARGIN_S = 1.0


class MinedFootage:
    """Makes footage of candidates.

    Args:
        tools, videos: perception and identity. entry: of the subject. enrollment: the subject's own footage.
        folder: for files that are there for a moment. config: see `MiningConfig`.
        check: called now and then; ends the work by what it raises.
    """

    def __init__(
        self,
        tools: Tools,
        videos: PerceivedVideos,
        entry: GalleryEntry,
        enrollment: Footage,
        folder: Path,
        config: MiningConfig,
        check: Callable[[], None],
    ) -> None:
        self._tools = tools
        self._videos = videos
        self._entry = entry
        self._copies = CopyGuard(enrollment)
        self._folder = folder
        self._config = config
        self._frames = FrameStore(check)

    def make(self, candidate: Candidate) -> Footage | None:
        """Footage of the candidate; None where its file has gone or changed, or the subject is not surely absent."""
        if candidate.item.path is None:
            return None
        path = Path(candidate.item.path)
        if candidate.item.kind == "picture":
            return self._of_picture(candidate, path)
        return self._of_video(candidate, path)

    def _of_picture(self, candidate: Candidate, path: Path) -> Footage | None:
        picture = read_again(path, candidate.item.sha256)
        if picture is None or self._copies.is_copy([picture]):
            return None
        found = perceive_still(picture, self._tools, self._folder)
        if found is None or not self._surely_others(*found):
            return None
        return Footage(candidate.item.sha256, *found, (), lambda times: [picture for _ in times])

    def _of_video(self, candidate: Candidate, path: Path) -> Footage | None:
        try:
            if self._videos.identify(path)[1] != candidate.item.sha256:
                return None
            perceived = self._videos.get(path, None, store=False)
        except VideoError:
            return None
        record, vectors = perceived.record, perceived.vectors
        if not self._surely_others(record, vectors):
            return None
        frames = self._frames.source(record.video.sha256, path, record.sampled_s) if record.sampled_s else None
        whole = Footage(candidate.item.sha256, record, vectors, (), frames)
        part = window(whole, *self._part(candidate, record.video.duration_s))
        times = part.record.sampled_s
        if not part.record.tracks or (part.frames is not None and not times):
            return None
        if part.frames is None:
            return part
        try:
            shown = part.pictures(sorted({times[0], times[len(times) // 2]}))
        except VideoError:
            return None
        return None if self._copies.is_copy(shown) else part

    def _surely_others(self, record: PerceptionRecord, vectors: PerceptionVectors) -> bool:
        """Whether the subject is surely in none of the tracks, the unclear ones among them."""
        if not record.tracks:
            return False
        decision = self._tools.decide(vectors, record, [self._entry])[0]
        return decision.state == "absent" and all(
            score < self._config.bound for score in decision.track_scores.values()
        )

    def _part(self, candidate: Candidate, duration_s: float) -> tuple[float, float]:
        """The seconds around the track, around its best moment where it is long."""
        start = max(0.0, candidate.start_s - _MARGIN_S)
        end = min(duration_s, candidate.end_s + _MARGIN_S)
        if end - start > self._config.seconds:
            start = min(max(start, candidate.key_s - self._config.seconds / 2), end - self._config.seconds)
            end = start + self._config.seconds
        return start, end


def read_again(path: Path, sha256: str) -> Image | None:
    """A picture of the corpus; None where its file has gone, has changed, or cannot be read any more."""
    try:
        descriptor = open_picture(path)
    except PictureError:
        return None
    try:
        if sha256_of_open(descriptor) != sha256:
            return None
        (picture,) = read_pictures([descriptor], ["the picture"], max_side=_MAX_SIDE)
        return None if isinstance(picture, PictureError) else picture
    finally:
        os.close(descriptor)
