"""A small perception record with vectors, and a store in a fresh folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors, Sighting, Track, VideoInfo
from storage.store import Store

MODELS = {"faces": "detector-1", "recognition": "dlib-resnet-v1"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An unused data folder."""
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """An open store."""
    with Store.open(home) as opened:
        yield opened


def _record(sha256: str = "a" * 64, tracks: int = 2) -> PerceptionRecord:
    """A record of a 5 s video with `tracks` people side by side."""
    return PerceptionRecord(
        models=MODELS,
        video=VideoInfo(sha256=sha256, duration_s=5.0, width=640, height=360, fps=30.0, decoder="decord"),
        sampled_s=(0.5, 1.5),
        tracks=tuple(
            Track(
                id=number,
                spans=((0.0, 5.0),),
                sightings=(Sighting(time_s=0.5, face_box=(0.1 * number, 0.1, 0.1 * number + 0.05, 0.2)),),
                keyframe_s=0.5,
                keyframe_box=(0.1 * number, 0.1, 0.1 * number + 0.05, 0.2),
                faces_described=3,
                face_px=40.0,
                face_quality=0.8,
            )
            for number in range(tracks)
        ),
    )


def _vectors(seed: int = 0, tracks: int = 2) -> PerceptionVectors:
    """Random vectors that fit `make_record`."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(size=shape).astype(np.float32)

    return PerceptionVectors(
        face_model="dlib-resnet-v1",
        faces={number: FaceSamples(normal(3), normal(3, 128), normal(3)) for number in range(tracks)},
        appearance_model="efficientnet-lite0",
        appearance={number: normal(1280) for number in range(tracks)},
    )


@pytest.fixture
def make_record() -> Callable[..., PerceptionRecord]:
    """make_record(sha256, tracks) -> a record of a 5 s video."""
    return _record


@pytest.fixture
def make_vectors() -> Callable[..., PerceptionVectors]:
    """make_vectors(seed, tracks) -> random vectors that fit `make_record`."""
    return _vectors
