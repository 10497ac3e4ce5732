"""New faces of a person who was drawn, laid over their own frames."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pvchat.errors import SynthesisError
from pvchat.synthesis.latent_diffusion import DiffusionConfig
from pvchat.synthesis.shots import Shot
from pvchat.synthesis.subject_diffusion import SubjectDiffusionConfig, SubjectDiffusionSynthesizer
from pvchat.synthesis.synthesizer import Sample, synthesizer
from tests.synthesis.face_tools import mesh, talking

QUICK = SubjectDiffusionConfig(
    side=48,
    components=12,
    movements=8,
    window=6,
    backgrounds=0.5,
    diffusion=DiffusionConfig(width=96, depth=2, steps=150),
)


def made(count: int = 10, *, first: int = 0, seed: int = 1) -> list[Sample]:
    maker = SubjectDiffusionSynthesizer(mesh, QUICK)
    return list(maker.generate([talking()], [talking(source="other")], count, seed=seed, first=first))


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return made()


def test_every_fifth_sample_is_a_clip_the_others_are_stills(samples: list[Sample]) -> None:
    assert [sample.kind for sample in samples] == (["still"] * 4 + ["clip"]) * 2
    assert [sample.index for sample in samples] == list(range(10))
    for sample in samples:
        assert sample.source == "subject"
        assert sample.recipe[0] == "subject-diffusion"
        assert {frame.shape for frame in sample.frames} == {(180, 240, 3)}
        assert len(sample.frames) / sample.fps == pytest.approx(0.5 if sample.kind == "still" else 0.75)


def test_samples_are_frames_with_another_face_and_say_how_new_it_is(samples: list[Sample]) -> None:
    source = np.stack([frame.astype(int) for frame in talking().frames])
    plain = [sample for sample in samples if "background" not in sample.recipe]
    assert plain
    for sample in plain:
        difference = np.abs(source - sample.frames[0]).mean(axis=(1, 2, 3)).min()
        assert 0 < difference < 6
    assert all(sample.novelty is not None and sample.novelty > 0 for sample in samples)
    assert any("background" in sample.recipe for sample in samples)


def test_a_sample_is_the_same_whether_those_before_it_were_made_or_not(samples: list[Sample]) -> None:
    for one, other in zip(samples[7:], made(first=7), strict=True):
        assert one.recipe == other.recipe
        assert all(np.array_equal(a, b) for a, b in zip(one.frames, other.frames, strict=True))


def test_a_face_that_was_seen_is_not_new_and_one_that_was_made_is() -> None:
    learned = SubjectDiffusionSynthesizer(mesh, QUICK).learn([talking(90, fps=24.0)], seed=1)
    assert learned.novelty(learned.latents[:5]) == pytest.approx(0.0, abs=0.01)
    assert min(learned.novelty(learned.still(seed)) for seed in range(20)) > 0.3


def test_a_clip_moves_as_the_video_does() -> None:
    learned = SubjectDiffusionSynthesizer(mesh, QUICK).learn([talking(90, fps=24.0)], seed=1)
    clips = [learned.clip(seed) for seed in range(20)]
    assert {clip.shape for clip in clips} == {(6, learned.latent.size)}

    def changes(latents: Tensor) -> float:
        return float((latents.diff(dim=-2) * learned.latent.scale).norm(dim=-1).mean())

    assert changes(torch.stack(clips)) == pytest.approx(changes(learned.latents[::3]), rel=0.5)


def test_a_clip_of_a_video_with_many_frames_a_second_has_eight() -> None:
    shots = [talking(72, fps=24.0)]
    clip = list(SubjectDiffusionSynthesizer(mesh, QUICK).generate(shots, [], 5, seed=0))[-1]
    assert clip.kind == "clip"
    assert (len(clip.frames), clip.fps) == (6, pytest.approx(8.0))
    assert np.abs(clip.frames[0].astype(int) - clip.frames[1]).mean() > 0.5


def test_shots_too_short_for_a_clip_give_stills() -> None:
    maker = SubjectDiffusionSynthesizer(mesh, QUICK)
    shots = [talking(4), talking(4), talking(5)]
    assert [sample.kind for sample in maker.generate(shots, [], 5, seed=0)] == ["still"] * 5


@pytest.mark.parametrize(
    ("shots", "told"),
    [([], "only 0 faces"), ([talking(6)], "only 6 faces"), ([talking(20, moves=0.0)], "alike")],
)
def test_too_little_to_learn_from_is_said(shots: list[Shot], told: str) -> None:
    with pytest.raises(SynthesisError, match=told):
        next(SubjectDiffusionSynthesizer(mesh, QUICK).generate(shots, [], 4, seed=0))


def test_it_is_made_by_name_where_there_are_landmarks() -> None:
    assert synthesizer("subject-diffusion", mesh=mesh).name == "subject-diffusion"
    with pytest.raises(SynthesisError, match="landmarks"):
        synthesizer("subject-diffusion")


def test_work_ends_when_it_is_told_to() -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) > 30:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        list(SubjectDiffusionSynthesizer(mesh, QUICK).generate([talking()], [], 4, seed=0, check=check))
    assert len(calls) == 31
