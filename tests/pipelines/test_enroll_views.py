"""From which sides a real clip shows a real face, and in what light."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.people.media import data_folder
from pipelines.enroll_views import _detection, views_of
from pvchat.perception.face_detection import FaceDetection, FaceDetector
from pvchat.perception.face_mesh import FaceLandmarks, FaceMesh
from pvchat.perception.geometry import Image
from pvchat.perception.record import Sighting, Track
from pvchat.video import read_frames
from pvchat.weights import path as weights_path


@pytest.fixture(scope="module")
def clip() -> Path:
    folder = data_folder()
    if folder is None:
        pytest.skip("no shared test data here")
    return folder / "real_clips" / "driving_d3.mp4"


@pytest.fixture(scope="module")
def track(clip: Path) -> Track:
    """Somebody who looks around, by nothing but a face detector."""
    detector = FaceDetector(weights_path("mp-face-detection-full"))
    times = [0.3 * step for step in range(12)]
    sightings = []
    for time_s, picture in zip(times, read_frames(clip, times, max_side=640, untrusted=False).images, strict=True):
        (face, *_rest) = detector.detect(picture)
        x0, y0, x1, y1 = face.box
        height, width = picture.shape[:2]
        sightings.append(Sighting(time_s=time_s, face_box=(x0 / width, y0 / height, x1 / width, y1 / height)))
    return Track(id=1, spans=((0.0, 3.6),), sightings=tuple(sightings), keyframe_s=0.0, keyframe_box=sightings[0].box)


def test_a_mirrored_face_turns_to_the_other_side_in_the_same_light(clip: Path, track: Track) -> None:
    mesh = FaceMesh(weights_path("mp-face-mesh"))

    def mirrored(picture: Image, face: FaceDetection) -> FaceLandmarks:
        flipped = np.ascontiguousarray(picture[:, ::-1])
        width = picture.shape[1]
        x0, y0, x1, y1 = face.box
        height = picture.shape[0]
        edges = ((width - x1) / width, y0 / height, (width - x0) / width, y1 / height)
        return mesh.landmarks(flipped, _detection(Sighting(time_s=0.0, face_box=edges), flipped))

    seen, other = views_of(clip, [track], mesh.landmarks), views_of(clip, [track], mirrored)
    assert seen["views_front"] + seen["views_left"] + seen["views_right"] > 0
    assert abs(seen["views_left"] - other["views_right"]) <= 1
    assert abs(seen["views_right"] - other["views_left"]) <= 1
    assert (seen["light"], seen["light_range"]) == (other["light"], other["light_range"])
    assert 0.2 < seen["light"] < 0.9


def test_without_a_mesh_nothing_is_looked_at(track: Track) -> None:
    assert views_of(Path("nowhere.mp4"), [track], None) == {}
