"""Angles and lengths of a body, for the words about posture, gestures and motion."""

import math
from collections.abc import Sequence

import numpy as np

from pvchat.perception.clarity import ramp
from pvchat.perception.geometry import FloatArray
from pvchat.perception.observation import BodySeen, TrackObservation
from pvchat.perception.pose import (
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)

ARMS = ((LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST), (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST))
LEGS = ((LEFT_HIP, LEFT_KNEE, LEFT_ANKLE), (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE))
# Fingers and thumb of the left and of the right hand, with its wrist.
HANDS = ((LEFT_WRIST, 17, 19, 21), (RIGHT_WRIST, 18, 20, 22))
_LEAST_TRUNK_PX = 8.0
# Shares of the frame's height.
_CUT_OFF, _LOW = 0.02, 0.6


def bodies(track: TrackObservation) -> list[tuple[float, BodySeen]]:
    """All looks at the body, at the samples and between them, ascending in time; one per time."""
    found = {person.time_s: person.body for person in track.dense() if person.body is not None}
    return sorted(found.items())


def middle(body: BodySeen, joints: Sequence[int]) -> FloatArray:
    """(2,) mean place of some joints in pixels."""
    return np.asarray(body.landmarks[list(joints), :2].mean(0), dtype=np.float32)


def trunk(body: BodySeen) -> FloatArray | None:
    """(2,) from the shoulders to the hips in pixels; None where they are not seen."""
    if not body.visible(LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP):
        return None
    down = middle(body, (LEFT_HIP, RIGHT_HIP)) - middle(body, (LEFT_SHOULDER, RIGHT_SHOULDER))
    return down if float(np.linalg.norm(down)) >= _LEAST_TRUNK_PX else None


def scale(body: BodySeen) -> float | None:
    """A length of about a shoulder width that hardly depends on how the body is turned; None where it is not seen."""
    if not body.visible(LEFT_SHOULDER, RIGHT_SHOULDER):
        return None
    across = float(np.linalg.norm(body.landmarks[LEFT_SHOULDER, :2] - body.landmarks[RIGHT_SHOULDER, :2]))
    down = trunk(body)
    size = max(across, 0.7 * float(np.linalg.norm(down))) if down is not None else across
    return size if size >= _LEAST_TRUNK_PX else None


def sprawl(body: BodySeen, frame_height: int) -> float:
    """How clearly the outline of a body is wider than tall, as of one who lies, whatever its joints say; 0 to 1.

    Of people who stand it is half as wide as tall, with arms spread about as wide. Where the frame cuts it off below it
    tells nothing unless it is all down there: a bust is wide, too.

    Args:
        body: with the box around its mask. frame_height: of the sampled frames in pixels.
    """
    x0, y0, x1, y1 = body.box
    if y1 > (1 - _CUT_OFF) * frame_height and y0 < _LOW * frame_height:
        return 0.0
    return ramp((x1 - x0) / max(y1 - y0, 1.0), 1.3, 1.6)


def tilt(vector: FloatArray) -> float:
    """Degrees between a vector and straight down: 0 hangs down, 90 lies, 180 points up."""
    return math.degrees(math.atan2(abs(float(vector[0])), float(vector[1])))


def legs_seen(body: BodySeen, at_least: float = 0.7) -> bool:
    """Whether hips, knees and ankles of both legs are seen."""
    return body.visible(*(joint for leg in LEGS for joint in leg), at_least=at_least)
