"""Measure synthesis and mining: what is made and kept, what is mined, and what both bring.

    python -m benchmarks.synthesis                          everything; `effect` alone runs twelve trainings
    python -m benchmarks.synthesis --quick                  tiny sizes, to see that it runs
    python -m benchmarks.synthesis --only diffusion,gate    some parts alone

diffusion: samples of several people  gate: right and wrong people let through  mining: planted copies, look-alikes,
speed  effect: people trained with and without  Then table, file, JSON.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.console import Console

from benchmarks.bars import missed, table
from benchmarks.keys import chosen_keys
from benchmarks.people import report
from benchmarks.people.build import Workshop
from benchmarks.people.media import find_media
from benchmarks.remoh.people import Cast, Studio, make_cast
from benchmarks.synthesis import diffusion, effect, gate, mining
from pvchat.errors import PVChatError

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "results" / "synthesis.json"
PARTS = ("diffusion", "gate", "mining", "effect")
KEYS = (
    "diffusion_s",
    "stills_kept",
    "clips_kept",
    "face_distance_ratio",
    "nearest_ratio",
    "spread_ratio",
    "flicker_ratio",
    "gate_false_accept",
    "gate_false_reject",
    "mined_self",
    "lookalikes_found",
    "index_images_per_s",
    "search_1m_ms",
    "error_ratio_with_without",
)
BARS: dict[str, tuple[str, float]] = {
    "diffusion_s": ("<=", 150),
    "stills_kept": (">=", 40),
    "clips_kept": (">=", 10),
    "face_distance_ratio": ("<=", 0.8),
    "nearest_ratio": (">=", 2),
    "spread_ratio": (">=", 0.9),
    "flicker_ratio": ("<=", 1.2),
    "gate_false_accept": ("<=", 0.01),
    "gate_false_reject": ("<=", 0.1),
    **mining.BARS,
    "error_ratio_with_without": ("<=", 0.8),
}
"""Key -> how it is compared with its bar, and the bar."""


class Measurement:
    """Everything that can be measured.

    Args:
        work: folder of clips and of what is finished. quick: tiny sizes.
    """

    def __init__(self, work: Path, *, quick: bool) -> None:
        self._work = work
        self._quick = quick
        self.media = find_media()

    @cached_property
    def studio(self) -> Studio:
        """Where clips are made and seen."""
        return Studio(Workshop(self._work / "clips", self.media, _say), self._work / "seen")

    @cached_property
    def cast(self) -> Cast:
        """Everybody."""
        return make_cast(self.media, seed=7)

    def measure(self, part: str) -> dict[str, Any]:
        """The figures of one of `PARTS`, and what they are made of."""
        _say(f"measuring {part}")
        made: Mapping[str, Callable[[], dict[str, Any]]] = {
            "diffusion": self._diffusion,
            "gate": self._gate,
            "mining": self._mining,
            "effect": self._effect,
        }
        return made[part]()

    def _diffusion(self) -> dict[str, Any]:
        config = diffusion.QUICK if self._quick else diffusion.DiffusionBench()
        found = diffusion.measure(self.studio, self.cast, self._work / "samples", config, _say)
        return {**{key: found.pop(key) for key in KEYS if key in found}, "diffusion": found}

    def _gate(self) -> dict[str, Any]:
        return gate.measure(self.studio, self.cast, gate.QUICK if self._quick else gate.GateBench(), _say)

    def _mining(self) -> dict[str, Any]:
        config = mining.MiningBench()
        config = mining.quick(config) if self._quick else config
        return {**mining.measure(self.media, self._work / "mining", config, _say), "mining_config": asdict(config)}

    def _effect(self) -> dict[str, Any]:
        config = effect.QUICK if self._quick else effect.EffectBench()
        return effect.measure(self.media, self._work / "effect", config, _say)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run; the last line of the output is one JSON object.

    Returns:
        0 when the run finished, whatever the figures; 2 on bad input.
    """
    options = _parser().parse_args(arguments)
    parts = chosen_keys(options.only, PARTS)
    if parts is None:
        _say(f"--only {options.only}: known parts are {', '.join(PARTS)}")
        return 2
    try:
        return _run(options, parts)
    except PVChatError as error:
        _say(str(error))
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthesis", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="PART,...", help="measure these parts only")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; the figures mean nothing")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep what is finished here: another run goes on")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="where the result is written")
    return parser


def _run(options: argparse.Namespace, parts: Sequence[str]) -> int:
    # Of the start: the checkout may change while it runs.
    started, commit = perf_counter(), report.commit()
    out: Path | None = options.out
    if out is None and not options.quick and list(parts) == list(PARTS):
        out = DEFAULT_OUT
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(TemporaryDirectory(prefix="bench-synthesis-")))
        measurement = Measurement(work.resolve(), quick=options.quick)
        for part in parts:
            found |= measurement.measure(part)
    figures = {key: found.pop(key) for key in KEYS if key in found}
    result = {
        **figures,
        "missed_bars": missed(BARS, figures),
        "none_kept": found.get("diffusion", {}).get("none_kept", []),
        "details": found,
        "media": measurement.media.origin,
        "quick": options.quick,
        "run_s": round(perf_counter() - started, 1),
        "date": report.today(),
        "commit": commit,
        "machine": report.machine(),
    }
    Console().print(table("synthesis", BARS, figures))
    if out is not None:
        report.write(out, result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
