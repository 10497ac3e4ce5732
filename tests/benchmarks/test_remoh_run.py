"""The arithmetic of the benchmark of fine-tuning: no model, no clip."""

import math
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks.people.build import Cut, Damaged, Moving
from benchmarks.people.media import Media, Source
from benchmarks.remoh import ablation, run
from benchmarks.remoh.figures import (
    BARS,
    KEYS,
    Errors,
    activation_error,
    bootstrap,
    halves,
    ordered,
    passes,
    ratio,
    table,
)
from benchmarks.remoh.people import KeptFrames, main_tracks, make_cast
from benchmarks.remoh.personal import Counts, Set, cases_of, chosen_people, summary
from pvchat.perception.geometry import Image
from pvchat.perception.record import Track

CLIPS = ("D0", "D3", "D10", "D11", "CAR")
PHOTOS = ("P1", "P2", "P3")


def media() -> Media:
    sources = [Source(key, Path(f"{key}.mp4"), key, "clip") for key in CLIPS]
    sources += [Source(f"{key}.{n}", Path(f"{key}{n}.png"), key, "photo") for key in PHOTOS for n in (1, 2)]
    return Media("shared", {source.key: source for source in sources})


def test_figures_come_in_the_order_of_the_table() -> None:
    assert list(ordered({"swap_ms": 1, "activation_error_max": 0, "else": 2})) == ["activation_error_max", "swap_ms"]
    assert set(BARS) <= set(KEYS)


def test_an_unknown_key_ends_the_run_before_anything_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--only", "speed"]) == 2
    assert "known keys are" in capsys.readouterr().err


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_a_measurement(key: str) -> None:
    assert callable(getattr(run.Measurement, f"_{key}"))


def test_bars() -> None:
    assert passes("swap_ms", 50) is True
    assert passes("swap_ms", 50.1) is False
    assert passes("packed_speedup_vlm", 4.9) is False
    assert passes("packed_speedup_nano", 2) is None
    assert passes("swap_ms", None) is None
    assert passes("activation_error_max", math.nan) is False


def test_where_instant_is_hardly_wrong_training_only_must_not_be_worse() -> None:
    key = "error_ratio_trained_instant"
    assert passes(key, 0.9) is False
    assert passes(key, 0.9, instant_error=0.1) is False
    assert passes(key, 0.9, instant_error=0.02) is True
    assert passes(key, 1.1, instant_error=0.02) is False


def test_the_error_is_that_of_the_last_quarter() -> None:
    assert activation_error([1.0] * 6 + [0.5, 0.6]) == pytest.approx(0.05)
    assert activation_error([0.2]) == pytest.approx(0.3)
    assert math.isnan(activation_error([0.5, math.nan]))
    with pytest.raises(ValueError, match="no steps"):
        activation_error([])


def test_the_ratio_is_over_all_people_together() -> None:
    assert ratio([Errors(10, 4, 1), Errors(10, 0, 1)]) == pytest.approx(0.5)
    assert ratio([Errors(10, 0, 1)]) is None


def test_the_interval_holds_the_ratio_and_repeats_itself() -> None:
    people = [Errors(20, 4 + n % 3, n % 4) for n in range(12)]
    found = bootstrap(people)
    assert found is not None
    whole = ratio(people)
    assert whole is not None
    assert found[0] < whole < found[1]
    assert found == bootstrap(people)
    assert bootstrap([Errors(20, 4, 2)] * 5) == (0.5, 0.5)
    assert bootstrap([Errors(20, 0, 2)]) is None
    assert bootstrap([]) is None


def test_nobody_is_a_negative_of_training_and_asked_about_as_absent() -> None:
    cast = make_cast(media(), seed=7)
    assert set(cast.people) == {*CLIPS, *PHOTOS}
    for person in cast.people.values():
        negatives = {p.key for p in cast.negatives_of(person)}
        absent = {p.key for p in cast.absent_of(person, 99)}
        assert negatives
        assert absent
        assert not negatives & absent
        assert person.key not in negatives | absent
        assert negatives | absent | {person.key} == set(cast.people)


def test_halves_are_equal_and_mixed() -> None:
    one, other = halves(CLIPS, PHOTOS, 3)
    assert abs(len(one) - len(other)) <= 1
    assert all(side & set(CLIPS) and side & set(PHOTOS) for side in (one, other))
    assert (one, other) == halves(tuple(reversed(CLIPS)), PHOTOS, 3)


