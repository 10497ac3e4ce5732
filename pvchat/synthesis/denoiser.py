"""A small network that sees noisy latents and tells their velocity."""

from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from torch import Tensor, nn

_TIME = 64


class LatentDenoiser(nn.Module):
    """Predicts the velocity of latents: part of the noise less part of what is clean.

    Residual blocks that know the noise level (adaptive normalization as in DiT; Peebles and Xie, 2023).

    Args:
        size: k, numbers of a latent. width: of the hidden layers. depth: blocks.
    """

    def __init__(self, size: int, *, width: int, depth: int) -> None:
        super().__init__()
        self.time_wave = Timesteps(_TIME, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time = TimestepEmbedding(_TIME, width)
        self.enter = nn.Linear(size, width)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, size)

    def forward(self, noisy: Tensor, steps: Tensor) -> Tensor:
        """The velocity.

        Args:
            noisy: (B, k). steps: (B,) long, of the noise schedule.

        Returns:
            (B, k).
        """
        level = self.time(self.time_wave(steps))
        hidden = self.enter(noisy)
        for block in self.blocks:
            hidden = block(hidden, level)
        predicted: Tensor = self.leave(self.norm(hidden))
        return predicted


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.level = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.within = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, hidden: Tensor, level: Tensor) -> Tensor:
        scale, shift = self.level(level).chunk(2, dim=-1)
        mixed: Tensor = hidden + self.within(self.norm(hidden) * (1 + scale) + shift)
        return mixed
