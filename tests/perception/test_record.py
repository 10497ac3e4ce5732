"""The record: what it refuses and that it survives being stored."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pvchat.perception.record import RECORD_VERSION, Attribute, PerceptionRecord, Sighting, Track, VideoInfo

fraction = st.floats(0, 1).map(lambda v: round(v, 4))
box = st.tuples(fraction, fraction, fraction, fraction)
sighting = st.builds(Sighting, time_s=fraction, face_box=box, body_box=st.none() | box, face_quality=fraction)
track = st.builds(
    Track,
    id=st.integers(1, 99),
    spans=st.just(((0.0, 1.0),)),
    sightings=st.lists(sighting, min_size=1, max_size=3).map(tuple),
    attributes=st.just((Attribute(name="action", value="talking", confidence=0.7, spans=((0.0, 0.5),)),)),
    keyframe_s=fraction,
    keyframe_box=box,
)
video = VideoInfo(sha256="0" * 64, duration_s=1.0, width=640, height=360, fps=25.0, decoder="pyav")


@given(st.lists(track, max_size=3))
@settings(max_examples=25)
def test_a_record_survives_being_written_and_read(tracks: list[Track]) -> None:
    record = PerceptionRecord(models={"face": "x"}, video=video, sampled_s=(0.5,), tracks=tuple(tracks))
    assert PerceptionRecord.from_json(record.model_dump_json()) == record
    assert PerceptionRecord.from_json(json.loads(record.model_dump_json())) == record


def test_a_record_of_another_version_is_refused_by_number() -> None:
    data = PerceptionRecord(models={}, video=video, sampled_s=()).model_dump()
    data["version"] = RECORD_VERSION + 1
    with pytest.raises(ValueError, match=f"version {RECORD_VERSION + 1}"):
        PerceptionRecord.from_json(data)


def test_unknown_fields_are_refused() -> None:
    data = PerceptionRecord(models={}, video=video, sampled_s=()).model_dump()
    data["face_vectors"] = [[0.1]]
    with pytest.raises(ValidationError):
        PerceptionRecord.from_json(data)


def test_attributes_of_one_kind_come_surest_first() -> None:
    said = tuple(Attribute(name="action", value=w, confidence=c) for w, c in (("smiling", 0.6), ("talking", 0.9)))
    place = Attribute(name="place", value="left", confidence=1.0)
    one = Track(
        id=1, spans=(), sightings=(), attributes=(*said, place), keyframe_s=0.0, keyframe_box=(0.0, 0.0, 1.0, 1.0)
    )
    assert [a.value for a in one.said("action")] == ["talking", "smiling"]


def test_a_sighting_needs_a_box() -> None:
    assert Sighting(time_s=0.0, body_box=(0.0, 0.0, 1.0, 1.0)).box == (0.0, 0.0, 1.0, 1.0)
    with pytest.raises(ValueError, match=r"0\.00 s"):
        _ = Sighting(time_s=0.0).box
