"""Adapters on one base: exact until used, exact again afterwards, and never in each other's way."""

import copy
import gc
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from transformers import InstructBlipVideoQFormerConfig, InstructBlipVideoQFormerModel

from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter, AdapterConfig, parse_adapter
from pvchat.models.attached import AttachedAdapters
from pvchat.models.qformer import Attention, QFormer
from pvchat.models.remoh import Routing, RoutingConfig, find_sites
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


@pytest.fixture(params=list(ROOTS))
def root(request: pytest.FixtureRequest) -> Root:
    """A base of each family."""
    return fresh(request.param)


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


# -- refusals ------------------------------------------------------------------------------------------------------


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


# -- training ------------------------------------------------------------------------------------------------------


def test_only_the_new_adapter_trains_and_stops_when_it_is_used_for_answers() -> None:
    root = fresh("qformer")
    worn = root.wear()
    worn.put("a", trained(root.family, 1))
    updates = worn.create("b", root.config())
    expected = {id(parameter) for parameter in (*updates, *worn.gates.parameters())}
    assert {id(p) for p in root.model.parameters() if p.requires_grad} == expected
    assert len(updates) == 2 * 2 * len(root.targets)
    worn.use(["a"])
    assert not any(parameter.requires_grad for parameter in root.model.parameters())
    worn.use(["b"])
    assert not any(parameter.requires_grad for parameter in root.model.parameters())


def test_another_adapter_put_on_meanwhile_does_not_end_training() -> None:
    root = fresh("qformer")
    worn = root.wear()
    updates = worn.create("b", root.config())
    worn.put("a", trained(root.family, 1))
    expected = {id(parameter) for parameter in (*updates, *worn.gates.parameters())}
    assert {id(p) for p in root.model.parameters() if p.requires_grad} == expected


def projected(x: Tensor, linear: nn.Linear, update: tuple[Tensor, Tensor] | None, scale: float) -> Tensor:
    """W x + b + scale B A x."""
    plain = functional.linear(x, linear.weight, linear.bias)
    return plain if update is None else plain + scale * (x @ update[0].T) @ update[1].T


def gates_of(logits: Tensor, routing: Routing, kept: int) -> Tensor:
    if routing == "remoh":
        return logits.clamp_min(0)
    chances = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True) * logits.shape[-1]
    lowest = chances.sort(-1, descending=True).values[..., kept - 1 : kept]
    return torch.where(chances >= lowest, chances, 0)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(0, 4),
    st.integers(1, 8),
    st.sampled_from(["dense", "moh", "remoh"]),
    st.sampled_from([0.0, 1 / 3, 2 / 3]),
    st.sets(st.sampled_from(["query", "key", "value", "output"]), min_size=1),
)
def test_values_and_gradients_of_updates_and_routers_are_those_of_the_formula(
    seed: int, rank: int, alpha: int, routing: Routing, shared: float, targets: set[str]
) -> None:
    torch.manual_seed(seed)
    block = Attention(WIDTH, HEADS).double().requires_grad_(False)
    holder = nn.ModuleDict({"self_attention": block})
    config = AdapterConfig(
        "tiny",
        "",
        rank=rank,
        alpha=alpha,
        targets=tuple(sorted(targets)),
        routing=RoutingConfig(routing, shared, active=0.5),
    )
    linears = {name: getattr(block, name) for name in ("query", "key", "value", "output")}
    worn = AttachedAdapters(holder, find_sites(holder), routing=config.routing)
    updates = worn.create("a", config)
    (gate,) = worn.gates.gates.values() if routing != "dense" else (None,)
    routers = []
    if gate is not None:
        gate.router.double()
        routers = list(gate.router.parameters())
    with torch.no_grad():
        for parameter in (*updates, *routers):
            # Not larger: scores in the hundreds leave gradients of the softmax that are all rounding.
            parameter.normal_(std=0.2)
    x = torch.randn(2, 5, WIDTH, dtype=torch.float64)
    bias = torch.randn(2, 1, 5, 5, dtype=torch.float64)
    ours = block(x, x, bias)

    theirs = {name: tensor.clone().requires_grad_() for name, tensor in worn.tensors("a").items()}
    pairs = {
        name: tuple(theirs[f"lora.self_attention.{name}.{side}"] for side in ("lora_A", "lora_B"))
        for name in (config.targets if rank else ())
    }
    scale = alpha / max(1, rank)

    def through(name: str, value: Tensor) -> Tensor:
        pair = pairs.get(name)
        return projected(value, linears[name], None if pair is None else (pair[0], pair[1]), scale)

    q, k, v = (through(name, x) for name in ("query", "key", "value"))
    size, first = WIDTH // HEADS, config.routing.split(HEADS)[0]
    weights = torch.ones(2, 5, HEADS, dtype=torch.float64)
    if routing != "dense":
        router = {
            name.removeprefix("router.self_attention.output."): t for name, t in theirs.items() if "router" in name
        }
        mix = 2 * (x @ router["mix.weight"].T).softmax(-1)
        routed = gates_of(
            x @ router["gate.weight"].T + router["gate.bias"], routing, max(1, round((HEADS - first) / 2))
        )
        weights = torch.cat([mix[..., :1].expand(2, 5, first), mix[..., 1:] * routed], -1)
    heads = []
    for h in range(HEADS):
        part = slice(h * size, (h + 1) * size)
        scores = q[..., part] @ k[..., part].transpose(-1, -2) / size**0.5 + bias[:, 0]
        heads.append(weights[..., h, None] * (scores.softmax(-1) @ v[..., part]))
    wanted = through("output", torch.cat(heads, -1))
    assert torch.allclose(ours, wanted, atol=1e-10)

    told = torch.randn_like(wanted)
    mine = dict(zip(theirs, (*updates, *routers), strict=True))
    got = torch.autograd.grad((ours * told).sum(), list(mine.values())) if mine else ()
    right = torch.autograd.grad((wanted * told).sum(), list(theirs.values())) if mine else ()
    for name, one, other in zip(mine, got, right, strict=True):
        assert torch.allclose(one, other, atol=1e-9), name


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
