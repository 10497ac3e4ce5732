"""Torsos cut out of a frame."""

from dataclasses import replace

import numpy as np

from pvchat.perception.background import Backgrounds
from pvchat.perception.carrying import chest_of
from pvchat.perception.observation import FaceSeen, PersonSeen
from pvchat.perception.torsos import cut_torso
from tests.perception.people_of_numbers import figure

FRAME = np.full((480, 640, 3), 90, np.uint8)


def face(top: float, bottom: float) -> FaceSeen:
    half = (bottom - top) / 2
    return FaceSeen(box=(320 - half, top, 320 + half, bottom), score=0.9)


def test_the_torso_of_a_body_is_cloth() -> None:
    torso = cut_torso(FRAME, PersonSeen(1.0, face(60, 120), figure(at=(320.0, 150.0))))
    assert torso is not None
    assert torso.cloth is not None
    assert (torso.cloth.shape, torso.figure.shape, torso.seen) == ((224, 224, 3), (224, 224, 3), 1.0)


def test_of_a_portrait_there_is_a_figure_and_no_cloth() -> None:
    torso = cut_torso(FRAME, PersonSeen(1.0, face(80, 380)))
    assert torso is not None
    assert (torso.cloth, torso.seen) == (None, 0.0)


def test_of_a_face_that_fills_the_frame_there_is_nothing() -> None:
    assert cut_torso(FRAME, PersonSeen(1.0, face(20, 460))) is None
    assert cut_torso(FRAME, replace(PersonSeen(1.0, face(20, 460)), face=None)) is None


def test_what_moves_before_the_chest_is_noticed_and_what_moves_beside_it_is_not() -> None:
    chest = chest_of((280.0, 60.0, 340.0, 130.0), 640, 480)
    before, arm, elsewhere = FRAME.copy(), FRAME.copy(), FRAME.copy()
    arm[180:260, 230:340] = 200
    elsewhere[100:400, 540:640] = 200
    for after, moved in ((arm, True), (elsewhere, False), (before, False)):
        seen = Backgrounds()
        seen.add(0.0, before)
        seen.add(0.25, after)
        assert (seen.moved_in(0.0, 0.25, chest) > 0.05) is moved
    assert Backgrounds().moved_in(0.0, 0.25, chest) == 0.0
