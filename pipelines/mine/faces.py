"""Faces as the corpus keeps them: a mean in the whitened space per track, and how far it can be trusted."""

from collections.abc import Sequence

import numpy as np

from pvchat.identity.judging import JudgedTrack, judge_tracks, track_mean
from pvchat.identity.reliability import track_reliability
from pvchat.identity.search import unit
from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from pvchat.perception.stills import StillFace
from storage.corpus import NewFace
from storage.corpus_faces import FaceBlock


def faces_of_still(found: Sequence[StillFace], model_id: str) -> list[NewFace]:
    """Of a picture's faces, each a track of one sighting."""
    return [
        NewFace(
            start_s=0.0,
            end_s=0.0,
            key_s=0.0,
            box=face.box,
            quality=float(face.samples.quality[0]),
            reliability=track_reliability(face.samples.vectors, face.samples.quality, model_id),
            count=1,
            vector=unit(track_mean(face.samples, model_id)[None])[0],
        )
        for face in found
    ]


def faces_of_video(record: PerceptionRecord, vectors: PerceptionVectors) -> list[NewFace]:
    """Of a video's tracks that have a face."""
    tracks = {track.id: track for track in record.tracks}
    found = []
    for judged in judge_tracks(record, vectors):
        if judged.mean is None:
            continue
        track, samples = tracks[judged.id], vectors.faces[judged.id]
        found.append(
            NewFace(
                start_s=min(start for start, _ in track.spans),
                end_s=max(end for _, end in track.spans),
                key_s=track.keyframe_s,
                box=track.keyframe_box,
                quality=float(np.mean(samples.quality)),
                reliability=judged.reliability,
                count=len(samples.vectors),
                vector=unit(judged.mean[None])[0],
            )
        )
    return found


def as_tracks(block: FaceBlock) -> list[JudgedTrack]:
    """Faces of the corpus as identity judges tracks. Only directions are compared, so unit vectors do."""
    return [
        JudgedTrack(id=int(face), spans=(), mean=vector, reliability=float(reliability), prominence=1.0)
        for face, vector, reliability in zip(block.ids, block.vectors, block.reliability, strict=True)
    ]
