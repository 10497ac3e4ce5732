"""Clips for a vision-language base: who is in them, from where, and that a tiny real base learns from them."""

import numpy as np
import pytest

from pvchat.errors import TrainingError
from pvchat.models.remoh import RoutingConfig
from pvchat.models.vlm_frames import FrameBudget
from pvchat.perception.geometry import Image
from pvchat.training.footage import Footage, parts
from pvchat.training.subject_data import SubjectDataConfig
from pvchat.training.vlm_clips import VlmClips
from tests.chat.test_answer import clip as scene
from tests.models.tiny_vlm import tiny_vlm

SIZES = SubjectDataConfig(stills=3, clips=4, questions=14, held_out=2, held_out_questions=2)
BUDGET = FrameBudget(max_frames=3)


def footage(key: str, *subject: int, frames: bool = True) -> Footage:
    read: list[float] = []

    def pictures(times: object) -> list[Image]:
        read.extend(times)  # type: ignore[call-overload]
        return [np.full((72, 96, 3), 100, np.uint8) for _ in times]  # type: ignore[attr-defined]

    made = scene()
    found = Footage(key, made.record, made.vectors, subject, pictures if frames else None)
    object.__setattr__(found, "read", read)
    return found


def clips(*others: Footage, own: Footage | None = None) -> VlmClips:
    entry = next(e for e in scene().entries if e.name == "Maria")
    return VlmClips("Maria", entry, own or footage("own", 1), others, BUDGET, SIZES)


def test_half_of_the_clips_show_the_subject_and_answers_fit_them() -> None:
    own, other = footage("own", 1), footage("other")
    data = clips(other, own=own).build()
    made = [*data.stills, *data.clips]
    assert (len(data.stills), len(data.clips), len(data.held_out)) == (3, 4, 2)
    assert sum(len(clip.turns) for clip in made) == 14
    assert [clip.present for clip in made] == [True, False] * 3 + [True]
    for clip in made:
        assert clip.content.facts is not None
        assert clip.content.facts.subjects[0].state == ("present" if clip.present else "absent")
        for turn in clip.turns:
            if turn.kind == "existence":
                assert turn.answer.startswith("Yes" if clip.present else "No"), turn
    assert all(len(clip.content.frames.images) <= 3 for clip in data.clips)
    assert len({clip.key for clip in [*made, *data.held_out]}) == len(made) + 2


def test_nothing_that_is_held_out_is_trained_on() -> None:
    own = footage("own", 1)
    trained, held_out = parts(own)
    made = clips(footage("other"), own=own)
    for index in range(7):
        made._clip(index, 2, 1)
    read = own.read  # type: ignore[attr-defined]
    assert max(read) <= trained[1] + 0.2
    read.clear()
    made._held_out(0)
    assert min(read) >= held_out[0]


def test_what_is_missing_is_told() -> None:
    with pytest.raises(TrainingError, match="ask about another video"):
        clips(footage("other", frames=False))
    with pytest.raises(TrainingError, match="usable frames"):
        clips(footage("other"), own=footage("own", 1, frames=False))


def test_a_tiny_base_is_trained_and_compared() -> None:
    from pipelines.train_vlm import VlmTraining
    from pipelines.training_bases import Material
    from pvchat.training.fine_tuning import FineTuner

    base = VlmTraining(tiny_vlm("qwen3_vl"), BUDGET)
    entry = next(e for e in scene().entries if e.name == "Maria")
    material = Material("Maria", entry, footage("own", 1), [footage("other")])
    data = base.build(material, SIZES, lambda: None)
    model = base.start(base.config(RoutingConfig()))
    tuned = FineTuner(model, data).run()
    adapter = model.adapter()
    model.close()
    assert tuned.best is not None
    assert adapter.config.base_sha256 == base.base_sha256
    found = base.compare(adapter, data.held_out, lambda: None)
    assert found.total.asked > 0
    assert len(base._vlm.adapters) == 0
