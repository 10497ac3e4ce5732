"""What each part of fine-tuning brings: the same small budget with one thing changed at a time, several seeds.

    python -m benchmarks.remoh.ablation
    python -m benchmarks.remoh.ablation --jobs 2            two runs side by side: sooner done, but each takes longer
    python -m benchmarks.remoh.ablation --variant remoh     how long a run takes alone
    python -m benchmarks.remoh.ablation --quick

The row "remoh" is the default: ReMoH with SPR and HAE, all personal queries, two stages, hard negatives.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.people import report
from benchmarks.people.build import Workshop
from benchmarks.people.media import find_media
from benchmarks.remoh.costs import ROOT
from benchmarks.remoh.figures import spread
from benchmarks.remoh.people import Cast, Person, Studio, make_cast
from benchmarks.remoh.personal import Budget, Case, Counts, ask, cases_of, chosen_people, train
from pvchat.chat import prompt
from pvchat.errors import PVChatError
from pvchat.models.adapter import Adapter
from pvchat.models.nano import collate, load_nano
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import Routing, RoutingConfig
from pvchat.models.soft import splice
from pvchat.training.fine_tune_config import FineTuneConfig
from pvchat.training.nano_clip import NanoClip
from pvchat.training.packing import PackedRow, pack, packed_loss
from pvchat.training.personal import TrainingClip
from pvchat.training.stock import stock_footage
from pvchat.training.subject_clips import SubjectClips
from pvchat.training.subject_data import SubjectDataConfig

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "remoh_ablation.json"
BUDGET = Budget(stills=4, clips=8, questions=200, held_out=2, people=2, absent=3, alignment=40, pairs=32)
QUICK = replace(BUDGET, questions=24, cast=2, absent=1, alignment=4, pairs=8)
SEEDS = (1, 2, 3)
HELD_OUT_SEED = 1000
HELD_OUT_CLIPS = 8
MEASURES = ("held_out_loss", "existence", "all_kinds", "masked_existence", "train_s")


@dataclass(frozen=True)
class Variant:
    """One row: what differs from the default.

    Attributes:
        routing, spr, hae, hard_negatives: see the training's configurations. queries: personal queries, None for all.
        two_stages: False trains stage 2 alone, on as many clips as both stages have.
    """

    routing: Routing = "remoh"
    spr: bool = True
    hae: bool = True
    queries: int | None = None
    two_stages: bool = True
    hard_negatives: bool = True


VARIANTS: dict[str, Variant] = {
    "remoh": Variant(),
    "dense": Variant(routing="dense"),
    "moh": Variant(routing="moh"),
    "no SPR": Variant(spr=False),
    "no HAE": Variant(hae=False),
    "no SPR, no HAE": Variant(spr=False, hae=False),
    "0 queries": Variant(queries=0),
    "4 queries": Variant(queries=4),
    "8 queries": Variant(queries=8),
    "one stage": Variant(two_stages=False),
    "no hard negatives": Variant(hard_negatives=False),
}
QUICK_VARIANTS = ("remoh", "dense", "moh")


@dataclass(frozen=True)
class Bench:
    """What all runs share."""

    adapters: NanoAdapters
    studio: Studio
    cast: Cast
    budget: Budget
    held_out: dict[str, Sequence[TrainingClip[NanoClip]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One run: who is trained, from which seed, and which variant."""

    person: str
    seed: int
    variant: str


def run_variant(bench: Bench, job: Job) -> dict[str, Any]:
    """Train one person once, and measure."""
    variant, seed = VARIANTS[job.variant], job.seed
    person = bench.cast.people[job.person]
    if person.key not in bench.held_out:
        bench.held_out[person.key] = held_out_clips(bench, person)
    budget = replace(bench.budget, seed=seed)
    if not variant.two_stages:
        budget = replace(budget, stills=0, clips=budget.stills + budget.clips)
    started = time.perf_counter()
    run = train(
        bench.adapters,
        bench.studio,
        bench.cast,
        person,
        budget,
        config=FineTuneConfig(
            seed=seed, stages="both" if variant.two_stages else "2", spr=variant.spr, hae=variant.hae
        ),
        routing=RoutingConfig(variant.routing),
        personal_queries=variant.queries,
        hard_negatives=variant.hard_negatives,
    )
    seconds = time.perf_counter() - started
    loss = answer_loss(bench.adapters, run.adapter, bench.held_out[person.key])
    entry, _ = bench.studio.enroll(person)
    cases: list[Case] = cases_of(bench.cast, person, budget.absent)
    # The same questions for every variant and seed.
    counts = ask(bench.adapters, bench.studio, entry, cases, run.adapter, bench.budget.seed, instant=False)
    return {
        "held_out_loss": loss,
        **accuracies(counts),
        "train_s": seconds,
        "activation": run.result.history[-1].activation,
        "person": person.key,
        "seed": seed,
    }


