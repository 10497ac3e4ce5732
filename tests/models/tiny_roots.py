"""Bases that adapters are attached to, one of each family at a tiny size, and adapters for them."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from transformers import InstructBlipVideoQFormerConfig, InstructBlipVideoQFormerModel

from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.attached import AttachedAdapters
from pvchat.models.qformer import QFormer
from pvchat.models.remoh import find_sites
from tests.models.tiny import tiny_llama

WIDTH, HEADS = 24, 6


@dataclass
class Root:
    """A base at a tiny size.

    Attributes:
        family: a key of `ROOTS`. model: of this family. told: what it is run with.
        targets: layers that take low-rank updates.
    """

    family: str
    model: nn.Module
    told: Callable[[Any], Tensor]
    targets: tuple[str, ...]

    @torch.no_grad()
    def run(self) -> Tensor:
        """Its output, always for the same input."""
        return self.told(self.model)

    def wear(self, **more: Any) -> AttachedAdapters:
        return AttachedAdapters(self.model, find_sites(self.model), **more)

    def config(self, **more: Any) -> AdapterConfig:
        return AdapterConfig("tiny", "0" * 64, **{"targets": self.targets, "rank": 2, "alpha": 4, **more})


def llama_root() -> Root:
    ids = torch.arange(12).view(2, 6)
    return Root("llama", tiny_llama(), lambda model: model(input_ids=ids).logits, ("q_proj", "v_proj", "o_proj"))


def qformer_root() -> Root:
    torch.manual_seed(0)
    model = QFormer(WIDTH, 1, HEADS, 32, num_queries=3, num_personal_queries=2).eval().requires_grad_(False)
    memory, subject, likeness = torch.randn(2, 9, WIDTH), torch.randn(2, 1, WIDTH), torch.rand(2, 1, 9)
    mask = torch.ones(2, 9, dtype=torch.bool)

    def run(model: Any) -> Tensor:
        scene, personal = model(memory, mask, subject, likeness, likeness)
        return torch.cat([scene, personal.flatten(1, 2)], dim=1)

    return Root("qformer", model, run, ("value", "output"))


def instructblip_root() -> Root:
    torch.manual_seed(0)
    config = InstructBlipVideoQFormerConfig(
        vocab_size=50,
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        encoder_hidden_size=16,
        cross_attention_frequency=2,
    )
    model = InstructBlipVideoQFormerModel(config).eval().requires_grad_(False)
    given = {
        "input_ids": torch.arange(8).view(2, 4),
        "query_embeds": torch.randn(2, 3, WIDTH),
        "encoder_hidden_states": torch.randn(2, 6, 16),
    }
    return Root("instructblip", model, lambda model: model(**given).last_hidden_state, ("query", "output.dense"))


ROOTS = {"llama": llama_root, "qformer": qformer_root, "instructblip": instructblip_root}


@cache
def pristine(family: str) -> Root:
    return ROOTS[family]()


def fresh(family: str) -> Root:
    """A base that nothing is attached to; always with the same weights."""
    root = pristine(family)
    return replace(root, model=copy.deepcopy(root.model))


@cache
def trained(family: str, seed: int, **more: Any) -> Adapter:
    """An adapter as training leaves it, made on a base of its own."""
    root = fresh(family)
    config = root.config(**more)
    worn = root.wear(routing=config.routing)
    torch.manual_seed(seed)
    parameters = [*worn.create("any", config), *(worn.gates.parameters() if config.routing.routing != "dense" else ())]
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(torch.randn_like(parameter) * 0.5)
    return Adapter(config, worn.tensors("any"))


def outputs(root: Root, worn: AttachedAdapters, keys: Sequence[str]) -> Tensor:
    worn.use(keys)
    return root.run()
