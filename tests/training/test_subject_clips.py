"""What one subject is trained on: how much, of what, with which answers, and nothing of the held-out part."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pvchat.errors import TrainingError
from pvchat.identity.gallery import build_entry
from pvchat.models.tokens import APPEARANCE_WIDTH
from pvchat.perception.patches import PatchMaps
from pvchat.training.footage import Footage, parts
from pvchat.training.nano_personal import NanoClip
from pvchat.training.personal import TrainingClip, TrainingData
from pvchat.training.subject_clips import SubjectClips
from pvchat.training.subject_data import SubjectDataConfig
from tests.models.tiny import tiny_config
from tests.training.footage_tools import ENGINE, Asked, face_samples, footage

LAYOUT = tiny_config().layout
ME = 0


def describe(shown: Footage, _: random.Random) -> PatchMaps:
    """Patches of one frame and of everybody in it, after the pictures were looked at."""
    times = [*shown.record.sampled_s[:1], *(s.time_s for t in shown.record.tracks for s in t.sightings)]
    pictures = shown.pictures(times)
    tracks = [-1, *(t.id for t in shown.record.tracks)]
    rng = np.random.default_rng(int(pictures[0].sum()) if pictures else 0)
    maps = rng.random((len(tracks), 4, APPEARANCE_WIDTH)).astype(np.float16)
    return PatchMaps(maps, np.asarray(tracks, np.int64), np.zeros(len(tracks), np.float32))


def settings(**more: Any) -> SubjectDataConfig:
    return SubjectDataConfig(
        **{"stills": 6, "clips": 14, "questions": 50, "held_out": 4, "held_out_questions": 3, **more}
    )


def subject(
    others: Sequence[Footage] | None = None,
    *,
    mine: Footage | None = None,
    pixels: bool = True,
    **more: Any,
) -> SubjectClips:
    entry = build_entry("Ana", face_samples(ME, range(6), seed=5), None, ENGINE)
    mine = mine or footage("mine", [ME, 9], subject=ME, frames=Asked())
    if others is None:
        others = [footage(f"other {n}", [n], frames=Asked()) for n in (1, 2, 3, 4)]
    return SubjectClips("Ana", entry, LAYOUT, mine, others, describe if pixels else None, settings(**more))


def everything(data: TrainingData[NanoClip]) -> list[TrainingClip[NanoClip]]:
    return [*data.stills, *data.clips, *data.held_out]


def recipe(clip: TrainingClip[NanoClip]) -> str:
    return clip.key.split(".")[2]


def fingerprint(clip: TrainingClip[NanoClip]) -> tuple[object, ...]:
    content = clip.content
    numbers = [content.arrays.attributes, content.arrays.face, content.subject.similarity]
    if content.patches is not None:
        numbers += [content.patches.rows, content.patches.slot]
    return (clip.key, clip.turns, clip.present, content.evidence, *(array.tobytes() for array in numbers))


@pytest.mark.parametrize("questions", [20, 50, 61])
def test_there_are_as_many_clips_and_questions_as_asked_for(questions: int) -> None:
    data = subject(questions=questions).build()
    assert (len(data.stills), len(data.clips), len(data.held_out)) == (6, 14, 4)
    counts = [len(clip.turns) for clip in [*data.stills, *data.clips]]
    assert sum(counts) == questions
    assert max(counts) - min(counts) <= 1
    assert [len(clip.turns) for clip in data.held_out] == [3] * 4
    assert len({clip.key for clip in everything(data)}) == 24


def test_fewer_questions_than_clips_are_refused() -> None:
    with pytest.raises(ValueError, match="one each"):
        settings(questions=19)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_share_of_the_subject_is_as_asked_for(share: float) -> None:
    data = subject(positives=share).build()
    right = [recipe(c) for c in [*data.stills, *data.clips] if recipe(c) != "simulated"]
    positive = [name in ("own", "hidden", "elsewhere", "stand_in") for name in right]
    if share in (0.0, 1.0):
        assert set(positive) == {bool(share)}
    simulated = [c for c in [*data.stills, *data.clips] if recipe(c) == "simulated"]
    least = sum(positive)
    assert least <= share * 20 <= least + len(simulated)


def test_labels_follow_from_what_is_shown() -> None:
    data = subject(stills=20, clips=60, questions=80).build()
    known = {
        "own": True,
        "hidden": True,
        "elsewhere": True,
        "stand_in": True,
        "other": False,
        "other_hidden": False,
        "intruder": False,
    }
    seen = Counter(recipe(clip) for clip in [*data.stills, *data.clips])
    assert set(seen) == {*known, "simulated"}
    for clip in [*data.stills, *data.clips]:
        name = recipe(clip)
        if name == "simulated":
            assert clip.content.patches is None
            continue
        assert clip.present == known[name], clip.key
        content = clip.content
        assert content.patches is not None
        if "hidden" in name:
            assert not content.arrays.has_face.any()
            assert not content.subject.similarity.any()
            assert content.evidence is None
        else:
            likeness = content.subject.similarity[content.arrays.has_face]
            assert likeness.max() > 0 if clip.present else likeness.max() < 0
        slots = set(content.patches.slot.tolist())
        assert slots <= {-1, *range(sum(track >= 0 for track in content.arrays.track_ids))}
        for turn in clip.turns:
            if turn.kind == "existence" and clip.present:
                assert not turn.answer.startswith("No"), (clip.key, turn)


def test_in_a_clip_with_a_stand_in_the_face_is_the_subjects_and_the_scene_is_not() -> None:
    other = footage("other", [1], frames=Asked())
    data = subject([other], stills=20, clips=60, questions=80).build()
    shown = [clip for clip in data.clips if recipe(clip) == "stand_in"]
    assert shown
    for clip in shown:
        content = clip.content
        faces = content.arrays.face[content.arrays.has_face]
        mine = content.subject.face / np.linalg.norm(content.subject.face)
        assert (faces @ mine / np.linalg.norm(faces, axis=1)).max() > 0.5
        assert clip.present


def test_the_held_out_clips_show_the_subject_and_others_by_turns() -> None:
    data = subject().build()
    assert [clip.present for clip in data.held_out] == [True, False, True, False]
    assert [bool(clip.content.arrays.has_face.any()) for clip in data.held_out] == [True, True, False, False]


def test_no_clip_that_is_trained_on_looks_into_the_held_out_part() -> None:
    mine = footage("mine", [ME], subject=ME, frames=Asked())
    other = footage("other", [1], frames=Asked())
    asked = {}
    for held_out in (0, 4):
        made = subject([other], mine=mine, stills=20, clips=60, questions=80, held_out=held_out)
        for source in (mine, other):
            assert isinstance(source.frames, Asked)
            source.frames.times.clear()
        made.build()
        asked[held_out] = [list(source.frames.times) for source in (mine, other)]  # type: ignore[union-attr]
    for source, training, all_of_it in zip((mine, other), asked[0], asked[4], strict=True):
        (start, _), (held_from, end) = parts(source)
        assert training
        assert min(training) >= start - 1e-3
        assert max(training) < held_from
        later = all_of_it[len(training) :]
        assert all_of_it[: len(training)] == training
        assert later
        assert min(later) >= held_from - 1e-3
        assert max(later) <= end + 1e-3


def test_pairs_do_not_look_into_the_held_out_part_either() -> None:
    mine = footage("mine", [ME], subject=ME, frames=Asked())
    made = subject(mine=mine)
    pairs = made.pairs(40)
    assert isinstance(mine.frames, Asked)
    assert max(mine.frames.times) < parts(mine)[1][0]
    assert len(pairs) == 40
    for pair in pairs:
        assert pair.seen.patches is not None
        assert pair.told.patches is None
        if not pair.seen.arrays.has_face.any():
            assert pair.told.arrays.has_face.any()


def test_a_seed_decides_everything() -> None:
    first, again, other = (subject(seed=seed).build() for seed in (1, 1, 2))
    assert [fingerprint(c) for c in everything(first)] == [fingerprint(c) for c in everything(again)]
    assert [fingerprint(c) for c in everything(first)] != [fingerprint(c) for c in everything(other)]


def test_hard_negatives_are_other_clips() -> None:
    hard, plain = subject(hard_negatives=True).build(), subject(hard_negatives=False).build()
    assert [fingerprint(c) for c in hard.clips] != [fingerprint(c) for c in plain.clips]


def test_who_resembles_the_subject_comes_first() -> None:
    twin = footage("twin", [ME], frames=Asked())
    strangers = [footage(f"other {n}", [n], frames=Asked()) for n in (1, 2)]
    empty = footage("empty", [], frames=Asked())
    made = subject([*strangers, empty, twin])
    assert made.others[0] is twin
    assert empty not in made.others


@pytest.mark.parametrize("spans", [[(0.0, 0.1)], [(0.0, 0.3)]])
def test_a_video_with_too_few_usable_frames_is_refused(spans: list[tuple[float, float]]) -> None:
    short = footage("mine", [ME], subject=ME, spans=spans, frames=Asked())
    with pytest.raises(TrainingError, match="enroll from a longer video"):
        subject(mine=short)


def test_a_short_video_is_enough() -> None:
    short = footage("mine", [ME], subject=ME, duration_s=1.0, frames=Asked())
    data = subject(mine=short).build()
    assert len(everything(data)) == 24
    assert isinstance(short.frames, Asked)


def test_without_other_people_there_are_no_pixels_but_still_both_answers() -> None:
    made = subject([], stills=10, clips=30, questions=40)
    assert not made.pixels
    data = made.build()
    assert all(clip.content.patches is None for clip in everything(data))
    assert {recipe(clip) for clip in [*data.stills, *data.clips]} == {"own", "simulated"}
    assert {clip.present for clip in [*data.stills, *data.clips]} == {True, False}
    assert all(clip.present for clip in data.held_out)
    with pytest.raises(TrainingError, match="no pixels"):
        made.pairs(2)


@pytest.mark.parametrize("lacking", ["mine", "others", "describe"])
def test_pixels_need_those_of_the_subject_and_of_somebody_else(lacking: str) -> None:
    made = subject(
        [footage("other", [1], frames=None if lacking == "others" else Asked())],
        mine=footage("mine", [ME], subject=ME, frames=None if lacking == "mine" else Asked()),
        pixels=lacking != "describe",
    )
    assert not made.pixels
    data = made.build()
    assert all(clip.content.patches is None for clip in everything(data))
    assert {recipe(clip) for clip in [*data.stills, *data.clips]} <= {"own", "stand_in", "other", "simulated"}


def test_others_without_pixels_are_only_met_by_their_faces() -> None:
    seen = footage("seen", [1], frames=Asked())
    data = subject([footage("unseen", [2]), seen], stills=20, clips=60, questions=80).build()
    for clip in [*data.stills, *data.clips]:
        if recipe(clip) in ("elsewhere", "intruder", "other_hidden", "hidden", "own"):
            assert clip.content.patches is not None
    assert any(recipe(clip) == "other" and clip.content.patches is None for clip in data.clips)


def test_evidence_stands_beside_sure_faces_only_as_often_as_asked_for() -> None:
    none = subject(evidence=0.0).build()
    every = subject(evidence=1.0).build()
    assert all(clip.content.evidence is None for clip in everything(none))
    for clip in everything(every):
        faces = clip.content.arrays.has_face.any()
        assert (clip.content.evidence is not None) == bool(faces) or "simulated" in clip.key
