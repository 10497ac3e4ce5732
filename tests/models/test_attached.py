"""Adapters on one base: exact until used, exact again afterwards, and never in each other's way."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter, parse_adapter
from pvchat.models.attached import AttachedAdapters
from pvchat.models.remoh import Routing, RoutingConfig
from tests.models.tiny_roots import Root, fresh, outputs, trained

# -- on and off ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("routing", ["dense", "remoh"])
def test_an_untrained_adapter_changes_nothing(root: Root, routing: Routing) -> None:
    before = root.run()
    worn = root.wear()
    assert torch.equal(root.run(), before)
    worn.put("a", Adapter(root.config(routing=RoutingConfig(routing)), {}))
    assert torch.equal(root.run(), before)
    assert torch.equal(outputs(root, worn, ["a"]), before)


def test_half_precision_bases_stay_exact_too() -> None:
    root = fresh("llama")
    root.model.bfloat16()
    before = root.run()
    worn = root.wear()
    worn.create("a", root.config())
    assert torch.equal(root.run(), before)
    worn.use([])
    assert torch.equal(root.run(), before)


def test_a_trained_adapter_acts_only_while_its_subject_is_alone(root: Root) -> None:
    before = root.run()
    worn = root.wear()
    worn.put("a", trained(root.family, 1))
    worn.put("b", trained(root.family, 2))
    assert torch.equal(root.run(), before)
    alone = outputs(root, worn, ["a"])
    assert not torch.allclose(alone, before, atol=1e-3)
    assert not torch.allclose(outputs(root, worn, ["b"]), alone, atol=1e-3)
    for keys in (["a", "b"], ["b", "a"], [], ["nobody"], ["a", "nobody"]):
        assert torch.equal(outputs(root, worn, keys), before)
    assert torch.equal(outputs(root, worn, ["a"]), alone)


def test_a_subject_named_twice_is_still_alone(root: Root) -> None:
    worn = root.wear()
    worn.put("a", trained(root.family, 1))
    assert torch.equal(outputs(root, worn, ["a", "a"]), outputs(root, worn, ["a"]))


def test_swapping_to_another_adapter_and_back_gives_exactly_the_same(root: Root) -> None:
    worn = root.wear()
    for seed, key in enumerate("ab"):
        worn.put(key, trained(root.family, seed))
    a, b = outputs(root, worn, ["a"]), outputs(root, worn, ["b"])
    for _ in range(2):
        assert torch.equal(outputs(root, worn, ["a"]), a)
        assert torch.equal(outputs(root, worn, ["b"]), b)


def test_dropping_and_clearing_give_the_base_back(root: Root) -> None:
    before = root.run()
    worn = root.wear()
    for seed, key in enumerate("abc"):
        worn.put(key, trained(root.family, seed))
    b = outputs(root, worn, ["b"])
    worn.use(["a"])
    worn.drop("a")
    assert torch.equal(root.run(), before)
    assert "a" not in worn
    assert torch.equal(outputs(root, worn, ["a"]), before)
    assert torch.equal(outputs(root, worn, ["b"]), b)
    worn.drop("nobody")
    worn.clear()
    assert len(worn) == 0
    assert torch.equal(root.run(), before)


@pytest.mark.filterwarnings("error")
def test_dropping_one_that_is_not_in_use_changes_nothing_and_says_nothing(root: Root) -> None:
    worn = root.wear()
    for seed, key in enumerate("abc"):
        worn.put(key, trained(root.family, seed))
    b = outputs(root, worn, ["b"])
    worn.drop("a")
    assert torch.equal(root.run(), b)
    worn.drop("b")
    worn.drop("c")


# -- putting on ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("routing", ["dense", "moh", "remoh"])
def test_a_trained_adapter_comes_back_from_its_file(root: Root, routing: Routing) -> None:
    config = root.config(routing=RoutingConfig(routing))
    worn = root.wear()
    parameters = worn.create("a", config)
    with torch.no_grad():
        for parameter in parameters:
            # What bfloat16 holds exactly, so that the file changes no number.
            parameter.copy_(torch.randn_like(parameter).bfloat16())
        for parameter in worn.gates.parameters() if routing != "dense" else ():
            parameter.add_(torch.randn_like(parameter))
    # Off and on: multiplication with a weight that trains may round otherwise.
    worn.use([])
    made = outputs(root, worn, ["a"])
    saved = Adapter(config, worn.tensors("a")).to_bytes()
    worn.clear()
    adapter = parse_adapter(*saved)
    worn.put("again", adapter)
    assert torch.equal(outputs(root, worn, ["again"]), made)
    found = worn.tensors("again")
    assert found.keys() == adapter.tensors.keys()
    assert all(torch.equal(found[name].float(), tensor.float()) for name, tensor in adapter.tensors.items())


def test_names_of_tensors_are_those_of_the_bare_base(root: Root) -> None:
    linears = {name for name, module in root.model.named_modules() if isinstance(module, nn.Linear)}
    worn = root.wear()
    # The second one finds layers that the first has wrapped.
    for key in "ab":
        worn.put(key, Adapter(root.config(), {}))
        names = {name.removeprefix("lora.").rpartition(".")[0] for name in worn.tensors(key) if name.startswith("lora")}
        assert names == {name for name in linears if name.endswith(tuple(f".{target}" for target in root.targets))}


def test_an_adapter_replaces_the_one_of_the_same_subject(root: Root) -> None:
    before = root.run()
    worn = root.wear()
    worn.put("a", trained(root.family, 1))
    first = outputs(root, worn, ["a"])
    worn.put("a", trained(root.family, 2))
    assert len(worn) == 1
    assert torch.equal(root.run(), before)
    second = outputs(root, worn, ["a"])
    assert not torch.allclose(first, second, atol=1e-3)
    worn.drop("a")
    assert torch.equal(root.run(), before)


def test_putting_another_on_leaves_the_one_in_use_on(root: Root) -> None:
    worn = root.wear()
    worn.put("a", trained(root.family, 1))
    a = outputs(root, worn, ["a"])
    worn.put("b", trained(root.family, 2))
    assert torch.equal(root.run(), a)


def test_the_one_not_used_for_longest_goes_first() -> None:
    root = fresh("qformer")
    worn = root.wear(keep=2)
    for key in "ab":
        worn.put(key, Adapter(root.config(), {}))
    worn.use(["a"])
    worn.put("c", Adapter(root.config(), {}))
    assert ["a" in worn, "b" in worn, "c" in worn] == [True, False, True]
    # Being asked about together is a use as well.
    worn.use(["c", "a"])
    worn.put("d", Adapter(root.config(), {}))
    assert ["a" in worn, "c" in worn, "d" in worn] == [True, False, True]
    assert worn.get("c") is None
    # One that is there already needs no place.
    worn.put("a", Adapter(root.config(), {}))
    assert ["a" in worn, "d" in worn] == [True, True]


@pytest.mark.parametrize("keep", [0, -1])
def test_a_base_that_may_keep_none_is_refused(keep: int) -> None:
    with pytest.raises(ValueError, match=f"keep is {keep}"):
        fresh("qformer").wear(keep=keep)


def test_the_evicted_one_may_be_the_one_in_use(root: Root) -> None:
    before = root.run()
    worn = root.wear(keep=1)
    worn.put("a", trained(root.family, 1))
    worn.use(["a"])
    worn.put("b", trained(root.family, 2))
    assert torch.equal(root.run(), before)


def test_different_kinds_stand_side_by_side(root: Root) -> None:
    before = root.run()
    kinds = {
        "routed": trained(root.family, 1),
        "dense": trained(root.family, 2, routing=RoutingConfig("dense")),
        "top-k": trained(root.family, 3, routing=RoutingConfig("moh", active=1.0)),
        "wide": trained(root.family, 4, rank=5, alpha=3),
        "narrow": trained(root.family, 5, rank=1, targets=root.targets[:1]),
        "routers alone": trained(root.family, 6, rank=0),
        "nothing": trained(root.family, 7, rank=0, routing=RoutingConfig("dense")),
    }
    single = {}
    for kind, adapter in kinds.items():
        twin = fresh(root.family)
        worn = twin.wear()
        worn.put(kind, adapter)
        single[kind] = outputs(twin, worn, [kind])
        assert torch.equal(single[kind], before) is (kind == "nothing")
    worn = root.wear()
    for kind, adapter in kinds.items():
        worn.put(kind, adapter)
    for kind in [*kinds, *reversed(kinds)]:
        assert torch.equal(outputs(root, worn, [kind]), single[kind]), kind
    assert torch.equal(outputs(root, worn, []), before)


def test_routers_say_nothing_for_a_dense_adapter_and_drop_heads_for_moh() -> None:
    root = fresh("qformer")
    worn = root.wear()
    worn.put("moh", Adapter(root.config(rank=0, routing=RoutingConfig("moh", active=0.5)), {}))
    worn.put("dense", Adapter(root.config(rank=0, routing=RoutingConfig("dense")), {}))
    base = outputs(root, worn, ["dense"])
    assert worn.gates.records() == {}
    assert not torch.allclose(outputs(root, worn, ["moh"]), base, atol=1e-3)
    on = [(gates.values > 0).sum(-1) for gates in worn.gates.records().values()]
    assert len(on) == 2
    assert all(bool((heads == 1).all()) for heads in on)


def test_a_base_without_sites_wears_updates_alone() -> None:
    root = fresh("qformer")
    before = root.run()
    worn = AttachedAdapters(root.model, [])
    parameters = worn.create("a", root.config())
    assert torch.equal(root.run(), before)
    with torch.no_grad():
        for parameter in parameters:
            parameter.normal_()
    assert not torch.allclose(root.run(), before, atol=1e-3)
    assert all(name.startswith("lora.") for name in worn.tensors("a"))


# -- in any order --------------------------------------------------------------------------------------------------

KEYS = "abcd"
STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS)),
    st.tuples(st.just("drop"), st.sampled_from(KEYS)),
    st.tuples(st.just("use"), st.lists(st.sampled_from(KEYS), max_size=3)),
    st.tuples(st.just("refuse"), st.sampled_from(KEYS)),
)


WARDROBE: dict[str, dict[str, Any]] = {
    "a": {},
    "b": {"rank": 4, "routing": RoutingConfig("moh")},
    "c": {"routing": RoutingConfig("dense"), "targets": ("value",)},
    "d": {"rank": 0},
}


@cache
def said(key: str) -> Tensor:
    """What a base says that wears this adapter and no other; the bare base for ""."""
    root = fresh("qformer")
    worn = root.wear()
    if key:
        worn.put(key, trained("qformer", ord(key), **WARDROBE[key]))
    return outputs(root, worn, [key])


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=10))
def test_what_is_said_depends_on_who_is_in_use_alone(steps: list[tuple[str, Any]]) -> None:
    root = fresh("qformer")
    worn = root.wear(keep=3)
    there: list[str] = []  # the one not used for longest first
    on = ""
    for what, whom in steps:
        if what == "put":
            worn.put(whom, trained("qformer", ord(whom), **WARDROBE[whom]))
            on = "" if on == whom else on
            there = [key for key in there if key != whom]
            if len(there) == 3:
                on = "" if on == there[0] else on
                there = there[1:]
            there.append(whom)
        elif what == "drop":
            worn.drop(whom)
            there = [key for key in there if key != whom]
            on = "" if on == whom else on
        elif what == "refuse":
            with pytest.raises(ModelError):
                worn.put(whom, replace(trained("qformer", ord("a")), config=root.config(rank=7)))
        else:
            worn.use(whom)
            for key in whom:
                if key in there:
                    there.remove(key)
                    there.append(key)
            on = whom[0] if len(set(whom)) == 1 and whom[0] in there else ""
        assert [key in worn for key in KEYS] == [key in there for key in KEYS]
        assert torch.equal(root.run(), said(on))
