"""Parts of a perceived video: what a window, a still, a mirror and a covered face leave of it."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat.perception.record import Sighting
from pvchat.training.disturb import disturb
from pvchat.training.footage import Footage, cover, hide_faces, mirror, parts, samples_within, still, window
from pvchat.training.stock import stock_footage
from tests.training.footage_tools import ENGINE, Asked, footage

SECONDS = st.floats(0.05, 600.0, allow_nan=False)


def times_of(part: Footage) -> list[float]:
    """Every moment of the video that a part of it tells of."""
    found = [s.time_s for track in part.record.tracks for s in track.sightings]
    found += [t for samples in part.vectors.faces.values() for t in samples.times_s.tolist()]
    found += [*part.record.sampled_s, *part.record.cuts_s]
    found += [t for track in part.record.tracks for span in track.spans for t in span]
    found += [t for track in part.record.tracks for a in track.attributes for span in a.spans for t in span]
    found += [track.keyframe_s for track in part.record.tracks]
    return [part.start_s + t for t in found]


# -- parts ---------------------------------------------------------------------------------------------------------


@given(start=st.floats(0.0, 300.0), length=SECONDS)
def test_the_held_out_part_is_the_last_fifth_behind_a_gap(start: float, length: float) -> None:
    end = start + length
    made = footage("video", [0], subject=0, duration_s=end, spans=[(start, end)]) if length < 3 else None
    if made is None:
        base = footage("video", [0], subject=0)
        tracks = (base.record.tracks[0].model_copy(update={"spans": ((start, end),)}),)
        made = replace(base, record=base.record.model_copy(update={"tracks": tracks}))
    trained, held_out = parts(made)
    assert trained[0] == made.span[0] == pytest.approx(start, abs=1e-3)
    assert held_out[1] == made.span[1]
    assert held_out[1] - held_out[0] == pytest.approx(0.2 * length, rel=1e-3, abs=1e-3)
    assert trained[0] <= trained[1] < held_out[0]
    assert held_out[0] - trained[1] == pytest.approx(min(1.0, 0.15 * length), rel=1e-3, abs=1e-3)


@given(length=st.floats(1.0, 20.0), share=st.floats(0.0, 0.9), of=st.floats(0.05, 1.0))
def test_no_window_of_the_training_part_tells_of_the_held_out_part(length: float, share: float, of: float) -> None:
    whole = footage("video", [0, 1], subject=0, duration_s=length)
    (start, end), (held_from, _) = parts(whole)
    begin = start + share * (end - start)
    cut = window(whole, begin, begin + of * (end - begin))
    assert all(begin - 2e-3 <= t <= end + 2e-3 for t in times_of(cut))
    assert max(times_of(cut), default=0.0) < held_from
    assert cut.record.video.duration_s == pytest.approx(of * (end - begin), abs=1e-6)


def test_the_span_is_the_subjects_and_anybodys_where_there_is_none() -> None:
    two = footage("video", [0, 1], subject=1)
    early, late = two.record.tracks
    tracks = (early, late.model_copy(update={"spans": ((2.0, 3.0), (6.0, 8.0))}))
    two = replace(two, record=two.record.model_copy(update={"tracks": tracks}))
    assert two.span == (2.0, 8.0)
    assert replace(two, subject=()).span == (0.0, 10.0)
    nobody = replace(two, subject=(), record=two.record.model_copy(update={"tracks": ()}))
    assert nobody.span == (0.0, 10.0)
    assert samples_within(nobody, (0.0, 10.0)) == []
    assert samples_within(two, (2.0, 2.6)) == [2.0, 2.25, 2.5]


# -- windows -------------------------------------------------------------------------------------------------------


@given(
    start=st.floats(0.0, 8.0),
    length=st.floats(0.3, 4.0),
    more=st.floats(0.0, 0.4),
    less=st.floats(0.5, 1.0),
)
def test_a_window_of_a_window_is_a_window(start: float, length: float, more: float, less: float) -> None:
    whole = footage("video", [0, 1], subject=0, duration_s=12.0)
    a, b = more * length, max(less * length, more * length + 0.01)
    twice = window(window(whole, start, start + length), a, b)
    once = window(whole, start + a, start + b)
    assert twice.start_s == pytest.approx(once.start_s)
    # A sample at the very edge may fall to either side; all others are the same.
    moments = [set(np.round(times_of(part), 2).tolist()) for part in (twice, once)]
    edges = {round(start + a, 2), round(start + b, 2)}
    assert all(min(abs(t - e) for e in edges) < 0.03 for t in moments[0] ^ moments[1])


def test_a_window_has_the_samples_inside_it_and_times_of_its_own() -> None:
    cut = window(footage("video", [0, 1], subject=1), 4.0, 6.0)
    assert cut.start_s == 4.0
    assert cut.subject == (1,)
    assert cut.record.sampled_s == (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    assert cut.record.cuts_s == (1.0,)
    first = cut.record.tracks[0]
    assert first.spans == ((0.0, 2.0),)
    assert first.faces_described == len(first.sightings) == len(cut.vectors.faces[0].times_s) == 9
    # The best face of the window, not of the video.
    assert first.keyframe_s == 2.0
    assert [(a.value, a.spans) for a in first.attributes if a.name == "action"] == [
        ("moving left", ((0.0, 1.0),)),
        ("smiling", ((1.0, 2.0),)),
    ]
    assert window(cut, 0.0, 0.5).start_s == 4.0


def test_who_is_not_seen_in_a_window_is_not_in_it() -> None:
    whole = footage("video", [0], subject=0, spans=[(0.0, 2.0), (8.0, 10.0)])
    cut = window(whole, 3.0, 7.0)
    assert cut.record.tracks == ()
    assert cut.subject == ()
    assert cut.vectors.faces == {}
    assert cut.vectors.appearance == {}


def test_pictures_of_a_window_are_those_of_the_video_at_its_times() -> None:
    asked = Asked()
    cut = window(window(footage("video", [0], frames=asked), 2.0, 8.0), 1.0, 4.0)
    (picture,) = cut.pictures([0.5])
    assert asked.times == [3.5]
    assert np.array_equal(picture, Asked.picture(3.5))
    with pytest.raises(ValueError, match="cannot be had"):
        footage("video", [0]).pictures([0.0])


def test_nothing_moves_in_a_still() -> None:
    cut = still(footage("video", [0], subject=0), 2.0)
    assert cut.record.sampled_s == (0.1,)
    assert cut.record.video.duration_s == pytest.approx(0.2)
    assert [len(t.sightings) for t in cut.record.tracks] == [1]
    assert not cut.record.tracks[0].said("action")
    assert cut.record.tracks[0].said("upper_colour")
    smiling = still(footage("video", [0], subject=0), 7.0)
    assert [a.value for a in smiling.record.tracks[0].said("action")] == ["smiling"]


# -- mirror --------------------------------------------------------------------------------------------------------


def test_a_mirror_swaps_left_and_right() -> None:
    asked = Asked()
    plain = footage("video", [0], subject=0, frames=asked)
    swapped = mirror(plain)
    track = swapped.record.tracks[0]
    assert track.said("place")[0].value == "right"
    assert "moving right" in {a.value for a in track.attributes}
    assert track.sightings[0].face_box == pytest.approx((0.75, 0.2, 0.9, 0.45))
    assert np.array_equal(swapped.pictures([1.0])[0], plain.pictures([1.0])[0][:, ::-1])
    assert swapped.vectors is plain.vectors


def test_a_mirror_in_a_mirror_is_the_original() -> None:
    plain = footage("video", [0, 1], subject=0, frames=Asked())
    again = mirror(mirror(plain))
    for a, b in zip(again.record.tracks, plain.record.tracks, strict=True):
        assert a.attributes == b.attributes
        assert a.keyframe_box == pytest.approx(b.keyframe_box)
        for one, other in zip(a.sightings, b.sightings, strict=True):
            assert one.face_box == pytest.approx(other.face_box)
            assert one.body_box == pytest.approx(other.body_box)
    assert np.array_equal(again.pictures([1.0])[0], plain.pictures([1.0])[0])
    assert again.mirrored == plain.mirrored


# -- hidden faces --------------------------------------------------------------------------------------------------


def test_hidden_faces_leave_no_face_behind() -> None:
    plain = footage("video", [0, 1], subject=0, frames=Asked())
    covered = hide_faces(plain)
    assert covered.vectors.faces == {}
    assert covered.vectors.appearance == plain.vectors.appearance
    assert covered.subject == plain.subject
    for track in covered.record.tracks:
        assert track.faces_described == 0
        assert all(s.face_box is None and s.body_box is not None for s in track.sightings)
    (before,), (after,) = plain.pictures([1.0]), covered.pictures([1.0])
    for left in (0.1, 0.6):
        assert is_plain(after, (left, 0.2, left + 0.15, 0.45))
    # Below the chin nothing is covered.
    assert np.array_equal(after[20:], before[20:])


def test_a_face_alone_leaves_the_body_that_would_be_there() -> None:
    plain = footage("video", [0])
    track = plain.record.tracks[0]
    only = track.model_copy(update={"sightings": (Sighting(time_s=0.0, face_box=(0.9, 0.2, 1.0, 0.4)),)})
    covered = hide_faces(replace(plain, record=plain.record.model_copy(update={"tracks": (only,)})))
    box = covered.record.tracks[0].sightings[0].body_box
    assert box is not None
    assert box[0] < 0.9
    assert box[2] == 1.0
    assert box[3] > 0.6


def test_covered_faces_stay_covered_in_a_mirror() -> None:
    picture = mirror(hide_faces(footage("video", [0], frames=Asked()))).pictures([1.0])[0]
    assert is_plain(picture, (0.75, 0.2, 0.9, 0.45))
    both = hide_faces(mirror(footage("video", [0], frames=Asked()))).pictures([1.0])[0]
    assert np.array_equal(picture, both)


def test_covered_faces_stay_covered_in_a_window() -> None:
    plain = footage("video", [0], frames=Asked())
    first, second = plain.record.tracks[0].sightings[:2]
    left, right = (0.1, 0.2, 0.25, 0.45), (0.7, 0.2, 0.85, 0.45)
    moved = (
        first.model_copy(update={"time_s": 1.0, "face_box": left}),
        second.model_copy(update={"time_s": 6.0, "face_box": right}),
    )
    tracks = (plain.record.tracks[0].model_copy(update={"sightings": moved}),)
    plain = replace(plain, record=plain.record.model_copy(update={"tracks": tracks}))
    picture = window(hide_faces(plain), 5.0, 7.0).pictures([1.0])[0]
    assert is_plain(picture, right)
    assert not is_plain(picture, left)


def test_covering_leaves_the_picture_that_was_given_as_it_is() -> None:
    picture = Asked.picture(0.0)
    kept = picture.copy()
    covered = cover(picture, [(-0.5, -0.5, 0.5, 0.5), (0.9, 0.9, 1.5, 1.5)])
    assert np.array_equal(picture, kept)
    assert is_plain(covered, (0.0, 0.0, 0.5, 0.5))
    assert np.array_equal(covered[:, 33:57], kept[:, 33:57])
    assert np.array_equal(cover(picture, []), kept)


def is_plain(picture: np.ndarray, box: tuple[float, float, float, float]) -> bool:
    height, width = picture.shape[:2]
    inside = picture[
        int(np.ceil(box[1] * height)) : int(box[3] * height), int(np.ceil(box[0] * width)) : int(box[2] * width)
    ]
    return len(np.unique(inside.reshape(-1, 3), axis=0)) == 1


# -- augmentation and stock ----------------------------------------------------------------------------------------


@given(seed=st.integers(0, 1000), height=st.integers(9, 60), width=st.integers(9, 60))
def test_a_disturbed_picture_keeps_its_shape_and_follows_the_seed(seed: int, height: int, width: int) -> None:
    image = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    kept = image.copy()
    first, second = disturb(image, random.Random(seed)), disturb(image, random.Random(seed))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, second)
    assert np.array_equal(image, kept)


def test_disturbed_pictures_differ_from_each_other() -> None:
    rng = random.Random(0)
    image = Asked.picture(0.0)
    made = {disturb(image, rng).tobytes() for _ in range(6)}
    assert len(made) == 6
    assert image.tobytes() not in made


def test_stock_footage_shows_people_without_faces_and_is_the_same_for_a_seed() -> None:
    found = stock_footage(ENGINE, seed=1)
    again = stock_footage(ENGINE, seed=1)
    assert [f.record for f in found] == [f.record for f in again]
    assert len({f.key for f in found}) == len(found)
    for item in found:
        assert item.vectors.faces == {}
        assert item.subject == ()
        assert max(item.pictures([0.5])[0].shape[:2]) <= 480
        assert all(s.face_box is None for s in item.record.tracks[0].sightings)
