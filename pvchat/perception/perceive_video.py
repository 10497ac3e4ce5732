"""Perception of one video: frames in, a typed record and its vectors out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pvchat import video
from pvchat.perception.assemble import (
    Scene,
    appearance_of,
    is_credible,
    observation_of,
    people_of,
    relations_between,
    samples_of,
    track_of,
)
from pvchat.perception.config import PerceptionConfig, sample_times
from pvchat.perception.cuts import Signature, locate_cuts, signature
from pvchat.perception.drawn import faces_are_drawn, frames_are_drawn
from pvchat.perception.faces import FaceCrop
from pvchat.perception.garments import garment_shares
from pvchat.perception.geometry import FloatArray
from pvchat.perception.legibility import is_legible
from pvchat.perception.models import PerceptionModels
from pvchat.perception.patterns import texture_of
from pvchat.perception.piece import Piece
from pvchat.perception.record import PerceptionRecord, PerceptionVectors, VideoInfo
from pvchat.perception.scene_words import SceneLooks
from pvchat.perception.silhouettes import look_times, silhouette_track
from pvchat.perception.torsos import TorsoCrop
from pvchat.perception.tracks import DescribedFaces
from pvchat.perception.watch import Watcher

Progress = Callable[[float, str], None]
_SIGHTINGS_PER_TORSO = 8


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
    with video.opened(path, untrusted=untrusted) as clip:
        info = clip.info
        most = min(config.max_samples, info.frames) if info.frames else config.max_samples
        times = sample_times(info.duration_s, config.samples_per_second, most)
        step = info.duration_s / len(times)

        # 2. Watch it: link people by position, keep a few crops of each, describe who has left
        watcher = Watcher(models, config, step)
        scenery = SceneLooks(len(times), config.scene_looks)
        describer = _Describer(models, config, len(times))
        pieces: list[Piece] = []
        width = height = 0
        planned = planned_times(times, step, config, info.frames)
        frames = clip.frames([time for time, _ in planned], max_side=config.max_side)
        for index, ((time_s, rgb), (_, is_sample)) in enumerate(zip(frames, planned, strict=True)):
            if not is_sample:
                watcher.glance(time_s, rgb)
                continue
            height, width = rgb.shape[:2]
            scenery.add(time_s, rgb)
            pieces += describer.describe(watcher.look(time_s, rgb), height)
            tell(0.05 + 0.65 * (index + 1) / len(planned), "watching")

    # 3. Describe those still in view
    tell(0.72, "describing faces")
    pieces += describer.describe(watcher.finish(), height)
    tell(0.95, "putting it together")

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
        backgrounds=watcher.backgrounds,
        everybody=tuple(person for piece in pieces for person in piece.tracklet.seen),
    )
    people = people_of(pieces, scene, config)
    observed = [observation_of(person, scene, config) for person in people]
    tracks = tuple(
        track_of(number, person, observation, scene, config)
        for number, (person, observation) in enumerate(zip(people, observed, strict=True), start=1)
    )
    relations = relations_between(tracks, observed, config)
    legible = True
    # One face that was filmed is reason enough to look for people.
    drawn = bool(describer.drawn) and all(describer.drawn)
    if not tracks:
        again = list(video.iter_frames(path, look_times(info.duration_s), max_side=320, untrusted=untrusted))
        unclear = silhouette_track(again, models.people, info.duration_s)
        tracks = (unclear,) if unclear is not None else ()
        legible = is_legible(rgb for _, rgb in again)
        drawn = frames_are_drawn(rgb for _, rgb in again)
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
        scene=scenery.words(models.appearance, times, info.duration_s, cuts),
        relations=relations,
        legible=legible,
        drawn=drawn,
    )
    vectors = PerceptionVectors(
        face_model=models.engine.model_id,
        faces=faces,
        appearance_model=models.appearance.model_id,
        appearance=appearance,
    )
    return record, vectors


def planned_times(
    times: Sequence[float], step_s: float, config: PerceptionConfig, frames: int
) -> list[tuple[float, bool]]:
    """All times to read, and whether each is a sample: where samples lie close, a glance is taken between them."""
    planned = [(time, True) for time in times]
    if step_s < config.glance_below_s and (not frames or 2 * len(times) <= frames):
        planned += [(time + step_s / 2, False) for time in times[:-1]]
    return sorted(planned)


class _Describer:
    """Drops the pieces that show nobody, describes the kept crops of the others and lets the pictures go.

    Attributes:
        drawn: of each piece whose faces are large enough to tell, whether they are drawn.
    """

    def __init__(self, models: PerceptionModels, config: PerceptionConfig, samples: int) -> None:
        self._models = models
        self._config = config
        self._samples = samples
        self._described = 0
        self.drawn: list[bool] = []

    def describe(self, ended: Sequence[Piece], height: int) -> list[Piece]:
        """Describe pieces that have ended, in frames of this height."""
        pieces = [piece for piece in ended if is_credible(piece, self._samples, height)]
        for piece in pieces:
            crops = piece.crops.best(self._count(piece))
            piece.crops.crops = []
            if crops:
                self._described += len(crops)
                times, quality = [crop.time_s for crop in crops], [crop.quality for crop in crops]
                piece.faces = DescribedFaces.at(times, self._faces(crops), quality)
                looks = faces_are_drawn(crops)
                if looks:
                    self.drawn.append(2 * sum(looks) > len(looks))
        torsos = [(piece, torso) for piece in pieces for torso in self._torsos(piece)]
        if torsos:
            cloths = [(piece, torso.time_s, torso.cloth) for piece, torso in torsos if torso.cloth is not None]
            pictures = [torso.figure for _, torso in torsos] + [cloth for _, _, cloth in cloths]
            vectors, chances = self._models.appearance.describe_and_name(pictures)
            for (piece, torso), named in zip(torsos, chances, strict=False):
                piece.labels.append((torso.time_s, garment_shares(named, torso.seen)))
            for (piece, time_s, _), vector in zip(cloths, vectors[len(torsos) :], strict=True):
                piece.appearance.append((time_s, vector))
        return pieces

    def _count(self, piece: Piece) -> int:
        """Crops worth describing: fewer of a short sighting, since neighbouring frames say the same."""
        config = self._config
        most = config.crops_per_track if self._described < config.max_described else config.min_crops
        return max(min(config.min_crops, most), min(most, len(piece.tracklet.seen) // 2))

    def _torsos(self, piece: Piece) -> list[TorsoCrop]:
        """The torsos worth describing: of a short sighting one. The pattern, which costs little, is taken of more."""
        best = sorted(piece.torsos, key=lambda torso: -torso.seen)[: self._config.torsos_per_track]
        piece.torsos = []
        textures = [(torso.time_s, texture_of(torso.cloth)) for torso in best if torso.cloth is not None]
        piece.cloth += [(time_s, texture) for time_s, texture in textures if texture is not None]
        return best[: max(1, len(piece.tracklet.seen) // _SIGHTINGS_PER_TORSO)]

    def _faces(self, crops: Sequence[FaceCrop]) -> FloatArray:
        engine = self._models.engine
        parts = [engine.describe(crop.rgb, [crop.box], [crop.landmarks]) for crop in crops]
        return np.concatenate(parts).astype(np.float32)
