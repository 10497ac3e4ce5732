"""Run the benchmark: build clips, enroll, ask, score, report.

    python -m benchmarks.people                  everything but the demo's time
    python -m benchmarks.people --quick          fewer cases
    python -m benchmarks.people --only place,order
    python -m benchmarks.people --decisions      perception and identity alone, without the language model

1. find the media  2. build the clips  3. enroll and ask, round by round  4. times  5. table, file, JSON line
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console

from benchmarks.keys import chosen_keys
from benchmarks.people import report
from benchmarks.people.asking import Asker, DecisionAsker, SessionAsker
from benchmarks.people.build import Workshop
from benchmarks.people.cases import Case, Round, Row
from benchmarks.people.config import BARS, DEMO_KEYS, TIMING_KEYS, PlanConfig, quick
from benchmarks.people.media import find_media
from benchmarks.people.metrics import Figure, Outcome, Reply, figures
from benchmarks.people.plan import ROWS_OF, make_plan
from benchmarks.people.timing import demo_seconds, measure
from pvchat.errors import PVChatError

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_OUT = ROOT / "benchmarks" / "results" / "people.json"
REPEATS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run; the last line of the output is one JSON object.

    Returns:
        0 when the run finished, whatever the figures; 1 with `--strict` when one misses its bar; 2 on bad input.
    """
    options = _parser().parse_args(arguments)
    keys = chosen_keys(options.only, BARS, default_keys(demo=options.demo))
    if keys is None:
        print(f"--only {options.only}: known keys are {', '.join(BARS)}", file=sys.stderr)
        return 2
    try:
        return _run(options, keys)
    except PVChatError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="KEY,...", help="measure these keys only")
    parser.add_argument("--quick", action="store_true", help="fewer cases")
    parser.add_argument("--decisions", action="store_true", help="without the language model: decisions and facts")
    parser.add_argument("--demo", action="store_true", help="also time `make demo` in a fresh clone")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a figure misses its bar")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep clips here, so that the next run is quicker")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="where the result is written")
    parser.add_argument("--all-misses", action="store_true", help="print every miss")
    return parser


def default_keys(*, demo: bool) -> list[str]:
    """The keys that are measured when none is chosen."""
    return [key for key in BARS if demo or key not in DEMO_KEYS]


def _run(options: argparse.Namespace, keys: list[str]) -> int:
    started = perf_counter()
    console = Console()
    media = find_media()
    config = quick(PlanConfig()) if options.quick else PlanConfig()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="bench-people-")))
        work = options.work or scratch
        workshop = Workshop(work / "clips", media, _say)
        rows: list[Row] = [row for key in keys for row in ROWS_OF.get(key, ())]
        if options.decisions:
            rows = [row for row in rows if row != "model"]
        outcomes: list[Outcome] = []
        names: list[str] = []
        if rows:
            rounds = make_plan(media, workshop.make, config, rows)
            names = sorted({e.name for r in rounds for e in r.gallery})
            asker: Asker = DecisionAsker() if options.decisions else stack.enter_context(SessionAsker(scratch / "home"))
            outcomes = ask_all(rounds, asker)
        measured = {k: f for k, f in figures(outcomes, names).items() if k in keys}
        unseen = {k: f for k, f in figures([o for o in outcomes if o.case.held_out], names).items() if k in keys}
        if not options.decisions and any(key in TIMING_KEYS for key in keys):
            timed = {k: f for k, f in measure(workshop, media, scratch, REPEATS, _say).items() if k in keys}
            measured |= timed
            # No threshold has a part in a time.
            unseen |= timed
        if "demo_s" in keys:
            measured["demo_s"] = unseen["demo_s"] = Figure(demo_seconds(ROOT, scratch), 1)
    about = {
        "media": media.origin,
        "mode": "decisions" if options.decisions else "answers",
        "quick": options.quick,
        "unseen_text": unseen_text(outcomes, names),
        "run_s": round(perf_counter() - started, 1),
        "date": report.today(),
        "commit": report.commit(),
        "machine": report.machine(),
    }
    console.print(report.table(measured, unseen))
    report.show_misses(console, measured, everything=options.all_misses)
    whole = not options.only and not options.quick and not options.decisions
    out = options.out or (DEFAULT_OUT if whole else None)
    if out is not None:
        report.write(out, report.to_json(measured, unseen, about))
    # Not through rich, which would wrap it.
    sys.stdout.write(json.dumps(report.to_json(measured, unseen, about, misses=False), ensure_ascii=False) + "\n")
    missed = [k for k, figure in measured.items() if report.passes(k, figure.value) is False]
    return 1 if options.strict and missed else 0


def ask_all(rounds: Sequence[Round], asker: Asker) -> list[Outcome]:
    """Enroll and ask, round by round; a gallery keeps whoever is in the next one too.

    Raises:
        PVChatError: somebody cannot be enrolled. A question that fails counts as an unread answer.
    """
    outcomes: list[Outcome] = []
    enrolled: dict[str, Path] = {}
    total = sum(len(r.cases) for r in rounds)
    begun = perf_counter()
    for current in rounds:
        wanted = {e.name: e.clip.path for e in current.gallery}
        for name in [n for n, clip in enrolled.items() if wanted.get(n) != clip]:
            asker.forget(name)
            del enrolled[name]
        for name, clip in wanted.items():
            if name not in enrolled:
                asker.enroll(name, clip)
                enrolled[name] = clip
        _say(f"{current.title}: {len(wanted)} enrolled, {len(current.cases)} questions")
        asked: dict[tuple[Path, str, tuple[str, ...], bool], Reply] = {}
        for case in current.cases:
            key = (case.clip.path, case.question, case.names, case.use_evidence)
            if key not in asked:
                asked[key] = _ask(asker, case)
            outcomes.append(Outcome(case, asked[key]))
            if len(outcomes) % 25 == 0:
                _say(f"{len(outcomes)} of {total} questions, {perf_counter() - begun:.0f} s")
    return outcomes


def _ask(asker: Asker, case: Case) -> Reply:
    try:
        return asker.ask(case.clip.path, case.question, case.names, use_evidence=case.use_evidence)
    except PVChatError as error:
        _say(f"[{case.label}] {case.question}: {error}")
        return Reply(text="", states={})


def unseen_text(outcomes: Sequence[Outcome], names: Sequence[str]) -> dict[str, float | int | None]:
    """Form and agreement of the answers to wordings that training never saw."""
    found = figures([o for o in outcomes if o.case.unseen_wording], names)
    return {
        "wellformed": found["wellformed"].value,
        "wellformed_n": found["wellformed"].n,
        "disagreement": found["disagreement"].value,
        "disagreement_n": found["disagreement"].n,
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
