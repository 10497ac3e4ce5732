"""An adapter's two files: what comes back, what is refused, and whose base it is."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import Tensor, nn

from pvchat.errors import ModelError
from pvchat.models.adapter import (
    CARD,
    PARTS,
    TENSORS,
    Adapter,
    AdapterConfig,
    content_sha256,
    fingerprint,
    load_adapter,
    parse_adapter,
)
from pvchat.models.remoh import RoutingConfig
from tests.models.tiny import tiny_llama, tiny_nano

CONFIG = AdapterConfig(
    "nano",
    "ab" * 32,
    personal_tokens=3,
    rank=2,
    alpha=4,
    targets=("q_proj", "o_proj"),
    routing=RoutingConfig("moh", shared=0.25, active=0.75),
    pixels=True,
)


def some_adapter(seed: int = 0) -> Adapter:
    """One tensor at least of every part, with numbers that bfloat16 cannot hold."""
    torch.manual_seed(seed)
    tensors = {
        "name": torch.randn(8),
        "personal": torch.randn(3, 8),
        "pixels.weight": torch.randn(8, 6),
        "pixels.bias": torch.randn(8),
        "lora.layers.0.self_attn.q_proj.lora_A": torch.randn(2, 8),
        "lora.layers.0.self_attn.q_proj.lora_B": torch.randn(8, 2),
        "router.layers.0.self_attn.o_proj.gate.weight": torch.randn(3, 8),
        "router.layers.0.self_attn.o_proj.gate.bias": torch.randn(3),
    }
    return Adapter(CONFIG, tensors, {"loss": [2.0, 0.5], "note": "José"})


def same(one: Adapter, other: Adapter) -> None:
    assert other.config == one.config
    assert other.report == one.report
    assert other.tensors.keys() == one.tensors.keys()
    for name, tensor in one.tensors.items():
        if name.startswith(("lora.", "pixels.")):
            # Eight bits of mantissa.
            assert torch.allclose(other.tensors[name].float(), tensor, rtol=2**-8, atol=0), name
        else:
            assert torch.equal(other.tensors[name], tensor), name


def test_an_adapter_comes_back_from_its_folder(tmp_path: Path) -> None:
    adapter = some_adapter()
    adapter.save(tmp_path / "subject" / "adapter")
    same(adapter, load_adapter(tmp_path / "subject" / "adapter"))
    assert {path.name for path in (tmp_path / "subject" / "adapter").iterdir()} == {TENSORS, CARD}


def test_an_adapter_comes_back_from_its_bytes() -> None:
    adapter = some_adapter()
    same(adapter, parse_adapter(*adapter.to_bytes()))


def test_saving_again_changes_nothing_more() -> None:
    once = parse_adapter(*some_adapter().to_bytes())
    assert once.to_bytes() == parse_adapter(*once.to_bytes()).to_bytes()


def test_the_same_adapter_has_the_same_bytes_however_its_tensors_are_ordered() -> None:
    adapter = some_adapter()
    turned = replace(adapter, tensors=dict(reversed(some_adapter().tensors.items())))
    assert adapter.to_bytes() == adapter.to_bytes() == turned.to_bytes()


def test_the_digest_of_an_adapter_leaves_out_what_time_its_training_took() -> None:
    def told(spent_s: float, loss: float = 1.0, seed: int = 0) -> str:
        report = {"steps": [{"loss": loss, "spent_s": spent_s}], "note": "José"}
        return content_sha256(*replace(some_adapter(seed), report=report).to_bytes())

    assert told(1.0) == told(2.5)
    assert len({told(1.0), told(1.0, loss=0.5), told(1.0, seed=1)}) == 3


def test_a_later_save_replaces_an_earlier_one(tmp_path: Path) -> None:
    some_adapter(1).save(tmp_path)
    some_adapter(2).save(tmp_path)
    same(some_adapter(2), load_adapter(tmp_path))


def test_an_untrained_adapter_without_tensors_comes_back() -> None:
    bare = Adapter(CONFIG, {})
    same(bare, parse_adapter(*bare.to_bytes()))


def test_views_and_half_precision_tensors_are_saved_by_value() -> None:
    whole = torch.randn(4, 8)
    adapter = Adapter(
        CONFIG,
        {"name": whole[0], "personal": whole[1:].t().contiguous().t(), "router.a.gate.bias": torch.ones(2).bfloat16()},
    )
    found = parse_adapter(*adapter.to_bytes())
    assert torch.equal(found.tensors["name"], whole[0])
    assert torch.equal(found.tensors["personal"], whole[1:])
    assert found.tensors["router.a.gate.bias"].dtype is torch.float32


def test_parts_are_told_apart_by_their_prefix() -> None:
    adapter = some_adapter()
    assert set(adapter.part("name")) == {""}
    assert set(adapter.part("pixels")) == {"weight", "bias"}
    assert set(adapter.part("router")) == {f"layers.0.self_attn.o_proj.gate.{kind}" for kind in ("weight", "bias")}
    assert sum(len(adapter.part(part)) for part in PARTS) == len(adapter.tensors)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["dense", "moh", "remoh"]),
    st.floats(0, 0.99),
    st.floats(0.01, 1),
    st.integers(0, 64),
    st.integers(0, 64),
    st.lists(st.text(min_size=1, max_size=8), max_size=4),
    st.booleans(),
    st.text(max_size=20),
)
def test_every_configuration_comes_back(
    routing: Any, shared: float, active: float, personal: int, rank: int, targets: list[str], pixels: bool, base: str
) -> None:
    config = AdapterConfig(
        base, "0" * 64, personal, rank, 2 * rank, tuple(targets), RoutingConfig(routing, shared, active), pixels
    )
    assert parse_adapter(*Adapter(config, {}).to_bytes()).config == config


# -- refusals ------------------------------------------------------------------------------------------------------


def with_card(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Changes the card in a folder."""

    def apply(folder: Path) -> None:
        card = json.loads((folder / CARD).read_text())
        change(card)
        (folder / CARD).write_text(json.dumps(card))

    return apply


