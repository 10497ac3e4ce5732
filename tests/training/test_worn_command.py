"""`pvchat pretrain worn`: from photos to a network that perception reads."""

from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from pvchat import weights
from pvchat.perception.worn_net import HEAD_SIDE, WornReader


def test_the_command_writes_what_perception_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "worn"
    photo = str(weights.demo_photo())
    assert main(["pretrain", "worn", photo, "--out", str(out), "--pictures", "64", "--epochs", "1"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    head = np.zeros((HEAD_SIDE, HEAD_SIDE, 3), np.uint8)
    assert WornReader(out / "model.safetensors").read([head], "glasses").shape == (1,)
    assert "both were drawn" in (out / "README.md").read_text("utf-8")


def test_what_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrain", "worn", str(tmp_path / "nobody")]) == 2
    assert "nobody does not exist" in capsys.readouterr().err


def test_files_without_faces_are_not_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    assert main(["pretrain", "worn", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "notes.txt" in said
    assert "no faces" in said
