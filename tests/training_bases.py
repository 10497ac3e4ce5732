"""A tiny random nano as a base that is trained in tests, without pixels."""

from typing import Any

import torch

from pipelines.train_nano import NanoTraining
from pvchat.models.language import Placement
from pvchat.models.nano import Nano
from tests.models.tiny import tiny_language, tiny_nano

SMALL = {"stills": 2, "clips": 4, "questions": 12, "held_out": 2}


def tiny_base(sha256: str = "0" * 64) -> Nano:
    """A tiny random nano."""
    return Nano(tiny_nano(), tiny_language(), Placement(torch.device("cpu"), torch.float32, "a test"), sha256)


def tiny_training() -> Any:
    """Real training of a real nano, at a size that takes a second."""
    return NanoTraining(tiny_base(), None)
