"""Are the questions right? Rows about composites of real clips, against what is known of each composite.

    python -m benchmarks.enroll.questions [--work DIR]

prints one line of JSON. Of every composite the people shown are enrolled from other parts of their clips, with somebody
who is not shown; perception and identity decide, facts and rows follow as in the product.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.enroll.known import Known, fault, is_fixed, known_of
from benchmarks.people.build import After, Beside, Recipe, Workshop, ask_recipe, enroll_recipe, label_of
from benchmarks.people.config import name_people
from benchmarks.people.media import Media, Source, find_media
from benchmarks.remoh.people import Person, Studio
from pipelines.questions.build import person_rows, relation_rows
from pipelines.questions.check import foreign_names, problems
from pipelines.questions.rows import QuestionRow
from pvchat.chat.answer import Clip, clip_facts
from pvchat.chat.facts import SceneFacts
from pvchat.identity.decision import decide

SHOWN_WRONG = 20


@dataclass(frozen=True)
class QuestionsConfig:
    """How much is asked.

    Attributes:
        seed: of names, wordings and the choice of questions. asked: questions in all.
        about_one: share of questions about one person, the others are about several, times and numbers.
        pairs, triples: of people side by side; as many one after another, at most `after`.
    """

    seed: int = 31
    asked: int = 200
    about_one: float = 0.5
    pairs: int = 4
    triples: int = 2
    after: int = 4


@dataclass(frozen=True)
class Asked:
    """One composite.

    Attributes:
        label: in a few words. known: of it. facts: as the product has them. rows: questions about it.
    """

    label: str
    known: Known
    facts: SceneFacts
    rows: tuple[QuestionRow, ...]


def composites(people: list[Source], config: QuestionsConfig) -> list[tuple[Recipe, list[Source]]]:
    """Recipes with who is shown, in the order of their parts.

    Args:
        people: at least four sources of different people.
    """
    count = len(people)
    groups = [[people[2 * i % count], people[(2 * i + 1) % count]] for i in range(config.pairs)]
    groups += [[people[(i + step) % count] for step in (0, 3, 1)] for i in range(config.triples)]
    found: list[tuple[Recipe, list[Source]]] = []
    for group in groups:
        found.append((Beside(tuple(ask_recipe(s) for s in group)), group))
    for group in groups[-config.after :]:
        turned = group[::-1]
        found.append((After(tuple(ask_recipe(s) for s in turned)), turned))
    return found


def ask(studio: Studio, media: Media, config: QuestionsConfig, progress: Callable[[str], None]) -> list[Asked]:
    """Questions about every composite, `config.asked` in all."""
    people = [s for s in media.same() if s.kind == "clip"]
    people += [s for s in media.same() if s.kind == "photo"]
    names = name_people([s.key for s in people], config.seed)
    rng = random.Random(f"questions {config.seed}")
    recipes = composites(people, config)
    asked = []
    for number, (recipe, shown) in enumerate(recipes):
        progress(label_of(recipe))
        absent = next(s for s in people[number % len(people) :] + people if s not in shown)
        share, more = divmod(config.asked, len(recipes))
        asked.append(_ask(studio, names, recipe, shown, absent, rng, share + (number < more), config.about_one))
    return asked


def _ask(
    studio: Studio,
    names: dict[str, str],
    recipe: Recipe,
    shown: list[Source],
    absent: Source,
    rng: random.Random,
    count: int,
    about_one: float,
) -> Asked:
    people = [Person(s.key, names[s.key], enroll_recipe(s), (), cross=False) for s in (*shown, absent)]
    entries = [studio.enroll(person)[0] for person in people]
    seen = studio.see(recipe)
    clip = Clip(seen.record, seen.vectors, decide(seen.vectors, seen.record, entries), entries, seen.path)
    called = [person.name for person in people]
    facts = clip_facts(clip, called)
    key = seen.path.stem
    singles = round(count * about_one)
    rows: list[QuestionRow] = []
    for index, name in enumerate(called):
        share = singles // len(called) + (index < singles % len(called))
        rows += person_rows(facts, name, rng, share, clip=key, split="held_out")
    rows += relation_rows(facts, called, rng, count - len(rows), clip=key)
    known = known_of(studio.workshop.make(recipe), called[:-1], called[-1:])
    return Asked(label_of(recipe), known, facts, tuple(rows))


def measure(
    media: Media, work: Path, config: QuestionsConfig, progress: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Ask and judge.

    Args:
        media: the sources. work: folder of clips and what was perceived, kept for the next run.
        progress: called with a line per composite.

    Returns:
        plain JSON: `asked`, share `right`, `foreign_names`, the same of questions whose answer the composite fixes
        (`fixed`, `right_fixed`; the others are held against the record alone), `by_kind` (right, asked), `wrong`.
    """
    studio = Studio(Workshop(work / "clips", media), work / "seen")
    by_kind: Counter[str] = Counter()
    right_by_kind: Counter[str] = Counter()
    fixed = right_fixed = foreign = 0
    wrong = []
    composed = ask(studio, media, config, progress)
    everybody = sorted({name for composite in composed for name in composite.known.parts})
    for composite in composed:
        for row in composite.rows:
            foreign += len(foreign_names(f"{row.question} {row.answer}", _forms(row.subjects), everybody))
            faults = [fault(row, composite.known), *problems(row, composite.facts, everybody)]
            found = "; ".join(f for f in faults if f)
            by_kind[row.kind] += 1
            right_by_kind[row.kind] += not found
            fixed += is_fixed(row, composite.known)
            right_fixed += is_fixed(row, composite.known) and not found
            if found:
                wrong.append(f"[{composite.label}] {row.question} {row.answer} ({found})")
    asked = by_kind.total()
    return {
        "asked": asked,
        "right": (asked - len(wrong)) / asked,
        "foreign_names": foreign,
        "fixed": fixed,
        "right_fixed": right_fixed / fixed,
        "composites": [composite.label for composite in composed],
        "by_kind": {kind: [right_by_kind[kind], by_kind[kind]] for kind in sorted(by_kind)},
        "wrong": wrong[:SHOWN_WRONG],
    }


def _forms(names: tuple[str, ...]) -> list[str]:
    return [form for name in names for form in (name, name.lower())]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enroll.questions", description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep clips here, so that the next run is quicker")
    parser.add_argument("--seed", type=int, default=QuestionsConfig.seed, help="of names, wordings and questions")
    parser.add_argument("--asked", type=int, default=QuestionsConfig.asked, help="how many questions")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        work = options.work or Path(stack.enter_context(TemporaryDirectory(prefix="bench-questions-")))
        config = QuestionsConfig(seed=options.seed, asked=options.asked)
        found = measure(find_media(), work.resolve(), config, _say)
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
