"""What differs between families of vision-language models: pixels, the frozen vision path, and positions.

Each family turns frames into pixel tensors (`pixels`), those into features that never change (`features`, cached by
whoever trains), says how the frames stand in the prompt (`layout`) and which tokens they give (`visual`). The language
model behind is run by `pvchat.models.vlm`, alike for all.

Pixels are prepared here and not by transformers' video processors, because those need torchvision.

Shape notation: F frames, V visual tokens of a clip, E text width, N length of a prompt, P personal tokens of a subject.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pvchat.chat.prompt import SCENE
from pvchat.errors import ModelError
from pvchat.models.remoh import AttentionSite, find_sites
from pvchat.models.vlm_frames import ClipFrames, FrameBudget, PixelSpec, normalized

Features = Mapping[str, Tensor]
LANGUAGE = "language"


class Family:
    """A family of bases. Subclasses say what is their own.

    Args:
        model: of transformers, frozen. spec: see `PixelSpec`.

    Attributes:
        model_types: of the configurations that belong to it. text: backbone of the language model, from embeddings to
            hidden states. head: hidden states to logits. packs: whether several questions can share one row; where
            not, each has a row of its own. routes_language: whether ReMoH stands in the language model.
    """

    model_types: tuple[str, ...] = ()
    text: Any
    routes_language = True
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")

    def __init__(self, model: Any, spec: PixelSpec) -> None:
        self.model = model
        self.spec = spec
        self.text = self.find_text()
        self.head: nn.Module = model.get_output_embeddings()
        self.embedding: nn.Module = model.get_input_embeddings()
        # A layer that looks at a window, or keeps a state, reads its own mask from the order of the tokens.
        kinds = set(getattr(self.text.config, "layer_types", None) or ())
        self.packs = kinds <= {"full_attention"}

    @property
    def device(self) -> torch.device:
        """Where embeddings are."""
        device: torch.device = next(self.embedding.parameters()).device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the embeddings."""
        dtype: torch.dtype = next(self.embedding.parameters()).dtype
        return dtype

    @property
    def width(self) -> int:
        """E."""
        width: int = next(self.embedding.parameters()).shape[1]
        return width

    @property
    def personal_width(self) -> int:
        """Width of a personal token as it is stored."""
        return self.width

    def find_text(self) -> Any:
        """The language model's backbone."""
        return self.model.model.language_model

    def root(self) -> nn.ModuleDict:
        """Everything low-rank updates may go into: nothing whose output is cached."""
        return nn.ModuleDict({LANGUAGE: self.text})

    def sites(self, root: nn.Module) -> list[AttentionSite]:
        """Attention blocks that ReMoH routes: every fourth layer of the language model."""
        return find_sites(root, within=f"{LANGUAGE}.", every=4)

    def first_personal(self, tokens: int, generator: torch.Generator) -> Tensor:
        """(P, D) personal tokens before training: as long as words, in directions of their own."""
        weight: Tensor = next(self.embedding.parameters())
        return torch.randn(tokens, self.width, generator=generator) * weight.detach().float().std().cpu()

    def personal_count(self, tokens: int, features: Features) -> int:
        """How many places a subject's P personal tokens take in the prompt."""
        return tokens

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """Pixel tensors of a clip, on the CPU."""
        raise NotImplementedError

    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The frozen part of the vision path, without gradients; "visual" of it is (V, E) where nothing is trained."""
        raise NotImplementedError

    def layout(self, features: Features) -> list[str | int]:
        """The frames in the prompt: texts, and counts of visual tokens between them."""
        raise NotImplementedError

    def visual(self, clips: Sequence[Features], personal: Sequence[Tensor]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Visual tokens of each clip, (V, E), and its personal tokens in the prompt: of each subject (n, E).

        Args:
            clips: features. personal: (P, D) of each subject, the same subjects for all clips.
        """
        return [clip["visual"] for clip in clips], [list(personal) for _ in clips]

    def positions(self, ids: Sequence[int], features: Features) -> Tensor:
        """(1, N) or (3, N) positions of a prefix; what follows goes on from their largest."""
        return torch.arange(len(ids))[None]

    def extras(self, clips: Sequence[Features], places: Tensor) -> dict[str, Any]:
        """More arguments of the language model while it reads visual tokens, which are at `places` (B, N)."""
        return {}

    def train(self, mode: bool) -> None:
        """Dropout of whatever is trained."""
        self.text.train(mode)


