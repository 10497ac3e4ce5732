"""SmolLM2-135M-Instruct: the 4-bit GGUF file as a folder that transformers loads.

Source: Ben Allal et al., "SmolLM2: When Smol Goes Big", arXiv:2502.02737; model card
HuggingFaceTB/SmolLM2-135M-Instruct.
"""

import json
from pathlib import Path
from typing import Any

from pvchat.errors import WeightsError

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "head_dim": 64,
    "hidden_act": "silu",
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-5,
    "rope_parameters": {"rope_type": "default", "rope_theta": 100000.0},
    "tie_word_embeddings": True,
    "attention_bias": False,
    "mlp_bias": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
    "dtype": "bfloat16",
}

_LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TOP_NAMES = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}


def convert(source: Path, folder: Path) -> None:
    """Write config, bfloat16 weights and tokenizer of the GGUF file `source` to `folder`.

    The result is the same on every machine: dequantization is exact float32 arithmetic, rounded once to bfloat16.

    Raises:
        WeightsError: the file does not hold the tensors of this architecture.
    """
    _write_weights(source, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n", encoding="utf-8")
    generation = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n", encoding="utf-8")
    _write_tokenizer(source, folder)


def parameter_name(name: str) -> str:
    """The transformers name of a GGUF tensor name.

    Raises:
        WeightsError: the name is not part of the architecture.
    """
    if name in _TOP_NAMES:
        return _TOP_NAMES[name]
    parts = name.split(".")
    if len(parts) == 4 and parts[0] == "blk" and parts[2] in _LAYER_NAMES:
        return f"model.layers.{int(parts[1])}.{_LAYER_NAMES[parts[2]]}.{parts[3]}"
    raise WeightsError(f"unexpected tensor {name!r} in the SmolLM2 file")


def _write_weights(source: Path, target: Path) -> None:
    import gguf
    import numpy as np
    import torch
    from safetensors.torch import save_file

    heads = {"attn_q": CONFIG["num_attention_heads"], "attn_k": CONFIG["num_key_value_heads"]}
    state: dict[str, torch.Tensor] = {}
    for tensor in gguf.GGUFReader(source).tensors:
        values = np.asarray(gguf.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        part = tensor.name.split(".")[2] if tensor.name.startswith("blk.") else ""
        if part in heads:
            values = unpermute(values, heads[part])
        state[parameter_name(tensor.name)] = torch.from_numpy(values.copy()).to(torch.bfloat16)
    expected = 2 + 9 * CONFIG["num_hidden_layers"]
    if len(state) != expected:
        raise WeightsError(f"the SmolLM2 file holds {len(state)} tensors instead of {expected}")
    save_file(state, target, metadata={"format": "pt"})


def unpermute(rows: Any, heads: int) -> Any:
    """Undo the row order that GGUF gives query and key projections.

    GGUF stores the two halves of each head interleaved (the rotary convention of the original Llama code);
    transformers rotates halves, so rows go back from (head, pair, half) to (head, half, pair).

    Args:
        rows: (heads * head_dim, columns) matrix.
        heads: number of heads in it.
    """
    count, columns = rows.shape
    return rows.reshape(heads, count // heads // 2, 2, columns).swapaxes(1, 2).reshape(count, columns)


def _write_tokenizer(source: Path, folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name, local_files_only=True)
    tokenizer.model_max_length = CONFIG["max_position_embeddings"]
    tokenizer.save_pretrained(str(folder))
    # These two say how this conversion read the file; they do not belong to the tokenizer.
    config_file = folder / "tokenizer_config.json"
    config = json.loads(config_file.read_text(encoding="utf-8"))
    kept = {key: value for key, value in config.items() if key not in ("is_local", "local_files_only")}
    config_file.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
