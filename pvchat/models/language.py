"""The language model behind nano: loading, nano's low-rank update, and token-by-token decoding under a constraint."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers.cache_utils import DynamicCache
from transformers.models.llama.modeling_llama import LlamaForCausalLM

from pvchat import weights
from pvchat.errors import ModelError

END_OF_TURN = "<|im_end|>"
CANDIDATES = 32


class DecodingConstraint(Protocol):
    """Says which piece of text may follow, and when an answer may end; see `pvchat.chat.constrain`."""

    def allows(self, text: bytes, piece: bytes) -> bool:
        """Whether `piece` may follow `text`."""

    def must_continue(self, text: str) -> bool:
        """Whether the answer may not end here."""

    def closing(self, text: str) -> str:
        """An answer that was cut off, made to end well."""


@dataclass(frozen=True)
class Placement:
    """Where a model runs and in which precision, with the reason to print.

    Attributes:
        device: torch device. dtype: parameters and activations of the language model. reason: one line.
    """

    device: torch.device
    dtype: torch.dtype
    reason: str


def choose_placement() -> Placement:
    """A CUDA device if there is one, else the CPU; bfloat16 where the processor multiplies matrices of it.

    AVX-512 alone multiplies vectors of it (avx512_bf16), and torch is slower that way than in float32: measured 1.4
    times in training, 1.5 in reading a prompt and 1.2 in decoding.
    """
    if torch.cuda.is_available():
        return Placement(torch.device("cuda"), torch.bfloat16, f"{torch.cuda.get_device_name()} is present")
    flags = _cpu_flags()
    native = sorted(flags & {"amx_bf16", "bf16"})
    if native:
        return Placement(torch.device("cpu"), torch.bfloat16, f"no CUDA device; the CPU has {native[0]}")
    return Placement(torch.device("cpu"), torch.float32, "no CUDA device; the CPU multiplies no bfloat16 matrices")


def _cpu_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return set()
    return {
        flag
        for line in text.splitlines()
        if line.startswith(("flags", "Features"))
        for flag in line.split(":", 1)[1].split()
    }


class LanguageModel:
    """A causal language model, its tokenizer, and greedy decoding that reuses a prefix.

    Args:
        model: a Llama-type causal model in evaluation mode. tokenizer: its fast tokenizer.

    Raises:
        ModelError: the tokenizer has no end-of-turn token.
    """

    def __init__(self, model: LlamaForCausalLM, tokenizer: Tokenizer) -> None:
        end = tokenizer.token_to_id(END_OF_TURN)
        if end is None:
            raise ModelError(f"the tokenizer has no {END_OF_TURN} token; use an instruction-tuned model")
        self.model = model
        self.tokenizer = tokenizer
        self.end_id: int = end
        self._pieces: dict[int, bytes] = {}

    @property
    def embedding(self) -> nn.Module:
        """Token embedding, (n,) ids -> (n, E)."""
        module: nn.Module = self.model.get_input_embeddings()
        return module

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the parameters."""
        dtype: torch.dtype = next(self.model.parameters()).dtype
        return dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        device: torch.device = next(self.model.parameters()).device
        return device

    def encode(self, text: str) -> list[int]:
        """Token ids of a piece of text, without special tokens."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def piece(self, token_id: int) -> bytes:
        """Bytes of one token (byte-level BPE, so a piece may be part of a character)."""
        if token_id not in self._pieces:
            self._pieces[token_id] = token_bytes(self.tokenizer.id_to_token(token_id) or "")
        return self._pieces[token_id]

    @torch.inference_mode()
    def read(self, embeddings: Tensor) -> "Prefix":
        """Run a prompt's prefix once.

        Args:
            embeddings: (n, E) of soft tokens and words.
        """
        cache = DynamicCache(config=self.model.config)
        self.model.model(inputs_embeds=embeddings[None].to(self.dtype), past_key_values=cache, use_cache=True)
        return Prefix(cache=cache, length=len(embeddings))

    @torch.inference_mode()
    def generate(
        self,
        prefix: "Prefix",
        ids: Sequence[int],
        constraint: DecodingConstraint,
        *,
        max_tokens: int = 72,
        on_text: Callable[[str], None] | None = None,
    ) -> "Generated":
        """Greedy decoding after `prefix` + `ids`; the likeliest piece that the constraint allows is taken.

        The prefix is left as it was, so the next question about the same clip reuses it.

        Args:
            prefix: of `read`. ids: the question's tokens. constraint: see `DecodingConstraint`.
            max_tokens: hard end. on_text: called with the text so far after each token.
        """
        started = time.perf_counter()
        cache = prefix.cache
        text = b""
        forced = 0
        log_probability = 0.0
        step: Sequence[int] = ids
        count = 0
        ended = False
        try:
            while count < max_tokens:
                output = self.model(
                    input_ids=torch.tensor([list(step)], device=self.device),
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
                scores = output.logits[0, -1].float().log_softmax(-1)
                token, rank = self._choose(scores, text, constraint)
                if token is None:
                    break
                forced += rank > 0
                log_probability += float(scores[token])
                count += 1
                if token == self.end_id:
                    ended = True
                    break
                text += self.piece(token)
                step = [token]
                if on_text is not None:
                    on_text(text.decode("utf-8", "ignore").strip())
        finally:
            prefix.rewind()
        answer = text.decode("utf-8", "ignore").strip()
        return Generated(
            text=answer if ended else constraint.closing(answer),
            tokens=count,
            forced=forced,
            log_probability=log_probability,
            seconds=time.perf_counter() - started,
        )

    def _choose(self, scores: Tensor, text: bytes, constraint: DecodingConstraint) -> tuple[int | None, int]:
        candidates = scores.topk(min(CANDIDATES, len(scores))).indices.tolist()
        for rank, token in enumerate(candidates):
            if token == self.end_id:
                if not constraint.must_continue(text.decode("utf-8", "ignore")):
                    return token, rank
            elif self.piece(token) and constraint.allows(text, self.piece(token)):
                return token, rank
        return None, len(candidates)


@dataclass
class Prefix:
    """Keys and values of a prompt that has been read; `length` tokens of it are kept between questions."""

    cache: DynamicCache
    length: int

    def rewind(self) -> None:
        """Forget everything that was read or written after the prefix."""
        extra = self.cache.get_seq_length() - self.length
        if extra > 0:
            self.cache.crop(-extra)


@dataclass(frozen=True)
class Generated:
    """A decoded answer.

    Attributes:
        text: the answer. tokens: how many were decoded. forced: how many were not the model's first choice.
        log_probability: natural log, summed over the tokens. seconds: wall time.
    """

    text: str
    tokens: int
    forced: int
    log_probability: float
    seconds: float


def load_language_model(name: str, placement: Placement, update: Path | None = None) -> LanguageModel:
    """Load a language model of `pvchat.weights`, in evaluation mode and without gradients.

    Args:
        name: e.g. "smollm2-135m-instruct". update: folder of a LoRA checkpoint to merge, or None.

    Raises:
        WeightsError: the weights are not in the cache and cannot be fetched.
        ModelError: the update does not fit the model.
    """
    folder = weights.path(name)
    model = LlamaForCausalLM.from_pretrained(
        folder, dtype=placement.dtype, attn_implementation="eager", local_files_only=True
    )
    model.requires_grad_(False)
    if update is not None:
        merge_lora(model, update)
    model.to(placement.device).eval()
    return LanguageModel(model, Tokenizer.from_file(str(folder / "tokenizer.json")))


def merge_lora(model: nn.Module, folder: Path) -> None:
    """Add a LoRA checkpoint (peft's file format) to the linear layers it names: W <- W + (alpha / r) B A.

    peft is not imported here: it takes seconds to start, and answering needs nothing else of it.

    Raises:
        ModelError: a tensor names a layer the model does not have, or its shape differs.
    """
    tensors = load_file(folder / "adapter_model.safetensors")
    config = _lora_config(folder)
    scale = config["lora_alpha"] / config["r"]
    for name, down in tensors.items():
        if not name.endswith(".lora_A.weight"):
            continue
        up = tensors[name.replace(".lora_A.", ".lora_B.")]
        layer = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        try:
            weight = model.get_parameter(f"{layer}.weight")
        except AttributeError as error:
            raise ModelError(f"{folder} updates {layer}, which this model does not have") from error
        if weight.shape != (up.shape[0], down.shape[1]):
            raise ModelError(f"{folder}: {layer} is {tuple(weight.shape)}, the update {(up.shape[0], down.shape[1])}")
        merged = weight.data.float() + scale * (up.float() @ down.float())
        weight.data.copy_(merged.to(weight.dtype))


def _lora_config(folder: Path) -> dict[str, float]:
    config: dict[str, float] = json.loads((folder / "adapter_config.json").read_text())
    return config


def token_bytes(token: str) -> bytes:
    """Undo the printable alphabet of byte-level BPE (GPT-2's byte-to-unicode table)."""
    if token.startswith("<|") and token.endswith("|>"):
        return b""
    alphabet = _byte_alphabet()
    return bytes(alphabet[character] for character in token if character in alphabet)


@cache
def _byte_alphabet() -> dict[str, int]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): byte for byte in printable}
    others = (byte for byte in range(256) if byte not in set(printable))
    table.update({chr(256 + index): byte for index, byte in enumerate(others)})
    return table
