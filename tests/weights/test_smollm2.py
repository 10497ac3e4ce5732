"""The converted language model: names, row order, and that it speaks."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvchat import weights
from pvchat.errors import WeightsError
from pvchat.weights.smollm2 import CONFIG, parameter_name, unpermute


@given(heads=st.integers(1, 9), pairs=st.integers(1, 8), columns=st.integers(1, 5))
def test_unpermute_undoes_the_interleaving_of_gguf(heads: int, pairs: int, columns: int) -> None:
    rows = np.arange(heads * 2 * pairs * columns).reshape(-1, columns)
    interleaved = np.stack(
        [rows[h * 2 * pairs + half * pairs + p] for h in range(heads) for p in range(pairs) for half in (0, 1)]
    )
    np.testing.assert_array_equal(unpermute(interleaved, heads), rows)


@pytest.mark.parametrize(
    ("gguf", "transformers"),
    [
        ("token_embd.weight", "model.embed_tokens.weight"),
        ("output_norm.weight", "model.norm.weight"),
        ("blk.29.attn_k.weight", "model.layers.29.self_attn.k_proj.weight"),
        ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"),
    ],
)
def test_names_map_to_transformers(gguf: str, transformers: str) -> None:
    assert parameter_name(gguf) == transformers


@pytest.mark.parametrize("name", ["output.weight", "blk.0.attn_q.bias.x", "blk.0.rope_freqs.weight", ""])
def test_a_name_outside_the_architecture_is_refused(name: str) -> None:
    with pytest.raises(WeightsError, match="unexpected tensor"):
        parameter_name(name)


@pytest.fixture(scope="module")
def folder() -> Path:
    """The converted folder in the cache."""
    return weights.path("smollm2-135m-instruct")


def test_the_tokenizer_splits_numbers_into_digits_and_gives_text_back(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    text = "María was here at 0:12, near José Núñez."
    ids = tokenizer(text).input_ids
    assert tokenizer.decode(ids) == text
    assert len(tokenizer("2026").input_ids) == 4
    assert tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"]) == [1, 2]
    assert tokenizer.model_max_length == CONFIG["max_position_embeddings"]


def test_the_model_answers_in_english(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.bfloat16).eval()
    assert model.config.rope_parameters["rope_theta"] == 100_000
    assert sum(p.numel() for p in model.parameters()) == 134_515_008
    prompt = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    inputs = tokenizer(prompt, return_tensors="pt")
    with torch.inference_mode():
        output = model.generate(**inputs, max_new_tokens=12, do_sample=False)
    assert "Paris" in tokenizer.decode(output[0, inputs.input_ids.shape[1] :])


def test_efficientnet_holds_the_published_layers() -> None:
    from safetensors.torch import load_file

    state = load_file(weights.path("efficientnet-lite0"))
    assert tuple(state["_fc.weight"].shape) == (1000, 1280)
    assert sum(value.numel() for value in state.values() if value.is_floating_point()) > 4_600_000
