"""Are turns of a conversation answered rightly? Scripts of five turns about composites of real people.

Everybody is enrolled from other parts of their clips; perception, identity and the model are
the program's. What is right is known from how a composite was made, never from what perception saw. Wordings come from
`turn_wordings`; the held half was set aside while the rules were written.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from benchmarks.enroll.known import known_of
from benchmarks.people.build import After, Beside, Recipe, Workshop, ask_recipe, enroll_recipe, label_of
from benchmarks.people.config import name_people
from benchmarks.people.media import Media, Source
from benchmarks.remoh.people import Person, Studio
from benchmarks.rich.turn_scripts import Script, Shown, write_scripts
from benchmarks.rich.turn_truth import fault
from benchmarks.rich.turn_wordings import Half
from pipelines.conversation import Said, say, view_of
from pvchat.chat.answer import Clip
from pvchat.identity.decision import decide

if TYPE_CHECKING:
    from pvchat.chat.answer import AnswerResult
    from pvchat.chat.nano_answer import NanoAnswerer

SHOWN_WRONG = 40


@dataclass(frozen=True)
class MultiTurnConfig:
    """How much is asked.

    Attributes:
        scripts: of five turns each. half: of the wordings. seed: of names and scripts. people: most who are enrolled.
        by_rule: leave the model out, so that every answer is read off the record.
    """

    scripts: int = 100
    half: Half = "held"
    seed: int = 47
    people: int = 8
    by_rule: bool = False


def measure(
    media: Media, work: Path, say_line: Callable[[str], None], config: MultiTurnConfig | None = None
) -> dict[str, Any]:
    """Hold the conversations and judge every turn.

    Args:
        media: the sources. work: folder of clips and what was perceived, kept for the next run.
        say_line: called with a line about what is done.

    Returns:
        plain JSON: `multi_turn` (share of turns right), `turns`, `whole_scripts` (share of scripts with all turns
        right), `by_kind` (right, asked of each kind of turn), `followup_s` (median seconds of turns after the first),
        `followup_cpu_s` (the same in processor time), `followup_s_p95`, `worded_by_model` (share), `half`, `wrong`.
    """
    config = config or MultiTurnConfig()
    people = [*media.same()][: config.people]
    names = name_people([s.key for s in people], config.seed)
    studio = Studio(Workshop(work / "clips", media, say_line), work / "seen")
    recipes = composites(people)
    entries = []
    for source in people:
        say_line(f"enrolling {source.key}")
        entries.append(studio.enroll(Person(source.key, names[source.key], enroll_recipe(source), (), cross=False))[0])
    clips: dict[str, Clip] = {}
    shown = []
    everybody = [names[s.key] for s in people]
    for recipe, sources in recipes:
        say_line(f"looking at {label_of(recipe)}")
        seen = studio.see(recipe)
        called = tuple(names[s.key] for s in sources)
        key = label_of(recipe)
        clips[key] = Clip(seen.record, seen.vectors, decide(seen.vectors, seen.record, entries), entries, seen.path)
        absent = [name for name in everybody if name not in called]
        shown.append(Shown(key, called, known_of(studio.workshop.make(recipe), called, absent)))
    scripts = write_scripts(shown, everybody, config.half, config.scripts, config.seed)
    model = None if config.by_rule else _model(studio)
    return _figures(scripts, clips, everybody, model, config, say_line)


def composites(people: Sequence[Source]) -> list[tuple[Recipe, list[Source]]]:
    """Pairs side by side, and pairs one after another across them: everybody is in both kinds."""
    beside = [list(people[i : i + 2]) for i in range(0, len(people) - 1, 2)]
    after = []
    for first, second in zip(beside, [*beside[1:], beside[0]], strict=True):
        after += [[first[0], second[1]], [first[1], second[0]]]
    found: list[tuple[Recipe, list[Source]]] = []
    found += [(Beside(tuple(ask_recipe(s) for s in pair)), pair) for pair in beside]
    found += [(After(tuple(ask_recipe(s) for s in pair)), pair) for pair in after]
    return found


def _model(studio: Studio) -> "NanoAnswerer":
    from pvchat.chat.nano_answer import NanoAnswerer
    from pvchat.models.nano import load_nano

    return NanoAnswerer(load_nano(), look=studio.look)


def _figures(
    scripts: Sequence[Script],
    clips: dict[str, Clip],
    everybody: Sequence[str],
    model: "NanoAnswerer | None",
    config: MultiTurnConfig,
    say_line: Callable[[str], None],
) -> dict[str, Any]:
    right, asked = Counter[str](), Counter[str]()
    wrong, whole, worded = [], 0, 0
    followups, works = list[float](), list[float]()
    for number, script in enumerate(scripts, start=1):
        say_line(f"script {number} of {len(scripts)}: {script.title}")
        faults = []
        said_so_far: list[str] = []
        for turn in script.turns:
            started, worked = perf_counter(), process_time()
            said = _say(turn.text, said_so_far, script, clips, everybody, model)
            if said_so_far:
                followups.append(perf_counter() - started)
                works.append(process_time() - worked)
            known = [video.known for video in script.videos]
            found = fault(turn.truth, said, known, everybody, script.files)
            asked[turn.kind] += 1
            right[turn.kind] += not found
            worded += said.model.get("answer") != "rule"
            if found:
                earlier = " / ".join(said_so_far[-2:])
                faults.append(f"{script.title}, {turn.kind}: [{earlier}] {turn.text} -> {said.text} ({found})")
            said_so_far.append(turn.text)
        whole += not faults
        wrong += faults
    total = asked.total()
    return {
        "multi_turn": right.total() / total,
        "turns": total,
        "whole_scripts": whole / len(scripts),
        "by_kind": {kind: [right[kind], asked[kind]] for kind in sorted(asked)},
        "followup_s": statistics.median(followups),
        "followup_cpu_s": statistics.median(works),
        "followup_s_p95": statistics.quantiles(followups, n=20)[-1],
        "worded_by_model": worded / total,
        "half": config.half,
        "wrong": wrong[:SHOWN_WRONG],
    }


def _say(
    text: str,
    earlier: Sequence[str],
    script: Script,
    clips: dict[str, Clip],
    everybody: Sequence[str],
    model: "NanoAnswerer | None",
) -> Said:
    chosen = [clips[video.key] for video in script.videos]
    views = [view_of(clip, file, lambda: None) for clip, file in zip(chosen, script.files, strict=True)]

    def by_model(number: int, question: str, people: Sequence[str]) -> "AnswerResult | None":
        return None if model is None else model.answer(chosen[number], question, people)

    return say(text, earlier, (), everybody, views, by_model)
