"""The report of an enrollment: one page, complete, safe to open, readable without eyes."""

import base64
import io
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pvchat.evaluation.assessment import Assessment, Counts
from pvchat.evaluation.enrollment_report import Material, OtherPeople, SampleShown, Verdict, render
from pvchat.training.fine_tune_config import FineTuned, StepRecord
from pvchat.training.personal import TrainingClip, TrainingData, Turn
from tests.evaluation.enrollment_reports import REASONS, assessment, bare, full, noise, samples, training

VOID = {"meta", "link", "img", "circle", "path", "rect", "line", "polyline", "br"}


class Reader(HTMLParser):
    """Elements with their attributes, and the text of the page; fails where elements are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]


@pytest.fixture(scope="module")
def page() -> str:
    return render(full())


PAGES = {"full": full, "bare": bare, "not published": lambda: full(verdict=Verdict(False, "It was worse."))}


@pytest.mark.parametrize("made", PAGES.values(), ids=PAGES)
def test_the_page_is_one_file_that_loads_nothing(made: Any) -> None:
    text = render(made())
    assert re.findall(r"https?:|//[a-z]", re.sub(r"base64,[^\"]+", "", text)) == []
    assert re.findall(r"url\(|@import|<script|<iframe|<object|javascript:", text) == []
    reader = Reader(text)
    for _, attributes in reader.elements:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert str(value).startswith(("data:", "#"))
    assert "default-src 'none'" in text


@pytest.mark.parametrize("made", PAGES.values(), ids=PAGES)
def test_the_page_can_be_read_without_eyes(made: Any) -> None:
    reader = Reader(render(made()))
    assert all(attributes.get("alt") for attributes in reader.all("img"))
    assert all(attributes.get("scope") in ("row", "col") for attributes in reader.all("th"))
    assert all(attributes.get("aria-label") or attributes.get("aria-hidden") for attributes in reader.all("svg"))
    levels = [int(tag[1]) for tag, _ in reader.elements if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert reader.all("html") == [{"lang": "en"}]
    assert len(reader.all("main")) == 1
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {str(a["href"])[1:] for a in reader.all("a")} <= set(ids)


def test_the_same_report_gives_the_same_bytes(page: str) -> None:
    assert render(full()) == page
    assert "2026-11-21 14:05" in page
    assert "<time" not in render(full(made_at=""))


def test_all_is_said_that_was_asked_for(page: str) -> None:
    text = Reader(page).text
    for words in (
        "Published",
        "12 fewer errors in 80 held-out questions",
        "Recognised when there 16 of 18 instant: 11",
        "“No” when not there 17 of 18",
        "Nearest others told apart 5 of 6",
        "Existence is the person there, who else is? 30 of 39 35 of 39",
        "Appearance what do they look like, what do they wear? 11 of 18 14 of 18",
        "Action what are they doing? 4 of 9 6 of 9",
        "Location where are they, and when? 10 of 14 12 of 14",
        "Correct Maria is waving. Instant I can't tell what Maria is doing. wrong Trained Maria is walking. wrong",
        "a likeness of 0.62 or more",
        "holiday.mp4: 42 s, 1920 × 1080 pixels, 30 frames per second; 212 frames",
        "Usable faces 86",
        "the light never changes",
        '"Elena" looks similar',
        "1,455 questions with their answers, about 27 still pictures and 54 short clips",
        "The person with the face covered present 7 126",
        "Head activation",
        "Learn from clips 3 min 22 s 48 %",
        "In all 6 min 59 s",
        "target sparsity 0.5",
        "torch 2.13.0",
        "the batch was halved once",
        "What to do next Ask about Maria",
    ):
        assert words in text


def test_what_was_kept_instant_says_so_and_shows_what_is_in_use() -> None:
    verdict = Verdict.of(Assessment({"existence": Counts(20, 3, 4)}))
    assert verdict == Verdict(
        False, "The trained answers had 1 more error in 20 held-out questions; worse is never published."
    )
    text = Reader(render(full(verdict=verdict))).text
    assert "Kept instant" in text
    assert "Recognised when there 11 of 18 trained: 16" in text
    assert "Train again later" in text


def test_equal_is_published() -> None:
    assert Verdict.of(Assessment({"existence": Counts(20, 3, 3)})).published


def test_a_job_that_ended_early_has_a_short_page() -> None:
    text = Reader(render(bare())).text
    assert "There were too few frames to train on." in text
    assert "No training took place." in text
    assert "Both were asked" not in text
    assert "Time per step" not in text


HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"


def test_what_people_wrote_stays_text() -> None:
    answered = replace(assessment().wrong[0], question=HOSTILE, expected=HOSTILE, instant=HOSTILE, trained=HOSTILE)
    heads = {HOSTILE: {"activation": [0.5], "mean_gate": [0.5]}}
    report = full(
        HOSTILE,
        verdict=Verdict(True, HOSTILE),
        video=replace(full().video, name=HOSTILE),
        coverage={HOSTILE: HOSTILE},
        warnings=[HOSTILE],
        look_alikes=[HOSTILE],
        samples=[SampleShown(kept, HOSTILE, 0.5, HOSTILE, noise(1)) for kept in (True, False)],
        material=replace(full().material, examples=[(HOSTILE, HOSTILE)]),
        others=OtherPeople({HOSTILE: 1}, 1, {HOSTILE: 1}, 1),
        assessment=replace(assessment(), wrong=(answered,), examples=(answered,), by_kind={"existence": Counts(1)}),
        training=FineTuned((StepRecord(1, 1, 1, 1.0, 1.0, 0.5, 0.1, 1.0, heads),), 1.0, (HOSTILE,)),
        timing_s={HOSTILE: 1.0},
        settings={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        notes=[HOSTILE],
        made_at=HOSTILE,
    )
    text = render(report)
    assert "<script" not in text
    reader = Reader(text)
    assert reader.text.count(HOSTILE) > 30
    tags = {tag for tag, _ in reader.elements}
    assert tags == {tag for tag, _ in Reader(render(full())).elements} - {"polyline"}


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_label_and_name_give_a_whole_page(label: str, name: str) -> None:
    Reader(render(replace(bare(label.replace("\x00", "")), subject_name=name, warnings=[f"about {name}"])))


def test_the_name_gives_way_to_the_label() -> None:
    text = render(full("id-7", subject_name="Maria", look_alikes=()))
    assert "Maria" not in text
    assert "Is id-7 in this video?" in text
    assert "id-7&#39;s top" in text
    assert "Mariana" in render(full("id-7", subject_name="Maria", notes=("Mariana was there",)))


def test_few_of_many_pictures_are_shown_small_and_all_are_counted() -> None:
    made = samples(200)
    text = render(full(samples=made))
    pictures = [str(attributes["src"]) for attributes in Reader(text).all("img")]
    assert len(pictures) == 24
    kept = sum(sample.kept for sample in made)
    assert f"Of 200, {kept} were kept and {200 - kept} rejected" in Reader(text).text
    assert len(text.encode()) < 1_000_000
    for picture in pictures:
        opened = Image.open(io.BytesIO(base64.b64decode(picture.removeprefix("data:image/jpeg;base64,"))))
        assert (opened.format, max(opened.size)) == ("JPEG", 160)


def test_pictures_of_160_pixels_of_pure_noise_fit_too() -> None:
    report = full(samples=[replace(s, jpeg=static(i)) for i, s in enumerate(samples(24))])
    assert len(render(report).encode()) < 1_000_000


def static(seed: int) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (160, 160, 3), np.uint8)
    Image.fromarray(pixels).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def test_where_few_were_rejected_more_of_the_kept_are_shown() -> None:
    made = [replace(sample, kept=index >= 3) for index, sample in enumerate(samples(40))]
    text = Reader(render(full(samples=made)))
    assert len(text.all("img")) == 24
    assert "Kept: 37 21 are shown" in text.text


def test_nothing_that_a_camera_wrote_beside_its_pixels_is_in_the_page() -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera Works"
    Image.new("RGB", (80, 120), "red").save(stream, "JPEG", exif=exif)
    assert b"Secret Camera" in stream.getvalue()
    text = render(full(samples=[SampleShown(True, "fine", None, "still", stream.getvalue())]))
    (picture,) = Reader(text).all("img")
    assert b"Secret Camera" not in base64.b64decode(str(picture["src"]).partition(",")[2])
    assert (picture["width"], picture["height"]) == ("80", "120")
    assert picture["alt"] == "Kept picture, still, no face found"


def test_likeness_is_drawn_from_0_to_1() -> None:
    alike = [SampleShown(True, "surely the same person", score, "mirror", noise(8)) for score in (0.99, 1.0)]
    made = render(full(samples=alike, threshold=None))
    (chart,) = re.findall(r'aria-label="likeness to the person.*?</svg>', made)
    assert re.findall(r">([\d.]+)</text>", chart) == ["0", "0.2", "0.4", "0.6", "0.8", "1"]


def test_reasons_are_counted_most_frequent_first(page: str) -> None:
    text = Reader(page).text
    told = text[text.index("Why some were rejected") :]
    counts = [int(re.search(rf"{reason} (\d+)", told)[1]) for reason in REASONS]  # type: ignore[index]
    assert sum(counts) == sum(not sample.kept for sample in samples(60))
    assert max(counts) == int(re.search(r"Pictures \D+(\d+)", told)[1])  # type: ignore[index]


def test_a_run_without_routing_has_no_heads() -> None:
    text = Reader(render(full(training=training(routed=False)))).text
    assert "Loss" in text
    assert "Head activation" not in text
    assert "Push towards" not in text


def test_layers_are_in_the_order_of_their_numbers() -> None:
    heads = {
        f"model.layers.{layer}.self_attn": {"activation": [0.5] * 9, "mean_gate": [1.0] * 9} for layer in (8, 16, 4)
    }
    record = replace(training(3).history[0], heads=heads)
    text = Reader(render(full(training=FineTuned((record,), None, ())))).text
    assert text.index("4.self_attn") < text.index("8.self_attn") < text.index("16.self_attn")
    assert "model.layers" not in text


@pytest.mark.parametrize(
    ("changes", "title", "wanted"),
    [
        ({"warnings": ()}, "Film once more", False),
        ({"look_alikes": ()}, "Look twice", False),
        ({}, "Film once more", True),
        ({}, "Look twice", True),
        ({}, "Show more people", True),
        (
            {"assessment": Assessment({}, {"absent": Counts(9, 0, 0), "present": Counts(9, 2, 2)})},
            "Show more people",
            False,
        ),
        ({"assessment": Assessment({}, {"covered": Counts(9, 5, 5)})}, "Show more people", False),
        ({}, "Train again later", False),
    ],
)
def test_advice_follows_from_what_was_found(changes: dict[str, Any], title: str, wanted: bool) -> None:
    assert (title in Reader(render(full(**changes))).text) is wanted


def test_material_is_counted_by_source_and_type() -> None:
    def clip(source: str, present: bool, *kinds: str) -> TrainingClip[None]:
        turns = tuple(Turn(f"{kind}?", f"{kind} {source}.", kind) for kind in kinds)
        return TrainingClip(source, None, turns, present, source)

    stills = [clip("own 0", True, "existence", "upper"), clip("other 1", False, "existence")]
    clips = [clip("own 2", True, "is_colour", "time"), clip("simulated 3", False, "action", "action")]
    found = Material.of(TrainingData(stills, clips, [clip("held out 0", True, "location")]))
    assert (found.stills, found.clips, found.held_out) == (2, 2, 1)
    assert [(s.source, s.present, s.clips, s.questions) for s in found.sources] == [
        ("own", True, 2, 4),
        ("other", False, 1, 1),
        ("simulated", False, 1, 2),
    ]
    assert found.questions == {"existence": 2, "appearance": 2, "action": 2, "location": 1}
    assert found.examples[:2] == [("existence?", "existence own 0."), ("existence?", "existence other 1.")]
    assert json.dumps(found.questions)
    assert "The person, as filmed present 2 4" in Reader(render(full(material=found))).text


def test_look_alikes_and_licences_of_the_corpus_are_counted_and_shown() -> None:
    noted = [
        {"kind": "somebody unknown"},
        *({"kind": "look-alike", "licence": "CC BY 4.0"} for _ in range(3)),
        {"kind": "corpus", "licence": ""},
    ]
    others = OtherPeople.of(noted, 1200)
    assert (others.look_alikes, others.licences) == (3, {"": 1, "CC BY 4.0": 3})
    text = Reader(render(replace(full(), others=others))).text
    assert "The corpus has 1,200 faces; 3 of those who look most like" in text
    assert "CC BY 4.0" in text
    assert "not noted" in text


def test_an_empty_corpus_is_said() -> None:
    text = Reader(render(replace(full(), others=OtherPeople.of([{"kind": "group photo"}], 0)))).text
    assert "The corpus is empty" in text
