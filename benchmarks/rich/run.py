"""Measure rich perception and conversation.

    python -m benchmarks.rich                             everything
    python -m benchmarks.rich --quick                     a few cases of each, to see that it runs
    python -m benchmarks.rich --only feedback,unknown     some parts alone
    python -m benchmarks.rich --only multi_turn --by-rule conversations without the language model

attributes: what is said of people, relations, order, speed  multi_turn: conversations and how fast they follow
cannot_tell: questions nobody can answer  feedback: "this is not X" and back  unknown: strangers grouped over videos
Then table, file, JSON.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from rich.console import Console

from benchmarks.bars import missed, table
from benchmarks.keys import chosen_keys
from benchmarks.people import report
from benchmarks.people.media import Media, find_media
from benchmarks.rich import attributes, cannot_tell, feedback, multi_turn, unknown
from benchmarks.rich.multi_turn import MultiTurnConfig
from pvchat.errors import PVChatError

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "results" / "rich.json"
PARTS = ("attributes", "multi_turn", "cannot_tell", "feedback", "unknown")
KEYS = (
    "attributes",
    "relations",
    "temporal_order",
    "multi_turn",
    "cannot_tell",
    "feedback_effective",
    "unknown_grouping_purity",
    "perception_x_realtime",
    "followup_s",
)
BARS: dict[str, tuple[str, float]] = {
    "relations": (">=", 0.95),
    "temporal_order": (">=", 0.95),
    "multi_turn": (">=", 0.9),
    "cannot_tell": (">=", 0.95),
    "feedback_effective": (">=", 1.0),
    "unknown_grouping_purity": (">=", 0.95),
    "unknown_grouping_completeness": (">=", 0.85),
    "perception_x_realtime": (">=", 4.0),
    "followup_s": ("<=", 1.5),
}
"""Key -> how it is compared with its bar, and the bar; each attribute has `PRECISION` and `RECALL`."""
PRECISION, RECALL = 0.9, 0.6


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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rich", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="PART,...", help="measure these parts only")
    parser.add_argument("--quick", action="store_true", help="a few cases; the figures mean nothing")
    parser.add_argument("--by-rule", action="store_true", help="leave the language model out of conversations")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep clips here, so that the next run is quicker")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="where the result is written")
    return parser


def _run(options: argparse.Namespace, parts: Sequence[str]) -> int:
    # Of the start: the checkout may change while it runs.
    started, commit = perf_counter(), report.commit()
    out: Path | None = options.out
    if out is None and not options.quick and not options.by_rule and list(parts) == list(PARTS):
        out = DEFAULT_OUT
    media = find_media()
    details: dict[str, Any] = {}
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(TemporaryDirectory(prefix="bench-rich-")))
        for part in parts:
            _say(f"measuring {part}")
            folder = work.resolve() / part
            details[part] = _measure(part, media, folder, quick=options.quick, by_rule=options.by_rule)
    figures = scalars(details)
    told = details.get("attributes", {}).get("attributes", {})
    keys = {key: told if key == "attributes" else figures.get(key) for key in KEYS}
    result = {
        **{key: value for key, value in keys.items() if value not in (None, {})},
        "missed_bars": [*missed(BARS, figures), *missed_attributes(told)],
        "details": details,
        "media": media.origin,
        "quick": options.quick,
        "run_s": round(perf_counter() - started, 1),
        "date": report.today(),
        "commit": commit,
        "machine": report.machine(),
    }
    Console().print(table("rich", BARS, figures))
    if out is not None:
        report.write(out, result)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return 0


def _measure(part: str, media: Media, work: Path, *, quick: bool, by_rule: bool) -> dict[str, Any]:
    scripts = 4 if quick else MultiTurnConfig.scripts
    measures: Mapping[str, Callable[[], dict[str, Any]]] = {
        "attributes": lambda: attributes.measure(media, work, _say),
        "multi_turn": lambda: multi_turn.measure(media, work, _say, MultiTurnConfig(scripts=scripts, by_rule=by_rule)),
        "cannot_tell": lambda: cannot_tell.measure(media, work, _say, most=6 if quick else None),
        "feedback": lambda: feedback.measure(media, work, _say, most=2 if quick else None),
        "unknown": lambda: unknown.measure(media, work, _say),
    }
    return measures[part]()


def scalars(details: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """The figures that have a bar, of the parts that were measured."""
    found: dict[str, float | None] = {}
    if "attributes" in details:
        seen = details["attributes"]
        found |= {key: seen[key]["share"] for key in ("relations", "temporal_order")}
        found["perception_x_realtime"] = seen["perception_x_realtime"]["median"]
    if "multi_turn" in details:
        found |= {key: details["multi_turn"][key] for key in ("multi_turn", "followup_s")}
    if "cannot_tell" in details:
        found["cannot_tell"] = details["cannot_tell"]["cannot_tell"]["share"]
    if "feedback" in details:
        said = details["feedback"]["feedback_effective"]
        found["feedback_effective"] = min(said["said"], said["undone"])
    if "unknown" in details:
        keys = ("unknown_grouping_purity", "unknown_grouping_completeness")
        found |= {key: details["unknown"][key] for key in keys}
    return {key: found[key] for key in BARS if key in found}


def missed_attributes(told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Words that are said wrongly too often, or too rarely where they hold."""
    out = []
    for word, figure in told.items():
        precise, found = figure["precision"], figure["recall"]
        if (precise is not None and precise < PRECISION) or (found is not None and found < RECALL):
            out.append(f"attributes: {word}")
    return out


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
