"""Cartoons: whoever asks about one, or enrolls from one, is told that only real faces are known."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.session import Session
from pvchat.errors import NoFaceError

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}
NOTE = "looks drawn; I only know real faces."


def drawn(video: Path) -> Path:
    video.write_text(json.dumps({**json.loads(video.read_text()), "drawn": True}))
    return video


def test_an_answer_about_a_cartoon_says_that_it_looks_drawn(session: Session, video: Video) -> None:
    session.enroll("Maria", video("maria.mp4", {"face": 1}), **CONSENT)
    filmed, cartoon = video("filmed.mp4", {"face": 2}), drawn(video("cartoon.mp4", {"face": 3}))
    assert session.ask(cartoon, "Is Maria in this video?").answer.endswith(f" This {NOTE}")
    assert NOTE not in session.ask(filmed, "Is Maria in this video?").answer


def test_of_several_videos_the_drawn_one_is_named(session: Session, video: Video) -> None:
    session.enroll("Maria", video("maria.mp4", {"face": 1}), **CONSENT)
    videos = [video("filmed.mp4", {"face": 1}), drawn(video("cartoon.mp4", {"face": 3}))]
    answer = session.chat(videos, "In which of these is Maria?").answer
    assert answer.endswith(f"cartoon.mp4 {NOTE}")
    assert answer.count(NOTE) == 1


def test_enrolling_from_a_cartoon_warns_and_without_a_face_says_why(session: Session, video: Video) -> None:
    result = session.enroll("Popeye", drawn(video("popeye.mp4", {"face": 5})), **CONSENT)
    assert any("looks drawn" in line for line in result.warnings)
    with pytest.raises(NoFaceError, match=r"meadow\.mp4 looks drawn"):
        session.enroll("Olive", drawn(video("meadow.mp4")), **CONSENT)
    assert session.enroll("Maria", video("maria.mp4", {"face": 1}), **CONSENT).warnings == ()