class QwenVL(Family):
    """Qwen2-VL, Qwen2.5-VL and Qwen3-VL: frames in pairs, of any size, and positions in time, height and width."""

    model_types = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe")

    def __init__(self, model: Any, spec: PixelSpec) -> None:
        super().__init__(model, spec)
        vision = model.config.vision_config
        self.patch = int(vision.patch_size)
        self.merge = int(vision.spatial_merge_size)
        self.pair = int(vision.temporal_patch_size)
        self.timed = model.config.model_type.startswith("qwen3")

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """Patches of pairs of frames, in the order in which the vision tower merges them."""
        unit = self.patch * self.merge
        tall, wide = frames.images[0].shape[:2]
        height, width = budget.size(len(frames.images), tall, wide, unit)
        values = normalized(frames.images, (height, width), self.spec)
        values = torch.cat([values, values[-1:].expand(-len(values) % self.pair, -1, -1, -1)])
        moments, rows, columns = len(values) // self.pair, height // unit, width // unit
        split = values.view(moments, self.pair, 3, rows, self.merge, self.patch, columns, self.merge, self.patch)
        patches = split.permute(0, 3, 6, 4, 7, 2, 1, 5, 8).reshape(-1, 3 * self.pair * self.patch**2)
        grid = torch.tensor([[moments, rows * self.merge, columns * self.merge]])
        times = list(frames.times_s) + [frames.times_s[-1]] * (len(values) - len(frames.times_s))
        middle = [(times[i] + times[i + self.pair - 1]) / 2 for i in range(0, len(times), self.pair)]
        return {"patches": patches.contiguous(), "grid": grid, "times": torch.tensor(middle, dtype=torch.float32)}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Merged patches, and for Qwen3-VL those of earlier layers, which the language model adds in its own."""
        grid = pixels["grid"].to(self.device)
        found = self.model.model.get_video_features(pixels["patches"].to(self.device), grid, return_dict=True)
        result = {"visual": torch.cat(list(found.pooler_output)), "grid": pixels["grid"], "times": pixels["times"]}
        for number, layer in enumerate(getattr(found, "deepstack_features", None) or ()):
            result[f"deep.{number}"] = torch.cat(list(layer))
        return result

    def layout(self, features: Features) -> list[str | int]:
        """One run of tokens for the clip; in Qwen3-VL one for each moment, with its time before it."""
        total, moments = len(features["visual"]), len(features["times"])
        if not self.timed:
            return ["<|vision_start|>", total, "<|vision_end|>"]
        found: list[str | int] = []
        for time_s in features["times"].tolist():
            found += [f"<{time_s:.1f} seconds><|vision_start|>", total // moments, "<|vision_end|>"]
        return found

    def positions(self, ids: Sequence[int], features: Features) -> Tensor:
        """(3, N) as the model itself counts them."""
        row = torch.tensor([list(ids)])
        kinds = (row == SCENE).int() * 2
        row = torch.where(row == SCENE, self.model.config.video_token_id, row.clamp(min=0))
        times = features["times"]
        gap = float((times[-1] - times[0]) / (len(times) - 1)) if len(times) > 1 else 1.0
        options = {} if self.timed else {"second_per_grid_ts": torch.tensor([gap])}
        found, _ = self.model.model.get_rope_index(
            row, mm_token_type_ids=kinds, video_grid_thw=features["grid"].clone(), **options
        )
        positions: Tensor = found[:, 0]
        return positions

    def extras(self, clips: Sequence[Features], places: Tensor) -> dict[str, Any]:
        """Qwen3-VL's features of earlier layers."""
        depth = sum(name.startswith("deep.") for name in clips[0])
        if depth == 0:
            return {}
        layers = [torch.cat([clip[f"deep.{number}"].to(self.device) for clip in clips]) for number in range(depth)]
        return {"visual_pos_masks": places, "deepstack_visual_embeds": layers}


