"""Rows from training clips and about several people: complete, true, repeatable."""

import random
from pathlib import Path

import pytest

from pipelines.questions.build import ABOUT_PERSON, ABOUT_TIMES, ABOUT_TWO, person_rows, relation_rows, rows_of
from pipelines.questions.rows import read_rows, write_rows
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.evaluation.answers import refuses
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import TrainingClip
from pvchat.training.wordings import split_wordings
from tests.training.footage_tools import Asked, footage
from tests.training.test_subject_clips import subject

TOM = SubjectFacts("Tom", "present", 0.9, ((0.0, 4.0),), place="left", centre_x=0.2)
SARAH = SubjectFacts("Sarah", "present", 0.9, ((2.0, 8.0),), place="right", centre_x=0.8)
ANA = SubjectFacts("Ana", "absent", 0.1)
SCENE = SceneFacts(8.0, (TOM, SARAH, ANA), 3, 1)


@pytest.fixture(scope="module")
def clips() -> list[TrainingClip[NanoClip]]:
    return list(subject(mine=footage("mine", [0, 9], subject=0, frames=Asked()), pixels=False).build().clips)


def test_every_turn_of_a_training_clip_becomes_a_row(clips: list[TrainingClip[NanoClip]], tmp_path: Path) -> None:
    rows = rows_of(clips, "train", 2)
    assert [(r.question, r.answer, r.kind) for r in rows] == [
        (t.question, t.answer, t.kind) for clip in clips for t in clip.turns
    ]
    by_key = {clip.key: clip for clip in clips}
    assert len(by_key) == len(clips)
    for row in rows:
        assert row.subjects == ("Ana",)
        assert row.present == by_key[row.clip].present
        assert bool(row.spans) <= row.present
        assert row.source == by_key[row.clip].source
        assert (row.split, row.stage) == ("train", 2)
    write_rows(tmp_path / "rows.jsonl", rows)
    assert read_rows(tmp_path / "rows.jsonl") == rows


@pytest.mark.parametrize("name", ["Tom", "Ana"])
def test_somebody_is_asked_about_in_all_four_types_and_refused_in_all_when_absent(name: str) -> None:
    rows = person_rows(SCENE, name, random.Random(1), 300, clip="a.mp4")
    assert {r.kind for r in rows} == set(ABOUT_PERSON)
    assert {r.type for r in rows} == {"existence", "appearance", "action", "location"}
    assert {r.subjects for r in rows} == {(name,)}
    assert {r.present for r in rows} == {name == "Tom"}
    assert {refuses(r.answer, name) for r in rows} == {name == "Ana"}


def test_relations_times_and_counts_are_asked_and_never_twice() -> None:
    rows = relation_rows(SCENE, ["Tom", "Sarah"], random.Random(1), 200, clip="a.mp4", source="a record")
    assert len(rows) == 200
    assert len({(r.question, r.answer) for r in rows}) == 200
    assert {r.kind for r in rows} == {*ABOUT_TWO, *ABOUT_TIMES}
    assert all(set(r.subjects) <= {"Tom", "Sarah"} for r in rows)
    assert all("Ana" not in r.question + r.answer for r in rows)
    assert {(r.clip, r.source) for r in rows} == {("a.mp4", "a record")}
    assert all(r.spans == ((2.0, 4.0),) for r in rows if r.kind == "together")
    assert all(r.spans == TOM.spans for r in rows if r.subjects == ("Tom",))


def test_somebody_absent_makes_a_row_one_of_absence() -> None:
    rows = relation_rows(SCENE, ["Tom", "Ana"], random.Random(2), 60, clip="a")
    assert all(r.present == ("Ana" not in r.subjects) for r in rows)
    assert all("Ana is not in this video" in r.answer for r in rows if "Ana" in r.subjects)


def test_one_person_is_asked_about_times_and_counts_alone() -> None:
    rows = relation_rows(SCENE, ["Tom"], random.Random(3), 40, clip="a")
    assert {r.kind for r in rows} <= set(ABOUT_TIMES)


def test_held_out_rows_have_wordings_of_their_own_and_chance_is_the_seed() -> None:
    asked = {
        split: {r.question.lower().rstrip("?.") for r in made if r.kind == "together"}
        for split in ("train", "held_out")
        for made in [relation_rows(SCENE, ["Tom", "Sarah"], random.Random(4), 200, clip="a", split=split)]  # type: ignore[arg-type]
    }
    assert asked["train"]
    assert asked["held_out"]
    assert not asked["train"] & asked["held_out"]
    assert set(split_wordings("together", "train")).isdisjoint(split_wordings("together", "heldout"))
    again = [relation_rows(SCENE, ["Tom", "Sarah"], random.Random(5), 20, clip="a") for _ in range(2)]
    assert again[0] == again[1]
