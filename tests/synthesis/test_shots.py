"""Shots show one person, never across a cut, and nothing of what lies outside the span."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.perception.geometry import FloatArray, Image
from pvchat.perception.record import Sighting
from pvchat.synthesis.shots import LONGEST_PX, shots_of
from pvchat.training.footage import Footage, parts
from tests.training.footage_tools import Asked, footage


def everybody(image: Image) -> FloatArray:
    return np.ones(image.shape[:2], np.float32)


@settings(max_examples=25, deadline=None)
@given(length=st.floats(1.0, 40.0), seconds=st.floats(0.5, 5.0), fps=st.floats(2.0, 12.0))
def test_no_frame_of_the_held_out_part_is_ever_asked_for(length: float, seconds: float, fps: float) -> None:
    asked = Asked()
    whole = footage("video", [0, 1], subject=0, duration_s=length, frames=asked)
    trained, held_out = parts(whole)
    shots = shots_of(whole, trained, seconds=seconds, fps=fps)
    assert shots
    assert max(asked.times) <= trained[1] < held_out[0]
    assert min(asked.times) >= trained[0]
    for made in shots:
        assert trained[0] <= made.start_s <= made.start_s + made.seconds <= trained[1] + 1e-6


def test_a_shot_has_frames_boxes_and_masks_of_one_length() -> None:
    whole = footage("video", [0, 1], subject=1, frames=Asked())
    made = shots_of(whole, (0.0, 8.0), seconds=2.0, segment=everybody)
    assert [shot.start_s for shot in made] == pytest.approx([0.0, 2.375, 5.0, 6.5])
    for shot in made:
        assert shot.source == "video"
        assert shot.masks is not None
        lengths = {len(shot.times_s), len(shot.frames), len(shot.face_boxes), len(shot.body_boxes), len(shot.masks)}
        assert len(lengths) == 1
        for frame, mask, body, face in zip(shot.frames, shot.masks, shot.body_boxes, shot.face_boxes, strict=True):
            assert frame.dtype == np.uint8
            assert mask.shape == frame.shape[:2]
            assert face == pytest.approx((0.6, 0.2, 0.75, 0.45))
            # The mask of everybody is cut down to the one person meant.
            columns = np.flatnonzero(mask.any(0)) / mask.shape[1]
            assert body[0] - 0.05 <= columns[0] <= body[0] + 0.05
            assert body[2] - 0.07 <= columns[-1] <= body[2] + 0.05


def test_no_shot_goes_across_a_cut_or_a_long_absence() -> None:
    cut = footage("video", [0], subject=0, frames=Asked())
    made = shots_of(cut, (0.0, 10.0), seconds=20.0)
    assert cut.record.cuts_s == (5.0,)
    assert [(shot.start_s, shot.start_s + shot.seconds) for shot in made] == [(0.0, 4.75), (5.0, 10.0)]
    away = footage("video", [0], subject=0, spans=[(0.0, 1.0), (3.0, 4.0)], frames=Asked())
    made = shots_of(away, (0.0, 10.0), seconds=20.0)
    assert [(shot.start_s, shot.start_s + shot.seconds) for shot in made] == [(0.0, 1.0), (3.0, 4.0)]


def test_a_box_moves_evenly_between_two_sightings_and_a_lost_face_is_none() -> None:
    boxes = [(0.1, 0.1, 0.2, 0.2), (0.3, 0.1, 0.4, 0.2), None]
    seen = tuple(
        Sighting(time_s=float(index), face_box=box, body_box=(0.1, 0.1, 0.5, 0.9)) for index, box in enumerate(boxes)
    )
    base = footage("video", [0], subject=0, frames=Asked())
    track = base.record.tracks[0].model_copy(update={"sightings": seen})
    record = base.record.model_copy(update={"tracks": (track,), "cuts_s": ()})
    (shot,) = shots_of(Footage("video", record, base.vectors, (0,), Asked()), (0.0, 2.0), fps=2.0)
    assert shot.face_boxes[1] == pytest.approx((0.2, 0.1, 0.3, 0.2))
    assert [face is None for face in shot.face_boxes] == [False, False, False, True, True]


def test_a_person_of_whom_only_a_face_was_found_has_a_body_all_the_same() -> None:
    base = footage("video", [0], subject=0, frames=Asked())
    seen = tuple(s.model_copy(update={"body_box": None}) for s in base.record.tracks[0].sightings)
    record = base.record.model_copy(update={"tracks": (base.record.tracks[0].model_copy(update={"sightings": seen}),)})
    made = shots_of(Footage("video", record, base.vectors, (0,), Asked()), (0.0, 10.0))
    for shot in made:
        for face, body in zip(shot.face_boxes, shot.body_boxes, strict=True):
            assert face is not None
            assert body[0] < face[0] < face[2] < body[2]
            assert body[3] > face[3]
            assert 0 <= min(body) < max(body) <= 1


def test_of_many_shots_some_are_kept_and_those_with_a_face_come_first() -> None:
    base = footage("video", [0], subject=0, duration_s=60.0, frames=Asked())
    seen = tuple(
        s if s.time_s > 30 else s.model_copy(update={"face_box": None}) for s in base.record.tracks[0].sightings
    )
    record = base.record.model_copy(update={"tracks": (base.record.tracks[0].model_copy(update={"sightings": seen}),)})
    made = shots_of(Footage("video", record, base.vectors, (0,), Asked()), (0.0, 60.0), most=4)
    assert len(made) == 4
    assert all(shot.start_s > 29 for shot in made)
    assert made[-1].start_s - made[0].start_s > 15


def test_of_many_frames_a_second_fewer_shots_are_kept_and_a_part_may_leave_frames_out() -> None:
    base = footage("video", [0], subject=0, duration_s=60.0, frames=Asked())
    made = shots_of(base, (0.0, 60.0), fps=25.0, most_frames=160)
    assert len(made) == 2
    part = made[0].part(4, 3, every=5)
    assert [time_s + part.start_s - made[0].start_s for time_s in part.times_s] == pytest.approx([0.16, 0.36, 0.56])
    assert [id(frame) for frame in part.frames] == [id(made[0].frames[index]) for index in (4, 9, 14)]


def test_three_frames_make_a_shot_and_none_make_none() -> None:
    short = footage("video", [0], subject=0, spans=[(0.0, 0.5)], frames=Asked())
    assert len(short.record.tracks[0].sightings) == 3
    (shot,) = shots_of(short, (0.0, 10.0))
    assert len(shot.frames) == 5
    assert shots_of(short, (5.0, 10.0)) == []
    assert shots_of(footage("video", [0], subject=0), (0.0, 10.0)) == []


def test_in_footage_of_others_anybody_is_shown() -> None:
    made = shots_of(footage("street", [3, 4], frames=Asked(), duration_s=4.0), (0.0, 4.0))
    assert {shot.face_boxes[0] for shot in made} == {(0.1, 0.2, 0.25, 0.45), (0.6, 0.2, 0.75, 0.45)}


def test_frames_are_made_small_and_even() -> None:
    def frames(times: Sequence[float]) -> list[Image]:
        return [np.zeros((1081, 721, 3), np.uint8) for _ in times]

    (shot,) = shots_of(footage("video", [0], subject=0, duration_s=1.0, frames=frames), (0.0, 0.4))
    assert shot.size == (320, LONGEST_PX)
