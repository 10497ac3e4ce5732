"""What the numbers of nano's tokens stand for."""

import json
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import ModelError
from pvchat.models.config import WORDS, TokenLayout
from pvchat.models.nano import CHECKPOINT, load_nano
from pvchat.models.tokens import ClipArrays, clip_arrays
from pvchat.perception.record import (
    COLOURS,
    Attribute,
    PerceptionRecord,
    SceneWord,
    Sighting,
    Track,
    VideoInfo,
)
from pvchat.perception.words import DOINGS, LOOKS, SCENE_PLACES, SCENE_WORDS
from tests.models.tiny import tiny_config, tiny_nano

LAYOUT = TokenLayout()
_SAID = len(COLOURS) + len(DOINGS) + len(LOOKS)


def arrays(attributes: tuple[Attribute, ...] = (), scene: tuple[SceneWord, ...] = ()) -> ClipArrays:
    box = (0.1, 0.1, 0.2, 0.3)
    times = (0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5)
    track = Track(
        id=0,
        spans=((0.0, 8.0),),
        sightings=tuple(Sighting(time_s=t, face_box=box) for t in times),
        attributes=attributes,
        keyframe_s=0.0,
        keyframe_box=box,
    )
    video = VideoInfo(sha256="", duration_s=8.0, width=640, height=360, fps=25.0, decoder="made up")
    record = PerceptionRecord(models={}, video=video, sampled_s=times, tracks=(track,), scene=scene)
    return clip_arrays(record, {}, {}, LAYOUT)


def said(clip: ClipArrays, time_bin: int = 0) -> dict[str, float]:
    """The words that a token has a number for, as `WORDS` names them: upper colour or lower alike."""
    row = clip.attributes[0, time_bin, LAYOUT.attributes - _SAID - len(COLOURS) :]
    upper, rest = row[: len(COLOURS)], row[len(COLOURS) :]
    row = np.concatenate([np.maximum(upper, rest[: len(COLOURS)]), rest[len(COLOURS) :]])
    return {word: round(float(v), 3) for word, v in zip(WORDS[:_SAID], row, strict=True) if v}


@pytest.mark.parametrize(("word", "meaning"), [(word, m) for word, meanings in DOINGS.items() for m in meanings])
def test_every_doing_has_a_number_of_its_own(word: str, meaning: tuple[str, str]) -> None:
    attribute = Attribute(name=meaning[0], value=meaning[1], confidence=0.7)  # type: ignore[arg-type]
    assert said(arrays((attribute,))) == {word: 0.7}


@pytest.mark.parametrize("look", LOOKS)
def test_every_look_has_a_number_of_its_own(look: tuple[str, str]) -> None:
    name, value = look
    attribute = Attribute(name=name, value=value, confidence=0.7)  # type: ignore[arg-type]
    assert said(arrays((attribute,))) == {f"{name}: {value}": 0.7}


def test_a_word_stands_in_the_tokens_of_its_time() -> None:
    clip = arrays((Attribute(name="head", value="nodding", confidence=0.6, spans=((3.1, 3.9),)),))
    assert [said(clip, time_bin).get("nodding") for time_bin in range(8)] == [None] * 3 + [0.6] + [None] * 4


def test_the_scene_token_has_the_words_about_the_picture() -> None:
    scene = (
        SceneWord(kind="place", value="street", confidence=0.9),
        SceneWord(kind="thing", value="car", confidence=0.5),
    )
    row = arrays(scene=scene).scene
    assert len(row) == LAYOUT.scene
    shown = {word: round(float(v), 3) for word, v in zip(SCENE_WORDS, row[-len(SCENE_WORDS) :], strict=True) if v}
    assert shown == {"street": 0.9, "car": 0.5}
    assert next(iter(SCENE_PLACES)) == SCENE_WORDS[0]


def test_a_checkpoint_of_other_words_is_refused_with_the_way_out(tmp_path: Path) -> None:
    tiny_nano().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["words"] == list(WORDS) == tiny_config().words
    for words in (["black", "gray"], None):
        changed = {**config, "words": words} if words else {k: v for k, v in config.items() if k != "words"}
        (tmp_path / "config.json").write_text(json.dumps(changed))
        with pytest.raises(ModelError, match=r"another layout.*pvchat pretrain nano"):
            load_nano(tmp_path)


def test_the_shipped_checkpoint_is_of_these_words_or_says_that_it_is_not() -> None:
    words = json.loads((CHECKPOINT / "config.json").read_text()).get("words")
    if words != list(WORDS):
        with pytest.raises(ModelError, match="another layout"):
            load_nano()
