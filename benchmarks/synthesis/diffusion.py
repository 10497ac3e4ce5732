"""Subject diffusion, timed from the enrollment video's faces to the samples that passed the gate, and what they are.

All figures are of samples as they were written and perceived, but `nearest_ratio`, which is of the latents.
"""

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.people.build import Cut
from benchmarks.remoh.people import Cast, Person, Studio
from pipelines.synthesize.making import Wanted, make_samples
from pipelines.tools import EmbeddedTools
from pvchat.errors import NoFaceError
from pvchat.identity.gallery import GalleryEntry
from pvchat.perception.geometry import Image
from pvchat.perception.patches import frames_of
from pvchat.perception.record import Box
from pvchat.synthesis.shots import Shot, shots_of
from pvchat.synthesis.subject_diffusion import SubjectDiffusionConfig, SubjectDiffusionSynthesizer
from pvchat.synthesis.synthesizer import SHOT_FPS, synthesizer
from pvchat.training.footage import Footage, parts
from pvchat.training.footage_files import read_footage
from pvchat.video import read_frames

SAME_PERSON = 0.41
"""Distance of two dlib descriptors of one person, the largest of 18 real clips; the bound of `face_distance_ratio`."""


@dataclass(frozen=True)
class DiffusionBench:
    """How much is done.

    Attributes:
        people: how many, of those with a clip of their own. kept: samples that are to pass; every fifth is a clip, and
            more than 50 so that 40 stills and 10 clips are among them whichever fail.
        seed: of training and sampling. synthesizer: see `SubjectDiffusionConfig`.
    """

    people: int = 8
    kept: int = 55
    seed: int = 7
    synthesizer: SubjectDiffusionConfig = field(default_factory=SubjectDiffusionConfig)


QUICK = DiffusionBench(people=1, kept=5)


def measure(
    studio: Studio, cast: Cast, work: Path, config: DiffusionBench, say: Callable[[str], None]
) -> dict[str, Any]:
    """Medians over people, and each person's figures.

    Args:
        studio: perceives clips. cast: whom there is. work: folder for the samples; they stay for a look.
        config: see `DiffusionBench`. say: hears of every person.
    """
    found: dict[str, dict[str, Any]] = {}
    left_out: dict[str, str] = {}
    for person in [p for p in cast.people.values() if not p.cross][: config.people]:
        try:
            found[person.key] = of_person(studio, person, work / person.key, config)
        except NoFaceError as error:
            left_out[person.key] = str(error)
            continue
        say(f"diffusion {person.key}: {found[person.key]}")
    keys = ("diffusion_s", "stills_kept", "clips_kept", "face_distance_ratio", "nearest_ratio", "spread_ratio")
    together = {key: _median([one.get(key) for one in found.values()]) for key in (*keys, "flicker_ratio")}
    none_kept = [key for key, one in found.items() if not one["stills_kept"] + one["clips_kept"]]
    return {**together, "none_kept": none_kept, "people": found, "left_out": left_out, "config": asdict(config)}