class SmolVLM(Family):
    """SmolVLM, SmolVLM2 and Idefics3: each frame a picture of its own, with its time before it."""

    model_types = ("smolvlm", "idefics3")

    def find_text(self) -> Any:
        """The language model's backbone."""
        return self.model.model.text_model

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """(1, F, 3, H, W)."""
        values = normalized(frames.images, _square(self.model.config.vision_config), self.spec)
        return {"pixels": values[None], "times": torch.tensor(list(frames.times_s), dtype=torch.float32)}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tokens of the connector."""
        values = pixels["pixels"].to(self.device)
        found = self.model.model.get_image_features(pixel_values=values, return_dict=True).pooler_output
        tokens = torch.cat([part.reshape(-1, part.shape[-1]) for part in found])
        return {"visual": tokens, "times": pixels["times"]}

    def layout(self, features: Features) -> list[str | int]:
        """Time and picture of each frame."""
        times = features["times"].tolist()
        found: list[str | int] = []
        for time_s in times:
            clock = f"{int(time_s // 60):02d}:{int(time_s % 60):02d}"
            found.append(f"\nFrame from {clock}:<fake_token_around_image><global-img>")
            found += [len(features["visual"]) // len(times), "<fake_token_around_image>"]
        return [*found, "\n"]


class LlavaOnevision(Family):
    """LLaVA-OneVision: all frames in one run, their tokens pooled."""

    model_types = ("llava_onevision",)

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """(1, F, 3, H, W)."""
        return {"pixels": normalized(frames.images, _square(self.model.config.vision_config), self.spec)[None]}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Pooled tokens of all frames and the one that ends them."""
        values = pixels["pixels"].to(self.device, self.dtype)
        found = self.model.model.get_video_features(pixel_values_videos=values, return_dict=True).pooler_output
        return {"visual": torch.cat(list(found))}

    def layout(self, features: Features) -> list[str | int]:
        """One run of tokens."""
        return [len(features["visual"]), "\n"]


