"""Samples are made in the wished way as long as it gives what serves, and by augmentation beyond that."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipelines.synthesize.making import Made, Wanted, make_samples
from pvchat.errors import SynthesisError
from pvchat.perception.record import PerceptionRecord, PerceptionVectors, Sighting, Track, VideoInfo
from pvchat.synthesis.gate import Verdict
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.synthesizer import Sample
from tests.synthesis.face_tools import mesh, talking
from tests.synthesis.shot_tools import shot


class Maker:
    """Makes grey stills, and fails after so many."""

    def __init__(self, name: str, fails_after: int = 1000) -> None:
        self.name = name
        self.fps = 8.0 if name == "augment" else 25.0
        self._fails_after = fails_after

    def generate(
        self,
        shots: Sequence[Shot],
        others: Sequence[Shot],
        count: int,
        *,
        seed: int,
        first: int = 0,
        check: Callable[[], None] | None = None,
    ) -> Iterator[Sample]:
        for index in range(first, count):
            if index == self._fails_after:
                raise SynthesisError(f"{self.name} has no more")
            frame = np.full((32, 32, 3), 10 + index, np.uint8)
            yield Sample(index, "still", (frame,) * 4, 8.0, (self.name,), "subject", novelty=2.0)


class Judging:
    """Perception that sees one face, and a gate that lets `passing` through by turns."""

    def __init__(self, passing: Sequence[bool]) -> None:
        self._passing = passing
        self.judged = 0

    def perceive(self, video: Path, progress: Any, *, untrusted: bool = True) -> Any:
        assert video.is_file()
        info = VideoInfo(sha256="0" * 64, duration_s=0.5, width=32, height=32, fps=8.0, decoder="test")
        return PerceptionRecord(models={}, video=info, sampled_s=(0.1,)), PerceptionVectors(
            "face-1", {}, "clothes-1", {}
        )

    def decide(self, vectors: Any, record: Any, gallery: Any) -> Any:
        return [SimpleNamespace(state="present", track_ids=(1,), score=0.9)]

    def judge(self, vectors: Any, record: Any, entry: Any, novelty: float | None) -> Verdict:
        kept = self._passing[self.judged % len(self._passing)]
        self.judged += 1
        return Verdict(kept, "" if kept else "somebody else", 1, 3.0, 1.0, 0.8)


def making(tmp_path: Path, wanted: Wanted, *, passing: Sequence[bool] = (True,), fails_after: int = 1000) -> Made:
    def maker(name: str) -> Any:
        return Maker(name) if name == "augment" else Maker(name, fails_after)

    return make_samples(
        lambda fps: [shot()],
        [],
        wanted,
        maker=maker,
        tools=Judging(passing),  # type: ignore[arg-type]
        entry=None,  # type: ignore[arg-type]
        folder=tmp_path,
        check=lambda: None,
        tell=lambda share, what: None,
    )


def ways(made: Made) -> list[tuple[object, ...]]:
    return [(way["name"], way["made"], way["kept"]) for way in made.ways]


def test_both_ways_make_what_is_wanted_of_them(tmp_path: Path) -> None:
    made = making(tmp_path, Wanted("model", 4, 3, seed=1))
    assert ways(made) == [("model", 4, 4), ("augment", 3, 3)]
    assert [one["way"] for one in made.samples] == ["model"] * 4 + ["augment"] * 3
    assert [one["number"] for one in made.samples] == list(range(7))
    assert all(way["why"] == "" for way in made.ways)
    assert json.loads(json.dumps(made.samples)) == made.samples


def test_what_does_not_pass_is_made_up_for_and_its_film_goes(tmp_path: Path) -> None:
    made = making(tmp_path, Wanted("model", 4, 0, seed=1), passing=(True, False, True))
    assert ways(made) == [("model", 6, 4), ("augment", 0, 0)]
    for one in made.samples:
        stem = tmp_path / f"{one['number']:03}"
        assert stem.with_suffix(".jpg").is_file()
        assert stem.with_suffix(".mp4").is_file() == stem.with_suffix(".npz").is_file() == one["kept"]
    assert {one["reason"] for one in made.samples} == {"", "somebody else"}


def test_a_model_that_hardly_ever_passes_is_given_up_and_augmentation_makes_the_rest(tmp_path: Path) -> None:
    made = making(tmp_path, Wanted("model", 4, 2, seed=1), passing=(False, False, True))
    assert ways(made)[0] == ("model", 6, 2)
    assert made.ways[0]["why"] == "only 2 of 6 samples passed the gate"
    assert ways(made)[1][:2] == ("augment", 4)


def test_a_model_that_fails_says_why_and_augmentation_makes_the_rest(tmp_path: Path) -> None:
    made = making(tmp_path, Wanted("model", 4, 2, seed=1), fails_after=1)
    assert ways(made) == [("model", 1, 1), ("augment", 5, 5)]
    assert made.ways[0]["why"] == "model has no more"


@pytest.mark.parametrize(("wanted", "expected"), [(3, [("augment", 3, 3)]), (0, [("augment", 0, 0)])])
def test_without_a_model_there_is_augmentation_alone(
    tmp_path: Path, wanted: int, expected: list[tuple[str, int, int]]
) -> None:
    assert ways(making(tmp_path, Wanted("augment", 0, wanted, seed=1))) == expected


class Filmed(Judging):
    """Sees a drawn face in every sample, and tells how new the gate was told it is."""

    def __init__(self, faces: Shot) -> None:
        super().__init__((True,))
        self._faces = faces
        self.told: list[float | None] = []

    def face_mesh(self) -> Any:
        return mesh

    def perceive(self, video: Path, progress: Any, *, untrusted: bool = True) -> Any:
        record, vectors = super().perceive(video, progress, untrusted=untrusted)
        box = self._faces.face_boxes[0]
        seen = tuple(Sighting(time_s=time_s, face_box=box, body_box=None) for time_s in (0.0, 0.125))
        track = Track(id=1, spans=((0.0, 0.5),), sightings=seen, keyframe_s=0.0, keyframe_box=box)
        return record.model_copy(update={"tracks": (track,)}), vectors

    def judge(self, vectors: Any, record: Any, entry: Any, novelty: float | None) -> Verdict:
        self.told.append(novelty)
        return super().judge(vectors, record, entry, novelty)


class Copying(Maker):
    """Gives the first frame of the shots, as if it had made it."""

    def generate(self, shots: Sequence[Shot], *args: Any, **kwargs: Any) -> Iterator[Sample]:
        yield Sample(0, "still", (shots[0].frames[0],) * 4, 8.0, (self.name,), "subject")


def test_how_new_a_face_is_gets_measured_where_its_maker_does_not_know(tmp_path: Path) -> None:
    faces = talking(40)
    tools = Filmed(faces)
    make_samples(
        lambda fps: [faces],
        [],
        Wanted("model", 1, 1, seed=1),
        maker=Copying,
        tools=tools,  # type: ignore[arg-type]
        entry=None,  # type: ignore[arg-type]
        folder=tmp_path,
        check=lambda: None,
        tell=lambda share, what: None,
    )
    made, augmented = tools.told
    assert made is not None
    assert made < 1
    assert augmented is None
