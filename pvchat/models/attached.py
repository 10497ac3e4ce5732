"""Adapters attached to one loaded base: put on, swapped in milliseconds, thrown out when not used.

Composition: every asked subject brings its name and personal tokens, which are data of the prompt. Low-rank updates and
routers change the base itself, so they are on only while their subject is the only one in the prompt.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.remoh import AttachedReMoH, AttentionSite, GatedOutput, HeadRouter, RoutingConfig, attach

KEPT = 16
# peft names its own container; a key of ours may hold anything, a module's name no dots.
_PREFIX = "subject-"


class AttachedAdapters:
    """The adapters of one base, at most `keep` of them; the one not used for longest goes first.

    Args:
        root: everything low-rank updates may go into, on its device. Changed in place, and equal to what it was until
            an adapter is used.
        sites: attention blocks of `root` that ReMoH routes; none for a base without.
        routing: how many heads are shared; the same for all adapters. keep: how many adapters stay attached.

    Attributes:
        gates: of all sites.

    Raises:
        ValueError: a site does not fit, see `attach`.

    Not safe to share between threads: one prompt at a time.
    """

    def __init__(
        self,
        root: nn.Module,
        sites: Sequence[AttentionSite],
        *,
        routing: RoutingConfig | None = None,
        keep: int = KEPT,
    ) -> None:
        self.root = root
        routing = routing or RoutingConfig()
        self._sites = list(sites)
        self._keep = keep
        self.gates = attach(root, self._sites, routing) if sites else AttachedReMoH(root, {}, [])
        self.gates.switch(False)
        self._held: OrderedDict[str, Adapter] = OrderedDict()
        self._routers: dict[str, dict[str, HeadRouter]] = {}
        self._layers: dict[str, list[Any]] = {}
        self._names: dict[str, str] = {}
        self._on: str | None = None
        self._numbered = 0

    def __contains__(self, key: object) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> Adapter | None:
        """The adapter of a subject, if it is attached."""
        return self._held.get(key)

    def put(self, key: str, adapter: Adapter) -> None:
        """Attach a subject's adapter, in place of an earlier one. It is off until `use`.

        Raises:
            ModelError: its tensors do not fit the base.
        """
        self.drop(key)
        while len(self._held) >= self._keep:
            self.drop(next(iter(self._held)))
        self._numbered += 1
        name = f"{_PREFIX}{self._numbered}"
        on = self._on
        try:
            self._add_updates(key, name, adapter)
            self._add_routers(key, adapter)
        except BaseException:
            self._take_off(key, name)
            raise
        self._held[key] = adapter
        self._names[key] = name
        self._switch(on)

    def create(self, key: str, config: AdapterConfig) -> list[nn.Parameter]:
        """Attach an untrained adapter, which changes nothing yet, and turn it on for training.

        Returns:
            The low-rank parameters, trainable; the routers' are those of `gates`.
        """
        self.put(key, Adapter(config, {}))
        self._switch(key, training=True)
        return [p for layer in self._layers[key] for p in _weights_of(layer, self._names[key])]

    def use(self, keys: Sequence[str]) -> None:
        """Say whose prompt comes next: one subject's updates and routers act, those of several do not."""
        alone = keys[0] if len(keys) == 1 and keys[0] in self._held else None
        for key in keys:
            if key in self._held:
                self._held.move_to_end(key)
        if alone != self._on:
            self._switch(alone)

    def drop(self, key: str) -> None:
        """Take a subject's adapter off; nothing happens when it is not attached."""
        if key in self._held:
            del self._held[key]
            self._take_off(key, self._names.pop(key))

    def clear(self) -> None:
        """Take every adapter off."""
        for key in list(self._held):
            self.drop(key)

    def tensors(self, key: str) -> dict[str, Tensor]:
        """The low-rank updates and routers of an attached adapter, named as `Adapter` names them."""
        name = self._names[key]
        found: dict[str, Tensor] = {}
        for layer in self._layers[key]:
            for side in ("lora_A", "lora_B"):
                found[f"lora.{layer.pvchat_name}.{side}"] = getattr(layer, side)[name].weight.detach()
        for block, router in self._routers[key].items():
            for part, value in router.state_dict().items():
                found[f"router.{block}.{part}"] = value.detach()
        return found

    # -- inside ------------------------------------------------------------------------------------------------------

    def _add_updates(self, key: str, name: str, adapter: Adapter) -> None:
        self._layers[key] = []
        config = adapter.config
        given = adapter.part("lora")
        if config.rank == 0:
            return
        # It takes seconds to import, and a base without adapters does not need it.
        from peft import LoraConfig, inject_adapter_in_model
        from peft.tuners.lora import LoraLayer

        places = self._places(config.targets)
        if not places:
            raise ModelError(f"no layer of {config.base} ends in one of {', '.join(config.targets)}; name others")
        lora = LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=list(places), bias="none")
        inject_adapter_in_model(lora, self.root, name)
        # peft keeps a list of configurations there and warns of a second one; our adapters know their own.
        del self.root.peft_config
        for place, title in places.items():
            layer = self.root.get_submodule(place)
            if not isinstance(layer, LoraLayer):
                raise ModelError(f"{place} of {config.base} takes no low-rank update")
            layer.pvchat_name = title
            self._layers[key].append(layer)
        if not given:
            return
        wanted = {f"{layer.pvchat_name}.{side}" for layer in self._layers[key] for side in ("lora_A", "lora_B")}
        odd = sorted(wanted ^ given.keys())
        if odd:
            raise ModelError(f"the adapter does not fit its base at {odd[0]}; train it again")
        for layer in self._layers[key]:
            for side in ("lora_A", "lora_B"):
                _copy(getattr(layer, side)[name].weight, given[f"{layer.pvchat_name}.{side}"], layer.pvchat_name)

    def _places(self, targets: Sequence[str]) -> dict[str, str]:
        """Linear layers whose name ends in a target: where they are now, and their name in the bare base."""
        from peft.tuners.lora import LoraLayer

        found: dict[str, str] = {}
        for place, module in self.root.named_modules():
            title = place
            if isinstance(module, GatedOutput):
                place, module = f"{place}.linear", module.linear
            if isinstance(module, nn.Linear | LoraLayer) and title.endswith(tuple(f".{t}" for t in targets)):
                found[place] = title
        return found

    def _add_routers(self, key: str, adapter: Adapter) -> None:
        self._routers[key] = {}
        config = adapter.config.routing
        if config.routing == "dense" or not self.gates.gates:
            return
        given = adapter.part("router")
        for (block, gate), site in zip(self.gates.gates.items(), self._sites, strict=True):
            shared, routed = config.split(site.num_heads)
            if shared != gate.shared:
                raise ModelError(
                    f"{block} shares {gate.shared} heads, the adapter {shared}; all adapters of a base share alike"
                )
            kept = max(1, round(config.active * routed))
            router = HeadRouter(site.width, routed, config.routing, kept)
            router = router.to(next(gate.linear.parameters()).device)
            for part, parameter in router.named_parameters():
                if given:
                    _copy(parameter, given.get(f"{block}.{part}"), block)
            self._routers[key][block] = router.requires_grad_(False)

    def _take_off(self, key: str, name: str) -> None:
        if self._on == key:
            self._switch(None)
        for layer in self._layers.pop(key, ()):
            if name in layer.active_adapters:
                # peft would choose another one in its place, and warn of it.
                layer.set_adapter([])
            layer.delete_adapter(name)
        self._routers.pop(key, None)

    def _switch(self, key: str | None, *, training: bool = False) -> None:
        layers = {id(layer): layer for held in self._layers.values() for layer in held}
        mine = {id(layer) for layer in self._layers.get(key or "", ())}
        for number, layer in layers.items():
            layer.enable_adapters(False)
            if key is not None and number in mine:
                layer.enable_adapters(True)
                layer.set_adapter(self._names[key], inference_mode=not training)
        routers = self._routers.get(key or "", {})
        self.gates.switch(bool(routers))
        for block, gate in self.gates.gates.items():
            if block in routers:
                gate.router = routers[block].requires_grad_(training)
        self._on = key


def _weights_of(layer: Any, name: str) -> list[nn.Parameter]:
    return [layer.lora_A[name].weight, layer.lora_B[name].weight]


@torch.no_grad()
def _copy(parameter: Tensor, value: Tensor | None, where: str) -> None:
    if value is None or value.shape != parameter.shape:
        found = "nothing" if value is None else tuple(value.shape)
        raise ModelError(f"{where} of the base is {tuple(parameter.shape)}, the adapter has {found}; train it again")
    parameter.copy_(value.to(parameter.dtype))
