"""Perceived videos in files: they come back as they were, in the same bytes, or not at all."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import PerceptionError
from pvchat.perception.archive import read_perception, write_perception
from pvchat.perception.record import RECORD_VERSION, PerceptionRecord, PerceptionVectors
from tests.training.footage_tools import footage

SEEN = footage("a video", [1, 2, 11])


def written(record: PerceptionRecord, vectors: PerceptionVectors) -> bytes:
    file = io.BytesIO()
    write_perception(file, record, vectors)
    return file.getvalue()


def test_a_perceived_video_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "seen"
    path.write_bytes(written(SEEN.record, SEEN.vectors))
    record, vectors = read_perception(path)
    assert record == SEEN.record
    assert (vectors.face_model, vectors.appearance_model) == (SEEN.vectors.face_model, "clothes")
    assert vectors.faces.keys() == SEEN.vectors.faces.keys()
    for track, samples in SEEN.vectors.faces.items():
        for field, value in vars(samples).items():
            found = getattr(vectors.faces[track], field)
            assert np.array_equal(found, value)
            assert found.dtype == value.dtype
        assert np.array_equal(vectors.appearance[track], SEEN.vectors.appearance[track])
    assert written(record, vectors) == path.read_bytes()


def test_what_has_no_face_comes_back(tmp_path: Path) -> None:
    empty = footage("nobody", [])
    (tmp_path / "seen").write_bytes(written(empty.record, PerceptionVectors("engine")))
    assert read_perception(tmp_path / "seen") == (empty.record, PerceptionVectors("engine"))


def test_the_order_in_which_tracks_and_models_were_told_does_not_count() -> None:
    turned = replace(
        SEEN.vectors,
        faces=dict(reversed(SEEN.vectors.faces.items())),
        appearance=dict(reversed(SEEN.vectors.appearance.items())),
    )
    one, other = ({"face": "a", "body": "b"}, {"body": "b", "face": "a"})
    assert written(SEEN.record.model_copy(update={"models": one}), SEEN.vectors) == written(
        SEEN.record.model_copy(update={"models": other}), turned
    )


@pytest.mark.parametrize("kind", ["missing", "empty", "cut off", "another version"])
def test_a_file_that_is_none_is_refused_with_the_way_out(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "seen"
    whole = written(SEEN.record, SEEN.vectors)
    if kind == "another version":
        whole = written(SEEN.record.model_copy(update={"version": RECORD_VERSION + 1}), SEEN.vectors)
    if kind != "missing":
        path.write_bytes({"empty": b"", "cut off": whole[:2000]}.get(kind, whole))
    with pytest.raises(PerceptionError, match="remove it and perceive the video again") as refused:
        read_perception(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
