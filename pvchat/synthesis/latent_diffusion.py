"""Diffusion in one person's latent: a model of how this face looks and moves, learned from one video (DDPM; Ho et al.,
2020, sampled by DDIM; Song et al., 2021)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor, nn
from torch.nn import functional

from pvchat.synthesis.denoiser import LatentDenoiser

_SCHEDULE = "squaredcos_cap_v2"
# At the highest level nothing of the clean latents is left, and noise predicted there says nothing about them: the
# model predicts the velocity instead (Salimans and Ho, 2022).
_PREDICTED = "v_prediction"


@dataclass(frozen=True)
class DiffusionConfig:
    """The model and how it is trained and sampled.

    Attributes:
        width, depth: of the denoiser. levels: noise levels of the schedule.
        steps: of training. rate: learning rate at its start, falling to 0 along a cosine. weight_decay: of AdamW.
        batch: latents in one. average: share of the old weights in the moving average that is sampled from, less in the
            first steps.
        sampled: steps of sampling. eta: 0 is DDIM, 1 as much noise as DDPM.
    """

    width: int = 256
    depth: int = 4
    levels: int = 1000
    steps: int = 250
    rate: float = 1e-3
    weight_decay: float = 1e-2
    batch: int = 128
    average: float = 0.99
    sampled: int = 40
    eta: float = 0.0


class LatentDiffusion:
    """A trained model of one person's latents.

    Args:
        denoiser: trained. size: k of a latent. config: what it was trained with.
    """

    def __init__(self, denoiser: LatentDenoiser, size: int, config: DiffusionConfig) -> None:
        self._denoiser = denoiser.eval().requires_grad_(False)
        self._size = size
        self._config = config
        self._scheduler = DDIMScheduler(
            num_train_timesteps=config.levels,
            beta_schedule=_SCHEDULE,
            prediction_type=_PREDICTED,
            clip_sample=False,
            timestep_spacing="trailing",
        )
        self._scheduler.set_timesteps(config.sampled)

    @torch.no_grad()
    def sample(self, seed: int) -> Tensor:
        """A new latent (k,); the same for the same seed, of the noise."""
        chance = torch.Generator().manual_seed(seed)
        latents = torch.randn((1, self._size), generator=chance)
        for step in self._scheduler.timesteps:
            noise = torch.randn(latents.shape, generator=chance)
            predicted = self._denoiser(latents, step[None])
            latents = self._scheduler.step(
                predicted, int(step), latents, eta=self._config.eta, variance_noise=noise
            ).prev_sample
        found: Tensor = latents[0]
        return found


def train_diffusion(
    latents: Tensor,
    config: DiffusionConfig,
    *,
    jitter: float,
    seed: int,
    check: Callable[[float], None] | None = None,
) -> LatentDiffusion:
    """Learn the latents of one person.

    Args:
        latents: (n, k), of about unit variance. config: see `DiffusionConfig`.
        jitter: standard deviation of the noise that latents are moved by, so that what lies between them is learned
            instead of them.
        seed: of everything random.
        check: called with the share that is done before each step; ends the work by what it raises.
    """
    chance = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        denoiser = LatentDenoiser(latents.shape[1], width=config.width, depth=config.depth)
    scheduler = DDPMScheduler(num_train_timesteps=config.levels, beta_schedule=_SCHEDULE, prediction_type=_PREDICTED)
    optimizer = torch.optim.AdamW(denoiser.parameters(), lr=config.rate, weight_decay=config.weight_decay)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    average = torch.optim.swa_utils.AveragedModel(
        denoiser, avg_fn=lambda kept, new, count: kept.lerp(new, 1 - min(config.average, (1 + count) / (10 + count)))
    )
    for step in range(config.steps):
        if check is not None:
            check(step / config.steps)
        clean = latents[torch.randint(len(latents), (config.batch,), generator=chance)]
        clean = clean + jitter * torch.randn(clean.shape, generator=chance)
        noise = torch.randn(clean.shape, generator=chance)
        levels = torch.randint(config.levels, (config.batch,), generator=chance)
        velocity = scheduler.get_velocity(clean, noise, levels)
        loss = functional.mse_loss(denoiser(scheduler.add_noise(clean, noise, levels), levels), velocity)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
        optimizer.step()
        falling.step()
        average.update_parameters(denoiser)
    denoiser.load_state_dict(average.module.state_dict())
    return LatentDiffusion(denoiser, latents.shape[1], config)
