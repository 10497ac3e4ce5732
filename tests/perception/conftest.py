"""Pictures and networks that several tests of perception look at."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat import weights
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh
from pvchat.video import read_frames

Image = NDArray[np.uint8]


@pytest.fixture(scope="session")
def face_detector() -> FaceDetector:
    return FaceDetector(weights.path("mp-face-detection-full"))


@pytest.fixture(scope="session")
def face_mesh() -> FaceMesh:
    return FaceMesh(weights.path("mp-face-mesh"))


@pytest.fixture(scope="session")
def carphone() -> Image:
    """One man, head and shoulders, 176 x 144."""
    return read_frames(weights.path("demo-carphone"), [0.5]).images[0]


@pytest.fixture(scope="session")
def street() -> list[Image]:
    """Street scenes without a person."""
    return read_frames(weights.path("demo-bikes"), [1.0, 3.0, 7.0, 9.0]).images


@pytest.fixture(scope="session")
def group() -> Image:
    """Six people round a table, 1280 x 886."""
    return np.asarray(cv2.cvtColor(cv2.imread(str(weights.demo_photo())), cv2.COLOR_BGR2RGB), dtype=np.uint8)


@pytest.fixture(scope="session")
def shared_frame() -> Callable[[str, float], Image]:
    """Reads one frame of a shared clip; skips the test where the shared data is absent."""
    root = Path(os.environ.get("PVCHAT_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")

    def read(clip: str, time_s: float) -> Image:
        path = root / "real_clips" / clip
        if not path.is_file():
            pytest.skip("shared test data is absent")
        return read_frames(path, [time_s]).images[0]

    return read
