"""Adapters attached to one loaded base: put on, swapped in milliseconds, thrown out when not used.

Composition: every asked subject brings its name and personal tokens, which are data of the prompt. Low-rank updates and
routers change the base itself, so they are on only while their subject is the only one in the prompt.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.remoh import AttachedReMoH, AttentionSite, GatedOutput, HeadRouter, RoutingConfig, attach

KEPT = 16
# peft names its own container; a key of ours may hold anything, a module's name no dots.
_PREFIX = "subject-"
_SIDES = ("lora_A", "lora_B")


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
        ValueError: a site does not fit, see `attach`, or `keep` is below 1.

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
        if keep < 1:
            raise ValueError(f"keep is {keep}; a base that wears adapters keeps 1 at least")
        self.root = root
        routing = routing or RoutingConfig()
        self._sites = list(sites)
        self._keep = keep
        self.gates = attach(root, self._sites, routing) if sites else AttachedReMoH(root, {}, [])
        self.gates.switch(False)
        # What stands in the gates while no adapter's routers do, so that they hold on to none that was taken off.
        self._bare = {block: gate.router for block, gate in self.gates.gates.items()}
        self._held: OrderedDict[str, Adapter] = OrderedDict()
        self._routers: dict[str, dict[str, HeadRouter]] = {}
        self._layers: dict[str, list[Any]] = {}
        self._names: dict[str, str] = {}
        self._on: str | None = None
        self._training = False
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
            ModelError: its tensors do not fit the base; nothing has changed then.
        """
        self._numbered += 1
        name = f"{_PREFIX}{self._numbered}"
        try:
            self._add_updates(name, adapter)
            self._add_routers(name, adapter)
        except BaseException:
            self._take_off(name)
            raise
        finally:
            # peft turns on what it has just put in.
            self._switch(self._on, training=self._training)
        self.drop(key)
        while len(self._held) >= self._keep:
            self.drop(next(iter(self._held)))
        self._held[key] = adapter
        self._names[key] = name

    def create(self, key: str, config: AdapterConfig) -> list[nn.Parameter]:
        """Attach an untrained adapter, which changes nothing yet, and turn it on for training.

        Returns:
            The low-rank parameters, trainable; the routers' are those of `gates`.
        """
        self.put(key, Adapter(config, {}))
        self._switch(key, training=True)
        name = self._names[key]
        for layer in self._layers[name]:
            for weight in _weights_of(layer, name):
                # peft gives them the precision of the base; in a halved one the small steps of training are lost.
                if weight.dtype in (torch.bfloat16, torch.float16):
                    weight.data = weight.data.float()
        return [p for layer in self._layers[name] for p in _weights_of(layer, name)]

    def use(self, keys: Sequence[str]) -> None:
        """Say whose prompt comes next: one subject's updates and routers act, those of several do not."""
        alone = keys[0] if len(set(keys)) == 1 and keys[0] in self._held else None
        for key in keys:
            if key in self._held:
                self._held.move_to_end(key)
        if alone != self._on:
            self._switch(alone)

    def drop(self, key: str) -> None:
        """Take a subject's adapter off; nothing happens when it is not attached."""
        if key in self._held:
            if self._on == key:
                self._switch(None)
            del self._held[key]
            self._take_off(self._names.pop(key))

    def clear(self) -> None:
        """Take every adapter off."""
        for key in list(self._held):
            self.drop(key)

    def tensors(self, key: str) -> dict[str, Tensor]:
        """The low-rank updates and routers of an attached adapter, named as `Adapter` names them."""
        name = self._names[key]
        found: dict[str, Tensor] = {}
        for layer in self._layers[name]:
            for side in _SIDES:
                found[f"lora.{layer.pvchat_name}.{side}"] = getattr(layer, side)[name].weight.detach()
        for block, router in self._routers[name].items():
            for part, value in router.state_dict().items():
                found[f"router.{block}.{part}"] = value.detach()
        return found

    # -- inside ------------------------------------------------------------------------------------------------------

    def _add_updates(self, name: str, adapter: Adapter) -> None:
        self._layers[name] = []
        config = adapter.config
        given = adapter.part("lora")
        if config.rank == 0:
            _check_names(set(), given)
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
            self._layers[name].append(layer)
        if not given:
            return
        _check_names({f"{layer.pvchat_name}.{side}" for layer in self._layers[name] for side in _SIDES}, given)
        for layer in self._layers[name]:
            for side in _SIDES:
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

    def _add_routers(self, name: str, adapter: Adapter) -> None:
        self._routers[name] = {}
        config = adapter.config.routing
        given = adapter.part("router")
        if config.routing == "dense" or not self.gates.gates:
            _check_names(set(), given)
            return
        heads = 0
        for (block, gate), site in zip(self.gates.gates.items(), self._sites, strict=True):
            shared, routed = config.split(site.num_heads)
            if shared != gate.shared:
                raise ModelError(
                    f"{block} shares {gate.shared} heads, the adapter {shared}; all adapters of a base share alike"
                )
            kept = max(1, round(config.active * routed))
            router = HeadRouter(site.width, routed, config.routing, kept, heads)
            heads += routed
            router = router.to(next(gate.linear.parameters()).device)
            self._routers[name][block] = router.requires_grad_(False)
        if not given:
            return
        parts = {
            f"{block}.{part}": p
            for block, router in self._routers[name].items()
            for part, p in router.named_parameters()
        }
        _check_names(parts.keys(), given)
        for part, parameter in parts.items():
            _copy(parameter, given[part], part)

    def _take_off(self, name: str) -> None:
        # Not only the layers that are noted: what broke off in the middle left others.
        layer: Any
        for layer in self.root.modules():
            if name in getattr(layer, "lora_A", ()):
                if name in layer.active_adapters:
                    # Else peft turns on another one in its place, and warns.
                    layer.set_adapter([])
                layer.delete_adapter(name)
        self._layers.pop(name, None)
        self._routers.pop(name, None)

    def _switch(self, key: str | None, *, training: bool = False) -> None:
        name = None if key is None else self._names[key]
        layers = {id(layer): layer for held in self._layers.values() for layer in held}
        mine = {id(layer) for layer in self._layers.get(name or "", ())}
        for number, layer in layers.items():
            layer.enable_adapters(False)
            if number in mine:
                layer.enable_adapters(True)
                layer.set_adapter(name, inference_mode=not training)
        routers = self._routers.get(name or "", {})
        self.gates.switch(bool(routers))
        for block, gate in self.gates.gates.items():
            gate.router = routers.get(block, self._bare[block]).requires_grad_(training and block in routers)
        self._on = key
        self._training = training and key is not None


def _weights_of(layer: Any, name: str) -> list[nn.Parameter]:
    return [getattr(layer, side)[name].weight for side in _SIDES]


def _check_names(wanted: Collection[str], given: Mapping[str, Tensor]) -> None:
    odd = sorted(set(wanted) ^ given.keys())
    if odd:
        raise ModelError(f"the adapter does not fit its base at {odd[0]}; train it again")


@torch.no_grad()
def _copy(parameter: Tensor, value: Tensor | None, where: str) -> None:
    if value is None or value.shape != parameter.shape:
        found = "nothing" if value is None else tuple(value.shape)
        raise ModelError(f"{where} of the base is {tuple(parameter.shape)}, the adapter has {found}; train it again")
    parameter.copy_(value.to(parameter.dtype))
