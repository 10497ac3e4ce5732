"""Any vision-language model of transformers as a base: frames and personal tokens in, words out.

    from pvchat.models.vlm import load_vlm
    vlm = load_vlm("Qwen/Qwen3-VL-2B-Instruct")

A base is fetched from the model hub when it is not cached; with `PVCHAT_OFFLINE=1` or `HF_HUB_OFFLINE=1` it is not.
Nothing of a base is run but transformers' own classes, and only safetensors are read.

Shape notation as in `pvchat.models.vlm_family`; B rows of a batch.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers.cache_utils import DynamicCache

from pvchat.chat.prompt import SCENE, personal
from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter, Part, fingerprint
from pvchat.models.attached import KEPT, AttachedAdapters
from pvchat.models.language import CANDIDATES, DecodingConstraint, Generated, Placement, choose_placement, token_bytes
from pvchat.models.remoh import RoutingConfig
from pvchat.models.vlm_families import check_kind, family_of
from pvchat.models.vlm_family import Family, Features
from pvchat.models.vlm_frames import PixelSpec
from pvchat.models.vlm_prompt import Prompt, Template, prefix, template_of
from pvchat.models.vlm_qformer import QFormerFamily


@dataclass(frozen=True)
class PersonalTokens:
    """What a subject brings into the prompt.

    Attributes:
        name: (E,) added to each token of the name where the subject is introduced, or None.
        tokens: (P, D) personal tokens or queries; (0, D) for none.
    """

    name: Tensor | None
    tokens: Tensor


class VLM:
    """A loaded base with the adapters of its subjects.

    Args:
        name: of the base, as adapters note it. family: the model in its family. tokenizer: of transformers, fast.
        template: see `Template`. placement: where it runs. routing: how many heads ReMoH shares. keep: how many
            adapters stay attached.

    Attributes:
        sha256: fingerprint of the base as it was before anything was attached.
        adapters: of its subjects, under the keys they were put with.

    Not safe to share between threads: one prompt at a time.
    """

    def __init__(
        self,
        name: str,
        family: Family,
        tokenizer: Any,
        template: Template,
        placement: Placement,
        *,
        routing: RoutingConfig | None = None,
        keep: int = KEPT,
    ) -> None:
        self.name = name
        self.family = family
        self.tokenizer = tokenizer
        self.template = template
        self.placement = placement
        family.model.requires_grad_(False)
        family.model.eval()
        self.sha256 = fingerprint({"model": family.model})
        root = family.root()
        self.adapters = AttachedAdapters(root, family.sites(root), routing=routing, keep=keep)

    def encode(self, text: str) -> list[int]:
        """Token ids of a piece of text, without those that begin or end a sequence."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    # -- subjects ----------------------------------------------------------------------------------------------------

    def __contains__(self, key: object) -> bool:
        return key in self.adapters

    def put(self, subject: str, adapter: Adapter) -> None:
        """Attach a subject's adapter, under any key.

        Raises:
            ModelError: it belongs to another base or does not fit.
        """
        adapter.check_base(self.name, self.sha256)
        widths: dict[Part, int] = {"name": self.family.width, "personal": self.family.personal_width}
        for part, width in widths.items():
            for tensor in adapter.part(part).values():
                if tensor.shape[-1] != width:
                    raise ModelError(f"{part} of the adapter has width {tensor.shape[-1]}, {self.name} has {width}")
        self.adapters.put(subject, adapter)

    def people(self, subjects: Sequence[str]) -> list[PersonalTokens]:
        """What each subject brings into the prompt; nothing for one without an adapter."""
        found = []
        for subject in subjects:
            adapter = self.adapters.get(subject)
            tensors = {} if adapter is None else adapter.tensors
            tokens = tensors.get("personal", torch.zeros(0, self.family.personal_width))
            found.append(PersonalTokens(tensors.get("name"), tokens))
        return found

    # -- prompts -----------------------------------------------------------------------------------------------------

    def prompt(
        self, features: Features, names: Sequence[str], people: Sequence[PersonalTokens], evidence: str | None = None
    ) -> Prompt:
        """The prefix of a clip and its asked people."""
        counts = [self.family.personal_count(len(person.tokens), features) for person in people]
        frames = self.family.layout(features)
        return prefix(self.encode, self.template, frames, names, evidence, personal_tokens=counts)

    def embed(
        self, ids: Tensor, owners: Tensor, clips: Sequence[Features], people: Sequence[PersonalTokens]
    ) -> tuple[Tensor, dict[str, Any]]:
        """Words, frames and personal tokens in their places.

        Args:
            ids: (B, N) with placeholders. owners: (B, N), see `Prompt`. clips: features of each row.
            people: in the order of their placeholders, the same in all rows.

        Returns:
            (B, N, E), and further arguments of the language model.

        Raises:
            ModelError: a row has more or fewer places than tokens.
        """
        family = self.family
        visual, spoken = family.visual(clips, [person.tokens for person in people])
        ids, owners = ids.to(family.device), owners.to(family.device)
        states: Tensor = family.embedding(ids.clamp(min=0))
        for place, person in enumerate(people):
            if person.name is not None:
                named = (owners == place).unsqueeze(-1)
                states = states + named * person.name.to(states)
        states = self._fill(states, ids == SCENE, visual)
        for place in range(len(people)):
            states = self._fill(states, ids == personal(place), [row[place] for row in spoken])
        return states, family.extras(clips, ids == SCENE)

    def _fill(self, states: Tensor, places: Tensor, tokens: Sequence[Tensor]) -> Tensor:
        counts = places.sum(1).tolist()
        if counts != [len(part) for part in tokens]:
            raise ModelError(f"the prompts have {counts} places for {[len(part) for part in tokens]} soft tokens")
        source = torch.cat([part.to(states) for part in tokens])
        return states.masked_scatter(places.unsqueeze(-1), source)

    def hidden(
        self, states: Tensor, positions: Tensor, mask: Tensor | None, extras: dict[str, Any], **options: Any
    ) -> Any:
        """Run the language model.

        Args:
            states: (B, N, E). positions: (B, N), or (3, B, N) where the base has three. mask: (B, N) of what counts,
                (B, 1, N, N) to be added to the scores, or None for all that came before. extras: of `embed`.
            options: e.g. a cache.
        """
        return self.family.text(
            inputs_embeds=states,
            position_ids=positions.to(states.device),
            attention_mask=mask if mask is None else mask.to(states.device),
            **{"use_cache": False, **options},
            **extras,
        )

    # -- answering ---------------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def read(
        self,
        features: Features,
        subjects: Sequence[str],
        evidence: str | None = None,
        *,
        people: Sequence[PersonalTokens] | None = None,
        keys: Sequence[str] | None = None,
    ) -> "VlmPrefix":
        """Read a clip's prefix once; with one subject, its updates and routers act, also in every answer after it.

        Args:
            features: of the clip. subjects: asked people, in order. evidence: lines for the prompt.
            people: what they bring, by default what their adapters hold.
            keys: of their adapters, by default their names.
        """
        keys = subjects if keys is None else keys
        self.adapters.use(keys)
        people = self.people(keys) if people is None else people
        prompt = self.prompt(features, subjects, people, evidence)
        row, owners = torch.tensor([prompt.ids]), torch.tensor([prompt.owners])
        states, extras = self.embed(row, owners, [features], people)
        positions = self.family.positions(prompt.ids, features)
        cache = DynamicCache(config=self.family.text.config)
        self.hidden(states, _batched(positions), None, extras, past_key_values=cache, use_cache=True)
        return VlmPrefix(cache, len(prompt.ids), int(positions.max()) + 1, len(positions), tuple(keys))

    @torch.inference_mode()
    def generate(
        self,
        prefix: "VlmPrefix",
        question: str,
        *,
        constraint: DecodingConstraint | None = None,
        max_tokens: int = 96,
        on_text: Callable[[str], None] | None = None,
    ) -> Generated:
        """Greedy decoding of an answer; the prefix is left as it was.

        Args:
            prefix: of `read`. question: the user's words.
            constraint: of what may follow. It needs a byte-level tokenizer, see `constrainable`.
            max_tokens: hard end. on_text: called with the answer so far after each token.
        """
        started = time.perf_counter()
        self.adapters.use(prefix.subjects)
        step = self.template.question_ids(self.encode, question)
        written: list[int] = []
        position, text = prefix.position, b""
        forced, score, ended = 0, 0.0, False
        try:
            while len(written) < max_tokens:
                states = self.family.embedding(torch.tensor([step], device=self.family.device))
                places = torch.arange(position, position + len(step)).expand(prefix.axes, -1)
                output = self.hidden(states, _batched(places), None, {}, past_key_values=prefix.cache, use_cache=True)
                logits = self.family.head(output.last_hidden_state[0, -1]).float().log_softmax(-1)
                token, rank = self._choose(logits, text, constraint)
                if token is None:
                    break
                forced += rank > 0
                score += float(logits[token])
                if token in self.template.ends:
                    ended = True
                    break
                written.append(token)
                text += self._piece(token) if constraint is not None else b""
                position += len(step)
                step = [token]
                if on_text is not None:
                    on_text(self._text(written))
        finally:
            prefix.rewind()
        answer = self._text(written)
        if constraint is not None and not ended:
            answer = constraint.closing(answer)
        return Generated(answer, len(written) + ended, forced, score, time.perf_counter() - started)

    @cached_property
    def constrainable(self) -> bool:
        """Whether each token is a known run of bytes, so that answers can be held to the evidence word by word."""
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        return type(getattr(backend, "decoder", None)).__name__ == "ByteLevel"

    def _text(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True)
        return text.strip()

    def _piece(self, token: int) -> bytes:
        if token in self._special:
            return b""
        return token_bytes(self.tokenizer.convert_ids_to_tokens(token) or "")

    @cached_property
    def _special(self) -> frozenset[int]:
        return frozenset(self.tokenizer.all_special_ids) | self.template.ends

    def _choose(self, scores: Tensor, text: bytes, constraint: DecodingConstraint | None) -> tuple[int | None, int]:
        if constraint is None:
            return int(scores.argmax()), 0
        for rank, token in enumerate(scores.topk(min(CANDIDATES, len(scores))).indices.tolist()):
            if token in self.template.ends:
                if not constraint.must_continue(text.decode("utf-8", "ignore")):
                    return token, rank
            elif self._piece(token) and constraint.allows(text, self._piece(token)):
                return token, rank
        return None, CANDIDATES