def test_what_is_asked_about_was_never_enrolled_from() -> None:
    cast = make_cast(media(), seed=7)
    for person in cast.people.values():
        cases = cases_of(cast, person, 2)
        assert person.enroll not in {case.recipe for case in cases}
        masked = [case for case in cases if case.part == "masked"]
        assert all(isinstance(case.recipe, Damaged) for case in masked)
        assert sum(case.present for case in masked) == (0 if person.cross else len(person.ask))
        assert {case.part for case in cases} == ({"cross"} if person.cross else {"masked", "held_out"})
        assert {case.present for case in cases} == {True, False}
    enrolled, asked = cast.people["D0"].enroll, cast.people["D0"].ask[0]
    assert isinstance(enrolled, Cut)
    assert isinstance(asked, Cut)
    assert enrolled.end < asked.start
    photos = [cast.people["P1"].enroll, *cast.people["P1"].ask]
    assert len({photo.source for photo in photos if isinstance(photo, Moving)}) == len(photos)


def test_people_of_clips_and_photos_are_trained_in_turn() -> None:
    cast = make_cast(media(), seed=7)
    assert [p.key for p in chosen_people(cast, 3)] == ["D0", "P1", "D3"]
    assert len(chosen_people(cast, None)) == len(cast.people)


def test_the_person_of_a_clip_is_the_most_seen_track_and_its_broken_off_parts() -> None:
    def track(number: int, start: float, end: float, face_px: float) -> Track:
        return Track(
            id=number,
            spans=((start, end),),
            sightings=(),
            keyframe_s=start,
            keyframe_box=(0, 0, 1, 1),
            face_px=face_px,
        )

    tracks = [track(1, 0, 2, 80), track(2, 1, 3, 20), track(3, 2.5, 3, 80)]
    assert main_tracks(tracks) == (1, 3)


def test_a_frame_is_read_once() -> None:
    asked: list[float] = []

    def read(times: Sequence[float]) -> list[Image]:
        asked.extend(times)
        return [np.full((2, 2, 3), round(100 * time_s), np.uint8) for time_s in times]

    frames = KeptFrames(read)
    assert [int(image[0, 0, 0]) for image in frames([0.1, 0.2])] == [10, 20]
    assert [int(image[0, 0, 0]) for image in frames([0.2, 0.1, 0.3])] == [20, 10, 30]
    assert asked == [0.1, 0.2, 0.3]


def counts(right_instant: int, right_trained: int) -> Counts:
    made = Counts()
    keys: list[tuple[Set, str]] = [
        ("held_out", "action"),
        ("masked", "existence present"),
        ("masked", "existence absent"),
    ]
    for key in keys:
        made.asked[key] = 10
        made.instant[key], made.trained[key] = right_instant, right_trained
    return made


def test_masked_answers_are_no_part_of_the_ratio() -> None:
    found = summary([counts(6, 9), counts(8, 9)], seed=0)
    assert found["error_ratio_trained_instant"] == pytest.approx(2 / 6)
    assert found["masked_face_acc"] == pytest.approx(0.9)
    assert found["masked_face_acc_instant"] == pytest.approx(0.7)
    assert found["instant_error"] == pytest.approx(0.3)
    assert found["parts"]["held_out"]["asked"] == 20
    assert "cross" not in found["parts"]


def test_refusing_every_hidden_face_is_right_half_the_time() -> None:
    refusing = Counts()
    for state, asked in (("present", 4), ("absent", 40)):
        key: tuple[Set, str] = ("masked", f"existence {state}")
        refusing.asked[key] = asked
        refusing.trained[key] = asked if state == "absent" else 0
    assert summary([refusing], seed=0)["masked_face_acc"] == pytest.approx(0.5)


def test_the_table_has_a_line_per_figure() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(table({"swap_ms": 70.0, "packed_speedup_nano": 3.0, "not_about_subject": {"before": 1, "after": 1}}))
    lines = console.export_text().splitlines()
    assert any("swap_ms" in line and "MISSED" in line for line in lines)
    assert any("packed_speedup_nano" in line and "3" in line for line in lines)
    assert any("1 -> 1" in line for line in lines)


def test_the_ablation_averages_people_within_a_seed() -> None:
    def result(seed: int, value: float) -> dict[str, float]:
        return {"seed": seed, **dict.fromkeys(ablation.MEASURES, value)}

    found = ablation.by_seed([result(1, 0.0), result(1, 1.0), result(2, 0.7)])
    assert found["existence"] == pytest.approx({"mean": 0.6, "least": 0.5, "most": 0.7})
    assert ablation.table({"remoh": found}).row_count == 1
    assert set(ablation.QUICK_VARIANTS) <= set(ablation.VARIANTS)
    changed = [variant for variant in ablation.VARIANTS.values() if variant != ablation.Variant()]
    assert len(changed) == len(ablation.VARIANTS) - 1


@pytest.mark.parametrize("options", [["--jobs", "0"], ["--variant", "other"]])
def test_the_ablation_refuses_what_it_cannot_run(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        ablation.main(options)
    assert raised.value.code == 2
    assert options[1] in capsys.readouterr().err
