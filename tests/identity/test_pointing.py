"""Naming a track as a person does: a moment, and left, middle, right or a point where several are seen."""

import pytest

from pvchat.errors import FeedbackError
from pvchat.identity.pointing import Pointer, track_meant
from tests.identity.test_feedback import LEFT, RIGHT, record_of, track

MIDDLE = (0.45, 0.2, 0.55, 0.4)
THREE = record_of(track(1, LEFT, (0, 5)), track(2, MIDDLE, (0, 5)), track(3, RIGHT, (2, 5)), track(4, LEFT, (7, 9)))


@pytest.mark.parametrize(
    ("pointer", "meant"),
    [
        (Pointer(track=3), 3),
        (Pointer(time_s=8), 4),
        (Pointer(time_s=6.4), 4),
        (Pointer(time_s=1, place="left"), 1),
        (Pointer(time_s=1, place="middle"), 2),
        (Pointer(time_s=4, place="right"), 3),
        (Pointer(time_s=1, place="right"), 2),
        (Pointer(time_s=4, point=(0.72, 0.3)), 3),
        (Pointer(time_s=4, point=(0.58, 0.45)), 2),
    ],
)
def test_a_track_is_named(pointer: Pointer, meant: int) -> None:
    assert track_meant(pointer, THREE).id == meant


def test_one_track_needs_no_name() -> None:
    assert track_meant(Pointer(), record_of(track(6, LEFT, (0, 1)))).id == 6


@pytest.mark.parametrize(
    ("pointer", "told"),
    [
        (Pointer(), "several people could be meant.*track 1 \\(left, 0:00 to 0:05\\)"),
        (Pointer(track=9), "no track 9"),
        (Pointer(time_s=1), "several people could be meant"),
        (Pointer(time_s=60), "1:00 is not in this video, which lasts 0:10"),
        (Pointer(time_s=10.4), "nobody is seen at 0:10"),
        (Pointer(time_s=8, place="right"), "nobody is seen on the right"),
        (Pointer(time_s=8, place="middle"), "nobody is seen in the middle"),
        (Pointer(time_s=4, point=(0.3, 0.9)), "nobody is seen at 0.30, 0.90"),
    ],
)
def test_who_cannot_be_told_is_asked_for(pointer: Pointer, told: str) -> None:
    with pytest.raises(FeedbackError, match=told):
        track_meant(pointer, THREE)


def test_nobody_can_be_meant_in_an_empty_video() -> None:
    with pytest.raises(FeedbackError, match="nobody is seen in this video"):
        track_meant(Pointer(time_s=1), record_of())
