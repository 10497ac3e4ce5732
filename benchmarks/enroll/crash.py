"""Kill enrollment jobs with SIGKILL, in every step, and see whether another worker ends them as if nothing had been.

    python -m benchmarks.enroll.crash             a reduced job, each of the twelve steps, SQLite and PostgreSQL
    python -m benchmarks.enroll.crash --full      and a job of default size, killed twice
    python -m benchmarks.enroll.crash --quick     three steps on SQLite and one on PostgreSQL, nothing written
    python -m benchmarks.enroll.crash --work DIR  keep what is measured there; the next run goes on from it

1. a data folder: other people looked at, the subject noted  2. the job undisturbed  3. kills  4. table, file, JSON
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import postgres
from benchmarks.enroll import crash_case, crash_worker
from benchmarks.enroll.crash_case import STEPS, Outcome, Prepared, Reference
from benchmarks.enroll.crash_plan import (
    DATABASES,
    FULL_KILLS,
    OPTIONS,
    QUICK_KILLS,
    Kill,
    Size,
    earlier,
    matrix,
    moment,
)
from benchmarks.keys import chosen_keys
from benchmarks.people import report
from benchmarks.people.media import Media, find_media
from pipelines.session import Session
from pipelines.tools import EmbeddedTools
from pvchat.errors import PVChatError
from storage.store import Store

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "results" / "enroll_crash.json"
BARS = {"kills": (">=", 26), "wrong_hashes": ("<=", 0), "steps_rerun": ("<=", 0), "takeover_s_max": ("<=", 30.0)}
# Short clips of different people; the first that is there is enrolled, the next two are the others.
CAST = ("D0", "S13", "D18", "CAR", "BIKES")
PATIENCE_S: dict[Size, float] = {"reduced": 1200.0, "full": 7200.0}


class Crashes:
    """The measurement. What is finished is kept in its folder.

    Args:
        work: the folder. media: whom to enroll, and who else was seen.
    """

    def __init__(self, work: Path, media: Media) -> None:
        self._work = work
        self._media = media
        self._file = work / "done.json"
        self.commit = report.commit()
        self._kept: dict[str, Any] = {"commit": self.commit, "reference": {}, "kills": {}}
        if self._file.is_file():
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if kept["commit"] == self.commit:
                self._kept = kept
            else:
                _say(f"what {work} has is of another commit, and is measured anew")

    @cached_property
    def _people(self) -> list[Path]:
        found = [self._media.sources[key].path for key in CAST if key in self._media.sources]
        return found[:3]

    @cached_property
    def _subject_id(self) -> str:
        """The subject in the data folder that all runs begin with, which is made here."""
        home = self._work / "prepared"
        shutil.rmtree(home, ignore_errors=True)
        _say("looking at other people")
        with Session(Store.open(home), EmbeddedTools()) as session:
            for file in self._people[1:]:
                session.perceive(file)
            return session.create_subject("Maria", consent_by="Maria", purpose="benchmark")

    def prepared(self, size: Size) -> Prepared:
        """Where jobs of this size begin."""
        return Prepared(
            self._work / "prepared",
            self._subject_id,
            replace(OPTIONS[size], file=str(self._people[0])),
            crash_worker.embedded,
            PATIENCE_S[size],
        )

    def reference(self, size: Size) -> Reference:
        """The job of this size undisturbed."""
        if size not in self._kept["reference"]:
            _say(f"the {size} job, undisturbed")
            with self._home(f"{size} reference") as home:
                found = crash_case.undisturbed(self.prepared(size), home)
            self._kept["reference"][size] = asdict(found)
            self._keep()
            _say(f"  {found.job_s:.0f} s")
        return Reference(**self._kept["reference"][size])

    def measure(self, kills: Sequence[Kill], server: Callable[[], Path]) -> dict[str, Outcome]:
        """Kill a worker in each of these.

        Args:
            kills: cases. server: gives the folder of a PostgreSQL server's socket; asked when one is needed.

        Returns:
            What came of each, by its name.
        """
        done: dict[str, Outcome] = {}
        for number, kill in enumerate(kills, start=1):
            if kill.name not in self._kept["kills"]:
                began = perf_counter()
                outcome = self._kill(kill, server)
                self._kept["kills"][kill.name] = asdict(outcome)
                self._keep()
                _say(
                    f"{number} of {len(kills)} {kill.name}: killed after {outcome.after_s:.2f} s, taken over in "
                    f"{outcome.takeover_s:.1f} s, wrong {len(outcome.wrong)}, rerun {len(outcome.rerun)}, "
                    f"{perf_counter() - began:.0f} s in all"
                )
            done[kill.name] = Outcome.of(self._kept["kills"][kill.name])
        return done

    def _kill(self, kill: Kill, server: Callable[[], Path]) -> Outcome:
        """Kill as planned; where the step was over sooner than that, earlier."""
        reference, prepared = self.reference(kill.size), self.prepared(kill.size)
        for when in earlier(kill.when):
            with self._home(kill.name) as home:
                url = postgres.fresh_url(server()) if kill.database == "postgres" else None
                wait = moment(when, reference.seconds[kill.step])
                found = crash_case.killed(prepared, home, url, reference, kill.step, wait)
            if found is not None:
                return found
        raise crash_case.CrashError(f"{kill.name}: the step is always over before it is killed")

    @contextmanager
    def _home(self, name: str) -> Iterator[Path]:
        """A data folder for one run; it stays where the run fails, to be looked at."""
        home = self._work / name.replace(" ", "-")
        shutil.rmtree(home, ignore_errors=True)
        yield home
        shutil.rmtree(home, ignore_errors=True)

    def _keep(self) -> None:
        self._file.write_text(json.dumps(self._kept, indent=1) + "\n", encoding="utf-8")


def result_of(done: dict[str, Outcome]) -> dict[str, Any]:
    """The figures."""
    return {
        "kills": len(done),
        "wrong_hashes": sum(len(outcome.wrong) for outcome in done.values()),
        "steps_rerun": sum(len(outcome.rerun) for outcome in done.values()),
        "takeover_s_max": max((outcome.takeover_s for outcome in done.values()), default=None),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run; the last line of the output is one JSON object.

    Returns:
        0 when the run finished, whatever the figures; 2 on bad input.
    """
    options = _parser().parse_args(arguments)
    steps, databases = chosen_keys(options.steps, STEPS), chosen_keys(options.databases, DATABASES)
    if steps is None or databases is None:
        print(f"known steps are {', '.join(STEPS)}; known databases {', '.join(DATABASES)}", file=sys.stderr)
        return 2
    kills = list(QUICK_KILLS) if options.quick else matrix(steps, databases)
    if options.full:
        kills += FULL_KILLS
    try:
        return _run(options, kills)
    except PVChatError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enroll.crash", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three steps on SQLite and one on PostgreSQL")
    parser.add_argument("--steps", default="", metavar="STEP,...", help="kill in these steps only")
    parser.add_argument("--databases", default="", metavar="NAME,...", help="sqlite or postgres only")
    parser.add_argument("--full", action="store_true", help="two kills of a job of default size as well")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep what is measured here, and go on from it")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the result is written")
    return parser


