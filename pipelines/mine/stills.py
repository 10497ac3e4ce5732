"""A still picture as a short clip, so that perception and identity see it as they see any video."""

from pathlib import Path

from pipelines.tools import Tools
from pvchat.errors import VideoError
from pvchat.perception.geometry import Image, resize
from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from pvchat.synthesis.synthesizer import Sample
from pvchat.synthesis.writing import write_sample

_FPS, _FRAMES = 8.0, 5
_MAX_SIDE = 960


def perceive_still(picture: Image, tools: Tools, folder: Path) -> tuple[PerceptionRecord, PerceptionVectors] | None:
    """Look at a clip of the repeated picture; None where it cannot be made or read.

    Args:
        picture: (H, W, 3) RGB. tools: perception. folder: where the clip is for as long as it is looked at.
    """
    path = folder / "still.mp4"
    try:
        write_sample(path, Sample(0, "still", (even(picture),) * _FRAMES, _FPS, ("picture",), "a picture"))
        return tools.perceive(path, None)
    except VideoError:
        return None
    finally:
        path.unlink(missing_ok=True)


def even(picture: Image) -> Image:
    """Of at most 960 pixels, with sides that a video can have."""
    height, width = picture.shape[:2]
    scale = min(1.0, _MAX_SIDE / max(height, width))
    return resize(picture, max(2, round(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2))
