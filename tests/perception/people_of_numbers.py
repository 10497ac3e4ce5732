"""People made of numbers: a face and a body whose every measurement over time is given by a function."""

from collections.abc import Callable, Mapping

import numpy as np

from pvchat.perception.iris import Eyes
from pvchat.perception.observation import BodySeen, FaceSeen, PersonSeen, TrackObservation
from pvchat.perception.pose import (
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NOSE,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)

WIDTH, HEIGHT = 1280, 720
STEP_S = 0.25
DURATION_S = 8.0
SAMPLES = tuple(STEP_S / 2 + STEP_S * i for i in range(round(DURATION_S / STEP_S)))
GLANCES = tuple(STEP_S * i for i in range(1, len(SAMPLES)))

Series = Callable[[float], float]
Place = tuple[float, float]

STANDING: Mapping[int, Place] = {
    NOSE: (0, -60),
    9: (8, -48),
    10: (-8, -48),
    LEFT_SHOULDER: (50, 0),
    RIGHT_SHOULDER: (-50, 0),
    LEFT_ELBOW: (60, 75),
    RIGHT_ELBOW: (-60, 75),
    LEFT_WRIST: (60, 150),
    RIGHT_WRIST: (-60, 150),
    LEFT_HIP: (40, 150),
    RIGHT_HIP: (-40, 150),
    LEFT_KNEE: (40, 260),
    RIGHT_KNEE: (-40, 260),
    LEFT_ANKLE: (40, 370),
    RIGHT_ANKLE: (-40, 370),
}
"""Joints in pixels from the middle of the shoulders."""


def zero(_: float) -> float:
    return 0.0


def figure(
    joints: Mapping[int, Place] | None = None, *, at: Place = (640.0, 200.0), turned: float = 0.0, size: float = 1.0
) -> BodySeen:
    """A body, standing but for the joints given.

    Args:
        joints: other places of some joints. at: the middle of the shoulders in the picture. size: factor.
        turned: degrees by which the whole body is turned about its hips, clockwise.
    """
    places = {**STANDING, **(joints or {})}
    landmarks = np.zeros((33, 4), np.float32)
    angle = np.deg2rad(turned)
    for index, (x, y) in places.items():
        dx, dy = x, y - 150
        landmarks[index, :2] = (
            at[0] + size * (dx * np.cos(angle) - dy * np.sin(angle)),
            at[1] + size * (150 + dx * np.sin(angle) + dy * np.cos(angle)),
        )
        landmarks[index, 2:] = 0.99
    for hand, wrist in ((17, LEFT_WRIST), (19, LEFT_WRIST), (21, LEFT_WRIST), (18, 16), (20, 16), (22, 16)):
        landmarks[hand] = landmarks[wrist]
    low, high = landmarks[landmarks[:, 2] > 0, :2].min(0), landmarks[landmarks[:, 2] > 0, :2].max(0)
    return BodySeen((float(low[0]), float(low[1]), float(high[0]), float(high[1])), 0.95, landmarks)


def portrait(
    *,
    nod: Series = zero,
    yaw: Series = zero,
    gaze: Series = zero,
    open_eyes: Series = lambda _: 0.33,
    mouth: Series = zero,
    x: Series = lambda _: 640.0,
    y: Series = lambda _: 200.0,
    roll: Series = zero,
    height: Series = lambda _: 120.0,
    body: Callable[[float], BodySeen] | None = None,
    face: bool = True,
    until_s: float = DURATION_S,
    still: bool = True,
    glances: bool = True,
) -> TrackObservation:
    """A person over eight seconds; every series is a function of the time in seconds."""

    def seen(time: float, eyes: bool) -> PersonSeen:
        half = height(time) / 2
        box = (x(time) - half, y(time) - half, x(time) + half, y(time) + half)
        shown = FaceSeen(
            box=box,
            score=0.95,
            quality=0.9,
            yaw=yaw(time),
            roll=roll(time),
            nod=nod(time),
            mouth_open=0.02 + mouth(time),
            mouth_width=0.55,
            has_mesh=True,
            eyes=Eyes(open_eyes(time), gaze(time), 0.0) if eyes else None,
        )
        return PersonSeen(time, shown if face else None, body(time) if body is not None else None)

    return TrackObservation(
        width=WIDTH,
        height=HEIGHT,
        samples_s=SAMPLES,
        duration_s=DURATION_S,
        cuts_s=(),
        seen=tuple(seen(time, True) for time in SAMPLES if time < until_s),
        glances=tuple(seen(time, False) for time in GLANCES if time < until_s) if glances else (),
        camera_still=lambda start_s, end_s: still,
    )


def to_and_fro(size: float, per_second: float, start_s: float = 2.0, end_s: float = 6.0) -> Series:
    """A swing of so much from end to end, between two times; zero before and after."""
    return lambda t: size / 2 * float(np.sin(2 * np.pi * per_second * t)) if start_s <= t <= end_s else 0.0
