"""Import of the authors' layout: its variants, names in the place of tokens, who is there, and what is damaged."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.questions.authors import read_authors
from pipelines.questions.check import says_absent
from pvchat.errors import QuestionFileError

HERE = {"question": "Is <sks> in this video?", "answer": "Yes, <sks> appears here."}
GONE = {"question": "Can you see <sks>?", "answer": "No, <sks> isn't present in this video."}
VIDEOS: list[dict[str, Any]] = [
    {
        "video_path": "clips/a.mp4",
        "qa_pairs": [
            HERE,
            {"question": "What is <sks> wearing?", "answer": "<SKS> is wearing a red dress."},
            {"question": "What is <sks> doing?", "answer": "<sks> is dancing on a stage."},
            {"question": "Where is <person>?", "answer": "<person> is in a park, on the left."},
        ],
    },
    {"video": "stills/b.PNG", "qa_pairs": [GONE, {"question": "What is <sks> wearing?", "answer": "I can't tell."}]},
]


def kept(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "authors.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


@pytest.mark.parametrize("whole", [{"videos": VIDEOS}, {"name": "x", "videos": VIDEOS}, VIDEOS])
def test_rows_are_of_the_four_types_with_names_in_place_of_tokens(tmp_path: Path, whole: Any) -> None:
    rows = read_authors(kept(tmp_path, whole), "Ana María")
    assert [row.type for row in rows] == ["existence", "appearance", "action", "location", "existence", "appearance"]
    assert [row.present for row in rows] == [True] * 4 + [False] * 2
    assert [row.stage for row in rows] == [2, 2, 2, 2, 1, 1]
    assert [row.clip for row in rows] == ["clips/a.mp4"] * 4 + ["stills/b.PNG"] * 2
    assert {row.subjects for row in rows} == {("Ana María",)}
    assert rows[1].answer == "Ana María is wearing a red dress."
    assert not any("<" in row.question + row.answer for row in rows)
    assert {row.source for row in rows} == {"authors.json"}


def test_what_a_video_says_of_presence_goes_before_what_its_answers_say(tmp_path: Path) -> None:
    rows = read_authors(kept(tmp_path, [{"path": "a.mp4", "is_positive": True, "qa_pairs": [GONE]}]), "Tom")
    assert [row.present for row in rows] == [True]


def test_without_questions_about_existence_each_answer_tells(tmp_path: Path) -> None:
    pairs = [
        {"question": "What is <sks> doing?", "answer": "There is no sign of <sks>."},
        {"question": "What is <sks> doing?", "answer": "<sks> is relaxing."},
    ]
    rows = read_authors(kept(tmp_path, [{"name": "a", "qa_pairs": pairs}]), "Tom")
    assert [row.present for row in rows] == [False, True]


def test_further_tokens_are_further_people(tmp_path: Path) -> None:
    pairs = [{"question": "Is <sks> left of <sks2>?", "answer": "Yes, <sks> is to the left of <sks2>."}]
    path = kept(tmp_path, [{"name": "a.mp4", "qa_pairs": pairs}])
    (row,) = read_authors(path, "Tom", others={"<sks2>": "Sarah"}, split="held_out")
    assert (row.kind, row.type, row.subjects) == ("relation", "location", ("Tom", "Sarah"))
    assert row.question == "Is Tom left of Sarah?"
    assert row.split == "held_out"
    with pytest.raises(QuestionFileError, match=r"videos\[0\]\.qa_pairs\[0\] has the token <sks2> in its question"):
        read_authors(path, "Tom")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{", "line 1: no JSON"),
        ({"clips": []}, "no list of videos"),
        ('"text"', "no list of videos"),
        ([VIDEOS[0], 3], r"videos\[1\] is no object but 3"),
        ([{"qa_pairs": []}], r"videos\[0\] names no video"),
        ([{"video": "a.mp4"}], r"videos\[0\] \(a.mp4\) has no list qa_pairs"),
        ([{"video": "a.mp4", "qa_pairs": [HERE, "Is"]}], r"qa_pairs\[1\] is no object but 'Is'"),
        ([{"video": "a.mp4", "qa_pairs": [{"question": "Is <sks> here?"}]}], r"qa_pairs\[0\] has no answer"),
        ([{"video": "a.mp4", "qa_pairs": [{"question": " ", "answer": "Yes."}]}], r"qa_pairs\[0\] has no question"),
    ],
)
def test_damage_is_refused_with_its_place(tmp_path: Path, data: Any, said: str) -> None:
    with pytest.raises(QuestionFileError, match=said) as raised:
        read_authors(kept(tmp_path, data), "Tom")
    assert "authors.json" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("answer", "absent"),
    [
        ("No, Tom is not in this video.", True),
        ("No, I do not see Tom here.", True),
        ("No, he isn't.", True),
        ("I cannot find Tom in the footage.", True),
        ("Tom doesn't appear in the clip.", True),
        ("Yes, Tom is here.", False),
        ("Tom is present throughout.", False),
        ("I am not sure.", False),
    ],
)
def test_absence_is_read_in_whatever_words(answer: str, absent: bool) -> None:
    assert says_absent("Is Tom in this video?", answer, "Tom") is absent