@dataclass
class VlmPrefix:
    """A clip's prefix that has been read.

    Attributes:
        cache: keys and values. length: tokens. position: of the token that follows. axes: of the positions, 1 or 3.
        subjects: keys of the adapters of those whose prompt it is.
    """

    cache: DynamicCache
    length: int
    position: int
    axes: int
    subjects: tuple[str, ...]

    def rewind(self) -> None:
        """Forget everything that was read or written after the prefix."""
        extra = self.cache.get_seq_length() - self.length
        if extra > 0:
            self.cache.crop(-extra)


def load_vlm(name: str, placement: Placement | None = None, *, routing: RoutingConfig | None = None) -> VLM:
    """Load a base by its name on the model hub, or from a folder.

    Args:
        name: e.g. "Qwen/Qwen3-VL-2B-Instruct". placement: device and precision, chosen if None. routing: of ReMoH.

    Raises:
        ModelError: it cannot be had, or its kind is not supported.
    """
    from transformers import AutoConfig, AutoModelForImageTextToText, AutoTokenizer

    placement = placement or choose_placement()
    # The hub's own switch, HF_HUB_OFFLINE, is read by its library.
    where = {"local_files_only": True} if os.environ.get("PVCHAT_OFFLINE", "").strip() not in ("", "0") else {}
    try:
        config = AutoConfig.from_pretrained(name, **where)
        check_kind(config.model_type)
        # accelerate loads each tensor straight to a device; on a CPU there is nothing to save.
        device = {"device_map": {"": placement.device}} if placement.device.type != "cpu" else {}
        model = AutoModelForImageTextToText.from_pretrained(
            name, dtype=placement.dtype, use_safetensors=True, **device, **where
        )
        tokenizer = AutoTokenizer.from_pretrained(name, **where)
        spec, chat_template = _preprocessing(name, **where)
        family = family_of(model, spec)
        if isinstance(family, QFormerFamily):
            reader = AutoTokenizer.from_pretrained(name, subfolder="qformer_tokenizer", **where)
            family.instruct(reader(family.instruction)["input_ids"])
        ends = _ends(model, tokenizer)
        if not ends:
            raise ModelError(f'the base model "{name}" names no token that ends an answer; use one tuned to chat')
        template = template_of(tokenizer, chat_template or tokenizer.chat_template, ends)
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f'the base model "{name}" cannot be loaded ({reason}); check its name') from error
    return VLM(_title(name), family, tokenizer, template, placement, routing=routing)


