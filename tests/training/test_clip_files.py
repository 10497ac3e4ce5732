"""Training clips in files: bit for bit what was trained on before, in the same bytes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.errors import TrainingError
from pvchat.training.align import Pair
from pvchat.training.clip_files import read_clips, read_pairs, write_clips, write_pairs
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import TrainingClip, Turn
from tests.training.nano_tools import clips
from tests.training.test_subject_clips import everything, subject

Clip = TrainingClip[NanoClip]


def same_content(one: NanoClip, other: NanoClip) -> None:
    assert (one.name, one.evidence, one.facts) == (other.name, other.evidence, other.facts)
    assert (one.patches is None) == (other.patches is None)
    for mine, theirs in ((one.arrays, other.arrays), (one.subject, other.subject), (one.patches, other.patches)):
        if mine is None:
            continue
        assert type(mine) is type(theirs)
        for name, value in vars(mine).items():
            found: Any = getattr(theirs, name)
            if name == "track_ids":
                assert found == value
                continue
            assert (found.dtype, found.shape) == (value.dtype, value.shape), name
            assert found.tobytes() == value.tobytes(), name


def same_clips(one: Sequence[Clip], other: Sequence[Clip]) -> None:
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert replace(mine, content=None) == replace(theirs, content=None)  # type: ignore[type-var]
        same_content(mine.content, theirs.content)


@pytest.mark.parametrize("pixels", [True, False])
def test_a_subjects_clips_come_back_bit_for_bit(pixels: bool, tmp_path: Path) -> None:
    made = everything(subject(pixels=pixels).build())
    assert {clip.content.patches is None for clip in made} == ({True, False} if pixels else {True})
    write_clips(tmp_path / "clips", made)
    found = read_clips(tmp_path / "clips")
    same_clips(found, made)
    write_clips(tmp_path / "again", found)
    write_clips(tmp_path / "anew", everything(subject(pixels=pixels).build()))
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_a_subjects_pairs_come_back_bit_for_bit(tmp_path: Path) -> None:
    made = subject().pairs(6)
    write_pairs(tmp_path / "pairs", made)
    found = read_pairs(tmp_path / "pairs")
    assert len(found) == len(made)
    for mine, theirs in zip(found, made, strict=True):
        same_content(mine.seen, theirs.seen)
        same_content(mine.told, theirs.told)
    write_pairs(tmp_path / "again", found)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "pairs").read_bytes()


def test_no_clips_and_no_pairs_come_back_as_none(tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", [])
    write_pairs(tmp_path / "pairs", [])
    assert read_clips(tmp_path / "clips") == []
    assert read_pairs(tmp_path / "pairs") == []


number = st.floats(allow_nan=False)
span = st.tuples(number, number)
word = st.none() | st.text(max_size=8)
subjects = st.builds(
    SubjectFacts,
    name=st.text(max_size=12),
    state=st.sampled_from(["present", "absent", "unsure"]),
    score=number,
    spans=st.lists(span, max_size=3).map(tuple),
    place=word,
    distance=word,
    upper=word,
    lower=word,
    actions=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    centre_x=st.none() | number,
    keyframe_s=st.none() | number,
    box=st.none() | st.tuples(number, number, number, number),
)
facts = st.builds(
    SceneFacts,
    duration_s=number,
    subjects=st.lists(subjects, max_size=2).map(tuple),
    people=st.integers(0, 9),
    unknown_people=st.integers(0, 9),
)
turns = st.lists(st.builds(Turn, question=st.text(), answer=st.text(), kind=st.text(max_size=8)), max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(st.none() | facts, word, turns, st.text(), st.booleans(), st.sampled_from(clips(3)))
def test_whatever_is_said_about_a_clip_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    told: SceneFacts | None,
    evidence: str | None,
    asked: tuple[Turn, ...],
    text: str,
    present: bool,
    clip: Clip,
) -> None:
    content = replace(clip.content, name=text, evidence=evidence, facts=told)
    made = TrainingClip(text, content, asked, present, text[::-1])
    folder = tmp_path_factory.mktemp("clips")
    write_clips(folder / "one", [made])
    found = read_clips(folder / "one")
    same_clips(found, [made])
    write_clips(folder / "two", found)
    assert (folder / "one").read_bytes() == (folder / "two").read_bytes()


@pytest.mark.parametrize("kind", ["missing", "empty", "cut off", "changed", "foreign"])
@pytest.mark.parametrize("what", ["clips", "pairs"])
def test_a_file_that_is_none_is_refused_with_the_way_out(what: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    some = clips(2)
    if (what == "clips") != (kind == "foreign"):
        write_clips(path, some)
    else:
        write_pairs(path, [Pair(clip.content, clip.content) for clip in some])
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    if kind != "foreign":
        path.write_bytes({"cut off": whole[: len(whole) // 2], "changed": whole}.get(kind, b""))
    if kind == "missing":
        path.unlink()
    with pytest.raises(TrainingError, match=f"no readable training {what} .* remove it") as refused:
        read_clips(path) if what == "clips" else read_pairs(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
