"""Adapters on nano: where its low-rank updates and gates go, and what asked subjects bring to the prompt."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.attached import KEPT, AttachedAdapters
from pvchat.models.nano import Nano, Personal
from pvchat.models.remoh import RoutingConfig, find_sites
from pvchat.models.tokens import PATCH_WIDTH

BASE = "nano"
# Attention alone: of the language model, and the reading half of the Q-Former's (its output projection is gated).
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "query", "key", "value")


class NanoAdapters:
    """The adapters of one loaded nano, by subject.

    Args:
        nano: changed in place, and equal to what it was until an adapter is used. keep: how many stay attached.
    """

    def __init__(self, nano: Nano, *, keep: int = KEPT) -> None:
        self.nano = nano
        root = nn.ModuleDict({"nano": nano.model, "language": nano.language.model})
        self.attached = AttachedAdapters(root, find_sites(root, within="nano.qformer", upper_half=True), keep=keep)

    def __contains__(self, key: object) -> bool:
        return key in self.attached

    def config(self, *, routing: RoutingConfig | None = None, rank: int = 8, pixels: bool = True) -> AdapterConfig:
        """The configuration of a new adapter of this nano."""
        return AdapterConfig(
            base=BASE,
            base_sha256=self.nano.sha256,
            personal_tokens=self.nano.model.config.num_personal_queries,
            rank=rank,
            alpha=2 * rank,
            targets=TARGETS,
            routing=routing or RoutingConfig(),
            pixels=pixels,
        )

    def put(self, key: str, adapter: Adapter) -> None:
        """Attach a subject's adapter.

        Raises:
            ModelError: it is another base's, or does not fit.
        """
        adapter.check_base(BASE, self.nano.sha256)
        config = self.nano.model.config
        shapes = {
            "name": (config.text_hidden_size,),
            "personal": (config.num_personal_queries, config.hidden_size),
            "pixels.weight": (PATCH_WIDTH, config.hidden_size),
        }
        for name, shape in shapes.items():
            tensor = adapter.tensors.get(name)
            if tensor is not None and tuple(tensor.shape) != shape:
                raise ModelError(f"{name} of the adapter is {tuple(tensor.shape)}, nano takes {shape}; train it again")
        self.attached.put(key, adapter)

    def drop(self, key: str) -> None:
        """Take a subject's adapter off."""
        self.attached.drop(key)

    def look_at_pixels(self, keys: Sequence[str]) -> bool:
        """Whether the adapter of one of these subjects reads patches."""
        return any((adapter := self.attached.get(key)) is not None and adapter.config.pixels for key in keys)

    def use(self, keys: Sequence[str]) -> Personal | None:
        """Turn on what the next prompt needs.

        Args:
            keys: of the asked subjects, in the order of the prompt; some or all may have no adapter.

        Returns:
            What they add to the prompt, or None when none of them has an adapter.
        """
        self.attached.use(keys)
        held = [self.attached.get(key) for key in keys]
        if not any(held):
            return None
        config = self.nano.model.config
        pixels = None
        if self.look_at_pixels(keys):
            pixels = self._stack(held, "pixels.weight", (PATCH_WIDTH, config.hidden_size))
        return Personal(
            queries=self._stack(held, "personal", (config.num_personal_queries, config.hidden_size)),
            name=self._stack(held, "name", (config.text_hidden_size,)),
            pixels=pixels,
        )

    def _stack(self, held: Sequence[Adapter | None], name: str, shape: tuple[int, ...]) -> Tensor:
        rows = []
        for adapter in held:
            tensor = None if adapter is None else adapter.tensors.get(name)
            rows.append(torch.zeros(shape) if tensor is None else tensor.float())
        return torch.stack(rows).to(self.nano.language.device)
