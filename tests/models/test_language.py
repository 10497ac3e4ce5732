"""Decoding under a constraint, prefix reuse, and the low-rank update."""

import itertools
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from pvchat.errors import ModelError
from pvchat.models.language import LanguageModel, Prefix, choose_placement, merge_lora
from tests.models.tiny import tiny_language, tiny_llama


class Anything:
    """Allows any byte but the newline, and an end after `least` bytes."""

    def __init__(self, least: int = 5) -> None:
        self.least = least

    def allows(self, text: bytes, piece: bytes) -> bool:
        return piece != b"\n"

    def must_continue(self, text: str) -> bool:
        return len(text) < self.least

    def closing(self, text: str) -> str:
        return text


class Only:
    """Allows one text."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    def allows(self, text: bytes, piece: bytes) -> bool:
        return self.text.startswith(text + piece)

    def must_continue(self, text: str) -> bool:
        return text.encode() != self.text

    def closing(self, text: str) -> str:
        return text


def prefix_of(language: LanguageModel, text: str) -> Prefix:
    ids = torch.tensor(language.encode(text))
    return language.read(language.embedding(ids))


def test_pieces_are_the_bytes_of_the_text() -> None:
    language = tiny_language()
    text = "Zoë Łukasz Nguyễn 0:07"
    assert b"".join(language.piece(i) for i in language.encode(text)) == text.encode()


def test_the_same_question_gets_the_same_answer_from_a_reused_prefix() -> None:
    language = tiny_language()
    question = language.encode("Is Tom here?")
    shared = prefix_of(language, "a clip")
    first = language.generate(shared, question, Anything(), max_tokens=12)
    language.generate(shared, language.encode("What does Tom wear, please?"), Anything(), max_tokens=9)
    again = language.generate(shared, question, Anything(), max_tokens=12)
    fresh = language.generate(prefix_of(language, "a clip"), question, Anything(), max_tokens=12)
    assert first.text == again.text == fresh.text
    assert shared.length == len(language.encode("a clip"))
    assert first.log_probability == pytest.approx(fresh.log_probability, abs=1e-3)


def test_only_what_the_constraint_allows_is_written() -> None:
    language = tiny_language()
    wanted = language.generate(prefix_of(language, "x"), language.encode("y"), Only(b" No."), max_tokens=8)
    # A random model seldom has the wanted byte among its candidates; whatever it wrote is a start of the one text.
    assert " No.".strip().startswith(wanted.text)


def test_text_is_reported_while_it_grows() -> None:
    language = tiny_language()
    seen: list[str] = []
    result = language.generate(
        prefix_of(language, "x"), language.encode("y"), Anything(3), max_tokens=6, on_text=seen.append
    )
    assert seen[-1] == result.text
    assert all(b.startswith(a[:1]) for a, b in itertools.pairwise(seen) if a)


def trained_update(folder: Path, seed: int = 3) -> torch.nn.Module:
    model = tiny_llama(seed)
    adapted = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]))
    for name, p in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(p, std=0.1)
    tensors = {n.replace(".default.", "."): p.detach() for n, p in adapted.named_parameters() if p.requires_grad}
    save_file(tensors, folder / "adapter_model.safetensors")
    adapted.peft_config["default"].save_pretrained(str(folder))
    return adapted


@torch.inference_mode()
def test_a_merged_update_equals_the_one_peft_applies(tmp_path: Path) -> None:
    adapted = trained_update(tmp_path).eval()
    plain = tiny_llama(3)
    ids = torch.tensor([[5, 9, 33, 7]])
    base = plain(input_ids=ids).logits.clone()
    merge_lora(plain, tmp_path)
    torch.testing.assert_close(plain(input_ids=ids).logits, adapted(input_ids=ids).logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(plain(input_ids=ids).logits, base, atol=1e-3)


def test_an_update_of_another_model_is_refused(tmp_path: Path) -> None:
    trained_update(tmp_path)
    with pytest.raises(ModelError, match="q_proj"):
        merge_lora(tiny_llama(hidden_size=64), tmp_path)


def test_the_choice_of_device_and_precision_gives_its_reason() -> None:
    placement = choose_placement()
    assert placement.reason
    assert placement.device.type == ("cuda" if torch.cuda.is_available() else "cpu")
