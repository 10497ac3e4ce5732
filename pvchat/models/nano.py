"""nano: the embedded video language model. Perception tokens -> Q-Former -> soft tokens -> SmolLM2.

`NanoModel` holds what we train and ship (a few MB); the language model's weights come from `pvchat.weights` and get
nano's low-rank update merged in when they are loaded (`pvchat.models.language`).

Shape notation as in `pvchat.models.qformer`; A attributes per token, E text width, C scene soft tokens,
R personal soft tokens per subject, F features of a patch.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from pvchat.errors import ModelError
from pvchat.models.config import WORDS, NanoConfig, TokenLayout
from pvchat.models.language import LanguageModel, Placement, choose_placement, load_language_model
from pvchat.models.qformer import BLOCKED, PatchMemory, QFormer
from pvchat.models.tokens import NO_PATCH, ClipArrays, PatchArrays

CHECKPOINT = Path(__file__).parent / "checkpoints" / "nano"


@dataclass(frozen=True)
class NanoInputs:
    """A batch of clips and the subjects asked about in each.

    Attributes:
        face: (B, K, face), zeros where a track has none. appearance: (B, K, appearance).
        attributes: (B, K, T, A). visible: (B, K, T) bool. scene: (B, scene).
        subject_face: (B, S, face) whitened mean of the gallery entry. subject_appearance: (B, S, appearance).
        similarity: (B, S, K) calibrated track similarity in logits, 0 where a track has no face.
        appearance_similarity: (B, S, K) cosine of the torso descriptors, 0 where unknown.
        patches: (B, V, F) features of the frames' patches, or None. patch_slot: (B, V) slot of the track a patch
            belongs to, `WHOLE_FRAME` for the picture as a whole, `NO_PATCH` where there is none.
    """

    face: Tensor
    appearance: Tensor
    attributes: Tensor
    visible: Tensor
    scene: Tensor
    subject_face: Tensor
    subject_appearance: Tensor
    similarity: Tensor
    appearance_similarity: Tensor
    patches: Tensor | None = None
    patch_slot: Tensor | None = None

    def without_identity_bias(self) -> "NanoInputs":
        """The same batch with both similarities set to zero, to measure what the bias is worth."""
        fields = dict(vars(self))
        fields["similarity"] = torch.zeros_like(self.similarity)
        fields["appearance_similarity"] = torch.zeros_like(self.appearance_similarity)
        return NanoInputs(**fields)


@dataclass(frozen=True)
class Personal:
    """What the adapters of the asked subjects add to the prompt; zeros for a subject without one.

    Attributes:
        queries: (S, P, D) added to the personal queries. name: (S, E) added to the words of the name.
        pixels: (S, F, D) projection of patches into memory, or None where no adapter looks at pixels.
    """

    queries: Tensor
    name: Tensor
    pixels: Tensor | None = None


@dataclass(frozen=True)
class NanoOutputs:
    """What the Q-Former read.

    Attributes:
        scene_states: (B, Q, D). personal_states: (B, S, P, D).
        scene_tokens: (B, C, E) soft tokens of the clip. personal_tokens: (B, S, R, E) soft tokens of each subject.
        names: (S, E) added to the words of each subject's name, or None.
    """

    scene_states: Tensor
    personal_states: Tensor
    scene_tokens: Tensor
    personal_tokens: Tensor
    names: Tensor | None = None

    def float(self) -> "NanoOutputs":
        """The same in float32, after a forward pass in mixed precision."""
        return replace(self, **{name: value.float() for name, value in vars(self).items() if value is not None})

    def row(self, index: int) -> "NanoOutputs":
        """One clip of the batch, as a batch of 1."""
        clips = {name: value[index : index + 1] for name, value in vars(self).items() if name != "names"}
        return replace(self, **clips)


class TokenPool(nn.Module):
    """Mixes many query states into few soft tokens of the text width.

    Args:
        queries: states in. tokens: soft tokens out. hidden_size: D. text_hidden_size: E.
    """

    def __init__(self, queries: int, tokens: int, hidden_size: int, text_hidden_size: int) -> None:
        super().__init__()
        self.mix = nn.Linear(queries, tokens, bias=False)
        self.norm = nn.LayerNorm(hidden_size)
        self.project = nn.Linear(hidden_size, text_hidden_size)
        # Soft tokens start at the norm of word embeddings: much larger ones drown the text beside them.
        self.scale = nn.Parameter(torch.tensor(0.1))

    def forward(self, states: Tensor) -> Tensor:
        """(..., queries, D) -> (..., tokens, E)."""
        mixed = self.mix(states.transpose(-1, -2)).transpose(-1, -2)
        tokens: Tensor = self.project(self.norm(mixed)) * self.scale
        return tokens


class NanoModel(PreTrainedModel):
    """The trained part of nano: memory embedding, Q-Former, pooling into soft tokens."""

    config_class = NanoConfig
    config: NanoConfig
    base_model_prefix = "nano"
    main_input_name = "face"
    _no_split_modules = ("QFormerLayer",)

    def __init__(self, config: NanoConfig) -> None:
        super().__init__(config)
        layout = config.layout
        width = config.hidden_size
        self.face_projection = nn.Linear(layout.face, width, bias=False)
        self.appearance_projection = nn.Linear(layout.appearance, width, bias=False)
        self.attribute_projection = nn.Sequential(
            nn.Linear(layout.attributes, width), nn.GELU(), nn.Linear(width, width)
        )
        self.scene_projection = nn.Sequential(nn.Linear(layout.scene, width), nn.GELU(), nn.Linear(width, width))
        self.null_token = nn.Parameter(torch.randn(width) * 0.02)
        # Who a track is and what it does are normalised apart: a face vector is long, and drowns the colours beside it.
        self.identity_norm = nn.LayerNorm(width)
        self.attribute_norm = nn.LayerNorm(width)
        self.qformer = QFormer(
            hidden_size=width,
            num_layers=config.num_hidden_layers,
            num_heads=config.num_attention_heads,
            intermediate_size=config.intermediate_size,
            num_queries=config.num_queries,
            num_personal_queries=config.num_personal_queries,
        )
        self.scene_pool = TokenPool(config.num_queries, config.num_scene_tokens, width, config.text_hidden_size)
        self.personal_pool = TokenPool(
            config.num_personal_queries, config.num_personal_tokens, width, config.text_hidden_size
        )
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Layers keep torch's own initialisation; whitened faces need one that keeps their length."""
        if module is self.face_projection or module is self.appearance_projection:
            nn.init.normal_(module.weight, std=module.in_features**-0.5)

    def forward(self, inputs: NanoInputs, personal: Personal | None = None) -> NanoOutputs:
        """Read a batch of clips.

        Args:
            inputs: see `NanoInputs`. personal: what fine-tuning learned of the subjects, or None.
        """
        memory, mask = self._memory(inputs)
        identity, appearance = self._similarities(inputs)
        subject = self.face_projection(inputs.subject_face) + self.appearance_projection(inputs.subject_appearance)
        offset = None if personal is None else personal.queries[None]
        patches = self._patches(inputs, personal)
        scene_states, personal_states = self.qformer(memory, mask, subject, identity, appearance, offset, patches)
        return NanoOutputs(
            scene_states=scene_states,
            personal_states=personal_states,
            scene_tokens=self.scene_pool(scene_states),
            personal_tokens=self.personal_pool(personal_states),
            names=None if personal is None else personal.name,
        )

    def _memory(self, inputs: NanoInputs) -> tuple[Tensor, Tensor]:
        """Null token, scene token, then one token per track and bin: (B, M, D) and its mask (B, M)."""
        track = self.face_projection(inputs.face) + self.appearance_projection(inputs.appearance)  # (B, K, D)
        attributes = self.attribute_norm(self.attribute_projection(inputs.attributes))
        tokens = self.identity_norm(track)[:, :, None] + attributes  # (B, K, T, D)
        scene = self.attribute_norm(self.scene_projection(inputs.scene))[:, None]
        null = self.null_token.expand(len(scene), 1, -1)
        memory = torch.cat([null, scene, tokens.flatten(1, 2)], dim=1)
        always = torch.ones(len(scene), 2, dtype=torch.bool, device=memory.device)
        return memory, torch.cat([always, inputs.visible.flatten(1)], dim=1)

    def _similarities(self, inputs: NanoInputs) -> tuple[Tensor, Tensor]:
        """Per track -> per memory token: (B, S, M) each; null and scene tokens stay at zero."""
        bins = inputs.visible.shape[-1]
        limit = self.config.similarity_limit
        identity = inputs.similarity.clamp(-limit, limit).repeat_interleave(bins, dim=-1)
        appearance = inputs.appearance_similarity.repeat_interleave(bins, dim=-1)
        return nn.functional.pad(identity, (2, 0)), nn.functional.pad(appearance, (2, 0))

    def _patches(self, inputs: NanoInputs, personal: Personal | None) -> PatchMemory | None:
        """The patches as each subject's projection shows them, with the identity bias of the track they belong to."""
        if personal is None or personal.pixels is None or inputs.patches is None or inputs.patch_slot is None:
            return None
        slot = inputs.patch_slot[:, None]  # (B, 1, V)
        there = slot != NO_PATCH
        tokens = torch.einsum("bvf,sfd->bsvd", inputs.patches, personal.pixels) * there[..., None]
        limit = self.config.similarity_limit
        subjects = inputs.similarity.shape[1]
        similarity = inputs.similarity.clamp(-limit, limit)
        bias = similarity.gather(2, slot.clamp(min=0).expand(-1, subjects, -1)) * (slot >= 0)
        return PatchMemory(tokens, bias.masked_fill(~there, BLOCKED), self.config.num_queries)


