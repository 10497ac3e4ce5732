"""What a training keeps out of the corpus: files that are there, looked at once more, with where they come from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.mine.config import MiningConfig
from pipelines.mine.copies import CopyGuard
from pipelines.mine.negatives import Kept, NegativeKeeper, Subject
from pvchat.perception.geometry import Image, resize
from pvchat.training.footage import Footage
from pvchat.training.footage_files import read_footage
from tests.pipelines.mine.conftest import Place
from tests.pipelines.mine.mine_tools import write_picture
from tests.pipelines.scene_tools import write_scene


@pytest.fixture
def subject(place: Place, tmp_path: Path) -> Subject:
    """Maria as enrolled from a video of hers, without pixels."""
    record, vectors = place.tools.perceive(write_scene(tmp_path / "maria.mp4", {"face": 1, "every": 0.5}), None)
    return Subject(place.entry, Footage(record.video.sha256, record, vectors, (1,)), None)


@pytest.fixture
def folder(place: Place, tmp_path: Path) -> Path:
    """A dozen strangers, three who resemble Maria, Maria alone and with a stranger, and videos."""
    centre = np.average(place.entry.whitened(), axis=0, weights=place.entry.weights)
    for number in (101, 102, 103):
        place.tools.people[number] = place.world.look_alike(centre, 0.2)
    folder = tmp_path / "corpus"
    for number in (*range(2, 14), 101, 102, 103):
        write_picture(folder / f"{number}.png", number)
    write_picture(folder / "maria.png", 1, white=240)
    write_picture(folder / "both.png", 1, 50, white=230)
    write_scene(folder / "party.mp4", {"face": 55, "every": 0.5}, {"face": 56, "every": 0.5, "x": 0.8})
    write_scene(folder / "with maria.mp4", {"face": 57, "every": 0.5}, {"face": 1, "every": 0.5, "x": 0.8})
    return folder


def keep(place: Place, subject: Subject, folder: Path, **config: Any) -> Kept:
    folder.mkdir(exist_ok=True)
    keeper = NegativeKeeper(place.store, place.tools, place.videos, folder, lambda: None)
    return keeper.keep(subject, 0, MiningConfig(**config), lambda _done, _what: None)


def test_look_alikes_and_others_are_kept_with_source_score_and_licence(
    place: Place, subject: Subject, folder: Path, tmp_path: Path
) -> None:
    added = place.indexer().add(folder, licence="CC BY 4.0")
    kept = keep(place, subject, tmp_path / "draft", hard=3, easy=4)
    kinds = [one["kind"] for one in kept.noted]
    assert kept.corpus == added.faces
    assert kinds.count("corpus") == 4
    assert kinds.count("look-alike") >= 1
    for one in kept.noted:
        footage = read_footage(tmp_path / "draft" / one["file"])
        assert len(footage.record.tracks) == one["people"] > 0
        assert one["score"] < -2.0
        assert (one["licence"], one["corpus_source"]) == ("CC BY 4.0", added.source_id)
        assert not any(np.allclose(found.vectors, place.tools.people[1]) for found in footage.vectors.faces.values())
    assert {path.name for path in (tmp_path / "draft").iterdir()} == {one["file"] for one in kept.noted}


def test_a_picture_becomes_footage_with_its_pixels(
    place: Place, subject: Subject, folder: Path, tmp_path: Path
) -> None:
    place.indexer().add(folder)
    kept = keep(place, subject, tmp_path / "draft", hard=1, easy=3)
    pictures = [one for one in kept.noted if one["pixels"]]
    assert pictures
    footage = read_footage(tmp_path / "draft" / pictures[0]["file"])
    assert footage.pictures([0.1])[0].shape == (64, 64, 3)


def test_the_subject_is_kept_in_no_file_whatever_is_asked_for(
    place: Place, subject: Subject, folder: Path, tmp_path: Path
) -> None:
    place.indexer().add(folder)
    with_maria = {"maria.png", "both.png", "with maria.mp4"}
    digests = {place.videos.identify(folder / name)[1][:12] for name in with_maria}
    kept = keep(place, subject, tmp_path / "draft", hard=60, easy=60)
    assert len(kept.noted) > 8
    assert not digests & {one["source"] for one in kept.noted}


def test_files_that_have_gone_or_changed_are_passed_over(
    place: Place, subject: Subject, folder: Path, tmp_path: Path
) -> None:
    place.indexer().add(folder)
    for path in folder.iterdir():
        if path.name != "party.mp4":
            path.write_bytes(b"another file")
    kept = keep(place, subject, tmp_path / "draft", hard=60, easy=60)
    assert {one["source"] for one in kept.noted} <= {place.videos.identify(folder / "party.mp4")[1][:12]}


def test_an_empty_corpus_keeps_nothing_and_says_so(place: Place, subject: Subject, tmp_path: Path) -> None:
    kept = keep(place, subject, tmp_path / "draft")
    assert (kept.noted, kept.corpus) == ([], 0)


def test_the_same_corpus_gives_the_same_files(place: Place, subject: Subject, folder: Path, tmp_path: Path) -> None:
    place.indexer().add(folder)
    first = keep(place, subject, tmp_path / "one", hard=3, easy=4)
    second = keep(place, subject, tmp_path / "two", hard=3, easy=4)
    assert [(one["item"], one["kind"], one["score"]) for one in first.noted] == [
        (one["item"], one["kind"], one["score"]) for one in second.noted
    ]


def scene(seed: int) -> Image:
    small = np.random.default_rng(seed).integers(0, 255, (9, 16, 3)).astype(np.uint8)
    return resize(small, 320, 180)


def test_near_copies_of_the_enrollment_video_are_known(subject: Subject) -> None:
    record = subject.enrollment.record.model_copy(update={"sampled_s": (0.0, 1.0)})
    frames = Footage("own", record, subject.enrollment.vectors, (1,), lambda times: [scene(int(t)) for t in times])
    guard = CopyGuard(frames)
    noise = np.random.default_rng(5).normal(0, 6, (180, 320, 3))
    again = np.clip(scene(1) + noise, 0, 255).astype(np.uint8)
    assert guard.is_copy([again])
    assert guard.is_copy([np.ascontiguousarray(again[:, ::-1])])
    assert guard.is_copy([resize(again, 160, 90)])
    assert not any(guard.is_copy([scene(seed)]) for seed in range(10, 60))
    assert not guard.is_copy([np.full((90, 160, 3), 128, np.uint8)])
