"""The plan: truths are right, and nothing a person was enrolled from is asked about."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.people.build import (
    ASK_SHARE,
    ENROLL_SHARE,
    After,
    Beside,
    Cut,
    Damaged,
    Hd,
    Moving,
    Recipe,
    label_of,
    sources_of,
)
from benchmarks.people.cases import Round
from benchmarks.people.config import PlanConfig, name_people, quick
from benchmarks.people.media import STAGE, Media, Source
from benchmarks.people.plan import ROWS_OF, make_plan
from pvchat.evaluation.clips import ClipPart, ClipTruth
from pvchat.training.names import GIVEN, of_split

LABELS = {"upper_any": ["black"], "action_any": ["talking"], "action_none": ["walking"]}


class PaperWorkshop:
    """Knows the truth of every recipe without encoding a picture; every source is 4 s of 480x480."""

    def __init__(self) -> None:
        self.made: dict[Path, Recipe] = {}

    def make(self, recipe: Recipe) -> ClipTruth:
        count = len(sources_of(recipe))
        parts = [ClipPart(0, (0.0, 4.0), (0.0, 0.0, 1.0, 1.0))]
        if isinstance(recipe, Beside):
            parts = [ClipPart(i, (0.0, 3.0), (i / count, 0.0, (i + 1) / count, 1.0)) for i in range(count)]
        elif isinstance(recipe, After):
            parts = [ClipPart(i, (2.0 * i, 2.0 * i + 2), (0.0, 0.0, 1.0, 1.0)) for i in range(count)]
        path = Path(f"{type(recipe).__name__} {label_of(recipe)}.mp4")
        self.made[path] = recipe
        return ClipTruth(path, 4.0, (480, 480), tuple(parts))


def media() -> Media:
    clips = [Source(key, Path(f"{key}.mp4"), key, "clip") for key in ("A", "B", "C", "D", "E")]
    others = [Source(STAGE, Path("stage.mp4"), None, "clip"), Source("BIKES", Path("bikes.mp4"), None, "clip")]
    photos = [Source(f"{p}.{i}", Path(f"{p}{i}.jpg"), p, "photo") for p in ("P1", "P2", "P3") for i in range(3)]
    still = Source("LIN.still", Path("lin.png"), "LIN", "photo")
    labels = dict.fromkeys("ABC", LABELS) | {
        STAGE: {"surely_visible": {"LIN": [(3.6, 7.9)], "ALEX": []}, "upper_any": ["black"], "action_any": ["talking"]}
    }
    return Media("shared", {s.key: s for s in [*clips, *others, *photos, still]}, labels)


@pytest.fixture(scope="module")
def plan() -> tuple[list[Round], dict[Path, Recipe]]:
    workshop = PaperWorkshop()
    rows = {row for rows in ROWS_OF.values() for row in rows}
    return make_plan(media(), workshop.make, PlanConfig(), rows), workshop.made


def leaves(recipe: Recipe) -> list[Cut | Moving]:
    if isinstance(recipe, Cut | Moving):
        return [recipe]
    if isinstance(recipe, Damaged):
        return leaves(recipe.part)
    return [leaf for part in recipe.parts for leaf in leaves(part)]


def test_nothing_a_person_was_enrolled_from_is_asked_about(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, made = plan
    compared = 0
    for current in rounds:
        for enrolled in (leaf for e in current.gallery for leaf in leaves(e.recipe)):
            for asked in (leaf for case in current.cases for leaf in leaves(made[case.clip.path])):
                if asked.source != enrolled.source:
                    continue
                compared += 1
                assert isinstance(asked, Cut)
                assert isinstance(enrolled, Cut)
                assert asked.start >= enrolled.end + 0.1
    assert compared > 100
    assert ENROLL_SHARE[1] + 0.1 < ASK_SHARE[0]


def test_presence_is_true_to_the_sources(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, made = plan
    for case in (c for r in rounds for c in r.cases):
        recipe = made[case.clip.path]
        if STAGE in sources_of(recipe):
            continue
        shown = {media().sources[key].person for key in sources_of(recipe)}
        assert case.present == tuple(p in shown for p in case.people)


def test_everybody_enrolled_is_asked_about_on_every_last_part(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, made = plan
    asked = {
        (sources_of(made[c.clip.path])[0], c.people[0])
        for c in rounds[0].cases
        if c.row == "same" and isinstance(made[c.clip.path], Cut)
    }
    people = "ABCDE"
    assert {(s, p) for s in people for p in people} <= asked


def test_places_and_orders_follow_the_composite(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, made = plan
    cases = [c for r in rounds for c in r.cases]
    places = [c for c in cases if c.row == "place"]
    assert {c.place for c in places} == {"left", "middle", "right"}
    for case in places:
        recipe = made[case.clip.path]
        if isinstance(recipe, Beside):
            index = sources_of(recipe).index(case.people[0])
            wanted = {2: ("left", "right"), 3: ("left", "middle", "right")}[len(recipe.parts)][index]
            assert case.place == wanted
    orders = [c for c in cases if c.row == "order"]
    assert Counter(c.first_left for c in orders)[True] > 3
    assert Counter(c.first_left for c in orders)[False] > 3
    for case in orders:
        keys = sources_of(made[case.clip.path])
        assert case.first_left == (keys.index(case.people[0]) < keys.index(case.people[1]))
        assert (case.side or "") in case.question or "left" in case.question or "right" in case.question


def test_spans_are_those_of_the_asked_persons_part(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, made = plan
    seen = 0
    for case in (c for c in rounds[0].cases if c.row == "same" and c.present[0]):
        recipe = made[case.clip.path]
        if isinstance(recipe, After):
            begin = 2.0 * sources_of(recipe).index(case.people[0])
            assert case.span == (begin, begin + 2.0)
            seen += 1
    assert seen > 10


def test_strangers_are_never_enrolled_in_their_round(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, _ = plan
    strangers = [(r, c) for r in rounds for c in r.cases if c.row == "stranger"]
    assert len([r for r in rounds if r.title.endswith("left out")]) == 5
    for current, case in strangers:
        assert not any(case.present)
        assert set(case.people) <= {e.person for e in current.gallery}


def test_refusals_ask_all_four_types_about_absent_people(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, _ = plan
    refusals = [c for c in rounds[0].cases if c.row == "refusal"]
    kinds = Counter(c.kind for c in refusals)
    assert set(kinds) == {"existence", "appearance", "action", "location"}
    assert len(set(kinds.values())) == 1
    assert not any(c.present[0] for c in refusals)


def test_every_photo_of_a_person_enrolls_once_and_each_pair_is_asked_once(
    plan: tuple[list[Round], dict[Path, Recipe]],
) -> None:
    rounds, made = plan
    pairs: Counter[tuple[str, str]] = Counter()
    for current in rounds:
        from_photo = {e.person: sources_of(e.recipe)[0] for e in current.gallery}
        for case in current.cases:
            key = sources_of(made[case.clip.path])[0]
            if case.row == "cross" and case.present[0] and key != STAGE:
                pairs[from_photo[case.people[0]], key] += 1
    assert len(pairs) == 3 * 3 * 2
    assert set(pairs.values()) == {1}


def test_the_singer_of_the_stage_is_asked_about_with_the_stage_labels(
    plan: tuple[list[Round], dict[Path, Recipe]],
) -> None:
    rounds, made = plan
    stage = [c for r in rounds for c in r.cases if STAGE in sources_of(made[c.clip.path]) and c.people == ("LIN",)]
    assert {c.row for c in stage} == {"cross", "colour", "action"}
    assert all(c.present == (True,) for c in stage)
    assert next(c for c in stage if c.row == "colour").accept == ("black",)


def test_names_in_questions_are_the_enrolled_ones(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, _ = plan
    for current in rounds:
        names = {e.person: e.name for e in current.gallery}
        assert len(set(names.values())) == len(names)
        for case in current.cases:
            assert case.names == tuple(names[p] for p in case.people)
            assert all(name in case.question for name in case.names)
            assert "{" not in case.question


def test_three_in_ten_names_and_wordings_are_unseen(plan: tuple[list[Round], dict[Path, Recipe]]) -> None:
    rounds, _ = plan
    cases = [c for r in rounds for c in r.cases]
    assert 0.2 < sum(c.unseen_wording for c in cases) / len(cases) < 0.4
    names = name_people([f"p{i}" for i in range(100)], seed=1)
    known = set(of_split(GIVEN, "train"))
    unseen = set(of_split(GIVEN, "heldout"))
    first = [name.split()[0] for name in names.values()]
    held = sum(n in unseen for n in first) / max(1, sum(n in known or n in unseen for n in first))
    assert 0.15 < held < 0.45


def test_the_same_seed_gives_the_same_plan() -> None:
    rows = {row for rows in ROWS_OF.values() for row in rows}
    first, second = (make_plan(media(), PaperWorkshop().make, quick(PlanConfig()), rows) for _ in range(2))
    assert first == second
    assert sum(len(r.cases) for r in first) < sum(
        len(r.cases) for r in make_plan(media(), PaperWorkshop().make, PlanConfig(), rows)
    )


def test_only_what_is_asked_for_is_planned() -> None:
    workshop = PaperWorkshop()
    rounds = make_plan(media(), workshop.make, PlanConfig(), ["place"])
    assert {c.row for r in rounds for c in r.cases} == {"place"}
    assert not any(isinstance(r, Damaged | Hd | Moving) for r in workshop.made.values())


def test_demo_media_give_a_plan_too() -> None:
    clip = Source("CAR", Path("car.mp4"), "CAR", "clip")
    photos = [Source(f"G{i}", Path("t1.jpg"), f"G{i}", "photo", (0.1 * i, 0.0, 0.1 * i + 0.1, 1.0)) for i in range(3)]
    demo = Media("demo", {s.key: s for s in [clip, *photos]}, {"CAR": LABELS})
    rounds = make_plan(demo, PaperWorkshop().make, PlanConfig(), ["same", "cross", "place", "stranger"])
    rows = Counter(c.row for r in rounds for c in r.cases)
    assert rows["same"] > 20
    assert rows["place"] > 4
    assert rows["cross"] == 0
