"""One sample written, looked at as any video is, judged, and kept as footage if it passes."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2

from pipelines.tools import Tools
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.geometry import Image, resize
from pvchat.perception.patches import FrameSource
from pvchat.perception.record import Box, PerceptionRecord
from pvchat.synthesis.synthesizer import Sample
from pvchat.synthesis.writing import write_sample
from pvchat.training.footage import Footage
from pvchat.training.footage_files import write_footage

NoveltyOf = Callable[[Sequence[Image], Sequence[Box]], float | None]
"""How new the faces of some frames are, by where they are; see `NoveltyMeter.of`."""

_THUMBNAIL_PX = 160
_QUALITY = 80


def judge_sample(
    tools: Tools, entry: GalleryEntry, sample: Sample, stem: Path, novelty_of: NoveltyOf | None = None
) -> dict[str, object]:
    """Judge a sample.

    Args:
        tools: perception and identity. entry: of the subject. sample: what was made.
        novelty_of: how new the faces of some frames are, for a sample that does not know it; None where that does not
            matter.
        stem: of its files: `.jpg` is written for all, `.mp4` and `.npz` (its footage) for those that pass.

    Returns:
        plain JSON: what it is, whether it is kept, why not, and its scores.
    """
    video = stem.with_suffix(".mp4")
    write_sample(video, sample)
    stem.with_suffix(".jpg").write_bytes(_thumbnail(sample.frames[len(sample.frames) // 2]))
    # It was written here a moment ago: no stranger's file.
    record, vectors = tools.perceive(video, None, untrusted=False)
    decision = tools.decide(vectors, record, [entry])[0]
    novelty = sample.novelty
    if novelty is None and novelty_of is not None:
        novelty = novelty_of(*_largest_face(sample, record))
    verdict = tools.judge(vectors, record, entry, novelty)
    kept = verdict.kept and decision.state == "present" and bool(decision.track_ids)
    if kept:
        found = Footage(f"sample {stem.name}", record, vectors, tuple(decision.track_ids), _nearest(sample))
        write_footage(stem.with_suffix(".npz"), found)
    else:
        video.unlink()
    return {
        "kind": sample.kind,
        "recipe": list(sample.recipe),
        "kept": kept,
        "reason": verdict.reason or ("" if kept else f"the face is {decision.state}"),
        "score": round(float(decision.score), 4),
        "agreeing": round(verdict.agreeing, 3),
        "quality": round(verdict.quality, 3),
        "novelty": novelty,
        "source": sample.source[:12],
    }


def _largest_face(sample: Sample, record: PerceptionRecord) -> tuple[list[Image], list[Box]]:
    """Frames in which the largest face of a sample was seen, and where."""
    frames, found = _nearest(sample), []
    for track in record.tracks:
        seen = [(one.time_s, one.face_box) for one in track.sightings if one.face_box is not None]
        found.append((sum((box[2] - box[0]) * (box[3] - box[1]) for _, box in seen), seen))
    seen = max(found, key=lambda one: one[0], default=(0.0, []))[1]
    return list(frames([time_s for time_s, _ in seen])), [box for _, box in seen]


def _nearest(sample: Sample) -> FrameSource:
    def frames(times: Sequence[float]) -> list[Image]:
        last = len(sample.frames) - 1
        return [sample.frames[min(last, max(0, round(time_s * sample.fps)))] for time_s in times]

    return frames


def _thumbnail(image: Image) -> bytes:
    height, width = image.shape[:2]
    scale = _THUMBNAIL_PX / max(height, width)
    small = resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
    written, jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(jpeg) if written else b""
