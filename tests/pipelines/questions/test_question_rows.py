"""Rows and their file: the same bytes every time, the published schema, errors that say where."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipelines.questions.rows import QuestionRow, read_rows, schema, schema_text, write_rows
from pvchat.errors import QuestionFileError
from pvchat.training.wordings import Kind
from tests.conftest import ROOT

ROW = QuestionRow(
    clip="1.mp4",
    split="train",
    stage=2,
    type="existence",
    kind="existence",
    question="Is Zoë in this video?",
    answer="Yes, Zoë is in this video.",
    subjects=("Zoë",),
    present=True,
    source="own 3",
    spans=((0.0, 1.5),),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
ROWS = st.builds(
    QuestionRow,
    clip=TEXT,
    split=st.sampled_from(["train", "held_out"]),
    stage=st.sampled_from([1, 2]),
    type=st.sampled_from(["existence", "appearance", "action", "location"]),
    kind=st.sampled_from(get_args(Kind)),
    question=TEXT,
    answer=TEXT,
    subjects=st.lists(TEXT, max_size=3).map(tuple),
    present=st.booleans(),
    source=st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    spans=st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), max_size=3).map(tuple),
)


def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs" / "questions.schema.json").read_text("utf-8"))
    return found


def test_the_published_schema_is_that_of_the_rows() -> None:
    assert (ROOT / "docs" / "questions.schema.json").read_text("utf-8") == schema_text()
    Draft202012Validator.check_schema(schema())
    assert list(published()["properties"]) == [f.name for f in fields(QuestionRow)]


@given(st.lists(ROWS, max_size=4))
def test_what_is_written_fits_the_schema_and_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[QuestionRow]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    write_rows(path, rows)
    first = path.read_bytes()
    validator = Draft202012Validator(published())
    assert first.count(b"\n") == len(rows)
    assert all(validator.is_valid(json.loads(line)) for line in first.decode().split("\n") if line)
    assert read_rows(path) == rows
    write_rows(path, read_rows(path))
    assert path.read_bytes() == first


def test_keys_are_sorted_and_letters_are_kept(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [ROW])
    line = (tmp_path / "rows.jsonl").read_text("utf-8")
    assert list(json.loads(line)) == sorted(json.loads(line))
    assert "Zoë" in line
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda line: line[:40], "JSON"),
        (lambda line: line.replace('"stage": 2', '"stage": 3'), "stage"),
        (lambda line: line.replace('"stage": 2', '"stage": "2"'), "stage"),
        (lambda line: line.replace('"kind": "existence"', '"kind": "smell"'), "kind"),
        (lambda line: line.replace('"present": true, ', ""), "present"),
        (lambda line: line.replace('"present": true', '"present": true, "more": 1'), "more"),
        (lambda line: line.replace('"Is Zoë in this video?"', '""'), "question"),
        (lambda line: line.replace("[0.0, 1.5]", "[0.0]"), "spans"),
        (lambda line: line.replace("1.5", "NaN"), "spans"),
        (lambda line: "[]", "object"),
    ],
)
def test_a_damaged_line_is_named_with_what_is_wrong_and_the_schema_refuses_it_too(
    tmp_path: Path, damage: Any, said: str
) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [ROW, replace(ROW, clip="2.mp4")])
    good, bad = path.read_text("utf-8").splitlines()
    path.write_text(f"{good}\n\n{damage(bad)}\n", "utf-8")
    with pytest.raises(QuestionFileError, match=rf"rows.jsonl, line 3: .*{said}") as raised:
        read_rows(path)
    assert "\n" not in str(raised.value)
    if said != "JSON" and "NaN" not in damage(bad):
        assert not Draft202012Validator(published()).is_valid(json.loads(damage(bad)))


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(QuestionFileError, match="not UTF-8"):
        read_rows(tmp_path / "bytes.jsonl")