def _preprocessing(name: str, **where: bool) -> tuple[PixelSpec, str | None]:
    """Pixel statistics and the processor's chat template, from files beside the weights; no processor is built."""
    from transformers.image_processing_base import ImageProcessingMixin
    from transformers.processing_utils import ProcessorMixin

    found, _ = ImageProcessingMixin.get_image_processor_dict(name, **where)
    default = PixelSpec()
    spec = PixelSpec(
        mean=tuple(found.get("image_mean") or default.mean),
        std=tuple(found.get("image_std") or default.std),
        resample=int(found.get("resample") or default.resample),
    )
    try:
        processor, _ = ProcessorMixin.get_processor_dict(name, **where)
    except OSError:
        processor = {}
    return spec, processor.get("chat_template")


def _ends(model: Any, tokenizer: Any) -> list[int]:
    named = getattr(model.generation_config, "eos_token_id", None)
    ends = list(named) if isinstance(named, list | tuple) else [named]
    # The tokenizer's comes first: it is the end of a turn in models that were tuned to chat.
    return list(dict.fromkeys(int(end) for end in (tokenizer.eos_token_id, *ends) if end is not None))


def _title(name: str) -> str:
    """What adapters note: a hub's name as it is, of a folder only its own name."""
    folder = Path(name)
    return folder.resolve().name if folder.is_dir() else name


def _batched(positions: Tensor) -> Tensor:
    """(1, N) stays; (3, N) -> (3, 1, N)."""
    return positions if len(positions) == 1 else positions[:, None]
