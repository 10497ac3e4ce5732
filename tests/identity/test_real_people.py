"""Decisions about real people across photos of other years, light and cameras. Skipped without the shared data."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pvchat import weights
from pvchat.evaluation.images import read_image
from pvchat.identity.decision import decide
from pvchat.identity.engines import load_engine
from pvchat.identity.gallery import build_entry
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh
from pvchat.perception.record import FaceSamples
from tests.identity.people import MODEL, Shown, clip

Photos = list[tuple[str, FaceSamples]]


@pytest.fixture(scope="module")
def photos(shared_data: Path) -> Photos:
    """(person, the described face) of each photo."""
    engine = load_engine("dlib")
    detector = FaceDetector(weights.path("mp-face-detection-full"))
    mesh = FaceMesh(weights.path("mp-face-mesh"))
    with (shared_data / "cross" / "people.csv").open(encoding="utf-8", newline="") as stream:
        rows = [(row["person"], shared_data / "cross" / row["file"]) for row in csv.DictReader(stream)]
    described = []
    for person, path in rows:
        picture = read_image(path)
        face = detector.detect(picture)[0]
        vectors: NDArray[np.float32] = engine.describe(picture, [face.box], [mesh.landmarks(picture, face)])
        described.append((person, FaceSamples(np.zeros(1, np.float32), vectors, np.full(1, 0.9, np.float32))))
    return described


def test_one_photo_finds_the_person_in_another_and_names_nobody_else(photos: Photos) -> None:
    found, asked, named, strangers = 0, 0, 0, 0
    for enrolled, (person, samples) in enumerate(photos):
        entry = build_entry(person, samples, None, MODEL)
        for shown, (other, faces) in enumerate(photos):
            if shown == enrolled:
                continue
            (decision,) = decide(*clip([Shown(faces)]), [entry])
            if person == other:
                asked += 1
                found += decision.state == "present"
            else:
                strangers += 1
                named += decision.state == "present"
    assert asked == 64
    assert found / asked >= 0.95
    assert strangers == 176
    assert named == 0


def test_a_gallery_of_everybody_gives_every_photo_to_its_person(photos: Photos) -> None:
    first = dict(reversed(photos))
    gallery = [build_entry(person, samples, None, MODEL) for person, samples in first.items()]
    wrong = []
    for person, faces in photos:
        wrong += [
            (person, decision.name)
            for decision in decide(*clip([Shown(faces)]), gallery)
            if decision.state == "present" and decision.name != person
        ]
    assert wrong == []
