"""Measure ReMoH and fine-tuning per subject.

    python -m benchmarks.remoh                  everything
    python -m benchmarks.remoh --quick          tiny sizes, to see that it runs
    python -m benchmarks.remoh --only swap_ms,packed_speedup_nano

1. bases of random weights  2. costs of nano's adapters  3. training in a child process  4. people  5. table, file, JSON
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.console import Console

from benchmarks.keys import chosen_keys
from benchmarks.people import report
from benchmarks.people.build import Workshop
from benchmarks.people.media import Media, find_media
from benchmarks.remoh import costs, others, personal, routing, vlm
from benchmarks.remoh.figures import KEYS, ordered, passes, table
from benchmarks.remoh.people import Cast, Studio, make_cast
from pvchat.errors import PVChatError
from pvchat.models.nano import load_nano
from pvchat.models.nano_adapters import NanoAdapters

DEFAULT_OUT = costs.ROOT / "benchmarks" / "results" / "remoh.json"
ABOUT_PEOPLE = ("masked_face_acc", "error_ratio_trained_instant")


class Measurement:
    """Everything that can be measured; models are loaded and people trained once, when first needed.

    Args:
        work: folder of clips. quick: tiny sizes. budget: of each person's training.
    """

    def __init__(self, work: Path, *, quick: bool, budget: personal.Budget) -> None:
        self.quick = quick
        self.budget = budget
        self.work = work
        self.figures: dict[str, Any] = {}
        self.details: dict[str, Any] = {}

    @cached_property
    def media(self) -> Media:
        """Sources of all clips."""
        return find_media()

    @cached_property
    def studio(self) -> Studio:
        """Where clips are made and seen."""
        return Studio(Workshop(self.work / "clips", self.media, _say), self.work / "seen")

    @cached_property
    def cast(self) -> Cast:
        """Everybody."""
        return make_cast(self.media, seed=self.budget.seed, most=self.budget.cast)

    @cached_property
    def adapters(self) -> NanoAdapters:
        """nano, and what it wears."""
        return NanoAdapters(load_nano())

    def measure(self, keys: Sequence[str]) -> None:
        """Fill figures and details."""
        for key in keys:
            if key in self.figures:
                continue
            _say(f"measuring {key}")
            started = perf_counter()
            getattr(self, f"_{key}")()
            self.details.setdefault("seconds", {})[key] = round(perf_counter() - started, 1)

    def _base_preserving_max_diff(self) -> None:
        found = {**vlm.base_preserving_max_diff(), "nano": others.base_preserving(self.adapters, 4)}
        self.figures["base_preserving_max_diff"] = max(found.values())
        self.details["base_preserving_max_diff"] = found

    def _activation_error_max(self) -> None:
        budget = routing.QUICK if self.quick else routing.RoutingBudget()
        found = routing.activation_errors(self.adapters, self.studio, self.cast, budget)
        self.figures["activation_error_max"] = found["max"]
        self.details["activation"] = found

    def _packed_speedup_vlm(self) -> None:
        found = vlm.packed_speedup()
        self.figures["packed_speedup_vlm"] = found["ratio"]
        self.details["packed_speedup_vlm"] = found

    def _packed_speedup_nano(self) -> None:
        clips, questions, repeats = (1, 4, 1) if self.quick else (3, 18, 5)
        found = costs.packed_speedup(
            self.adapters, self.studio, self.cast, clips=clips, questions=questions, repeats=repeats
        )
        self.figures["packed_speedup_nano"] = found["ratio"]
        self.details["packed_speedup_nano"] = found

    def _nano_train_s(self) -> None:
        found = costs.train_in_child(self.work, quick=self.quick)
        self.figures |= {"nano_train_s": found["seconds"], "nano_train_gb": found["peak_gb"]}
        self.details["nano_train"] = found

    _nano_train_gb = _nano_train_s

    def _adapter_mb_nano(self) -> None:
        self.figures["adapter_mb_nano"] = costs.adapter_mb(self.adapters, self.work / "adapter")

    def _adapter_mb_7b(self) -> None:
        self.figures["adapter_mb_7b"] = vlm.adapter_mb_8b()
        self.details["adapter_mb_7b"] = "a base of the shape of Qwen3-VL-8B"

    def _swap_ms(self) -> None:
        found = costs.swap_ms(self.adapters, 5 if self.quick else 50)
        self.figures["swap_ms"] = found["median_ms"]
        self.details["swap"] = found

    def _ten_subjects_ratio(self) -> None:
        found = costs.ten_subjects(self.adapters, self.studio, self.cast, 3 if self.quick else 11)
        self.figures["ten_subjects_ratio"] = found["ratio"]
        self.details["ten_subjects"] = found

    def _masked_face_acc(self) -> None:
        found = personal.measure_people(self.adapters, self.studio, self.cast, self.budget, _say, self.work / "people")
        self.figures |= {key: found[key] for key in ABOUT_PEOPLE}
        self.details["trained"] = found

    _error_ratio_trained_instant = _masked_face_acc

    def _not_about_subject(self) -> None:
        scenes, counts = (3, 1) if self.quick else (40, 6)
        found = others.not_about_subject(
            self.adapters, self.studio, self.cast, self.budget, _say, scenes=scenes, counts=counts
        )
        self.figures["not_about_subject"] = found


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run; the last line of the output is one JSON object.

    Returns:
        0 when the run finished, whatever the figures; 2 on bad input.
    """
    options = _parser().parse_args(arguments)
    keys = chosen_keys(options.only, KEYS)
    if keys is None:
        print(f"--only {options.only}: known keys are {', '.join(KEYS)}", file=sys.stderr)
        return 2
    try:
        return _run(options, keys)
    except PVChatError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remoh", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="KEY,...", help="measure these keys only")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; the figures mean nothing")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep clips and what is finished here: the next run goes on"
    )
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="where the result is written")
    return parser


def _run(options: argparse.Namespace, keys: list[str]) -> int:
    # Of the start: the checkout may change while it runs.
    started, commit = perf_counter(), report.commit()
    out: Path | None = options.out
    if out is None and not options.quick and not options.only:
        out = DEFAULT_OUT
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(TemporaryDirectory(prefix="bench-remoh-")))
        budget = personal.QUICK if options.quick else personal.Budget()
        measurement = Measurement(work.resolve(), quick=options.quick, budget=budget)
        measurement.measure(keys)
        figures = ordered(measurement.figures)
        instant_error = measurement.details.get("trained", {}).get("instant_error")
        result = {
            **figures,
            "missed_bars": [
                key
                for key, value in figures.items()
                if isinstance(value, int | float) and passes(key, value, instant_error=instant_error) is False
            ],
            "details": measurement.details,
            "budget": asdict(budget),
            "media": measurement.media.origin,
            "quick": options.quick,
            "run_s": round(perf_counter() - started, 1),
            "date": report.today(),
            "commit": commit,
            "machine": report.machine(),
        }
    Console().print(table(figures, instant_error=instant_error))
    if out is not None:
        report.write(out, result)
    print(json.dumps(result, ensure_ascii=False))
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
