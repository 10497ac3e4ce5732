"""What the rich words of a perception record become: facts about one person, about two, and about the picture."""

from typing import get_args

import pytest

from pvchat.chat.facts import SceneFacts
from pvchat.chat.facts_from_record import MAX_ACTIONS, facts_from_record
from pvchat.perception.record import (
    RICH_WORDS,
    Attribute,
    AttributeName,
    PerceptionRecord,
    Relation,
    SceneWord,
    Sighting,
    Track,
    VideoInfo,
)
from pvchat.perception.scene_words import PLACE_CLASSES, THING_CLASSES
from pvchat.perception.words import BARE, DOINGS, GENERAL, LOOKS, SCENE_PLACES, SCENE_THINGS
from tests.dialogue.talks import Decided

Said = tuple[str, str, float]


def facts(*people: list[Said], scene: tuple[SceneWord, ...] = (), relations: tuple[Relation, ...] = ()) -> SceneFacts:
    """Facts of Maria, Tom and so on, of whom a record says this."""
    names = ("Maria", "Tom", "Ana")[: len(people)]
    box = (0.1, 0.1, 0.2, 0.3)
    tracks = tuple(
        Track(
            id=number,
            spans=((0.0, 5.0),),
            sightings=(Sighting(time_s=0.0, face_box=box),),
            attributes=tuple(Attribute(name=name, value=value, confidence=c) for name, value, c in said),  # type: ignore[arg-type]
            keyframe_s=0.0,
            keyframe_box=box,
        )
        for number, said in enumerate(people)
    )
    video = VideoInfo(sha256="", duration_s=5.0, width=640, height=360, fps=25.0, decoder="made up")
    record = PerceptionRecord(models={}, video=video, sampled_s=(0.0,), tracks=tracks, scene=scene, relations=relations)
    return facts_from_record(record, [Decided(n, "present", 0.9, [i]) for i, n in enumerate(names)], names)


@pytest.mark.parametrize(("word", "meaning"), [(word, m) for word, meanings in DOINGS.items() for m in meanings])
def test_every_doing_is_told_by_each_attribute_that_means_it(word: str, meaning: tuple[str, str]) -> None:
    assert facts([(*meaning, 0.8)]).subjects[0].actions == (word,)
    assert facts([(*meaning, 0.3)]).subjects[0].actions == ()


@pytest.mark.parametrize(("name", "value"), LOOKS)
def test_every_look_is_told(name: AttributeName, value: str) -> None:
    field = "garment" if name == "upper_garment" else name
    assert getattr(facts([(name, value, 0.8)]).subjects[0], field) == value
    assert getattr(facts([(name, value, 0.3)]).subjects[0], field) is None


def test_no_rich_word_of_a_person_is_left_out() -> None:
    known = {*LOOKS, *(meaning for meanings in DOINGS.values() for meaning in meanings)}
    left = {(name, word) for name, words in RICH_WORDS.items() for word in words} - known
    of_no_model = {(name, word) for name in ("eyewear", "headwear") for word in RICH_WORDS[name]}
    assert left == {("picture", "not a live person")} | of_no_model
    assert {name for name, _ in known} <= set(get_args(AttributeName))
    assert BARE.keys() == DOINGS.keys()


@pytest.mark.parametrize(("general", "telling"), [(g, t) for g, words in GENERAL.items() for t in sorted(words)])
def test_what_goes_without_saying_is_not_said(general: str, telling: str) -> None:
    both = [(*DOINGS[general][0], 0.9), (*DOINGS[telling][0], 0.6)]
    assert facts(both).subjects[0].actions == (telling,)


def test_of_many_doings_the_surest_are_told_and_the_posture() -> None:
    many: list[Said] = [("action", "talking", 0.9), ("action", "smiling", 0.9), ("head", "nodding", 0.9)]
    many += [("gesture", "waving", 0.8), ("motion", "approaching", 0.7), ("posture", "sitting", 0.6)]
    told = facts(many).subjects[0].actions
    assert len(told) == MAX_ACTIONS
    assert told[:3] == ("talking", "smiling", "nodding")
    assert told[-1] == "sitting"


def test_who_talks_to_whom_is_told_of_those_asked_about() -> None:
    relations = (
        Relation(name="talking to", subject=0, other=1, confidence=0.8, spans=((0.0, 1.0),)),
        Relation(name="talking to", subject=1, other=0, confidence=0.3, spans=((0.0, 1.0),)),
        Relation(name="facing", subject=1, other=0, confidence=0.9, spans=((0.0, 1.0),)),
    )
    talking: list[Said] = [("action", "talking", 0.8)]
    assert facts(talking, talking, relations=relations).talks == (("Maria", "Tom"),)
    # Whoever is said to talk to somebody is said to talk.
    assert facts([], talking, relations=relations).talks == ()
    assert facts(talking, relations=relations).talks == ()


def test_the_picture_is_told_by_its_surest_words() -> None:
    words = [("thing", "car", 0.6), ("place", "garden", 0.6), ("place", "street", 0.9), ("thing", "dog", 0.3)]
    scene = facts([], scene=tuple(SceneWord(kind=k, value=v, confidence=c) for k, v, c in words))  # type: ignore[arg-type]
    assert (scene.setting, scene.things) == ("street", ("car",))
    assert facts([]).setting is None


def test_there_is_a_word_for_all_that_a_picture_can_show() -> None:
    assert set(SCENE_PLACES) == set(PLACE_CLASSES)
    assert set(SCENE_THINGS) == set(THING_CLASSES)
