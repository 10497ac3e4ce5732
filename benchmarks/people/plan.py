"""The plan of a run: which galleries, which clips, which questions.

Enrollment uses the first 40 % of a clip and questions the last 40 %; of photos, one photo enrolls and another is asked
about. Nothing a person was enrolled from is ever asked about in the same round.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

from benchmarks.people.build import (
    ASK_SHARE,
    After,
    Beside,
    Cut,
    Damaged,
    Moving,
    Recipe,
    ask_recipe,
    enroll_recipe,
)
from benchmarks.people.cases import Case, Enrollment, Make, Questioner, Round, Row
from benchmarks.people.config import PlanConfig, name_people, smaller
from benchmarks.people.media import BIKES, GROUP, STAGE, Media, Source
from pvchat.training.wordings import Kind

ROWS_OF: dict[str, tuple[Row, ...]] = {
    "present": ("same",),
    "absent": ("same",),
    "cross_present": ("cross",),
    "cross_absent": ("cross",),
    "model_present": ("model",),
    "model_absent": ("model",),
    "strangers_named": ("stranger",),
    "wrong_and_sure": ("degraded",),
    "unsure_clean": ("same", "cross"),
    "place": ("place",),
    "order": ("order",),
    "span_error_s_p95": ("same",),
    "colour": ("colour",),
    "action": ("action",),
    "colour_own": ("colour",),
    "action_own": ("action",),
    "refusal": ("refusal",),
    "wellformed": ("same", "place", "order", "colour", "action", "refusal"),
    "disagreement": ("same", "place", "order", "colour", "action", "refusal"),
}
"""Rows of cases that each key needs. `wellformed` and `disagreement` count every answer of the run."""

ASKED_TOGETHER = 3


def make_plan(media: Media, make: Make, config: PlanConfig, rows: Iterable[Row]) -> list[Round]:
    """All rounds of a run.

    Args:
        media: the sources.
        make: builds clips; every clip of the plan is built here.
        config: how many cases.
        rows: what is measured.
    """
    wanted = set(rows)
    rounds = [_main_round(media, media.same(), make, config, wanted)]
    if "stranger" in wanted:
        rounds += _left_out_rounds(media, make, config, rounds[0])
    if media.singled_out():
        rounds.append(_group_round(media, make, smaller(config), wanted - {"stranger"}))
    if wanted & {"cross", "colour", "action"}:
        rounds += _cross_rounds(media, make, config, wanted)
    return [r for r in rounds if r.cases]


def _enrollments(sources: Sequence[Source], names: dict[str, str], make: Make) -> tuple[Enrollment, ...]:
    recipes = [enroll_recipe(s) for s in sources]
    return tuple(
        Enrollment(s.person or s.key, names[s.person or s.key], make(r), r)
        for s, r in zip(sources, recipes, strict=True)
    )


def _composites(sources: list[Source], config: PlanConfig) -> tuple[list[Recipe], list[Recipe]]:
    """Side-by-side and one-after-another recipes; every person stands at every place in turn."""
    parts = [ask_recipe(s) for s in sources]
    count = len(parts)

    def chosen(start: int, steps: Sequence[int]) -> tuple[Recipe, ...]:
        return tuple(parts[(start + step) % count] for step in steps)

    beside: list[Recipe] = []
    after: list[Recipe] = []
    if count >= 2:
        beside += [Beside(chosen(i, (0, step % count or 1))) for step in config.pair_steps for i in range(count)]
        after += [After(chosen(i, (1, 0))) for i in range(min(config.sequences, count))]
    if count >= 3:
        beside += [Beside(chosen(2 * i, (0, 1, 2))) for i in range(config.triples)]
        after += [After(chosen(2 * i + 1, (0, 2, 1))) for i in range(config.sequence_triples)]
    return list(dict.fromkeys(beside)), list(dict.fromkeys(after))


def _group_round(media: Media, make: Make, config: PlanConfig, wanted: set[Row]) -> Round:
    """The people of the group photo: as everybody else, and all of them at once in the whole photo."""
    sources = media.singled_out()
    people = [s.key for s in sources]
    plain = _main_round(media, sources, make, config, wanted)
    ask = Questioner(media, make, name_people(people, config.seed), config.seed)
    whole = Moving(GROUP, seed=2)
    rows: list[Row] = [row for row in ("same", "model") if row in wanted]
    cases = [
        ask.case(row, whole, [person], "existence", shown=people, use_evidence=row != "model")
        for row in rows
        for person in people
    ]
    return Round("people of the group photo", plain.gallery, _by_clip([*plain.cases, *cases]))


def _main_round(media: Media, sources: list[Source], make: Make, config: PlanConfig, wanted: set[Row]) -> Round:
    people = [s.key for s in sources]
    ask = Questioner(media, make, name_people(people, config.seed), config.seed)
    beside, after = _composites(sources, config)
    singles = [ask_recipe(s) for s in sources]
    nobody: list[Recipe] = [Cut(BIKES, 0.0, 1.0)] if BIKES in media.sources else []
    if STAGE in media.sources:
        nobody.append(Cut(STAGE, *ASK_SHARE))
    cases: list[Case] = []

    existence = [(recipe, person) for recipe in [*singles, *nobody] for person in people]
    for number, recipe in enumerate([*beside, *after]):
        shown = ask.shown(recipe)
        others = [p for p in people if p not in shown]
        rotated = others[number % len(others) :] + others[: number % len(others)] if others else []
        existence += [(recipe, person) for person in [*shown, *rotated[: config.others_per_composite]]]
    if "same" in wanted:
        cases += [ask.case("same", recipe, [person], "existence") for recipe, person in existence]
    if "model" in wanted:
        there = [(recipe, person) for recipe, person in existence if person in ask.shown(recipe)]
        absent = [pair for pair in existence if pair not in there][:: config.model_absent_every]
        cases += [ask.case("model", r, [person], "existence", use_evidence=False) for r, person in [*there, *absent]]
    if "place" in wanted:
        cases += [
            ask.case("place", recipe, [person], "location")
            for recipe in [*beside, *singles]
            for person in ask.shown(recipe)
            if ask.place_is_clear(person, recipe)
        ]
    if "order" in wanted:
        cases += _order_cases(ask, beside)
    if "colour" in wanted:
        cases += _labelled(media, ask, "colour", "upper", [*singles, *beside])
    if "action" in wanted:
        cases += _labelled(media, ask, "action", "action", [*singles, *after])
    if "refusal" in wanted:
        cases += _refusals(ask, people, [*singles, *nobody], config)
    if "degraded" in wanted:
        cases += _degraded(ask, sources, config)
    if "stranger" in wanted:
        cases += _strangers(media, ask, people)
    return Round("everybody enrolled", _enrollments(sources, name_people(people, config.seed), make), _by_clip(cases))


def _order_cases(ask: Questioner, beside: Sequence[Recipe]) -> list[Case]:
    cases = []
    for number, recipe in enumerate(beside):
        for index, (left, right) in enumerate(pairwise(ask.shown(recipe))):
            flip = (number + index) % 2 == 0
            pair = [right, left] if flip else [left, right]
            side = "right" if (number + index) % 3 == 0 else "left"
            cases += [ask.case("order", recipe, pair, kind, side=side) for kind in ("relation", "order")]
    return cases


def _labelled(media: Media, ask: Questioner, row: Row, kind: Kind, recipes: Sequence[Recipe]) -> list[Case]:
    label = "upper_any" if row == "colour" else "action_any"
    return [
        ask.case(row, recipe, [person], kind)
        for recipe in recipes
        for person in ask.shown(recipe)
        if media.labels.get(person, {}).get(label)
    ]


def _refusals(ask: Questioner, people: Sequence[str], recipes: Sequence[Recipe], config: PlanConfig) -> list[Case]:
    absent = [(r, p) for r in recipes for p in people if p not in ask.shown(r)]
    kinds: tuple[Kind, ...] = ("existence", "appearance", "action", "location")
    chosen = Random(f"refusals {config.seed}").sample(absent, min(config.refusals, len(absent)))
    return [ask.case("refusal", recipe, [person], kind) for recipe, person in chosen for kind in kinds]


def _degraded(ask: Questioner, sources: Sequence[Source], config: PlanConfig) -> list[Case]:
    people = [s.key for s in sources]
    cases = []
    for number, source in enumerate(sources):
        for step, how in enumerate(config.damages):
            recipe = Damaged(ask_recipe(source), how)
            other = people[(number + step + 1) % len(people)]
            cases += [ask.case("degraded", recipe, [p], "existence") for p in dict.fromkeys((source.key, other))]
    return cases


def _strangers(media: Media, ask: Questioner, people: Sequence[str]) -> list[Case]:
    """People nobody enrolled, asked about a few names at a time: photos, the group, the stage."""
    recipes: list[Recipe] = [
        Moving(s.key, seed=2)
        for s in media.sources.values()
        if s.kind == "photo" and s.person not in people and s not in media.singled_out()
    ]
    if STAGE in media.sources:
        recipes.append(Cut(STAGE, 0.0, 1.0))
    return [ask.case("stranger", recipe, group, "which") for recipe in recipes for group in _grouped(people)]


def _grouped(people: Sequence[str]) -> list[Sequence[str]]:
    return [people[i : i + ASKED_TOGETHER] for i in range(0, len(people), ASKED_TOGETHER)]


def _left_out_rounds(media: Media, make: Make, config: PlanConfig, main: Round) -> list[Round]:
    """Galleries without one person, who is then a stranger in the own clip."""
    names = {e.person: e.name for e in main.gallery}
    ask = Questioner(media, make, names, config.seed + 1)
    rounds = []
    for stranger in list(names)[: config.left_out]:
        gallery = tuple(e for e in main.gallery if e.person != stranger)
        recipe = ask_recipe(media.sources[stranger])
        cases = [ask.case("stranger", recipe, group, "which") for group in _grouped([e.person for e in gallery])]
        rounds.append(Round(f"{stranger} left out", gallery, tuple(cases)))
    return rounds


def _cross_rounds(media: Media, make: Make, config: PlanConfig, wanted: set[Row]) -> list[Round]:
    """Every photo of a person enrolls once; the other photos of that person, and of the others, are asked about."""
    photos = media.crossed()
    stills = [s for s in media.sources.values() if s.key.endswith(".still")]
    rounds = []
    rng = Random(f"cross {config.seed}")
    asked: set[tuple[str, str]] = set()
    for number in range(config.cross_rounds if photos else 0):
        chosen = [own[number % len(own)] for own in photos.values()]
        sources = [*chosen, *stills]
        people = [s.person for s in sources if s.person]
        names = name_people(people, config.seed + 10 + number)
        ask = Questioner(media, make, names, config.seed + number)
        enrolled_from = {s.person: s.key for s in sources}
        cases: list[Case] = []
        for person, own in photos.items() if "cross" in wanted else ():
            for photo in own:
                if photo.key == enrolled_from[person]:
                    continue
                others = [p for p in people if p != person]
                for asked_about in [person, *rng.sample(others, 2 if number < 2 else 1)]:
                    pair = (enrolled_from[asked_about], photo.key)
                    if pair not in asked:
                        asked.add(pair)
                        cases.append(ask.case("cross", Moving(photo.key, seed=2), [asked_about], "existence"))
        if STAGE in media.sources and stills and number == 0:
            cases += _stage_cases(media, ask, people, wanted)
        rounds.append(Round(f"photos, gallery {number + 1}", _enrollments(sources, names, make), _by_clip(cases)))
    return rounds


def _stage_cases(media: Media, ask: Questioner, people: Sequence[str], wanted: set[Row]) -> list[Case]:
    """The stills against the stage clip: whole and where the singer is close; nobody of the photos is in it."""
    close = Cut(STAGE, 0.38, 0.78)
    visible = media.labels.get(STAGE, {}).get("surely_visible", {})
    sure = [p for p in people if visible.get(p)]
    cases: list[Case] = []
    if "cross" in wanted:
        # Of the pianist the whole clip shows too little to be sure of; of the close part he is absent.
        for recipe, absent in ((Cut(STAGE, 0.0, 1.0), [p for p in people if p not in visible]), (close, people)):
            asked = [*sure, *(p for p in absent if p not in sure)]
            cases += [ask.case("cross", recipe, [p], "existence", shown=sure) for p in asked]
    if "colour" in wanted:
        cases += [ask.case("colour", close, [p], "upper", shown=sure) for p in sure]
    if "action" in wanted:
        cases += [ask.case("action", close, [p], "action", shown=sure) for p in sure]
    return cases


def _by_clip(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Cases of one clip and the same people next to each other, so that caches serve them."""
    first = {case.clip.path: number for number, case in reversed(list(enumerate(cases)))}
    return tuple(sorted(cases, key=lambda c: (first[c.clip.path], c.use_evidence, c.people)))
