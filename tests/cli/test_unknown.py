"""`pvchat unknown`: who is not enrolled, from the first question to a name or the end."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from storage.schema import PerceptionRow, now
from storage.store import Store

Run = Callable[..., Any]
Video = Callable[..., Path]
CONSENT = ("--consent-by", "Ann", "--purpose", "door")


def test_from_a_question_to_a_name(run: Run, video: Video, tools: object) -> None:
    assert "Nobody unknown" in run("unknown", "list")[1]
    first = run("ask", video("a.mp4", {"face": 1}, {"face": 2, "spans": [[1, 3]]}), "Who is here?")
    assert "unknown person 2: 0:01-0:03" in first[1]
    run("ask", video("b.mp4", {"face": 2}), "Who is here?")
    listed = json.loads(run("unknown", "list", "--json")[1])
    assert [(person["number"], len(person["videos"])) for person in listed] == [(1, 1), (2, 2)]
    table = run("unknown", "list")[1]
    assert "kept until" in table
    shown = run("unknown", "show", "2")[1]
    assert "a.mp4" in shown
    assert "b.mp4" in shown
    assert json.loads(run("unknown", "show", listed[1]["id"], "--json")[1])["number"] == 2

    refused = run("unknown", "name", "2", "Maria", "--consent-by", "Ann")
    assert refused.code == 2
    assert "--purpose" in refused.err
    named = run("unknown", "name", "2", "Maria", *CONSENT)
    assert named.code == 0
    assert "Unknown person 2 is enrolled as Maria, from 2 videos." in named.out
    assert "Maria" in run("people").out
    assert run("unknown", "show", "2").code == 2


def test_forgetting_asks_back_and_sweeping_takes_what_is_old(run: Run, video: Video, tools: object, home: Path) -> None:
    run("ask", video("a.mp4", {"face": 1}), "Who is here?")
    run("ask", video("b.mp4", {"face": 2}), "Who is here?")
    refused = run("unknown", "forget", "1")
    assert refused.code == 2
    assert "--yes" in refused.err
    gone = run("unknown", "forget", "1", "--yes")
    assert "Unknown person 1 is forgotten" in gone.out
    assert "record of a.mp4" in gone.out
    assert "0 vectors of 0 records" in run("unknown", "sweep").out
    with Store.open(home) as store, store.write() as session:
        session.execute(update(PerceptionRow).values(created_at=now() - timedelta(hours=25)))
    assert "of 1 records older than 24 hours" in run("unknown", "sweep").out
    assert json.loads(run("unknown", "list", "--json").out) == []