def with_tensors(data: bytes) -> Callable[[Path], object]:
    """Other tensors, with a card that vouches for them."""

    def apply(folder: Path) -> None:
        (folder / TENSORS).write_bytes(data)
        with_card(lambda card: card.update(sha256=hashlib.sha256(data).hexdigest()))(folder)

    return apply


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed tensor": (lambda folder: flip(folder / TENSORS, -1), "cut off or changed"),
    "a changed header": (lambda folder: flip(folder / TENSORS, 20), "cut off or changed"),
    "truncated tensors": (lambda folder: cut_off(folder / TENSORS), "cut off or changed"),
    "empty tensors": (lambda folder: (folder / TENSORS).write_bytes(b""), "cut off or changed"),
    "tensors of another adapter": (
        lambda folder: (folder / TENSORS).write_bytes(some_adapter(9).to_bytes()[1]),
        "cut off or changed",
    ),
    "no tensors": (lambda folder: (folder / TENSORS).unlink(), "pvchat train"),
    "no card": (lambda folder: (folder / CARD).unlink(), "pvchat train"),
    "a card that is no text": (lambda folder: (folder / CARD).write_bytes(b"\xff\xfe\x00"), "pvchat train"),
    "a truncated card": (lambda folder: cut_off(folder / CARD), "card is not readable"),
    "a card that is a list": (lambda folder: (folder / CARD).write_text("[1]"), "card is not readable"),
    "a card without a configuration": (with_card(lambda card: card.pop("config")), "card is not readable"),
    "a card with an unknown field": (with_card(lambda card: card["config"].update(depth=3)), "card is not readable"),
    "a card without a base": (with_card(lambda card: card["config"].pop("base")), "card is not readable"),
    "a rank below zero": (with_card(lambda card: card["config"].update(rank=-1)), "card is not readable"),
    "a rank that is a word": (with_card(lambda card: card["config"].update(rank="8")), "card is not readable"),
    "an alpha that is a word": (with_card(lambda card: card["config"].update(alpha="16")), "card is not readable"),
    "a base that is a number": (with_card(lambda card: card["config"].update(base=1)), "card is not readable"),
    "targets that are one word": (with_card(lambda card: card["config"].update(targets="q")), "card is not readable"),
    "targets that are numbers": (with_card(lambda card: card["config"].update(targets=[1])), "card is not readable"),
    "pixels that are a word": (with_card(lambda card: card["config"].update(pixels="no")), "card is not readable"),
    "a routing that is not known": (
        with_card(lambda card: card["config"]["routing"].update(routing="round robin")),
        "card is not readable",
    ),
    "shares that cannot be": (
        with_card(lambda card: card["config"]["routing"].update(shared=2)),
        "card is not readable",
    ),
    "a report that is a list": (with_card(lambda card: card.update(report=[1])), "card is not readable"),
    "another format": (with_card(lambda card: card.update(format=2)), "format 2, this program reads 1"),
    "an unknown part": (with_tensors(save({"mystery.weight": torch.ones(2)})), "mystery.weight"),
    "a part with a longer name": (with_tensors(save({"names": torch.ones(2)})), "names"),
    "a tensor that is not finite": (with_tensors(save({"name": torch.tensor([1.0, float("nan")])})), "not finite"),
    "what is no safetensors file": (with_tensors(b"\x08\x00\x00\x00\x00\x00\x00\x00nonsense"), "not readable"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_whole_is_refused_with_a_way_out(kind: str, tmp_path: Path) -> None:
    change, told = REFUSED[kind]
    some_adapter().save(tmp_path)
    change(tmp_path)
    with pytest.raises(ModelError, match=told) as refused:
        load_adapter(tmp_path)
    assert "train" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pvchat train"):
        load_adapter(tmp_path / "nobody")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_flipped_bit_of_the_tensors_gets_through(data: st.DataObject) -> None:
    card, tensors = some_adapter().to_bytes()
    changed = bytearray(tensors)
    changed[data.draw(st.integers(0, len(tensors) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ModelError, match="changed"):
        parse_adapter(card, bytes(changed))


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("name", torch.tensor([float("nan")])),
        ("lora.a.lora_A", torch.tensor([float("inf")])),
        # Finite here, infinite in the precision it would be stored in.
        ("router.a.gate.bias", torch.tensor([1e300], dtype=torch.float64)),
        ("lora.a.lora_B", torch.tensor([torch.finfo(torch.float32).max])),
    ],
)
def test_training_that_diverged_is_not_saved(name: str, bad: Tensor, tmp_path: Path) -> None:
    some_adapter().save(tmp_path)
    with pytest.raises(ModelError, match=f"{name}.*diverged"):
        Adapter(CONFIG, {name: bad}).save(tmp_path)
    same(some_adapter(), load_adapter(tmp_path))


@pytest.mark.parametrize(("personal", "rank"), [(-1, 8), (16, -1)])
def test_sizes_below_zero_are_refused(personal: int, rank: int) -> None:
    with pytest.raises(ValueError, match="cannot be below 0"):
        AdapterConfig("nano", "", personal_tokens=personal, rank=rank)


# -- whose base ----------------------------------------------------------------------------------------------------


def test_an_adapter_fits_its_own_base_only() -> None:
    adapter = some_adapter()
    adapter.check_base("nano", "ab" * 32)
    with pytest.raises(ModelError, match="trained on nano, not on other; train one for other"):
        adapter.check_base("other", "ab" * 32)
    with pytest.raises(ModelError, match=r"another version of nano \(abababababab, this is cdcdcdcdcdcd\)"):
        adapter.check_base("nano", "cd" * 32)


def parts(seed: int = 0) -> dict[str, nn.Module]:
    return {"language": tiny_llama(seed), "vision": tiny_nano(seed)}


def test_a_base_has_one_fingerprint_in_single_and_half_precision() -> None:
    full = fingerprint(parts())
    half = {name: module.bfloat16() for name, module in parts().items()}
    assert fingerprint(half) == full
    assert fingerprint({name: module.float() for name, module in half.items()}) == full


def test_the_order_of_the_parts_does_not_matter() -> None:
    assert fingerprint(dict(reversed(parts().items()))) == fingerprint(parts())


def test_other_weights_parts_and_names_have_another_fingerprint() -> None:
    bases = [parts(0), parts(1), {"language": parts()["language"]}]
    bases.append({"text": parts()["language"], "vision": parts()["vision"]})
    assert len({fingerprint(base) for base in bases}) == len(bases)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_one_weight_of_the_sample_makes_another_fingerprint(rows: int, columns: int, data: st.DataObject) -> None:
    layer = nn.Linear(columns, rows, bias=False)
    before = fingerprint({"a": layer})
    step = max(1, rows * columns // 32)
    at = step * data.draw(st.integers(0, min(32, -(-rows * columns // step)) - 1))
    with torch.no_grad():
        layer.weight.view(-1)[at] += 1
    assert fingerprint({"a": layer}) != before


def test_shapes_and_names_count_even_where_all_values_are_alike() -> None:
    def zeros(**shapes: tuple[int, ...]) -> str:
        return fingerprint({"a": nn.ParameterDict({name: torch.zeros(shape) for name, shape in shapes.items()})})

    told = [zeros(w=(4, 2)), zeros(w=(2, 4)), zeros(w=(8,)), zeros(v=(4, 2)), zeros(w=(4, 2), v=(0,))]
    assert len(set(told)) == len(told)


def test_a_fingerprint_is_what_an_adapter_is_bound_to() -> None:
    mine, other = fingerprint(parts(0)), fingerprint(parts(1))
    adapter = parse_adapter(*Adapter(replace(CONFIG, base_sha256=mine), {}).to_bytes())
    adapter.check_base("nano", fingerprint(parts(0)))
    with pytest.raises(ModelError, match="train it again"):
        adapter.check_base("nano", other)
