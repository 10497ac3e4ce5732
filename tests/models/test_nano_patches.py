"""Patches in nano: who reads them, and when they change nothing."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from pvchat.models.adapter import Adapter
from pvchat.models.nano import NanoInputs, NanoOutputs, Personal, SubjectArrays, collate
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.tokens import NO_PATCH, PATCH_EXTRAS, PATCH_WIDTH, WHOLE_FRAME, patch_rows
from pvchat.perception.patches import PatchMaps
from pvchat.training.simulate import SceneSimulator
from tests.models.test_nano import inputs
from tests.models.tiny import tiny_config, tiny_nano
from tests.training.nano_tools import nano, patches

SUBJECTS = 2


def with_patches(count: int = 7, seed: int = 0) -> NanoInputs:
    generator = torch.Generator().manual_seed(seed)
    batch = inputs(subjects=SUBJECTS)
    rows = torch.randn(len(batch.face), count, PATCH_WIDTH, generator=generator) / 8
    slots = torch.tensor([WHOLE_FRAME, 0, 1])[torch.arange(count) % 3].expand(len(batch.face), -1)
    return replace(batch, patches=rows, patch_slot=slots)


def worn(pixels: Tensor | None) -> Personal:
    config = tiny_config()
    return Personal(
        torch.zeros(SUBJECTS, config.num_personal_queries, config.hidden_size),
        torch.zeros(SUBJECTS, config.text_hidden_size),
        pixels,
    )


def projection(*scales: float) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    drawn = torch.randn(SUBJECTS, PATCH_WIDTH, tiny_config().hidden_size, generator=generator)
    return drawn * torch.tensor(scales)[:, None, None]


@torch.inference_mode()
def read(batch: NanoInputs, pixels: Tensor | None) -> NanoOutputs:
    return tiny_nano()(batch, worn(pixels))


@pytest.mark.parametrize("count", [1, 2, 7, 50, 333])
def test_patches_that_say_nothing_change_nothing_whatever_their_number(count: int) -> None:
    plain = read(inputs(subjects=SUBJECTS), None)
    seen = read(with_patches(count), projection(0.0, 0.0))
    for field in ("scene_tokens", "personal_tokens", "scene_states", "personal_states"):
        assert torch.equal(getattr(seen, field), getattr(plain, field)), field


@pytest.mark.parametrize("subject", [0, 1])
def test_patches_change_the_tokens_of_the_subject_who_looks_and_no_others(subject: int) -> None:
    plain = read(inputs(subjects=SUBJECTS), None)
    scales = [0.0, 0.0]
    scales[subject] = 1.0
    seen = read(with_patches(), projection(*scales))
    assert torch.equal(seen.scene_tokens, plain.scene_tokens)
    assert torch.equal(seen.personal_tokens[:, 1 - subject], plain.personal_tokens[:, 1 - subject])
    assert (seen.personal_tokens[:, subject] - plain.personal_tokens[:, subject]).abs().max() > 1e-3


def test_two_who_look_each_see_what_they_would_see_alone() -> None:
    both = read(with_patches(), projection(1.0, 1.0))
    for subject, scales in enumerate([(1.0, 0.0), (0.0, 1.0)]):
        alone = read(with_patches(), projection(*scales))
        assert torch.equal(both.personal_tokens[:, subject], alone.personal_tokens[:, subject])


def test_padding_patches_change_nothing() -> None:
    batch = with_patches(7)
    assert batch.patches is not None
    assert batch.patch_slot is not None
    noise = torch.randn(len(batch.face), 5, PATCH_WIDTH)
    padded = replace(
        batch,
        patches=torch.cat([batch.patches, noise], dim=1),
        patch_slot=torch.nn.functional.pad(batch.patch_slot, (0, 5), value=NO_PATCH),
    )
    seen, more = read(batch, projection(1.0, 1.0)), read(padded, projection(1.0, 1.0))
    torch.testing.assert_close(more.personal_tokens, seen.personal_tokens, atol=1e-6, rtol=1e-5)
    slots = torch.full((len(noise), 5), NO_PATCH)
    only = replace(batch, patches=noise * 0, patch_slot=slots)
    assert torch.equal(read(only, projection(1.0, 1.0)).personal_tokens, read(batch, None).personal_tokens)


def test_a_clip_without_patches_beside_one_with_them_reads_as_alone() -> None:
    config = tiny_config()
    simulator = SceneSimulator(0, config.layout)
    scenes = [simulator.scene(), simulator.scene()]
    clips, people = [s.clip for s in scenes], [[s.subjects[0]] for s in scenes]
    personal = Personal(torch.zeros(1, 4, 32), torch.zeros(1, 32), projection(1.0, 1.0)[:1])
    model = tiny_nano()
    with torch.inference_mode():
        together = model(collate(clips, people, "cpu", [None, patches(0)]), personal)
        first = model(collate(clips[:1], people[:1], "cpu", [None]), personal)
        second = model(collate(clips[1:], people[1:], "cpu", [patches(0)]), personal)
    torch.testing.assert_close(together.personal_tokens[:1], first.personal_tokens, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(together.personal_tokens[1:], second.personal_tokens, atol=1e-6, rtol=1e-5)


def test_patches_of_different_numbers_are_padded_with_patches_that_are_none() -> None:
    scene = SceneSimulator(0, tiny_config().layout).scene()
    people: list[SubjectArrays] = [scene.subjects[0]]
    batch = collate([scene.clip] * 3, [people] * 3, "cpu", [patches(0, 2), None, patches(1, 5)])
    assert batch.patches is not None
    assert batch.patch_slot is not None
    assert (batch.patch_slot != NO_PATCH).sum(1).tolist() == [2, 0, 5]
    assert not batch.patches[batch.patch_slot == NO_PATCH].any()
    assert collate([scene.clip], [people], "cpu", [None]).patches is None


def test_crops_of_tracks_that_resemble_the_subject_count_more() -> None:
    """With the track of one crop resembling the subject, the crop decides, whatever the other crop shows."""
    batch = with_patches(2)
    assert batch.patches is not None
    similarity = torch.zeros_like(batch.similarity)
    similarity[..., 0], similarity[..., 1] = 6.0, -6.0
    batch = replace(batch, similarity=similarity, patch_slot=torch.tensor([[0, 1]]).expand(len(batch.face), -1))
    pixels = projection(1.0, 1.0)
    change = torch.randn(batch.patches.shape[0], PATCH_WIDTH, generator=torch.Generator().manual_seed(3)) / 8

    def moved(crop: int, given: NanoInputs) -> float:
        assert given.patches is not None
        rows = given.patches.clone()
        rows[:, crop] += change
        difference = read(replace(given, patches=rows), pixels).personal_tokens - read(given, pixels).personal_tokens
        return float(difference.abs().mean())

    assert moved(0, batch) > 20 * moved(1, batch)
    blind = batch.without_identity_bias()
    assert moved(0, blind) < 20 * moved(1, blind)


def test_the_bias_of_a_whole_frame_is_neither_for_nor_against_anybody() -> None:
    batch = with_patches(1)
    pixels = projection(1.0, 1.0)
    assert torch.equal(batch.patch_slot, torch.full_like(batch.patch_slot, WHOLE_FRAME))  # type: ignore[arg-type]
    memory = tiny_nano()._patches(batch, worn(pixels))
    assert memory is not None
    assert not memory.bias.any()
    assert tiny_nano()._patches(batch, worn(None)) is None


def test_rows_say_where_and_when_a_patch_is() -> None:
    rng = torch.Generator().manual_seed(0)
    maps = torch.rand(3, 49, PATCH_WIDTH - PATCH_EXTRAS, generator=rng).numpy()
    made = patch_rows(
        PatchMaps(maps.astype("float16"), torch.tensor([-1, 7, 4]).numpy(), torch.tensor([0.0, 0.5, 1.0]).numpy()),
        [4, 9, -1],
    )
    rows = made.rows.astype("float32").reshape(2, 49, PATCH_WIDTH)
    assert made.slot.reshape(2, 49).tolist() == [[WHOLE_FRAME] * 49, [0] * 49]
    torch.testing.assert_close(
        torch.from_numpy(rows[..., :-PATCH_EXTRAS]).norm(dim=2), torch.ones(2, 49), atol=2e-3, rtol=0
    )
    assert rows[0, 0, -PATCH_EXTRAS:].tolist() == [1, 0, -1, -1, -1]
    assert rows[0, 6, -PATCH_EXTRAS:].tolist() == [1, 0, -1, 1, -1]
    assert rows[1, 48, -PATCH_EXTRAS:].tolist() == [0, 1, 1, 1, 1]


def test_a_subject_who_does_not_look_beside_one_who_does_has_a_projection_of_zeros() -> None:
    adapters = NanoAdapters(nano())
    torch.manual_seed(0)
    looks = Adapter(adapters.config(rank=0), {"pixels.weight": torch.randn(PATCH_WIDTH, 32)})
    blind = Adapter(adapters.config(rank=0, pixels=False), {"name": torch.ones(32)})
    adapters.put("a", looks)
    adapters.put("b", blind)
    assert adapters.look_at_pixels(["b", "a"])
    assert not adapters.look_at_pixels(["b", "nobody"])
    personal = adapters.use(["a", "b"])
    assert personal is not None
    assert personal.pixels is not None
    assert personal.pixels[0].any()
    assert not personal.pixels[1].any()
    alone = adapters.use(["b"])
    assert alone is not None
    assert alone.pixels is None
    assert adapters.use(["nobody"]) is None
