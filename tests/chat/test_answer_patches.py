"""Answering for people who were fine-tuned: what is looked at, what is worn, and what comes back afterwards."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pvchat.chat.answer import Clip
from pvchat.chat.nano_answer import NanoAnswerer
from pvchat.models.adapter import Adapter
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import RoutingConfig
from pvchat.models.tokens import APPEARANCE_WIDTH, PATCH_WIDTH
from pvchat.perception.patches import PatchMaps
from tests.chat.test_answer import clip
from tests.training.nano_tools import nano

QUESTION = "Where is Maria?"


def adapter(adapters: NanoAdapters, *, pixels: bool, by: float = 0.5) -> Adapter:
    generator = torch.Generator().manual_seed(0)
    config = adapters.config(rank=0, routing=RoutingConfig("dense"), pixels=pixels)
    tensors = {"personal": by * torch.randn(4, 32, generator=generator)}
    if pixels:
        tensors["pixels.weight"] = torch.randn(PATCH_WIDTH, 32, generator=generator)
    return Adapter(config, tensors)


class Looks:
    """Counts how often a clip is looked at."""

    def __init__(self, *, gone: bool = False) -> None:
        self.count = 0
        self.gone = gone

    def __call__(self, _: Clip) -> PatchMaps | None:
        self.count += 1
        if self.gone:
            return None
        maps = np.random.default_rng(0).random((3, 49, APPEARANCE_WIDTH)).astype(np.float16)
        return PatchMaps(maps, np.asarray([-1, 0, 99]), np.zeros(3, np.float32))


def prefix(answerer: NanoAnswerer, seen: Clip, names: list[str]) -> torch.Tensor:
    """Keys of the first layer of what was read last."""
    answerer.answer(seen, QUESTION, names)
    kept = next(reversed(answerer._prefixes._kept.values()))[1]
    return torch.cat([value.flatten() for value in tensors_in(kept)])


def tensors_in(held: object, depth: int = 0) -> list[torch.Tensor]:
    """Every tensor a prefix holds, in order."""
    if isinstance(held, torch.Tensor):
        return [held]
    if depth > 5 or held is None or isinstance(held, str | int | float | type):
        return []
    inner = held if isinstance(held, list | tuple) else list(getattr(held, "__dict__", {}).values())
    if isinstance(held, dict):
        inner = list(held.values())
    return [tensor for item in inner for tensor in tensors_in(item, depth + 1)]


def test_an_adapter_that_sees_pixels_has_the_clip_looked_at_once() -> None:
    adapters, looks = NanoAdapters(nano()), Looks()
    adapters.put("m", adapter(adapters, pixels=True))
    answerer = NanoAnswerer(adapters.nano, adapters, looks)
    seen = replace(clip(), adapters={"Maria": "m"})
    first = answerer.answer(seen, QUESTION, ["Maria"])
    assert first.model["adapters"] == "Maria"
    assert looks.count == 1
    assert answerer.answer(seen, QUESTION, ["Maria"]).text == first.text
    assert looks.count == 1


@pytest.mark.parametrize("names", [["Tom"], []])
def test_nobody_looks_for_people_without_an_adapter_that_sees_pixels(names: list[str]) -> None:
    adapters, looks = NanoAdapters(nano()), Looks()
    adapters.put("m", adapter(adapters, pixels=False))
    answerer = NanoAnswerer(adapters.nano, adapters, looks)
    result = answerer.answer(replace(clip(), adapters={"Maria": "m"}), QUESTION, names)
    assert result.model["adapters"] == ("none" if names else "Maria")
    assert looks.count == 0


def test_patches_change_what_is_read_and_a_clip_without_pixels_is_still_answered() -> None:
    adapters = NanoAdapters(nano())
    adapters.put("m", adapter(adapters, pixels=True))
    seen = replace(clip(), adapters={"Maria": "m"})
    shown, gone, blind = (
        prefix(NanoAnswerer(adapters.nano, adapters, look), seen, ["Maria"])
        for look in (Looks(), Looks(gone=True), None)
    )
    assert len(shown) > 100
    assert torch.equal(gone, blind)
    assert not torch.allclose(shown, gone, atol=1e-4)


def test_forgetting_gives_the_base_back() -> None:
    adapters = NanoAdapters(nano())
    seen = replace(clip(), adapters={"Maria": "m"})
    bare = prefix(NanoAnswerer(nano()), seen, ["Maria"])
    answerer = NanoAnswerer(adapters.nano, adapters, Looks())
    assert torch.equal(prefix(answerer, seen, ["Maria"]), bare)
    answerer.release()
    adapters.put("m", adapter(adapters, pixels=True))
    assert not torch.allclose(prefix(answerer, seen, ["Maria"]), bare, atol=1e-4)
    answerer.release()
    assert torch.equal(prefix(answerer, seen, ["Maria"]), bare)
    assert answerer.answer(seen, QUESTION, ["Maria"]).model["adapters"] == "none"