def accuracies(counts: Counts) -> dict[str, float]:
    """Shares of right answers with the adapter: of existence, of all kinds, and of existence with masked faces."""
    plain = [key for key in counts.asked if key[0] != "masked"]
    existence = [key for key in plain if key[1].startswith("existence")]
    hidden = [key for key in counts.asked if key[0] == "masked"]
    return {
        name: sum(counts.trained[key] for key in keys) / max(sum(counts.asked[key] for key in keys), 1)
        for name, keys in (("existence", existence), ("all_kinds", plain), ("masked_existence", hidden))
    }


def held_out_clips(bench: Bench, person: Person) -> Sequence[TrainingClip[NanoClip]]:
    """The held-out parts of the person's and the negatives' enrollment clips, the same for every variant and seed."""
    entry, enrollment = bench.studio.enroll(person)
    others = [bench.studio.footage(bench.studio.see(other.enroll)) for other in bench.cast.negatives_of(person)]
    data = SubjectDataConfig(seed=HELD_OUT_SEED, stills=1, clips=1, questions=2, held_out=HELD_OUT_CLIPS)
    layout = bench.adapters.nano.model.config.layout
    others += stock_footage(enrollment.vectors.face_model)
    clips = SubjectClips(person.name, entry, layout, enrollment, others, bench.studio.describe, data)
    return clips.build().held_out


@torch.no_grad()
def answer_loss(adapters: NanoAdapters, adapter: Adapter, clips: Sequence[TrainingClip[NanoClip]]) -> float:
    """Mean loss over the answer tokens of some clips, with an adapter on."""
    nano = adapters.nano
    language, shape = nano.language, nano.model.config
    soft = {"scene_tokens": shape.num_scene_tokens, "personal_tokens": shape.num_personal_tokens}
    adapters.put("asked", adapter)
    worn = adapters.use(["asked"])
    total, tokens = 0.0, 0
    try:
        for clip in clips:
            content = clip.content
            patches = [content.patches] if worn is not None and worn.pixels is not None else []
            inputs = collate([content.arrays], [[content.subject]], language.device, patches)
            prefix = prompt.prefix_ids(language.encode, [content.name], content.evidence, **soft)
            turns = [
                (
                    prompt.question_ids(language.encode, turn.question),
                    prompt.answer_ids(language.encode, turn.answer, language.end_id),
                )
                for turn in clip.turns
            ]
            batch = pack([PackedRow(prefix, turns)]).to(language.device)
            places = prompt.name_places(language.encode, [content.name], **soft)
            states = splice(batch.ids, language.embedding, nano.model(inputs, worn), places)
            loss, right = packed_loss(language.model, batch, states)
            total += float(loss) * len(right)
            tokens += len(right)
    finally:
        adapters.drop("asked")
    return total / tokens


