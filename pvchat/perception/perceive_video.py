"""Perception of one video: frames in, a typed record and its vectors out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pvchat import video
from pvchat.perception.assemble import Scene, appearance_of, people_of, samples_of, track_of
from pvchat.perception.config import PerceptionConfig, sample_times
from pvchat.perception.cuts import Signature, locate_cuts, signature
from pvchat.perception.faces import FaceCrop
from pvchat.perception.geometry import FloatArray
from pvchat.perception.models import PerceptionModels
from pvchat.perception.record import PerceptionRecord, PerceptionVectors, VideoInfo
from pvchat.perception.tracks import DescribedFaces
from pvchat.perception.watch import Piece, Watcher

Progress = Callable[[float, str], None]


def perceive(
    path: str | Path,
    *,
    models: PerceptionModels,
    config: PerceptionConfig | None = None,
    progress: Progress | None = None,
    untrusted: bool = True,
) -> tuple[PerceptionRecord, PerceptionVectors]:
    """Find out who is in a video, when, where, and what can be said about them.

    Args:
        path: the video file.
        models: loaded networks, see `load_models`.
        config: how closely to look, default `PerceptionConfig()`.
        progress: called with a fraction 0..1 and a word about the step.
        untrusted: decode in a child process with limits; False decodes in this process.

    Returns:
        The record (no biometric data in it) and the vectors. A video without people gives a record without tracks.

    Raises:
        VideoError: the file cannot be read as video, or is outside the limits.
    """
    config = config or PerceptionConfig()
    tell = progress or (lambda fraction, text: None)

    # 1. What is this file, and when to look at it
    tell(0.0, "reading")
    info = video.probe(path, untrusted=untrusted)
    most = min(config.max_samples, info.frames) if info.frames else config.max_samples
    times = sample_times(info.duration_s, config.samples_per_second, most)
    step = info.duration_s / len(times)

    # 2. Watch it: link people by position, keep a few crops of each
    watcher = Watcher(models, config, step)
    describer = _Describer(models, config)
    pieces: list[Piece] = []
    width = height = 0
    frames = video.iter_frames(path, times, max_side=config.max_side, untrusted=untrusted)
    for index, (time_s, rgb) in enumerate(frames):
        height, width = rgb.shape[:2]
        for piece in watcher.look(time_s, rgb):
            pieces.append(describer.describe(piece))
        tell(0.05 + 0.7 * (index + 1) / len(times), "watching")

    # 3. Describe the faces and torsos of those still in view
    ended = watcher.finish()
    for index, piece in enumerate(ended):
        pieces.append(describer.describe(piece))
        tell(0.75 + 0.2 * (index + 1) / len(ended), "describing faces")

    # 4. Where exactly are the cuts
    def look(middles: Sequence[float]) -> list[Signature]:
        seen = video.iter_frames(path, list(middles), max_side=160, untrusted=untrusted)
        return [signature(rgb) for _, rgb in seen]

    cuts = locate_cuts(watcher.cuts, look, config.cut_tolerance_s)

    # 5. Split and join the pieces by face, number the people, read off their attributes
    scene = Scene(
        width=max(width, 1),
        height=max(height, 1),
        source_scale=info.width / max(width, 1),
        duration_s=info.duration_s,
        samples_s=tuple(times),
        cuts_s=tuple(cuts),
        motion=watcher.motion,
    )
    people = people_of(pieces, scene, config)
    tracks = tuple(track_of(number, person, scene, config) for number, person in enumerate(people, start=1))
    faces = {number: samples for number, person in enumerate(people, start=1) if (samples := samples_of(person))}
    appearance = {
        n: vector for n, person in enumerate(people, start=1) if (vector := appearance_of(person)) is not None
    }
    tell(1.0, "done")
    record = PerceptionRecord(
        models=models.ids(),
        video=VideoInfo(
            sha256=info.sha256,
            duration_s=info.duration_s,
            width=info.width,
            height=info.height,
            fps=info.fps,
            decoder=info.decoder,
        ),
        sampled_s=tuple(round(time, 3) for time in times),
        cuts_s=tuple(round(cut, 3) for cut in cuts),
        tracks=tracks,
    )
    vectors = PerceptionVectors(
        face_model=models.engine.model_id,
        faces=faces,
        appearance_model=models.appearance.model_id,
        appearance=appearance,
    )
    return record, vectors


class _Describer:
    """Describes the kept crops of a piece and lets the pictures go."""

    def __init__(self, models: PerceptionModels, config: PerceptionConfig) -> None:
        self._models = models
        self._config = config
        self._described = 0

    def describe(self, piece: Piece) -> Piece:
        config = self._config
        count = config.crops_per_track if self._described < config.max_described else config.min_crops
        if len(piece.tracklet.seen) < 2:
            count = 1
        crops = piece.crops.best(count)
        piece.crops.crops = []
        if crops:
            self._described += len(crops)
            vectors = self._faces(crops)
            times = np.array([crop.time_s for crop in crops], dtype=np.float32)
            quality = np.array([crop.quality for crop in crops], dtype=np.float32)
            piece.faces = DescribedFaces(times, vectors, quality)
        torsos = sorted(piece.torsos, key=lambda item: -item[1])[: config.torsos_per_track]
        piece.torsos = []
        if torsos:
            described = self._models.appearance.describe([crop for _, _, crop in torsos])
            piece.appearance = [(time, vector) for (time, _, _), vector in zip(torsos, described, strict=True)]
        return piece

    def _faces(self, crops: Sequence[FaceCrop]) -> FloatArray:
        engine = self._models.engine
        parts = [engine.describe(crop.rgb, [crop.box], [crop.landmarks]) for crop in crops]
        return np.concatenate(parts).astype(np.float32)
