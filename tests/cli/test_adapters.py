"""`pvchat adapters`: which versions there are, and going back to one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage import adapters, people
from storage.people import Consent
from storage.store import Store

Run = Callable[..., Any]


@pytest.fixture
def maria(home: Path) -> None:
    """Maria was trained three times."""
    with Store.open(home) as store, store.write() as session:
        person = people.create(session, name="Maria", name_key="maria", consent=Consent("Ann", "door"))
        for _ in range(3):
            adapters.save(session, person, base="nano", base_sha256="0" * 64, card="{}", data=b"x")


def current(run: Run) -> list[int]:
    return [row["version"] for row in json.loads(run("adapters", "list", "maria", "--json").out) if row["current"]]


def test_the_list_says_which_one_answers(run: Run, maria: None) -> None:
    ran = run("adapters", "list", "MARIA")
    assert ran.code == 0
    assert [line.split()[0] + line.split()[-1] for line in ran.out.splitlines()[1:]] == ["3yes", "2no", "1no"]
    assert run("adapters", "list", "Maria", "--base", "some/model").out.startswith("Maria is not trained")


def test_rolling_back_goes_one_back_or_to_a_version_or_to_none(run: Run, maria: None) -> None:
    assert run("adapters", "rollback", "Maria").out == "Maria: version 2 answers from now on.\n"
    assert run("adapters", "rollback", "Maria", "--to", "3").code == 0
    assert current(run) == [3]
    assert "the enrollment alone answers" in run("adapters", "rollback", "Maria", "--instant").out
    assert current(run) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Bob"], "nobody called"),
        (["Maria", "--to", "9"], "kept versions: 1, 2, 3"),
        (["Maria", "--to", "1", "--instant"], "say one of the two"),
    ],
)
def test_mistakes_are_one_line(run: Run, maria: None, words: list[str], told: str) -> None:
    ran = run("adapters", "rollback", *words)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert current(run) == [3]