@dataclass(frozen=True)
class SubjectArrays:
    """One asked subject beside a clip.

    Attributes:
        face: (face,) whitened mean of its templates. appearance: (appearance,) projected torso descriptor or zeros.
        similarity: (K,) logits per track slot of the clip. appearance_similarity: (K,) cosine.
    """

    face: np.ndarray[tuple[int], np.dtype[np.float32]]
    appearance: np.ndarray[tuple[int], np.dtype[np.float32]]
    similarity: np.ndarray[tuple[int], np.dtype[np.float32]]
    appearance_similarity: np.ndarray[tuple[int], np.dtype[np.float32]]


def nobody(arrays: ClipArrays, layout: TokenLayout) -> SubjectArrays:
    """The stand-in where no enrolled person is asked about."""
    rows = np.zeros(len(arrays.track_ids), np.float32)
    return SubjectArrays(
        face=np.zeros(layout.face, np.float32),
        appearance=np.zeros(layout.appearance, np.float32),
        similarity=rows,
        appearance_similarity=rows,
    )


def collate(
    clips: list[ClipArrays],
    subjects: list[list[SubjectArrays]],
    device: torch.device | str,
    patches: Sequence[PatchArrays | None] = (),
) -> NanoInputs:
    """Stack clips, each with its subjects; shorter subject lists are padded with zeros (padding changes nothing else).

    Args:
        clips, subjects: one list of subjects per clip. patches: one per clip, None for a clip without; or none at all.

    Raises:
        ValueError: no clip, or a clip with no subject.
    """
    if not clips or not all(subjects):
        raise ValueError(f"{len(clips)} clips with {[len(s) for s in subjects]} subjects: each needs at least one")
    most = max(len(group) for group in subjects)

    def clip_stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(clip, name) for clip in clips])).to(device)

    def subject_stack(name: str) -> Tensor:
        rows = []
        for group in subjects:
            values = [getattr(subject, name) for subject in group]
            rows.append(np.stack(values + [np.zeros_like(values[0])] * (most - len(values))))
        return torch.from_numpy(np.stack(rows)).float().to(device)

    return NanoInputs(
        face=clip_stack("face"),
        appearance=clip_stack("appearance"),
        attributes=clip_stack("attributes"),
        visible=clip_stack("visible"),
        scene=clip_stack("scene"),
        subject_face=subject_stack("face"),
        subject_appearance=subject_stack("appearance"),
        similarity=subject_stack("similarity"),
        appearance_similarity=subject_stack("appearance_similarity"),
        **_stack_patches(patches, device),
    )


