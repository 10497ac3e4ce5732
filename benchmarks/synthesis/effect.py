"""What samples and mined people bring: the same people enrolled by jobs with both and with neither, seed by seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.enroll.trained import TrainedConfig, TrainedPeople
from benchmarks.people.media import Media
from benchmarks.remoh.figures import Errors, bootstrap, ratio, share
from benchmarks.remoh.personal import Counts, Set, counts_of
from pipelines.enroll.options import QUICK as QUICK_JOB
from pipelines.enroll.options import JobOptions

Say = Callable[[str], None]

ARMS = ("with", "without")


@dataclass(frozen=True)
class EffectBench:
    """How much is trained.

    Attributes:
        people: how many, of clips and of photos by turns. seeds: of jobs and questions. absent: clips in which each is
            asked about and absent. options: of a job with both.
    """

    people: int = 2
    seeds: tuple[int, ...] = (7, 8, 9)
    absent: int = 3
    options: JobOptions = field(
        default_factory=lambda: JobOptions(
            synthesizer="subject-diffusion", stills=13, clips=27, questions=500, held_out=8
        )
    )


QUICK = EffectBench(people=1, seeds=(7,), absent=1, options=replace(QUICK_JOB, samples=3))


def measure(media: Media, work: Path, config: EffectBench, say: Say) -> dict[str, Any]:
    """Train everybody in both ways with every seed, and ask about clips that no job saw.

    Args:
        media: whom there is. work: folder; who is finished is kept there. config: see `EffectBench`. say: hears.

    Returns:
        error_ratio_with_without, its interval over people and seeds, and cross_present of both: right answers about
        people who are in a photo that did not enroll them.
    """
    counted: dict[str, dict[str, Counts]] = {arm: {} for arm in ARMS}
    for seed in config.seeds:
        for arm in ARMS:
            options = replace(config.options, seed=seed)
            if arm == "without":
                options = replace(options, generated=0, samples=0, look_alikes=0, strangers=0)
            wanted = TrainedConfig(
                people=config.people, absent=config.absent, seed=seed, corpus=arm == "with", options=options
            )
            say(f"seed {seed}, {arm} samples and mined people")
            found = TrainedPeople(media, work / f"{arm} {seed}", wanted, say).measure()
            counted[arm] |= {f"{key} {seed}": counts_of(one["parts"]) for key, one in found["people"].items()}
    return {**compared(counted["with"], counted["without"]), "effect_config": asdict(config)}


def compared(made: Mapping[str, Counts], bare: Mapping[str, Counts]) -> dict[str, Any]:
    """Both ways side by side, by person and seed."""
    pairs = [(made[key], bare[key]) for key in sorted(made.keys() & bare.keys())]
    both = [Errors(_asked(one), _wrong(other), _wrong(one)) for one, other in pairs]
    return {
        "error_ratio_with_without": ratio(both),
        "error_ratio_interval": bootstrap(both, seed=0),
        "effect": {
            "asked": sum(one.asked for one in both),
            "wrong_with": sum(one.trained for one in both),
            "wrong_without": sum(one.instant for one in both),
            "cross_present_with": _present([one for one, _ in pairs]),
            "cross_present_without": _present([other for _, other in pairs]),
            "by_kind": {
                arm: {key: _by_kind(counts) for key, counts in found.items()}
                for arm, found in zip(ARMS, (made, bare), strict=True)
            },
        },
    }


def _asked(counts: Counts) -> int:
    return sum(counts.asked.values())


def _wrong(counts: Counts) -> int:
    return _asked(counts) - sum(counts.trained.values())


def _present(counts: Sequence[Counts]) -> float | None:
    key: tuple[Set, str] = ("cross", "existence present")
    asked = sum(one.asked.get(key, 0) for one in counts)
    return share(sum(one.trained.get(key, 0) for one in counts), asked) if asked else None


def _by_kind(counts: Counts) -> dict[str, list[int]]:
    """Right and asked, by part and kind."""
    return {f"{part}: {kind}": [counts.trained[part, kind], asked] for (part, kind), asked in counts.asked.items()}
