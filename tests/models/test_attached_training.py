"""Adapters in training: what trains, and that values and gradients are those of the formula."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from pvchat.models.adapter import AdapterConfig
from pvchat.models.attached import AttachedAdapters
from pvchat.models.qformer import Attention
from pvchat.models.remoh import Routing, RoutingConfig, find_sites, thresholds
from tests.models.tiny_roots import HEADS, WIDTH, fresh, trained


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
        return logits.clamp_min(0) / torch.tensor(thresholds(0, logits.shape[-1])).double()
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
