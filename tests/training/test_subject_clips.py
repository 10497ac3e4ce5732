"""What one subject is trained on: how much, of what, with which answers, and nothing of the held-out part."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
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
    positives_: Sequence[Footage] = (),
    pixels: bool = True,
    **more: Any,
) -> SubjectClips:
    entry = build_entry("Ana", face_samples(ME, range(6), seed=5), None, ENGINE)
    mine = mine or footage("mine", [ME, 9], subject=ME, frames=Asked())
    if others is None:
        others = [footage(f"other {n}", [n], frames=Asked()) for n in (1, 2, 3, 4)]
    look = describe if pixels else None
    return SubjectClips("Ana", entry, LAYOUT, mine, others, look, settings(**more), positives=positives_)


def everything(data: TrainingData[NanoClip]) -> list[TrainingClip[NanoClip]]:
    return [*data.stills, *data.clips, *data.held_out]


def recipe(clip: TrainingClip[NanoClip]) -> str:
    return clip.key.split(".")[2]


def fingerprint(clip: TrainingClip[NanoClip]) -> tuple[object, ...]:
    about = (clip.key, clip.turns, clip.present, clip.source, clip.content.evidence, clip.content.facts)
    return (*about, *numbers_of(clip.content))


def numbers_of(content: NanoClip) -> list[bytes]:
    """Everything nano reads, the patches last."""
    arrays, beside = content.arrays, content.subject
    numbers = [arrays.attributes, arrays.visible, arrays.face, arrays.appearance, arrays.scene]
    numbers += [beside.face, beside.appearance, beside.similarity, beside.appearance_similarity]
    if content.patches is not None:
        numbers += [content.patches.rows, content.patches.slot]
    return [array.tobytes() for array in numbers]


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


@pytest.mark.parametrize("pixels", [True, False])
def test_a_clip_is_the_same_whichever_were_made_before_it(pixels: bool) -> None:
    data = subject(pixels=pixels).build()
    made, again = subject(pixels=pixels), subject(pixels=pixels)
    trained = [*data.stills, *data.clips]
    for index in random.Random(0).sample(range(20), 20):
        assert fingerprint(made.clip(index)) == fingerprint(trained[index])
    for index in (3, 0, 2, 1):
        assert fingerprint(again.held_out(index)) == fingerprint(data.held_out[index])
    assert fingerprint(again.clip(7)) == fingerprint(trained[7])


def test_two_clips_have_nothing_in_common() -> None:
    made = subject()
    simulated = [clip for index in range(20) if recipe(clip := made.clip(index)) == "simulated"]
    assert len({clip.content.arrays.attributes.tobytes() for clip in simulated}) == len(simulated) > 1
    assert len({clip.turns for clip in (made.held_out(index) for index in range(8))}) == 8


def test_pairs_are_the_same_whatever_was_made_before_them() -> None:
    made, again = subject(), subject()
    made.build()
    few, many = made.pairs(3), again.pairs(6)
    for one, other in zip(few, many, strict=False):
        assert numbers_of(one.seen) == numbers_of(other.seen)
        assert numbers_of(one.told) == numbers_of(other.told)
    assert len({numbers_of(pair.seen)[-2] for pair in many}) == 6


def test_a_clip_that_is_not_looked_at_lacks_its_patches_alone() -> None:
    mine = footage("mine", [ME, 9], subject=ME, frames=Asked())
    blind, seeing = subject(mine=mine), subject()
    for make, look in ((blind.clip, seeing.clip), (blind.held_out, seeing.held_out)):
        for index in range(20):
            without, whole = make(index, look=False), look(index)
            assert without.content.patches is None
            bare = replace(whole, content=replace(whole.content, patches=None))
            assert fingerprint(without) == fingerprint(bare)
    assert isinstance(mine.frames, Asked)
    assert not mine.frames.times


def test_somebody_covered_is_mostly_lost_often_glimpsed_and_seldom_found_as_ever() -> None:
    made = subject(positives=1.0, stills=0, clips=400, questions=400)
    clips = [made.clip(index, look=False) for index in range(400)]
    hidden = [clip.content for clip in clips if recipe(clip) == "hidden"]
    ways = Counter(found_as(content) for content in hidden)
    assert ways["lost"] / len(hidden) == pytest.approx(0.55, abs=0.12)
    assert ways["glimpsed"] / len(hidden) == pytest.approx(0.35, abs=0.12)
    assert 0 < ways["as ever"] < 0.25 * len(hidden)
    for content in hidden:
        assert content.facts is not None
        if found_as(content) != "as ever":
            assert "smiling" not in content.facts.subjects[0].actions
            assert content.facts.subjects[0].distance is None
    assert any(found_as(c) == "glimpsed" and c.facts and c.facts.subjects[0].upper is None for c in hidden)


def found_as(content: NanoClip) -> str:
    """How the people of a hidden clip were found: their bodies are .8 of the picture high."""
    heights = content.arrays.attributes[..., 3][content.arrays.visible]
    if not len(heights):
        return "lost"
    return "as ever" if np.allclose(heights**2, 0.8, atol=1e-3) else "glimpsed"


# -- further footage of the subject ----------------------------------------------------------------------------------


def further(frames: bool = True) -> list[Footage]:
    return [
        footage(f"further {n}", [ME], subject=ME, duration_s=2.0, frames=Asked() if frames else None) for n in range(2)
    ]


def test_further_footage_is_shown_in_half_of_the_clips_of_the_subject_alone() -> None:
    made = subject(positives_=further(), stills=100, clips=200, questions=300)
    clips = [made.clip(index, look=False) for index in range(300)]
    shown = [clip for clip in clips if " of further" in clip.source]
    assert {recipe(clip) for clip in shown} == {"own", "hidden"}
    assert {clip.source.split(" of ")[1] for clip in shown} == {"further 0", "further 1"}
    could = [clip for clip in clips if recipe(clip) in ("own", "hidden")]
    assert len(shown) / len(could) == pytest.approx(0.5, abs=0.12)
    assert all(clip.present for clip in shown)
    # Wholly: none of it is held out.
    assert {round(clip.content.facts.duration_s, 3) for clip in shown if clip.content.facts} == {0.2, 2.0}


def test_further_footage_is_never_held_out() -> None:
    positives = further()
    made, plain = subject(positives_=positives), subject()
    for index in range(8):
        assert fingerprint(made.held_out(index)) == fingerprint(plain.held_out(index))
    for source in positives:
        assert isinstance(source.frames, Asked)
        assert not source.frames.times


def test_further_footage_without_pixels_is_met_by_its_faces_alone() -> None:
    made = subject(positives_=further(frames=False), stills=20, clips=80, questions=100)
    shown = [clip for index in range(100) if " of further" in (clip := made.clip(index)).source]
    assert {recipe(clip) for clip in shown} == {"own"}
    assert all(clip.content.patches is None and clip.content.arrays.has_face.any() for clip in shown)


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
