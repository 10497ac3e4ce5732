"""Gates: an exact start, the formula, its gradient, and attaching to real attention classes."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    BertConfig,
    BertModel,
    InstructBlipVideoQFormerConfig,
    InstructBlipVideoQFormerModel,
    LlamaConfig,
    LlamaModel,
    Qwen3Config,
    Qwen3Model,
    SiglipVisionConfig,
    SiglipVisionModel,
    ViTConfig,
    ViTModel,
)

from pvchat.models.qformer import Attention, QFormer
from pvchat.models.remoh import GatedOutput, RoutingConfig, attach, find_sites

HEADS, WIDTH, DEPTH = 6, 24, 4


def small_models() -> list[Any]:
    torch.manual_seed(0)
    shape = {
        "hidden_size": WIDTH,
        "intermediate_size": 32,
        "num_hidden_layers": DEPTH,
        "num_attention_heads": HEADS,
    }
    text = {**shape, "vocab_size": 50}
    vision = {"image_size": 16, "patch_size": 8}
    pixels = {"pixel_values": torch.randn(2, 3, 16, 16)}
    ids = {"input_ids": torch.arange(20).view(2, 10)}
    return [
        pytest.param(LlamaModel(LlamaConfig(**text, num_key_value_heads=2)), ids, id="llama"),
        pytest.param(Qwen3Model(Qwen3Config(**text, num_key_value_heads=2, head_dim=8)), ids, id="qwen3"),
        pytest.param(BertModel(BertConfig(**text)), ids, id="bert"),
        pytest.param(ViTModel(ViTConfig(**shape, **vision)), pixels, id="vit"),
        pytest.param(SiglipVisionModel(SiglipVisionConfig(**shape, **vision)), pixels, id="siglip"),
        pytest.param(
            InstructBlipVideoQFormerModel(
                InstructBlipVideoQFormerConfig(**text, encoder_hidden_size=16, cross_attention_frequency=2)
            ),
            {
                "input_ids": torch.arange(8).view(2, 4),
                "query_embeds": torch.randn(2, 3, WIDTH),
                "encoder_hidden_states": torch.randn(2, 6, 16),
            },
            id="instructblipvideo",
        ),
    ]


def output_of(model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
    found: Tensor = model(**inputs).last_hidden_state
    return found


@pytest.mark.parametrize(("model", "inputs"), small_models())
def test_a_model_equals_its_base_bit_for_bit_until_its_routers_are_trained(
    model: nn.Module, inputs: dict[str, Tensor]
) -> None:
    model.eval()
    with torch.no_grad():
        before = output_of(model, inputs)
        attached = attach(model, find_sites(model), RoutingConfig())
        after = output_of(model, inputs)
    assert len(attached.gates) == DEPTH + sum("crossattention" in name for name in attached.gates)
    assert torch.equal(before, after)
    assert all(gates.values.shape[-1] == 2 and bool((gates.values == 1).all()) for gates in attached.records().values())


@pytest.mark.parametrize(("model", "inputs"), small_models())
def test_trained_gates_change_the_model_and_can_be_switched_off_and_taken_off(
    model: nn.Module, inputs: dict[str, Tensor]
) -> None:
    model.eval()
    with torch.no_grad():
        before = output_of(model, inputs)
        attached = attach(model, find_sites(model), RoutingConfig())
        for parameter in attached.parameters():
            parameter.normal_()
        assert not torch.allclose(before, output_of(model, inputs), atol=1e-4)
        attached.switch(on=False)
        assert torch.equal(before, output_of(model, inputs))
        attached.switch(on=True)
        attached.detach()
        assert torch.equal(before, output_of(model, inputs))
    assert not any(isinstance(module, GatedOutput) for module in model.modules())


def reference(block: Attention, gate: GatedOutput, x: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
    """The formula written out head by head, in float64."""
    linear = {name: getattr(block, name) for name in ("query", "key", "value")}
    q, k, v = (
        functional.linear(s, linear[n].weight, linear[n].bias) for n, s in zip(linear, (x, memory, memory), strict=True)
    )
    size = x.shape[-1] // HEADS
    router = gate.router
    logits = x @ router.gate.weight.T + router.gate.bias
    a = 2 * (x @ router.mix.weight.T).softmax(-1)
    heads = []
    for h in range(HEADS):
        part = slice(h * size, (h + 1) * size)
        scores = q[..., part] @ k[..., part].transpose(-1, -2) / size**0.5 + bias[:, 0]
        context = scores.softmax(-1) @ v[..., part]
        if h < gate.shared:
            heads.append(a[..., :1] * context)
        else:
            routed = h - gate.shared
            opened = logits[..., routed, None].clamp_min(0) / router.threshold[routed]
            heads.append(a[..., 1:] * opened * context)
    return torch.cat(heads, -1) @ gate.linear.weight.T + gate.linear.bias


def test_values_and_gradients_are_those_of_the_formula() -> None:
    torch.manual_seed(1)
    block = Attention(WIDTH, HEADS).double()
    holder = nn.ModuleDict({"cross_attention": block})
    attached = attach(holder, find_sites(holder), RoutingConfig(shared=0.5))
    (gate,) = attached.gates.values()
    gate.router.double()
    for parameter in gate.router.parameters():
        nn.init.normal_(parameter)
    x, memory = (torch.randn(2, n, WIDTH, dtype=torch.float64, requires_grad=True) for n in (5, 7))
    bias = torch.randn(2, 1, 5, 7, dtype=torch.float64)
    weights = [x, memory, *block.parameters()]
    told = torch.randn(2, 5, WIDTH, dtype=torch.float64)
    ours = block(x, memory, bias)
    theirs = reference(block, gate, x, memory, bias)
    assert torch.allclose(ours, theirs, atol=1e-12)
    got = torch.autograd.grad((ours * told).sum(), weights, allow_unused=True)
    wanted = torch.autograd.grad((theirs * told).sum(), weights, allow_unused=True)
    for mine, right in zip(got, wanted, strict=True):
        assert mine is not None
        assert right is not None
        assert torch.allclose(mine, right, atol=1e-10)


def test_heads_are_turned_off_one_after_another_as_the_push_grows() -> None:
    holder = nn.ModuleDict({name: nn.ModuleDict({"cross_attention": Attention(WIDTH, HEADS)}) for name in "abcd"})
    attached = attach(holder, find_sites(holder), RoutingConfig(shared=0.5))
    heads = [gate.router for gate in attached.gates.values()]
    shares = []
    for push in (0.0, 0.75, 1.0, 1.25, 1.6):
        values = []
        for router in heads:
            with torch.no_grad():
                router.gate.bias.copy_(router.threshold - push)
                gates, _ = router(torch.zeros(1, 1, WIDTH))
            values.append(gates.values > 0)
        shares.append(float(torch.cat(values).float().mean()))
    assert shares[0] == 1.0
    assert shares[-1] == 0.0
    assert shares == sorted(shares, reverse=True)
    assert 0.3 < shares[2] < 0.7


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 6), st.sampled_from(["moh", "remoh"]), st.floats(0.1, 1.0)
)
def test_gates_are_never_negative_and_mixes_always_add_up_to_two(
    seed: int, batch: int, length: int, routing: Any, active: float
) -> None:
    torch.manual_seed(seed)
    holder = nn.ModuleDict({"self_attention": Attention(WIDTH, HEADS)})
    attached = attach(holder, find_sites(holder), RoutingConfig(routing, 1 / 3, active))
    (gate,) = attached.gates.values()
    for parameter in gate.router.parameters():
        nn.init.normal_(parameter, std=2.0)
    x = torch.randn(batch, length, WIDTH)
    gates, mix = gate.router(x)
    assert bool((gates.values >= 0).all())
    assert torch.allclose(mix.sum(-1), torch.full((batch, length), 2.0))
    if routing == "moh":
        on = (gates.values > 0).sum(-1)
        assert bool((on == max(1, round(active * 4))).all())
    else:
        assert torch.equal(gates.values > 0, gates.logits > 0)


def test_a_query_side_routes_a_cross_attention() -> None:
    torch.manual_seed(2)
    former = QFormer(WIDTH, 2, HEADS, 32, num_queries=3, num_personal_queries=2)
    attached = attach(former, find_sites(former, upper_half=True), RoutingConfig())
    assert sorted(attached.gates) == ["layers.1.cross_attention.output", "layers.1.self_attention.output"]
    former(
        torch.randn(1, 9, WIDTH),
        torch.ones(1, 9, dtype=torch.bool),
        torch.randn(1, 1, WIDTH),
        torch.zeros(1, 1, 9),
        torch.zeros(1, 1, 9),
    )
    assert {gates.values.shape for gates in attached.records().values()} == {(1, 5, 2)}


def test_every_fourth_layer_counts_from_the_last() -> None:
    model = LlamaModel(
        LlamaConfig(
            vocab_size=20, hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=10, num_attention_heads=HEADS
        )
    )
    sites = find_sites(model, every=4)
    assert [site.name for site in sites] == ["layers.1.self_attn", "layers.5.self_attn", "layers.9.self_attn"]


def test_gradients_pass_a_checkpointed_model() -> None:
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=20, hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=2, num_attention_heads=HEADS
    )
    ids = torch.arange(12).view(2, 6)
    found = []
    for checkpointed in (False, True):
        torch.manual_seed(4)
        model = LlamaModel(config).train()
        attached = attach(model, find_sites(model), RoutingConfig())
        for parameter in attached.parameters():
            nn.init.normal_(parameter, std=0.5)
        if checkpointed:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        loss = model(input_ids=ids).last_hidden_state.pow(2).sum()
        loss = loss + sum(gates.values.sum() for gates in attached.records().values())
        loss.backward()
        found.append([parameter.grad for parameter in attached.parameters()])
    for plain, checked in zip(*found, strict=True):
        assert plain is not None
        assert torch.allclose(plain, checked, atol=1e-5)


def test_routers_come_back_from_their_state_and_refuse_another_model() -> None:
    def gated(layers: int) -> Any:
        config = LlamaConfig(
            vocab_size=20, hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=layers, num_attention_heads=HEADS
        )
        model = LlamaModel(config)
        return attach(model, find_sites(model), RoutingConfig())

    first, second = gated(2), gated(2)
    for parameter in first.parameters():
        nn.init.normal_(parameter)
    second.load_state_dict(first.state_dict())
    assert all(torch.equal(first.state_dict()[key], value) for key, value in second.state_dict().items())
    with pytest.raises(ValueError, match="another base"):
        gated(3).load_state_dict(first.state_dict())


def test_half_precision_models_start_exact_too() -> None:
    torch.manual_seed(5)
    model = LlamaModel(
        LlamaConfig(
            vocab_size=20, hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=2, num_attention_heads=HEADS
        )
    ).bfloat16()
    ids = torch.arange(12).view(2, 6)
    with torch.no_grad():
        before = model(input_ids=ids).last_hidden_state
        attach(model, find_sites(model), RoutingConfig())
        assert torch.equal(before, model(input_ids=ids).last_hidden_state)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: RoutingConfig("round robin"), "routing is round robin"),
        (lambda: RoutingConfig(shared=1.0), "shared is 1.0"),
        (lambda: RoutingConfig(active=0.0), "active is 0.0"),
        (lambda: RoutingConfig().split(1), "1 head"),
        (lambda: find_sites(nn.Linear(2, 2)), "no attention block"),
        (lambda: attach(nn.Linear(2, 2), [], RoutingConfig()), "no attention block was given"),
    ],
)
def test_what_cannot_be_routed_is_said(wrong: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        wrong()


def test_gating_twice_is_refused() -> None:
    holder = nn.ModuleDict({"self_attention": Attention(WIDTH, HEADS)})
    sites = find_sites(holder)
    attach(holder, sites, RoutingConfig())
    with pytest.raises(ValueError, match="gated already"):
        attach(holder, sites, RoutingConfig())


def test_dense_attaches_nothing() -> None:
    holder = nn.ModuleDict({"self_attention": Attention(WIDTH, HEADS)})
    assert attach(holder, find_sites(holder), RoutingConfig("dense")).gates == {}
