"""The gate every sample passes or not: the same person, seen well enough, and not a copy of what there was.

What a model makes is judged like any video, by the engine that will judge the videos people ask about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pvchat.identity.calibration import LOGIT_LIMIT
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.judging import JudgedTrack, judge_tracks, pair_logits
from pvchat.identity.similarity import track_scores
from pvchat.perception.record import PerceptionRecord, PerceptionVectors

Reason = Literal["", "no face", "somebody else", "doubtful", "low quality", "near copy"]


@dataclass(frozen=True)
class GateConfig:
    """How strict it is.

    Attributes:
        logit: least log-odds that the face is the subject's, against all templates; 2 is a probability of .88.
        agreeing: least share of the templates, by weight, each of which alone finds the subject more likely than not.
        quality: least quality of the best face, 0..1 (size, sharpness, how frontal).
        novelty: least distance of a made face to the nearest one it was learned from, see `Sample.novelty`.
    """

    logit: float = 2.0
    agreeing: float = 0.5
    quality: float = 0.15
    novelty: float = 1.5


@dataclass(frozen=True)
class Verdict:
    """What the gate says.

    Attributes:
        kept: whether it passes. reason: why not; "" for what is kept.
        track_id: the track that is most like the subject, None where no face could be described.
        logit: log-odds of that track, -6..6. agreeing: share of the templates. quality: of its best face.
    """

    kept: bool
    reason: Reason
    track_id: int | None = None
    logit: float = -LOGIT_LIMIT
    agreeing: float = 0.0
    quality: float = 0.0


def judge(
    record: PerceptionRecord,
    vectors: PerceptionVectors,
    entry: GalleryEntry,
    *,
    novelty: float | None = None,
    config: GateConfig | None = None,
) -> Verdict:
    """Judge what was perceived of a sample.

    Args:
        record, vectors: of perception. entry: of the subject, of the same engine.
        novelty: see `Sample.novelty`. config: see `GateConfig`.
    """
    config = config or GateConfig()
    tracks = [track for track in judge_tracks(record, vectors) if track.mean is not None]
    if not tracks:
        return Verdict(False, "no face")
    # Tracks are compared one by one: of two people in one sample each is judged as if alone.
    alone = np.zeros((len(tracks), len(tracks)), np.bool_)
    logits = pair_logits(tracks, [entry], vectors.face_model, alone)[0]
    best = int(logits.argmax())
    track, logit = tracks[best], float(np.clip(logits[best], -LOGIT_LIMIT, LOGIT_LIMIT))
    agreeing = _agreeing(track, entry, vectors.face_model)
    quality = float(vectors.faces[track.id].quality.max())
    reason: Reason = ""
    if novelty is not None and novelty < config.novelty:
        reason = "near copy"
    elif logit < config.logit:
        reason = "somebody else" if logit < -config.logit else "doubtful"
    elif agreeing < config.agreeing:
        reason = "doubtful"
    elif quality < config.quality:
        reason = "low quality"
    return Verdict(not reason, reason, track.id, logit, agreeing, quality)


def _agreeing(track: JudgedTrack, entry: GalleryEntry, model_id: str) -> float:
    templates: Sequence[np.ndarray] = list(entry.whitened())
    mean = np.asarray(track.mean)[None]
    alone = [float(track_scores(mean, one[None], model_id=model_id)[0]) for one in templates]
    return float(np.average([score > 0 for score in alone], weights=entry.weights))
