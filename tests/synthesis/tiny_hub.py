"""Diffusers models with random weights, small enough for a test, in folders as the hub has them."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLCogVideoX,
    AutoencoderKLWan,
    CogVideoXDDIMScheduler,
    ConsisIDPipeline,
    ConsisIDTransformer3DModel,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    WanImageToVideoPipeline,
    WanTransformer3DModel,
)
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

from pvchat.synthesis.prompts import CARDS, NEGATIVE

WIDTH = 32


def tokenizer(length: int = 77) -> PreTrainedTokenizerFast:
    """Knows the words of all prompts."""
    text = " ".join([NEGATIVE, "a photo of a person a video", *(card for cards in CARDS.values() for card in cards)])
    words = dict.fromkeys(["<pad>", "</s>", "<unk>", ",", *text.replace(",", " ").split()])
    known = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    known.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=known,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=length,
    )


def stable_diffusion(folder: Path) -> Path:
    """Stable Diffusion 1.5's classes."""
    torch.manual_seed(0)
    words = tokenizer()
    unet = UNet2DConditionModel(
        block_out_channels=(4, 8),
        layers_per_block=1,
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        norm_num_groups=2,
        attention_head_dim=2,
    )
    vae = AutoencoderKL(
        block_out_channels=[4, 8],
        in_channels=3,
        out_channels=3,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        latent_channels=4,
        norm_num_groups=2,
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            hidden_size=WIDTH,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=2,
            vocab_size=len(words),
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
            bos_token_id=words.eos_token_id,
        )
    ).eval()
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=words,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


def face_id_groups(folder: Path, *, width: int = WIDTH, lora: bool = True) -> dict[str, dict[str, Tensor]]:
    """Random weights of an IP-Adapter FaceID for the model in a folder, grouped as the published pickles are.

    The published ones carry a LoRA for all attention layers beside the new layers for cross-attention.
    """
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet")
    shape = torch.Generator().manual_seed(1)

    def drawn(*size: int) -> Tensor:
        return torch.randn(*size, generator=shape) * 0.1

    projection = {
        "proj.0.weight": drawn(1024, 512),
        "proj.0.bias": drawn(1024),
        "proj.2.weight": drawn(4 * width, 1024),
        "proj.2.bias": drawn(4 * width),
        "norm.weight": torch.ones(width),
        "norm.bias": torch.zeros(width),
    }
    layers: dict[str, Tensor] = {}
    for number, name in enumerate(unet.attn_processors):
        attention = unet.get_submodule(name.removesuffix(".processor"))
        inner = attention.to_q.weight.shape[0]
        if name.endswith("attn2.processor"):
            layers[f"{number}.to_k_ip.weight"] = drawn(inner, width)
            layers[f"{number}.to_v_ip.weight"] = drawn(inner, width)
        for part, layer in (
            ("q", attention.to_q),
            ("k", attention.to_k),
            ("v", attention.to_v),
            ("out", attention.to_out[0]),
        ):
            if lora:
                layers[f"{number}.to_{part}_lora.down.weight"] = drawn(2, layer.weight.shape[1])
                layers[f"{number}.to_{part}_lora.up.weight"] = drawn(layer.weight.shape[0], 2)
    return {"image_proj": projection, "ip_adapter": layers}


def save_face_id(path: Path, groups: dict[str, dict[str, Tensor]]) -> Path:
    """The same as safetensors."""
    save_file({f"{group}.{name}": tensor for group, found in groups.items() for name, tensor in found.items()}, path)
    return path


def consisid(folder: Path) -> Path:
    """ConsisID's classes; 16 px, 9 frames, prompts of 16 words, faces of two values."""
    torch.manual_seed(0)
    words = tokenizer(16)
    transformer = ConsisIDTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=8,
        out_channels=4,
        time_embed_dim=2,
        text_embed_dim=WIDTH,
        num_layers=1,
        sample_width=2,
        sample_height=2,
        sample_frames=9,
        patch_size=2,
        temporal_compression_ratio=4,
        max_text_seq_length=16,
        use_rotary_positional_embeddings=True,
        use_learned_positional_embeddings=True,
        cross_attn_interval=1,
        is_train_face=True,
        cross_attn_dim_head=1,
        cross_attn_num_heads=1,
        LFE_id_dim=2,
        LFE_vit_dim=2,
        LFE_depth=5,
        LFE_num_heads=8,
        LFE_num_id_token=1,
        LFE_num_querie=1,
        LFE_output_dim=21,
        LFE_ff_mult=1,
        LFE_num_scale=1,
    )
    vae = AutoencoderKLCogVideoX(
        in_channels=3,
        out_channels=3,
        down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=2,
        temporal_compression_ratio=4,
    )
    text = T5EncoderModel(
        T5Config(d_model=WIDTH, d_ff=37, d_kv=8, num_heads=4, num_layers=2, vocab_size=len(words))
    ).eval()
    pipeline = ConsisIDPipeline(
        tokenizer=words, text_encoder=text, vae=vae, transformer=transformer, scheduler=CogVideoXDDIMScheduler()
    )
    pipeline.save_pretrained(folder)
    return folder


def wan(folder: Path, **settings: Any) -> Path:
    """Wan's classes, without a picture encoder, as Wan 2.2 is. settings: of the pipeline."""
    torch.manual_seed(0)
    words = tokenizer(64)
    expanded = bool(settings.get("expand_timesteps"))
    vae = AutoencoderKLWan(
        base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    transformer = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        in_channels=16 if expanded else 36,
        out_channels=16,
        text_dim=WIDTH,
        freq_dim=16,
        ffn_dim=32,
        num_layers=2,
        cross_attn_norm=True,
        qk_norm="rms_norm_across_heads",
        rope_max_seq_len=32,
    )
    text = UMT5EncoderModel(
        UMT5Config(d_model=WIDTH, d_ff=37, d_kv=8, num_heads=4, num_layers=2, vocab_size=len(words))
    ).eval()
    pipeline = WanImageToVideoPipeline(
        tokenizer=words,
        text_encoder=text,
        vae=vae,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        transformer=transformer,
        **settings,
    )
    pipeline.save_pretrained(folder)
    return folder
