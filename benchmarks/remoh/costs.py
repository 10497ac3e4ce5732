"""What an adapter of nano costs: training, swapping, asking beside others.

    python -m benchmarks.remoh.costs DIR

trains one person at full size in this process and prints one line of JSON; the benchmark runs it as a child, so that
the memory it tells is that of training alone.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.people.build import Workshop
from benchmarks.people.media import find_media
from benchmarks.remoh.people import Cast, Person, Studio, asked_clip, make_cast, true_facts
from benchmarks.remoh.personal import Budget, train
from pvchat.chat.answer import Clip
from pvchat.chat.nano_answer import NanoAnswerer, arrays_of, subject_arrays
from pvchat.identity.decision import decide
from pvchat.identity.gallery import GalleryEntry
from pvchat.models.adapter import Adapter
from pvchat.models.nano import load_nano
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.tokens import patch_rows
from pvchat.training.dialogue import make_qa
from pvchat.training.footage import Footage, window
from pvchat.training.nano_clip import NanoClip
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.personal import TrainingClip, Turn

ROOT = Path(__file__).resolve().parents[2]
# As many stills, clips and questions as the paper has for one subject.
FULL = Budget(stills=27, clips=54, questions=1455, held_out=12)
QUICK_FULL = Budget(stills=3, clips=5, questions=24, held_out=2, cast=2, alignment=8, pairs=8)
SAME_LOSS = 1e-2


def person_of(cast: Cast) -> Person:
    """Whom costs are measured on: the first who has a clip."""
    return next(person for person in cast.people.values() if not person.cross)


def random_adapter(adapters: NanoAdapters, seed: int) -> Adapter:
    """An adapter of the default size with small random tensors: what it costs does not depend on what it learned."""
    model = NanoPersonal(adapters, adapters.config())
    untrained = model.adapter()
    model.close()
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        name: tensor.cpu() + 1e-3 * torch.randn(tensor.shape, generator=generator).to(tensor.dtype)
        for name, tensor in untrained.tensors.items()
    }
    return Adapter(untrained.config, tensors)


# -- time --------------------------------------------------------------------------------------------------------------


def adapter_mb(adapters: NanoAdapters, folder: Path) -> float:
    """Size in MB (10^6 bytes) of both files of an adapter."""
    folder.mkdir(parents=True, exist_ok=True)
    random_adapter(adapters, 0).save(folder)
    return sum(file.stat().st_size for file in folder.iterdir()) / 1e6


def swap_ms(adapters: NanoAdapters, repeats: int) -> dict[str, float]:
    """Time to turn from one attached adapter to another, with the personal tensors of the next prompt."""
    for seed, key in enumerate(("one", "two")):
        adapters.put(key, random_adapter(adapters, seed))
    times = []
    for number in range(2 * repeats):
        started = time.perf_counter()
        adapters.use(["one" if number % 2 else "two"])
        times.append(1000 * (time.perf_counter() - started))
    adapters.attached.clear()
    return {"median_ms": median(times), "most_ms": max(times)}


class _FirstTokenError(Exception):
    """The first token is there; the rest of the answer takes time that is not measured."""


def ten_subjects(adapters: NanoAdapters, studio: Studio, cast: Cast, repeats: int) -> dict[str, Any]:
    """Time to the first token with ten adapters attached, and with one; a new clip each time, so that it is read."""
    person = person_of(cast)
    entry, _ = studio.enroll(person)
    clip = asked_clip(studio.see(person.ask[0]), entry, "asked")
    maps = studio.look(clip)
    made = [random_adapter(adapters, seed) for seed in range(10)]
    found: dict[int, list[float]] = {1: [], 10: []}
    for number in range(repeats + 1):
        for attached in (1, 10):
            adapters.attached.clear()
            for index, adapter in enumerate(made[:attached]):
                adapters.put("asked" if index == 0 else f"other {index}", adapter)
            if attached > 1:
                # The last prompt was somebody else's.
                adapters.use([f"other {attached - 1}"])
            # What patches cost does not depend on how many adapters there are.
            answerer = NanoAnswerer(adapters.nano, adapters, lambda _clip: maps)
            seconds = _first_token_s(answerer, clip, f"What is {person.name} doing?", person.name)
            if number:
                found[attached].append(seconds)
    adapters.attached.clear()
    one, ten = median(found[1]), median(found[10])
    return {"ratio": ten / one, "one_s": one, "ten_s": ten, "repeats": repeats}


def _first_token_s(answerer: NanoAnswerer, clip: Clip, question: str, name: str) -> float:
    def stop(_text: str) -> None:
        raise _FirstTokenError

    started = time.perf_counter()
    with suppress(_FirstTokenError):
        answerer.answer(clip, question, [name], use_evidence=False, on_text=stop)
    return time.perf_counter() - started


def packed_speedup(
    adapters: NanoAdapters, studio: Studio, cast: Cast, *, clips: int, questions: int, repeats: int
) -> dict[str, Any]:
    """Questions per second of an epoch: packed with patches made once per clip, and one by one with patches made anew.

    Both begin with nothing cached and take an optimizer step per clip; runs alternate, and the ratio is that of the
    medians.

    Raises:
        RuntimeError: the two losses differ.
    """
    person = person_of(cast)
    entry, footage = studio.enroll(person)
    start, end = footage.span
    length = (end - start) / clips
    windows = [window(footage, start + i * length, start + (i + 1) * length) for i in range(clips)]
    turns = [_turns(studio, part, entry, questions, seed) for seed, part in enumerate(windows)]
    seconds: dict[bool, list[float]] = {True: [], False: []}
    losses: dict[bool, float] = {}
    for _ in range(repeats):
        for packed in (True, False):
            taken, losses[packed] = _epoch(adapters, studio, entry, windows, turns, packed=packed)
            seconds[packed].append(taken)
    difference = abs(losses[True] - losses[False])
    if difference > SAME_LOSS:
        raise RuntimeError(f"the packed loss is {losses[True]}, that of single questions {losses[False]}")
    rates = {packed: clips * questions / median(times) for packed, times in seconds.items()}
    return {
        "ratio": rates[True] / rates[False],
        "packed_questions_per_s": rates[True],
        "single_questions_per_s": rates[False],
        "loss_difference": difference,
        "clips": clips,
        "questions_per_clip": questions,
        "repeats": repeats,
        "threads": torch.get_num_threads(),
    }


def _turns(studio: Studio, part: Footage, entry: GalleryEntry, count: int, seed: int) -> tuple[Turn, ...]:
    rng = random.Random(f"turns {seed}")
    facts = true_facts(_clip(part, entry), present=True)
    made = [make_qa(facts, rng, precise_times=False) for _ in range(count)]
    return tuple(Turn(qa.question, qa.answer, qa.kind) for qa in made)


def _clip(part: Footage, entry: GalleryEntry) -> Clip:
    return Clip(part.record, part.vectors, decide(part.vectors, part.record, [entry]), [entry])


def _epoch(
    adapters: NanoAdapters,
    studio: Studio,
    entry: GalleryEntry,
    windows: Sequence[Footage],
    turns: Sequence[tuple[Turn, ...]],
    *,
    packed: bool,
) -> tuple[float, float]:
    """Wall time, and the loss of the untrained adapter over all answer tokens of the first clip."""
    layout = adapters.nano.model.config.layout
    model = NanoPersonal(adapters, adapters.config())
    optimizer = torch.optim.AdamW([p for group in model.parameters().values() for p in group], lr=1e-4)
    first, tokens = 0.0, 0
    started = time.perf_counter()
    for number, (part, asked) in enumerate(zip(windows, turns, strict=True)):
        clip = _clip(part, entry)
        arrays = arrays_of(clip, layout)
        beside = subject_arrays(clip, arrays, entry.name, layout)
        for questions in [asked] if packed else [(turn,) for turn in asked]:
            patches = patch_rows(studio.describe(part, random.Random(0)), arrays.track_ids)
            content = NanoClip(entry.name, arrays, beside, patches)
            found = model.answer_loss([TrainingClip(part.key, content, questions, True)])
            torch.autograd.backward(found.loss * (len(questions) / len(asked)))
            if number == 0:
                first += float(found.loss.detach()) * len(found.right)
                tokens += len(found.right)
        optimizer.step()
        optimizer.zero_grad()
    seconds = time.perf_counter() - started
    model.close()
    return seconds, first / tokens


# -- training at full size ---------------------------------------------------------------------------------------------


def train_in_child(work: Path, *, quick: bool) -> dict[str, Any]:
    """Train one person at full size in a child process.

    Raises:
        RuntimeError: the child failed.
    """
    command = [sys.executable, "-m", "benchmarks.remoh.costs", str(work), *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"training in a child process failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one person and tell time and memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remoh.costs")
    parser.add_argument("work", type=Path, help="folder of clips and of what was seen in them")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(arguments)
    budget = QUICK_FULL if options.quick else FULL
    media = find_media()
    studio = Studio(Workshop(options.work / "clips", media), options.work / "seen")
    cast = make_cast(media, seed=budget.seed, most=budget.cast)
    person = person_of(cast)
    for other in (person, *cast.negatives_of(person)):
        studio.see(other.enroll)
    adapters = NanoAdapters(load_nano())
    started = time.perf_counter()
    run = train(adapters, studio, cast, person, budget)
    seconds = time.perf_counter() - started
    figures = {
        "seconds": seconds,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "stills": len(run.data.stills),
        "clips": len(run.data.clips),
        "questions": sum(len(clip.turns) for clip in (*run.data.stills, *run.data.clips)),
        "steps": len(run.result.history),
        "notes": list(run.result.notes),
        "precision": str(adapters.nano.placement.dtype),
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
