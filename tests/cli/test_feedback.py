"""Who is who, said at the command line; one person of two; a new name."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Video = Callable[..., Path]
CONSENT = ("--consent-by", "Ann", "--purpose", "door")


@pytest.fixture
def clip(run: Run, video: Video, tools: Any) -> Path:
    """Maria and Bob are enrolled; the path of a clip with Maria on the left and a stranger on the right."""
    for number, name in enumerate(("Maria", "Bob"), start=1):
        assert run("enroll", name, video(f"{number}.mp4", {"face": number}), *CONSENT).code == 0
    left = {"face": 1, "x": 0.2, "spans": [[2, 9]], "every": 0.5}
    return video("c.mp4", left, {"face": 7, "x": 0.8, "spans": [[2, 9]], "every": 0.5})


def state(run: Run, clip: Path, name: str = "Maria") -> str:
    return str(json.loads(run("ask", clip, f"Is {name} here?", "--json").out)["evidence"][0]["state"])


def test_not_maria_list_and_undo(run: Run, clip: Path) -> None:
    ran = run("feedback", "not", "maria", clip, "--at", "0:04", "--place", "left")
    assert (ran.code, ran.err) == (0, "")
    assert "Noted: 0:02-0:09 in c.mp4 is not Maria." in ran.out
    assert state(run, clip) == "absent"
    number = re.search(r"feedback undo (\w+)", ran.out)
    assert number is not None
    listed = run("feedback", "list", "--video", clip, "--subject", "Maria")
    assert number[1] in listed.out
    assert "is not Maria" in listed.out
    assert json.loads(run("feedback", "list", "--json").out)[0]["author"] == "cli"
    assert 'Taken back: "is not Maria" in c.mp4.' in run("feedback", "undo", number[1]).out
    assert state(run, clip) == "present"
    assert "Nothing was said" in run("feedback", "list").out


def test_is_bob_as_json(run: Run, clip: Path) -> None:
    ran = run("feedback", "is", "Bob", clip, "--at", "4.5", "--point", "0.8,0.3", "--json")
    assert ran.out.count("\n") == 1
    told = json.loads(ran.out)
    assert (told["subject"], told["verdict"], told["track"], told["in_effect"]) == ("Bob", "is", 2, True)
    assert state(run, clip, "Bob") == "present"
    assert "said before" in run("feedback", "is", "Bob", clip, "--track", "2").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "several people could be meant"),
        (("--at", "4"), "several people could be meant"),
        (("--at", "soon"), '--at is "soon"; give a time such as 0:04'),
        (("--at", "0:04", "--place", "up"), '--place is "up"'),
        (("--place", "left"), "add --at TIME"),
        (("--at", "0:04", "--point", "0.3"), '--point is "0.3"'),
        (("--at", "0:04", "--point", "3,nan"), '--point is "3,nan"'),
        (("--track", "5"), "no track 5"),
    ],
)
def test_what_is_not_clear_is_an_error_in_one_line(run: Run, clip: Path, words: tuple[str, ...], told: str) -> None:
    ran = run("feedback", "is", "Maria", clip, *words)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_forgetting_says_that_feedback_went(run: Run, clip: Path) -> None:
    run("feedback", "is", "Maria", clip, "--track", "1")
    assert "1 statement of who is who" in run("forget", "Maria", "--yes").out


def test_two_are_made_one(run: Run, clip: Path, video: Video) -> None:
    run("feedback", "is", "Bob", clip, "--track", "2")
    asked = run("merge", "Maria", "Bob")
    assert asked.code == 2
    assert "add --yes" in asked.err
    assert "warning: the faces of Maria and Bob look like two people" in asked.err
    ran = run("merge", "maria", "bob", "--yes")
    assert (ran.code, ran.out) == (0, "Bob is Maria from now on.\n")
    assert "Maria has 2 face templates then" in ran.err
    assert [person["name"] for person in json.loads(run("people", "--json").out)] == ["Maria"]
    assert state(run, video("d.mp4", {"face": 2})) == "present"
    assert state(run, clip) == "present"
    assert run("merge", "Maria", "Maria", "--yes").code == 2


def test_a_new_name(run: Run, clip: Path) -> None:
    assert run("rename", "maria", "María López").out == "Maria is called María López from now on.\n"
    assert state(run, clip, "María López") == "present"
    assert run("rename", "María López", "BOB").code == 2
    assert run("rename", "Nobody", "Zoe").code == 2
