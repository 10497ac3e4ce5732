"""Adapters that do not fit are refused without a trace, and those taken off leave none."""

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
import torch

from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter
from pvchat.models.remoh import RoutingConfig
from tests.models.tiny_roots import Root, outputs, trained


def without(adapter: Adapter, ending: str) -> Adapter:
    gone = next(name for name in adapter.tensors if name.endswith(ending))
    return replace(adapter, tensors={name: t for name, t in adapter.tensors.items() if name != gone})


def reshaped(adapter: Adapter, ending: str) -> Adapter:
    last = [name for name in adapter.tensors if name.endswith(ending)][-1]
    return replace(adapter, tensors={**adapter.tensors, last: torch.zeros(1, 7)})


UNFIT: dict[str, Callable[[Root, Adapter], Adapter]] = {
    "an update is missing": lambda _root, good: without(good, "lora_B"),
    "an update has another shape": lambda _root, good: reshaped(good, "lora_A"),
    "an update of another layer": lambda _root, good: replace(
        good, tensors={**good.tensors, "lora.elsewhere.lora_A": torch.zeros(2, 2)}
    ),
    "updates where the rank says none": lambda root, good: replace(good, config=root.config(rank=0)),
    "updates of another rank": lambda root, good: replace(good, config=root.config(rank=3)),
    "a router is missing": lambda _root, good: without(good, "gate.bias"),
    "a router has another shape": lambda _root, good: reshaped(good, "mix.weight"),
    "a router of another block": lambda _root, good: replace(
        good, tensors={**good.tensors, "router.elsewhere.gate.bias": torch.zeros(2)}
    ),
    "routers where the routing says none": lambda root, good: replace(
        good, config=root.config(routing=RoutingConfig("dense"))
    ),
    "another share of the heads": lambda root, good: replace(
        good, config=root.config(routing=RoutingConfig(shared=0.0)), tensors={}
    ),
    "no layer of that name": lambda root, _good: Adapter(root.config(targets=("nothing",)), {}),
}


def test_an_adapter_that_does_not_fit_is_refused_and_leaves_no_trace(root: Root) -> None:
    before = root.run()
    good = trained(root.family, 1)
    worn = root.wear(keep=2)
    worn.put("a", good)
    worn.put("b", trained(root.family, 2))
    a, b = outputs(root, worn, ["a"]), outputs(root, worn, ["b"])
    size = sum(parameter.numel() for parameter in root.model.parameters())
    # In place of an earlier one, and where another would have to go.
    for kind, key in product(UNFIT, ("a", "c")):
        with pytest.raises(ModelError, match=r"train it again|name others|share alike"):
            worn.put(key, UNFIT[kind](root, good))
        assert torch.equal(root.run(), b), kind
        assert sum(parameter.numel() for parameter in root.model.parameters()) == size, kind
        assert ["a" in worn, "b" in worn, "c" in worn] == [True, True, False], kind
    assert torch.equal(outputs(root, worn, ["a"]), a)
    assert torch.equal(outputs(root, worn, ["b"]), b)
    assert torch.equal(outputs(root, worn, []), before)
    worn.clear()
    assert torch.equal(root.run(), before)


def test_a_refused_first_adapter_leaves_the_base(root: Root) -> None:
    before = root.run()
    worn = root.wear()
    size = sum(parameter.numel() for parameter in root.model.parameters())
    with pytest.raises(ModelError):
        worn.put("a", reshaped(trained(root.family, 1), "mix.weight"))
    for keys in (["a"], []):
        assert torch.equal(outputs(root, worn, keys), before)
    assert sum(parameter.numel() for parameter in root.model.parameters()) == size
    assert len(worn) == 0


def test_what_is_taken_off_frees_its_memory(root: Root) -> None:
    worn = root.wear()
    size = sum(parameter.numel() for parameter in root.model.parameters())
    for seed, key in enumerate("ab"):
        worn.put(key, trained(root.family, seed))
        worn.use([key])
        root.run()
    routers = [gate.router for gate in worn.gates.gates.values()]
    held = [weakref.ref(tensor) for router in routers for tensor in router.parameters()]
    held += [weakref.ref(p) for name, p in root.model.named_parameters() if "lora_" in name]
    del routers
    worn.clear()
    gc.collect()
    assert [ref for ref in held if ref() is not None] == []
    assert sum(parameter.numel() for parameter in root.model.parameters()) == size