class QFormerFamily(Family):
    """InstructBLIP and InstructBLIP-Video: a Q-Former reads each frame, and personal queries stand beside its own.

    The base's queries do not see the personal ones, and those of one subject not another's: what the base reads stays
    the base's, and subjects compose. Of every frame each personal query gives one token of the prompt.

    The Q-Former is told the same instruction for all questions (`instruct`), so that they share one prefix. The base
    was trained with the question there.
    """

    model_types = ("instructblip", "instructblipvideo")
    routes_language = False
    targets = ("q_proj", "k_proj", "v_proj", "o_proj", "query", "value")
    instruction = "Who is in this video, and what are they doing?"

    def __init__(self, model: Any, spec: PixelSpec) -> None:
        super().__init__(model, spec)
        self._told: Tensor | None = None

    @property
    def personal_width(self) -> int:
        """Width of a query."""
        width: int = self.model.query_tokens.shape[-1]
        return width

    def instruct(self, ids: Sequence[int]) -> None:
        """Set the instruction's ids, of the Q-Former's own tokenizer."""
        self._told = torch.tensor([list(ids)])

    def find_text(self) -> Any:
        """The language model's backbone; it has to be a decoder alone."""
        if self.model.language_model.config.is_encoder_decoder:
            raise ModelError(
                f"the language model of this {self.model.config.model_type} is an encoder and decoder "
                f"({self.model.language_model.config.model_type}); use a base with a decoder, such as Vicuna"
            )
        return self.model.language_model.get_decoder()

    def root(self) -> nn.ModuleDict:
        """The Q-Former and the language model."""
        return nn.ModuleDict({"qformer": self.model.qformer, LANGUAGE: self.text})

    def sites(self, root: nn.Module) -> list[AttentionSite]:
        """The upper half of the Q-Former."""
        return find_sites(root, within="qformer.", upper_half=True)

    def first_personal(self, tokens: int, generator: torch.Generator) -> Tensor:
        """(P, D): the base's own queries with a little noise, which the language model understands from the start."""
        queries: Tensor = self.model.query_tokens.detach().float().cpu()[0]
        chosen: Tensor = queries[torch.arange(tokens) % len(queries)]
        return chosen + 0.02 * torch.randn(chosen.shape, generator=generator)

    def personal_count(self, tokens: int, features: Features) -> int:
        """One for each query and frame."""
        return tokens * len(features["image"])

    def pixels(self, frames: ClipFrames, budget: FrameBudget) -> dict[str, Tensor]:
        """(F, 3, H, W)."""
        return {"pixels": normalized(frames.images, _square(self.model.config.vision_config), self.spec)}

    @torch.no_grad()
    def features(self, pixels: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """ "image": (F, patches, width) of the vision tower; the Q-Former behind it is trained, and not cached."""
        values = pixels["pixels"].to(self.device, next(self.model.vision_model.parameters()).dtype)
        return {"image": self.model.vision_model(pixel_values=values, return_dict=True).last_hidden_state}

    def layout(self, features: Features) -> list[str | int]:
        """One run of tokens."""
        return [len(features["image"]) * self.model.query_tokens.shape[1]]

    def visual(self, clips: Sequence[Features], personal: Sequence[Tensor]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Run the Q-Former on all frames of all clips at once."""
        if self._told is None:
            raise ModelError("the Q-Former was given no instruction; load the base with `load_vlm`")
        image = torch.cat([clip["image"].to(self.device) for clip in clips])  # (F, patches, width)
        queries = self.model.query_tokens
        together = torch.cat([queries[0], *(tokens.to(queries) for tokens in personal)])
        told = self._told.to(self.device).expand(len(image), -1)
        counts = [queries.shape[1], *(len(tokens) for tokens in personal)]
        hidden = self.model.qformer(
            input_ids=told,
            attention_mask=self._mask(counts, told.shape[1], image.dtype).expand(len(image), -1, -1, -1),
            query_embeds=together.expand(len(image), -1, -1),
            encoder_hidden_states=image,
        ).last_hidden_state[:, : len(together)]
        tokens = self.model.language_projection(hidden)  # (F, Q + all P, E)
        visual: list[Tensor] = []
        people: list[list[Tensor]] = []
        for of_clip in tokens.split([len(clip["image"]) for clip in clips]):
            own, *others = of_clip.split(counts, dim=1)
            visual.append(own.flatten(0, 1))
            people.append([part.flatten(0, 1) for part in others])
        return visual, people

    def _mask(self, counts: Sequence[int], words: int, dtype: torch.dtype) -> Tensor:
        """(1, 1, L, L) bias: everybody sees the base's queries and the words, and a subject's queries themselves."""
        # The base's queries and the words are group 0.
        groups = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
        groups = torch.cat([groups, torch.zeros(words, dtype=groups.dtype)])
        seen = (groups[None, :] == 0) | (groups[:, None] == groups[None, :])
        bias = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
        return bias[None, None].to(self.device)

    def train(self, mode: bool) -> None:
        """Dropout of the Q-Former and the language model."""
        self.text.train(mode)
        self.model.qformer.train(mode)


FAMILIES: tuple[type[Family], ...] = (QwenVL, SmolVLM, LlavaOnevision, QFormerFamily)


def family_of(model: Any, spec: PixelSpec | None = None) -> Family:
    """The family a model belongs to.

    Raises:
        ModelError: it belongs to none, or its logits are changed behind the head in a way that is not known here.
    """
    kind = model.config.model_type
    for family in FAMILIES:
        if kind in family.model_types:
            found = family(model, spec or PixelSpec())
            for option in ("logits_scaling", "final_logit_softcapping"):
                if getattr(found.text.config, option, None):
                    raise ModelError(f"{kind} with {option} is not supported; use another base")
            return found
    known = sorted(name for family in FAMILIES for name in family.model_types)
    raise ModelError(f'"{kind}" is no supported kind of base model; supported are: {", ".join(known)}')


def frame_pixels(family: Family) -> int | None:
    """Pixels of one frame where a family resizes all frames alike, else None."""
    if isinstance(family, QwenVL):
        return None
    height, width = _square(family.model.config.vision_config)
    return height * width


def _square(vision: Any) -> tuple[int, int]:
    side = int(vision.image_size)
    return side, side
