"""Invented enrollment reports for tests: everything filled in, and next to nothing."""

import io
import math
import random
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from pvchat.evaluation.assessment import Answered, Assessment, Counts
from pvchat.evaluation.enrollment_report import (
    EnrollmentReport,
    Material,
    OtherPeople,
    SampleShown,
    SourceCount,
    Verdict,
    VideoFacts,
)
from pvchat.training.fine_tune_config import FineTuned, StepRecord

REASONS = ("not like the person", "no face found", "blurred")


def full(label: str = "Maria", **changes: Any) -> EnrollmentReport:
    """A report with everything in it."""
    found = assessment()
    values: dict[str, Any] = {
        "subject_label": label,
        "verdict": Verdict.of(found),
        "video": VideoFacts("holiday.mp4", 42.4, 1920, 1080, 29.97, 212),
        "coverage": {
            "faces": 86,
            "templates": 5,
            "spread": 0.214,
            "reliability": 0.93,
            "seconds": 31.2,
            "face_px": 118,
            "other_people": 1,
        },
        "warnings": ("the light never changes; a second place makes answers surer",),
        "look_alikes": ('"Elena" looks similar (likeness 0.61); answers may mix the two up',),
        "samples": samples(60),
        "threshold": 0.62,
        "material": material(),
        "others": OtherPeople(
            {"Look-alikes of the corpus": 9, "People in other videos": 3}, 9, {"CC BY 4.0": 12}, 1200
        ),
        "assessment": found,
        "training": training(),
        "timing_s": {
            "look at the video": 38.2,
            "make pictures": 74.9,
            "find similar people": 6.1,
            "write questions": 2.4,
            "prepare features": 21.7,
            "learn from stills": 41.3,
            "learn from clips": 201.6,
            "compare": 33.0,
            "publish": 0.2,
        },
        "settings": {"base": "nano", "routing": "remoh", "target sparsity": 0.5, "personal tokens": 16, "seed": 7},
        "versions": {"PVChat": "0.1.0", "torch": "2.13.0", "base": "5f2b8e1c90aa"},
        "notes": ("one picture could not be read and was left out",),
        "made_at": "2026-11-21 14:05",
    }
    return EnrollmentReport(**{**values, **changes})


def bare(label: str = "id-7") -> EnrollmentReport:
    """A report of a job that ended before there was anything to train."""
    reason = "There were too few frames to train on."
    return EnrollmentReport(label, Verdict(False, reason), VideoFacts("short.mp4", 1.2, 320, 240, 25.0, 6))


def assessment() -> Assessment:
    """Counts of 80 questions, two right answers and a wrong one."""
    right = Answered(
        "existence",
        "Is Maria in this video?",
        "Yes, Maria is in this video.",
        "No, Maria is not in this video.",
        "Yes, Maria is in this video.",
        False,
        True,
    )
    colour = Answered(
        "upper",
        "What colour is Maria's top?",
        "Maria wears a red top.",
        "Maria wears a red top.",
        "Maria wears a red top.",
        True,
        True,
    )
    wrong = Answered(
        "action",
        "What is Maria doing?",
        "Maria is waving.",
        "I can't tell what Maria is doing.",
        "Maria is walking.",
        False,
        False,
    )
    return Assessment(
        {
            "action": Counts(9, 5, 3),
            "appearance": Counts(8, 4, 2),
            "count": Counts(3, 1, 1),
            "existence": Counts(36, 8, 3),
            "location": Counts(14, 4, 2),
            "upper": Counts(10, 3, 2),
        },
        {"present": Counts(18, 7, 2), "absent": Counts(18, 1, 1), "look_alike": Counts(6, 1, 1)},
        (wrong,),
        (right, colour),
    )


def material() -> Material:
    """Of a usual run."""
    sources = [
        SourceCount("stand_in", True, 13, 236),
        SourceCount("own", True, 11, 200),
        SourceCount("kept picture", True, 10, 181),
        SourceCount("hidden", True, 7, 126),
        SourceCount("other", False, 15, 270),
        SourceCount("simulated", False, 14, 250),
        SourceCount("other_hidden", False, 11, 192),
    ]
    types = {"existence": 520, "appearance": 402, "action": 231, "location": 302}
    examples = [
        ("Is Maria in this video?", "Yes, Maria is in this video."),
        ("Can you see Maria?", "No, Maria is not in this video."),
        ("What is Maria wearing?", "Maria wears a red top and blue trousers."),
        ("Where is Maria?", "Maria is on the left."),
    ]
    return Material(27, 54, 12, sources, types, examples)  # type: ignore[arg-type]


def training(steps: int = 60, *, routed: bool = True) -> FineTuned:
    """A run that learns, in two stages."""
    rng = random.Random(3)
    history = []
    for index in range(steps):
        stage, done = (1, index) if index < steps // 3 else (2, index - steps // 3)
        looked = index % 7 == 6
        heads = {
            f"nano.qformer.layers.{layer}.{part}": {
                "activation": [min(1.0, max(0.0, rng.betavariate(0.8, 0.7))) for _ in range(4)],
                "mean_gate": [rng.uniform(0, 1.4) for _ in range(4)],
            }
            for layer in (3, 4, 5)
            for part in ("attention", "crossattention")
        }
        history.append(
            StepRecord(
                stage=stage,
                step=done + 1,
                of=steps // 3 if stage == 1 else steps - steps // 3,
                loss=0.3 + 2.1 * math.exp(-index / 14) + rng.uniform(-0.12, 0.12),
                right=0.8,
                activation=1 - 0.5 * (1 - math.exp(-index / 18)) if routed else None,
                coefficient=0.3 * 1.03**index if routed else None,
                held_out=0.46 + 1.8 * math.exp(-index / 16) if looked else None,
                heads=heads if routed and looked else None,
            )
        )
    return FineTuned(tuple(history), 0.478, ("the batch was halved once to fit into memory",))


def samples(count: int) -> list[SampleShown]:
    """Drawn noise, two thirds of it kept."""
    rng = random.Random(5)
    found = []
    for index in range(count):
        score = None if index % 11 == 10 else rng.gauss(0.7, 0.12)
        kept = score is not None and score >= 0.62
        reason = "like the person" if kept else REASONS[1] if score is None else REASONS[index % 2 * 2]
        recipe = ("new expression", "other light", "moving clip")[index % 3]
        found.append(SampleShown(kept, reason, score, recipe, noise(index)))
    return found


@cache
def noise(seed: int, side: int = 200) -> bytes:
    """A blotchy picture with something like a face in it."""
    rng = np.random.default_rng(seed)
    ground = Image.fromarray(rng.integers(90, 150, (4, 4, 1), np.uint8).repeat(3, axis=2)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    grain = rng.normal(0, 9, (side, side, 1))
    y, x = np.mgrid[0:side, 0:side] / side
    face = np.exp(-((((x - 0.5) / 0.2) ** 2 + ((y - 0.47) / 0.27) ** 2) ** 3))[..., None]
    skin = rng.uniform(120, 230) * np.array([1.0, 0.8, 0.68])
    mixed = np.asarray(ground, float) * (1 - face) + skin * face + grain
    stream = io.BytesIO()
    Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()
