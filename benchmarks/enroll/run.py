"""Measure enrolling somebody by a job, from the upload to the published adapter.

    python -m benchmarks.enroll              everything
    python -m benchmarks.enroll --people 6   more people for the error ratio
    python -m benchmarks.enroll --quick      tiny sizes, to see that it runs

1. a person of ten seconds of video, timed  2. more people  3. questions about composites  4. tables, file, JSON
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.console import Console

from benchmarks.enroll import questions, trained
from benchmarks.enroll.figures import missed, steps_table, table
from benchmarks.enroll.questions import QuestionsConfig
from benchmarks.enroll.trained import TrainedConfig, TrainedPeople
from benchmarks.people import report
from benchmarks.people.media import find_media
from pvchat.errors import PVChatError

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "results" / "enroll.json"
QUICK_QUESTIONS = QuestionsConfig(asked=12, pairs=1, triples=0, after=1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run; the last line of the output is one JSON object.

    Returns:
        0 when the run finished, whatever the figures; 2 on bad input.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.people < 1:
        parser.error(f"--people {options.people} is less than 1")
    try:
        return _run(options)
    except PVChatError as error:
        _say(str(error))
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enroll", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one person; the figures mean nothing")
    parser.add_argument(
        "--people", type=int, default=TrainedConfig.people, metavar="N", help="how many are enrolled (default: 4)"
    )
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep what is finished here: another run goes on")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="where the result is written")
    return parser


def _run(options: argparse.Namespace) -> int:
    # Of the start: the checkout may change while it runs.
    started, commit = perf_counter(), report.commit()
    config = trained.QUICK if options.quick else replace(TrainedConfig(), people=options.people)
    media = find_media()
    _say(f"media: {media.origin}")
    with ExitStack() as stack:
        work = (options.work or Path(stack.enter_context(TemporaryDirectory(prefix="bench-enroll-")))).resolve()
        people = TrainedPeople(media, work, config, _say).measure()
        asked = questions.measure(media, work, QUICK_QUESTIONS if options.quick else QuestionsConfig(), _say)
    figures, timed = figures_of(people, asked)
    instant_error = people["instant_error"]
    result = {
        **figures,
        "missed_bars": missed(figures, instant_error=instant_error),
        "timed": timed,
        "trained": people,
        "composites": asked,
        "config": asdict(config),
        "media": media.origin,
        "quick": options.quick,
        "run_s": round(perf_counter() - started, 1),
        "date": report.today(),
        "commit": commit,
        "machine": report.machine(),
    }
    console = Console()
    console.print(steps_table(timed.get("steps", {})))
    console.print(table(figures, instant_error=instant_error))
    out = options.out or (None if options.quick else DEFAULT_OUT)
    if out is not None:
        report.write(out, result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return 0


def figures_of(people: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The keys of the table, and the figures of the timed person.

    Args:
        people: of `TrainedPeople.measure`. asked: of `benchmarks.enroll.questions.measure`.
    """
    timed: Mapping[str, Any] = people["people"].get(people["timed"], {})
    result = timed.get("result", {})
    instant = timed.get("instant") or {"right": False}
    figures = {
        "job_s": timed.get("job_s"),
        "clips": result.get("clips"),
        "questions": result.get("questions"),
        "instant_s": round(instant["entry_s"] + instant["answer_s"], 2) if instant["right"] else None,
        "published": result.get("published"),
        "error_ratio_trained_instant": people["error_ratio_trained_instant"],
        "questions_right": asked["right"],
        "foreign_names": asked["foreign_names"],
    }
    return figures, timed


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
