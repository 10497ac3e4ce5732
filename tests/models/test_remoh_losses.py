"""Sparsity, SPR and HAE: numbers worked out by hand, gradients, and a target that is held in training."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from pvchat.models.qformer import Attention
from pvchat.models.remoh import Gates, RoutingConfig, attach, find_sites
from pvchat.models.remoh_losses import (
    SmoothProximityRegularization,
    balanced_l1,
    head_activation_enhancement,
    load_balance,
    soft_sparsity,
    sparsity,
    statistics,
)


def relu_gates(logits: list[list[float]], mask: list[bool] | None = None) -> Gates:
    """Gates of one clip: a row per token, a column per head."""
    z = torch.tensor([logits], requires_grad=True)
    return Gates(z, functional.relu(z), None if mask is None else torch.tensor([mask]))


def test_sparsity_is_the_share_of_gates_that_are_zero() -> None:
    one = relu_gates([[1.0, -1.0], [2.0, -2.0], [3.0, 0.5], [-1.0, -1.0]])
    assert float(sparsity([one])) == pytest.approx(4 / 8)
    assert float(soft_sparsity([one])) == pytest.approx(4 / 8)
    assert float(sparsity([one, relu_gates([[1.0, 1.0]])])) == pytest.approx((4 / 8 + 0) / 2)


def test_tokens_that_do_not_count_are_left_out() -> None:
    gates = relu_gates([[1.0, 1.0], [-1.0, -1.0]], [True, False])
    assert float(sparsity([gates])) == 0.0
    assert statistics({"a": gates})["a"].activation == (1.0, 1.0)


def test_statistics_are_per_head() -> None:
    found = statistics({"a": relu_gates([[1.0, -1.0], [3.0, 2.0]])})["a"]
    assert found.activation == (1.0, 0.5)
    assert found.mean_gate == (2.0, 1.0)


def test_the_balanced_l1_by_hand() -> None:
    # Head 1 is on in both tokens (load 2 with a target of a half), head 2 in one of two (load 1).
    gates = relu_gates([[1.0, -1.0], [3.0, 2.0]])
    assert float(balanced_l1([gates])) == pytest.approx((2 * 1 + 2 * 3 + 1 * 0 + 1 * 2) / 4)


def test_hae_by_hand_and_zero_below_the_target() -> None:
    mostly_off = relu_gates([[1.0, -1.0, -1.0, -1.0]])
    wanted = 0.5 * (math.exp(2 * (0.75 - 0.5)) - 1)
    assert float(head_activation_enhancement([mostly_off])) == pytest.approx(wanted)
    assert float(head_activation_enhancement([relu_gates([[1.0, 1.0, 1.0, -1.0]])])) == 0.0


def test_hae_has_the_gradient_of_a_sigmoid_also_for_dead_heads() -> None:
    gates = relu_gates([[1.0, -1.0, -2.0, -3.0]])
    head_activation_enhancement([gates]).backward()
    slope = 0.5 * math.exp(2 * (0.75 - 0.5)) * 2
    logits = gates.logits.detach()
    wanted = -slope * torch.sigmoid(logits) * (1 - torch.sigmoid(logits)) / 4
    grad = gates.logits.grad
    assert grad is not None
    assert torch.allclose(grad, wanted)
    assert bool((grad < 0).all())  # going down the loss raises every logit
    plain = relu_gates([[1.0, -1.0, -2.0, -3.0]])
    plain.values.sum().backward()
    assert plain.logits.grad is not None
    assert plain.logits.grad[0, 0, 1:].tolist() == [0.0, 0.0, 0.0]


def test_spr_by_hand() -> None:
    spr = SmoothProximityRegularization()
    assert spr.step(0.0) == pytest.approx(1e-8 * math.exp(0.8 * 0.5))
    assert spr.step(1.0) == pytest.approx(1e-8)
    other = SmoothProximityRegularization()
    other.load_state_dict(spr.state_dict())
    assert other.coefficient == spr.coefficient


@given(st.lists(st.floats(0, 1), max_size=300), st.floats(1e-15, 10))
def test_spr_stays_in_its_bounds_and_follows_the_side(measured: list[float], start: float) -> None:
    spr = SmoothProximityRegularization(start=start)
    for value in measured:
        before = spr.coefficient
        after = spr.step(value)
        assert 1e-15 <= after <= 10
        if value < 0.5:
            assert after >= before
        if value > 0.5:
            assert after <= before


@pytest.mark.parametrize("measured", [float("nan"), -0.1, 1.1])
def test_a_sparsity_that_is_none_is_refused(measured: float) -> None:
    with pytest.raises(ValueError, match="share from 0 to 1"):
        SmoothProximityRegularization().step(measured)


def test_load_balance_is_one_when_heads_are_used_alike_and_more_when_not() -> None:
    holder = nn.ModuleDict({"self_attention": Attention(12, 6)})
    attached = attach(holder, find_sites(holder), RoutingConfig("moh", 1 / 3, 0.5))
    (gate,) = attached.gates.values()
    nn.init.normal_(gate.router.gate.weight, std=0.01)
    even, _ = gate.router(torch.randn(1, 4000, 12))
    assert float(load_balance([even])) == pytest.approx(1.0, abs=0.02)
    with torch.no_grad():
        gate.router.gate.bias.copy_(torch.tensor([9.0, 9.0, 0.0, 0.0]))
    odd, _ = gate.router(torch.randn(1, 100, 12))
    assert float(load_balance([odd])) == pytest.approx(2.0, abs=0.02)


def train(bias: float, seed: int, *, hae: bool, steps: int = 400) -> tuple[float, list[float]]:
    """Fit one gated attention to another one; the activation and the head's rates over the last quarter."""
    torch.manual_seed(seed)
    teacher, block = Attention(16, 8), Attention(16, 8)
    own = list(block.parameters())
    holder = nn.ModuleDict({"self_attention": block})
    attached = attach(holder, find_sites(holder), RoutingConfig(shared=0.25))
    (gate,) = attached.gates.values()
    with torch.no_grad():
        gate.router.gate.bias.fill_(bias)
        gate.router.gate.weight.normal_(std=0.1)
    spr = SmoothProximityRegularization()
    optimizer = torch.optim.AdamW(
        [{"params": own, "lr": 1e-3}, {"params": attached.parameters(), "lr": 1e-2}], weight_decay=0.0
    )
    bias_of = torch.zeros(1, 1, 6, 6)
    rates: list[Tensor] = []
    for step in range(steps):
        x = torch.randn(16, 6, 16)
        loss = functional.mse_loss(block(x, x, bias_of), teacher(x, x, bias_of).detach())
        records = list(attached.records().values())
        loss = loss + spr.coefficient * balanced_l1(records)
        if hae:
            loss = loss + head_activation_enhancement(records)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        spr.step(float(sparsity(records)))
        assert torch.isfinite(loss)
        if step >= 3 * steps // 4:
            rates.append(torch.tensor(next(iter(statistics(attached.records()).values())).activation))
    means = torch.stack(rates).mean(0)
    return float(means.mean()), means.tolist()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("bias", [1.0, -3.0])
def test_the_target_is_held_from_all_heads_on_and_from_all_heads_dead(bias: float, seed: int) -> None:
    activation, _ = train(bias, seed, hae=True)
    assert activation == pytest.approx(0.5, abs=0.05)


def test_without_hae_dead_heads_stay_dead() -> None:
    assert train(-3.0, 0, hae=False)[0] < 0.01
