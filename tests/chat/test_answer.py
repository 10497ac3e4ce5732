"""Answering a perceived clip with real classes at tiny random sizes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pvchat.chat.agreement import Agreement
from pvchat.chat.answer import Clip, clip_facts, unsure
from pvchat.chat.nano_answer import NanoAnswerer, subject_arrays
from pvchat.errors import ModelError
from pvchat.identity.decision import decide
from pvchat.identity.gallery import build_entry
from pvchat.identity.whitening import Whitening
from pvchat.models.language import Placement
from pvchat.models.nano import Nano
from pvchat.models.tokens import clip_arrays
from pvchat.perception.record import (
    Attribute,
    FaceSamples,
    PerceptionRecord,
    PerceptionVectors,
    Sighting,
    Track,
    VideoInfo,
)
from tests.models.tiny import tiny_config, tiny_language, tiny_nano

ENGINE = "dlib-resnet-v1"
TIMES = tuple(float(t) for t in np.arange(0.0, 8.0, 0.25))


def people(count: int) -> np.ndarray:
    return Whitening.for_model(ENGINE).draw_people(count, np.random.default_rng(0))


def samples(person: np.ndarray, seed: int) -> FaceSamples:
    rng = np.random.default_rng(seed)
    whitened = person + rng.normal(0, 0.3, (6, len(person)))
    vectors = Whitening.for_model(ENGINE).inverse(whitened)
    return FaceSamples(np.linspace(0, 7, 6, dtype=np.float32), vectors, np.full(6, 0.9, np.float32))


def track(number: int, left: float, colour: str) -> Track:
    box = (left, 0.2, left + 0.15, 0.5)
    return Track(
        id=number,
        spans=((0.0, 8.0),),
        sightings=tuple(Sighting(time_s=t, face_box=box, face_quality=0.9) for t in TIMES),
        attributes=(
            Attribute(name="place", value="left" if left < 0.3 else "right", confidence=0.9),
            Attribute(name="upper_colour", value=colour, confidence=0.9),
        ),
        keyframe_s=1.0,
        keyframe_box=box,
        faces_described=6,
        face_px=120.0,
        face_quality=0.9,
    )


def clip(enrolled: tuple[str, ...] = ("Maria", "Tom", "Zoë")) -> Clip:
    """Maria on the left in red, a stranger on the right; Tom and Zoë are elsewhere."""
    faces = people(5)
    video = VideoInfo(sha256="0" * 64, duration_s=8.0, width=640, height=360, fps=25.0, decoder="pyav")
    record = PerceptionRecord(
        models={"face": ENGINE}, video=video, sampled_s=TIMES, tracks=(track(0, 0.1, "red"), track(1, 0.7, "blue"))
    )
    vectors = PerceptionVectors(ENGINE, {0: samples(faces[0], 1), 1: samples(faces[4], 2)})
    entries = [build_entry(name, samples(faces[i], 10 + i), None, ENGINE) for i, name in enumerate(enrolled)]
    return Clip(record, vectors, decide(vectors, record, entries), entries)


@pytest.fixture(scope="module")
def answerer() -> NanoAnswerer:
    placement = Placement(torch.device("cpu"), torch.float32, "test")
    return NanoAnswerer(Nano(tiny_nano(), tiny_language(), placement, "0" * 64))


def test_facts_say_who_is_where_and_count_the_stranger() -> None:
    facts = clip_facts(clip(), ("Maria", "Tom"))
    maria, tom = facts.subjects
    assert (maria.state, maria.place, maria.upper) == ("present", "left", "red")
    assert tom.state == "absent"
    assert (facts.people, facts.unknown_people) == (2, 1)


def test_even_a_random_model_names_nobody_but_the_asked(answerer: NanoAnswerer) -> None:
    result = answerer.answer(clip(), "Is Maria in this video?", ["Maria"])
    assert "Tom" not in result.text
    assert "Zoë" not in result.text
    assert result.text[-1] in ".!?"
    assert [s.name for s in result.facts.subjects] == ["Maria"]


def test_an_answer_against_the_evidence_reads_as_unsure(
    answerer: NanoAnswerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvchat.chat.answer.check", lambda *_: Agreement(False, "wrong place"))
    result = answerer.answer(clip(), "Where are Maria and Tom?", ["Maria", "Tom"])
    assert not result.agrees_with_evidence
    assert result.text == "I am not sure about Maria and Tom in this video." == unsure(["Maria", "Tom"])


def test_nobody_named_means_the_likeliest_of_the_enrolled(answerer: NanoAnswerer) -> None:
    result = answerer.answer(clip(("Ana", "Bo", "Cem", "Dan")), "Who is in this video?", [])
    assert result.facts.subjects[0].name == "Ana"
    assert len(result.facts.subjects) == 3


def test_a_video_can_be_asked_about_before_anybody_is_enrolled(answerer: NanoAnswerer) -> None:
    result = answerer.answer(clip(()), "How many people are in this video?", [])
    assert result.facts.subjects == ()
    assert result.facts.people == 2


def test_the_prefix_of_a_clip_is_read_once(answerer: NanoAnswerer, monkeypatch: pytest.MonkeyPatch) -> None:
    one = clip()
    first = answerer.answer(one, "Where is Tom?", ["Tom"])

    def fail(*_: object) -> None:
        raise AssertionError("the prefix was read again")

    monkeypatch.setattr("pvchat.chat.nano_answer.prefix_embeddings", fail)
    assert answerer.answer(one, "Where is Tom?", ["Tom"]).text == first.text
    with pytest.raises(AssertionError, match="read again"):
        answerer.answer(one, "Where is Tom?", ["Tom"], use_evidence=False)


def test_similarities_stand_at_the_slots_of_their_tracks() -> None:
    one = clip()
    layout = tiny_config().layout
    arrays = clip_arrays(one.record, {}, {}, layout)
    maria = subject_arrays(one, arrays, "Maria", layout)
    assert maria.similarity[0] > 2
    assert maria.similarity[1] < -2
    assert not maria.similarity[2:].any()


def test_somebody_who_is_not_enrolled_is_refused(answerer: NanoAnswerer) -> None:
    one = clip()
    with pytest.raises(ModelError, match="enroll Ken first"):
        answerer.answer(replace(one, decisions=one.decisions), "Where is Ken?", ["Ken"])
