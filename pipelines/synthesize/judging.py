"""One sample written, looked at as any video is, judged, and kept as footage if it passes."""

from collections.abc import Sequence
from pathlib import Path

import cv2

from pipelines.tools import Tools
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.geometry import Image, resize
from pvchat.perception.patches import FrameSource
from pvchat.synthesis.synthesizer import Sample
from pvchat.synthesis.writing import write_sample
from pvchat.training.footage import Footage
from pvchat.training.footage_files import write_footage

_THUMBNAIL_PX = 160
_QUALITY = 80


def judge_sample(tools: Tools, entry: GalleryEntry, sample: Sample, stem: Path) -> dict[str, object]:
    """Judge a sample.

    Args:
        tools: perception and identity. entry: of the subject. sample: what was made.
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
    verdict = tools.judge(vectors, record, entry, sample.novelty)
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
        "novelty": sample.novelty,
        "source": sample.source[:12],
    }


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
