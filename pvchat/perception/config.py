"""Knobs of perception, in one place, with the trade-off of each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PerceptionConfig:
    """How densely a video is looked at and how much is kept per person.

    Attributes:
        samples_per_second: frames looked at per second; spans are known to about half the distance of two samples.
        max_samples: upper bound for long videos, spread evenly; bounds the cost whatever the length.
        max_side: frames are scaled down to this many pixels on the longer side before anything looks at them.
        glance_below_s: where samples lie closer than this, quick things (nods, waving, clapping) are looked for
            half-way between them too, see `glancing`; longer videos are sampled too sparsely for that.
        max_glanced: faces looked at between the samples, and faces whose eyes are read, largest first.
        scene_looks: pictures that are searched for words about the place and the things in it.
        tiles_every_s: how often the frame is also searched in overlapping tiles (small faces), in seconds.
        body_every_s: how often a body that has a face is measured again, in seconds (a quarter as often when its
            arms are out of view); bodies without a face are measured in every sample, because nothing else keeps
            their track alive.
        max_bodies: bodies measured per sample, those not measured for longest first; bounds the cost of a crowd.
        max_people: people followed per frame, largest first; bounds the cost of a crowd.
        crops_per_track: face crops described by the recognition engine per tracklet (about 6 ms each on one core).
        max_described: face crops described per video; tracklets found after that get `min_crops` each.
        min_crops: see `max_described`.
        torsos_per_track: torso crops described by the appearance network per tracklet.
        looks_per_track: frames per tracklet in which clothing is measured.
        head_looks: frames per tracklet in which the hair, and what is worn on the head, are measured.
        min_face_score: face detections below this are dropped.
        min_body_score: the same for bodies.
        bridge_s: how long a person may go unseen inside one span.
        cut_threshold: frame difference (0..1) from which two neighbouring samples lie in different shots.
        cut_tolerance_s: cuts are located to within this by reading more frames where samples lie further apart.
        merge_distance: tracklets that never overlap are one person when the mean face vectors are closer than
            this; in units of the engine's vectors.
        split_distance: a tracklet is cut in two where the mean face vectors before and after differ by more.
        min_confidence: attributes below this are not said.
    """

    samples_per_second: float = 4.0
    max_samples: int = 480
    max_side: int = 1280
    glance_below_s: float = 0.3
    max_glanced: int = 2
    scene_looks: int = 2
    tiles_every_s: float = 4.0
    body_every_s: float = 0.5
    max_bodies: int = 3
    max_people: int = 24
    crops_per_track: int = 5
    max_described: int = 320
    min_crops: int = 3
    torsos_per_track: int = 2
    looks_per_track: int = 8
    head_looks: int = 5
    min_face_score: float = 0.5
    min_body_score: float = 0.5
    bridge_s: float = 1.0
    cut_threshold: float = 0.5
    cut_tolerance_s: float = 0.2
    merge_distance: float = 0.38
    split_distance: float = 0.5
    min_confidence: float = 0.5


def sample_times(duration_s: float, samples_per_second: float, max_samples: int) -> list[float]:
    """Times of the sampled frames: the midpoints of equal intervals that cover the whole clip.

    Args:
        duration_s: length of the clip in seconds, above zero.
        samples_per_second: wished density.
        max_samples: upper bound on the number of samples.

    Returns:
        Ascending times in seconds, at least one, all inside the clip.
    """
    count = max(1, min(max_samples, round(duration_s * samples_per_second)))
    step = duration_s / count
    return [(index + 0.5) * step for index in range(count)]