def of_person(studio: Studio, person: Person, folder: Path, config: DiffusionBench) -> dict[str, Any]:
    """One person's figures.

    Raises:
        NoFaceError: nobody can be enrolled from the clip.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tools = EmbeddedTools()
    whole = Person(person.key, person.name, Cut(person.key, 0.0, 1.0), (), False)
    entry, footage, shots = filmed_shots(studio, whole)
    maker = SubjectDiffusionSynthesizer(studio.models.mesh.landmarks, config.synthesizer)
    began = time.perf_counter()
    made = make_samples(
        shots,
        [],
        Wanted(maker.name, config.kept, 0, config.seed),
        maker=lambda name: maker if name == maker.name else synthesizer(name),
        tools=tools,
        entry=entry,
        folder=folder,
        check=lambda: None,
        tell=lambda share, what: None,
    )
    seconds = time.perf_counter() - began
    passed = [one for one in made.samples if one["kept"] and one["way"] == maker.name]
    reasons = {str(one["number"]): one["reason"] for one in made.samples if one["reason"]}
    if not passed:
        return {"stills_kept": 0, "clips_kept": 0, "made": len(made.samples), "ways": made.ways, "reasons": reasons}
    kept = [(one, read_footage(folder / f"{one['number']:03}.npz")) for one in passed]
    faces = np.stack([_mean_face(sample) for _, sample in kept])
    own = footage.vectors.faces[footage.subject[0]].vectors
    clips = [folder / f"{one['number']:03}.mp4" for one, _ in kept if one["kind"] == "clip"]
    return {
        "diffusion_s": round(seconds, 1),
        "stills_kept": sum(one["kind"] == "still" for one, _ in kept),
        "clips_kept": len(clips),
        "made": len(made.samples),
        "face_distance_ratio": round(median(_distances(faces, own.mean(axis=0))) / SAME_PERSON, 3),
        "nearest_ratio": round(median(float(str(one["novelty"])) for one, _ in kept), 2),
        "spread_ratio": round(_spread(faces) / max(_spread(own), 1e-6), 3),
        "flicker_ratio": _flicker(clips, shots(SHOT_FPS)),
        "ways": made.ways,
        "reasons": reasons,
    }


def filmed_shots(studio: Studio, person: Person) -> tuple[GalleryEntry, Footage, Callable[[float], list[Shot]]]:
    """Somebody's gallery entry and enrollment footage, and shots of what a job trains on, by frames per second.

    Raises:
        NoFaceError: nobody can be enrolled from the clip.
    """
    entry, footage = studio.enroll(person)
    filmed = replace(footage, frames=frames_of(studio.see(person.enroll).path, untrusted=False))

    def shots(fps: float) -> list[Shot]:
        fps = min(fps, footage.record.video.fps)
        return shots_of(filmed, parts(footage)[0], fps=fps, segment=studio.models.people.mask)

    return entry, footage, shots


def _mean_face(sample: Footage) -> NDArray[np.float32]:
    vectors = sample.vectors.faces[sample.subject[0]].vectors
    return np.asarray(vectors.mean(axis=0), np.float32)


def _distances(faces: NDArray[np.float32], to: NDArray[np.float32]) -> list[float]:
    return [float(value) for value in np.linalg.norm(faces - to, axis=1)]


def _spread(faces: NDArray[np.float32]) -> float:
    """Mean distance of two of them."""
    apart = np.linalg.norm(faces[:, None] - faces[None], axis=2)
    return float(apart[np.triu_indices(len(faces), 1)].mean()) if len(faces) > 1 else 0.0


def _flicker(clips: Sequence[Path], shots: Sequence[Shot]) -> float | None:
    """How much faces change from frame to frame in made clips, against the shots they were learned from."""
    source = [_changes(shot.frames, shot.face_boxes) for shot in shots if len(shot.frames) > 1]
    boxes = [box for shot in shots for box in shot.face_boxes if box is not None]
    around = tuple(float(np.median([box[side] for box in boxes])) for side in range(4))
    made = []
    for clip in clips:
        frames = read_frames(clip, [index / 8 for index in range(8)], untrusted=False).images
        made.append(_changes(frames, [(around[0], around[1], around[2], around[3])] * len(frames)))
    return round(median(made) / max(median(source), 1e-6), 3) if made and source else None


def _changes(frames: Sequence[Image], boxes: Sequence[Box | None]) -> float:
    """Mean difference of neighbouring frames inside the face, 0..255."""
    found = []
    for one, other, box in zip(frames, frames[1:], boxes, strict=False):
        if box is None:
            continue
        height, width = one.shape[:2]
        rows = slice(int(max(0.0, box[1]) * height), int(box[3] * height))
        columns = slice(int(max(0.0, box[0]) * width), int(box[2] * width))
        found.append(float(np.abs(one[rows, columns].astype(np.int16) - other[rows, columns]).mean()))
    return float(np.mean(found)) if found else 0.0


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 3) if known else None