def _run(options: argparse.Namespace, kills: Sequence[Kill]) -> int:
    started = perf_counter()
    # Read by libraries when they are loaded, in the process that workers are forked from. Threads that wait for each
    # other sleep: two workers share these cores.
    os.environ |= {"OMP_WAIT_POLICY": "passive", "TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    crash_case.load_ahead(crash_worker.__name__)
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(TemporaryDirectory(prefix="bench-crash-")))
        work.mkdir(parents=True, exist_ok=True)
        media = find_media()
        crashes = Crashes(work.resolve(), media)
        done = crashes.measure(kills, cache(lambda: stack.enter_context(postgres.server())))
    figures = result_of(done)
    result = {
        **figures,
        "missed_bars": [key for key, (way, bar) in BARS.items() if not _passes(figures[key], way, bar)],
        "details": {
            "kills": {name: asdict(outcome) for name, outcome in done.items()},
            "undisturbed": {size: asdict(crashes.reference(size)) for size in sorted({kill.size for kill in kills})},
        },
        "media": media.origin,
        "quick": options.quick,
        "run_s": round(perf_counter() - started, 1),
        "date": report.today(),
        "commit": crashes.commit,
        "machine": report.machine(),
    }
    Console().print(_table(done))
    out: Path | None = options.out
    if out is None and len(matrix(STEPS, DATABASES)) <= len(kills):
        out = DEFAULT_OUT
    if out is not None:
        report.write(out, result)
    print(json.dumps(result, ensure_ascii=False))
    return 0


def _passes(figure: float | None, way: str, bar: float) -> bool:
    return figure is not None and (figure >= bar if way == ">=" else figure <= bar)


def _table(done: dict[str, Outcome]) -> Table:
    grid = Table(title="kills")
    for column in ("kill", "after s", "of s", "takeover s", "wrong", "rerun"):
        grid.add_column(column, justify="left" if column == "kill" else "right")
    for name, outcome in done.items():
        times = (f"{outcome.after_s:.2f}", f"{outcome.took_s:.2f}", f"{outcome.takeover_s:.1f}")
        grid.add_row(name, *times, ", ".join(outcome.wrong) or "-", ", ".join(outcome.rerun) or "-")
    return grid


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