def by_seed(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Each measure's mean, least and most over the seeds; of one seed the people's mean counts."""
    seeds = sorted({run["seed"] for run in runs})
    found = {}
    for measure in MEASURES:
        means = []
        for seed in seeds:
            values = [float(run[measure]) for run in runs if run["seed"] == seed]
            means.append(sum(values) / len(values))
        found[measure] = spread(means)
    return found


def table(summaries: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    """Variants by measures: mean, and from least to most."""
    grid = Table(title="remoh: one thing changed at a time")
    grid.add_column("variant")
    for measure in MEASURES:
        grid.add_column(measure, justify="right")
    for name, found in summaries.items():
        cells = (found[m] for m in MEASURES)
        grid.add_row(name, *(f"{c['mean']:.3g} ({c['least']:.3g}..{c['most']:.3g})" for c in cells))
    return grid


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every variant; the last line of the output is one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remoh.ablation", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one seed, three variants, tiny sizes")
    parser.add_argument("--variant", action="append", metavar="NAME", choices=list(VARIANTS), help="train it only")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs side by side (default: 1)")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep clips here, so that the next run is quicker")
    parser.add_argument("--out", type=Path, default=None, metavar="FILE", help="where the result is written")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs} is less than 1")
    try:
        return _run(options)
    except PVChatError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _run(options: argparse.Namespace) -> int:
    started, commit = perf_counter(), report.commit()
    budget = QUICK if options.quick else BUDGET
    seeds = SEEDS[:1] if options.quick else SEEDS
    variants: list[str] = options.variant or list(QUICK_VARIANTS if options.quick else VARIANTS)
    media = find_media()
    with ExitStack() as stack:
        work = (options.work or Path(stack.enter_context(TemporaryDirectory(prefix="bench-remoh-")))).resolve()
        people = chosen_people(make_cast(media, seed=budget.seed, most=budget.cast), budget.people)
        jobs = [Job(p.key, seed, name) for p in people for seed in seeds for name in variants]
        runs = _runs(jobs, work, budget, options.jobs)
    summaries = {name: by_seed(found) for name, found in runs.items()}
    result = {
        "variants": {
            name: {"changed": asdict(VARIANTS[name]), "summary": summaries[name], "runs": runs[name]} for name in runs
        },
        "seeds": list(seeds),
        "budget": asdict(budget),
        "jobs": options.jobs,
        "media": media.origin,
        "quick": options.quick,
        "run_s": round(perf_counter() - started, 1),
        "date": report.today(),
        "commit": commit,
        "machine": report.machine(),
    }
    Console().print(table(summaries))
    out = options.out or (None if options.quick or options.variant else DEFAULT_OUT)
    if out is not None:
        report.write(out, result)
    print(json.dumps(result, ensure_ascii=False))
    return 0


def _runs(jobs: Sequence[Job], work: Path, budget: Budget, processes: int) -> dict[str, list[dict[str, Any]]]:
    runs: dict[str, list[dict[str, Any]]] = {job.variant: [] for job in jobs}
    commit = report.commit()
    kept = {job: _kept(work, budget, commit, job) for job in jobs}
    # Of changed files, or outside a checkout, nobody knows what an earlier run was made with.
    known = not commit.endswith("+") and commit != "unknown"
    missing = [job for job in jobs if not (known and kept[job].is_file())]

    def keep(results: Iterable[dict[str, Any]]) -> None:
        for job, result in zip(missing, results, strict=True):
            kept[job].write_text(json.dumps(result), "utf-8")
            _say(f"{job.person}, seed {job.seed}: {job.variant}, {result['train_s']:.0f} s")

    if missing and processes == 1:
        bench = _bench(work, budget)
        keep(run_variant(bench, job) for job in missing)
    elif missing:
        threads = max(1, (os.cpu_count() or 1) // processes)
        with get_context("spawn").Pool(processes, _start, (work, budget, threads)) as pool:
            keep(pool.imap(_run_job, missing))
    for job in jobs:
        runs[job.variant].append(json.loads(kept[job].read_text("utf-8")))
    return runs


def _kept(work: Path, budget: Budget, commit: str, job: Job) -> Path:
    """Where a run's result is kept, so that an interrupted ablation of the same commit goes on."""
    what = json.dumps([commit, asdict(budget), asdict(job)])
    folder = work / "ablation"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(what.encode()).hexdigest()[:20]}.json"


def _bench(work: Path, budget: Budget) -> Bench:
    media = find_media()
    studio = Studio(Workshop(work / "clips", media, _say), work / "seen")
    return Bench(NanoAdapters(load_nano()), studio, make_cast(media, seed=budget.seed, most=budget.cast), budget)


_BENCH: list[Bench] = []
"""Of a process of `--jobs`."""


def _start(work: Path, budget: Budget, threads: int) -> None:
    torch.set_num_threads(threads)
    _BENCH.append(_bench(work, budget))


def _run_job(job: Job) -> dict[str, Any]:
    return run_variant(_BENCH[0], job)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
