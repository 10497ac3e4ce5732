"""Measured spread of face vectors in the whitened space, for simulators and for the decision's error model."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pvchat.errors import ModelError
from pvchat.identity.whitening import data_stem


@dataclass(frozen=True)
class FaceNoise:
    """A whitened vector is person + source + track + frame; standard deviations per dimension.

    Attributes:
        between_person_std: of people around the population mean (1 by construction).
        source_std: of one video or photo against the person (year, light, camera), root mean square over sources.
        source_std_spread: standard deviation of the logarithm of a source's own `source_std`: some are far off.
        track_std: of one track within its source (pose, expression of that stretch).
        frame_std: of one frame within its track, at good quality.
        frame_correlation_per_s: correlation of the frame part over one second.
        lookalike_cosine: range of cosines between people who look alike.
    """

    between_person_std: float
    source_std: float
    source_std_spread: float
    track_std: float
    frame_std: float
    frame_correlation_per_s: float
    lookalike_cosine: tuple[float, float]


@cache
def face_noise(model_id: str = "dlib-resnet-v1") -> FaceNoise:
    """The shipped measurement of an engine.

    Raises:
        ModelError: no measurement is shipped for the engine.
    """
    stem = data_stem(model_id)
    if stem is None:
        raise ModelError(f"no noise was measured for the face engine {model_id!r}; only 'dlib-resnet-v1' has figures")
    text = (resources.files("pvchat.identity") / "data" / f"{stem}-noise.json").read_text(encoding="utf-8")
    data = json.loads(text)
    low, high = data["lookalike_cosine"]
    return FaceNoise(
        between_person_std=float(data["between_person_std"]),
        source_std=float(data["source_std"]),
        source_std_spread=float(data["source_std_spread"]),
        track_std=float(data["track_std"]),
        frame_std=float(data["frame_std"]),
        frame_correlation_per_s=float(data["frame_correlation_per_s"]),
        lookalike_cosine=(float(low), float(high)),
    )
