"""Real classes at tiny random sizes."""

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from pvchat.models.config import NanoConfig
from pvchat.models.language import END_OF_TURN, LanguageModel
from pvchat.models.nano import NanoModel


def byte_tokenizer() -> Tokenizer:
    """A byte-level tokenizer without merges: one token per byte, plus the end of turn."""
    alphabet = sorted(ByteLevel.alphabet())
    vocabulary = {END_OF_TURN: 0, **{character: index + 1 for index, character in enumerate(alphabet)}}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevelDecoder()
    tokenizer.add_special_tokens([END_OF_TURN])
    return tokenizer


def tiny_llama(seed: int = 0, hidden_size: int = 32) -> LlamaForCausalLM:
    """Two layers, grouped-query attention, eager attention as nano uses it."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=257,
        hidden_size=hidden_size,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        attn_implementation="eager",
    )
    return LlamaForCausalLM(config).eval().requires_grad_(False)


def tiny_language(seed: int = 0) -> LanguageModel:
    """A tiny Llama with a byte tokenizer."""
    return LanguageModel(tiny_llama(seed), byte_tokenizer())


def tiny_config() -> NanoConfig:
    """Few queries and one layer, but nano's own token layout."""
    return NanoConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        num_queries=6,
        num_personal_queries=4,
        num_scene_tokens=3,
        num_personal_tokens=2,
        text_hidden_size=32,
    )


def tiny_nano(seed: int = 0) -> NanoModel:
    """A random NanoModel that fits `tiny_language`."""
    torch.manual_seed(seed)
    return NanoModel(tiny_config()).eval()