def _stack_patches(patches: Sequence[PatchArrays | None], device: torch.device | str) -> dict[str, Tensor]:
    found = [clip for clip in patches if clip is not None]
    if not found:
        return {}
    most = max(len(clip.slot) for clip in found)
    rows = torch.zeros(len(patches), most, found[0].rows.shape[1])
    slots = torch.full((len(patches), most), NO_PATCH)
    for index, clip in enumerate(patches):
        if clip is not None:
            rows[index, : len(clip.slot)] = torch.from_numpy(clip.rows)
            slots[index, : len(clip.slot)] = torch.from_numpy(clip.slot)
    return {"patches": rows.to(device), "patch_slot": slots.to(device)}


@dataclass(frozen=True)
class Nano:
    """A loaded nano: the trained part, the language model with nano's update merged in, and where they run.

    Attributes:
        sha256: of the checkpoint's files and the language model's name; adapters are bound to it.
    """

    model: NanoModel
    language: LanguageModel
    placement: Placement
    sha256: str


def load_nano(folder: Path = CHECKPOINT, placement: Placement | None = None) -> Nano:
    """Load a nano checkpoint for answering.

    Args:
        folder: written by `pvchat pretrain nano`; default: the one shipped in the package.
        placement: device and precision, chosen if None. The small trained part always runs in float32.

    Raises:
        ModelError: the folder is no nano checkpoint, or one whose tokens have other numbers than this program's.
        WeightsError: the language model's weights are missing.
    """
    if not (folder / "model.safetensors").is_file():
        raise ModelError(f"{folder} holds no nano checkpoint; train one with `pvchat pretrain nano`")
    if list(json.loads((folder / "config.json").read_text()).get("words", ())) != list(WORDS):
        raise ModelError(
            f"the nano checkpoint in {folder} has another layout: it was trained on other words than this program's "
            f"{len(WORDS)}; train one with `pvchat pretrain nano`, or use the program that it belongs to"
        )
    placement = placement or choose_placement()
    model = NanoModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    model.requires_grad_(False)
    model.to(placement.device).eval()
    language = load_language_model(model.config.text_model, placement, folder / "lora")
    return Nano(model, language, placement, _checkpoint_sha256(folder, model.config.text_model))


def _checkpoint_sha256(folder: Path, text_model: str) -> str:
    digest = hashlib.sha256(text_model.encode())
    for name in ("config.json", "model.safetensors", "lora/adapter_model.safetensors"):
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()
