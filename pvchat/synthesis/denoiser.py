"""A small network that sees windows of noisy latents, one frame or several, and tells their velocity."""

import torch
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from torch import Tensor, nn

_TIME = 64


class LatentDenoiser(nn.Module):
    """Predicts the velocity of windows of latents: part of the noise less part of what is clean.

    Every frame goes through residual blocks that know the noise level (adaptive normalization as in DiT; Peebles and
    Xie, 2023); in windows of several frames each block also mixes the frames. A window of one frame is a still.

    Args:
        size: k, numbers of a latent. frames: T, of the longest window. width: of the hidden layers. depth: blocks.
    """

    def __init__(self, size: int, *, frames: int, width: int, depth: int) -> None:
        super().__init__()
        self.time_wave = Timesteps(_TIME, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time = TimestepEmbedding(_TIME, width)
        self.enter = nn.Linear(size, width)
        self.place = nn.Parameter(torch.zeros(frames, width))
        self.blocks = nn.ModuleList(_Block(frames, width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, size)

    def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
        """The velocity.

        Args:
            noisy: (B, T, k) with T = 1 or the longest window. steps: (B,) long, of the noise schedule.

        Returns:
            (B, T, k).
        """
        several = noisy.shape[1] > 1
        level = self.time(self.time_wave(steps))[:, None]
        hidden = self.enter(noisy)
        if several:
            hidden = hidden + self.place
        for block in self.blocks:
            hidden = block(hidden, level, several)
        predicted: Tensor = self.leave(self.norm(hidden))
        return predicted


class _Block(nn.Module):
    def __init__(self, frames: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.level = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.among = nn.Sequential(nn.Linear(frames, 2 * frames), nn.SiLU(), nn.Linear(2 * frames, frames))
        self.within = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, hidden: Tensor, level: Tensor, several: bool) -> Tensor:
        scale, shift = self.level(level).chunk(2, dim=-1)
        known = self.norm(hidden) * (1 + scale) + shift
        if several:
            hidden = hidden + self.among(known.transpose(1, 2)).transpose(1, 2)
            known = self.norm(hidden) * (1 + scale) + shift
        mixed: Tensor = hidden + self.within(known)
        return mixed
