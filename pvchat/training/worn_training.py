"""Training the network that tells glasses and hats, on bare heads on which both are drawn.

Half of the pictures of a thing show it; the other half shows what is easily taken for it. Each picture is moved, turned
and filmed anew in each epoch. The labels are never quite sure, as drawings are not quite what is meant.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.random import Generator

from pvchat.errors import TrainingError
from pvchat.perception.geometry import FloatArray, Image
from pvchat.perception.worn_net import HEAD_SIDE, THINGS, WornNet, window
from pvchat.training.worn_bare import as_filmed, with_folds, with_other_hair
from pvchat.training.worn_faces import BareHead
from pvchat.training.worn_glasses import draw_glasses
from pvchat.training.worn_hats import draw_hat

Report = Callable[[dict[str, Any]], None]
_Draw = Callable[[Image, FloatArray, Generator], Image | None]

_DRAWN: Mapping[str, _Draw] = {"glasses": draw_glasses, "hat": draw_hat}
_BARE: Mapping[str, _Draw] = {"glasses": with_folds, "hat": with_other_hair}
_EYES_Y = 68.0
# How often the other thing is worn too, with and without the one that is asked for: caps shade the eyes.
_BOTH = 0.3


@dataclass(frozen=True)
class WornConfig:
    """How much is drawn and how long is trained.

    Attributes:
        pictures: drawn of glasses. epochs: over them. hat_variety: so many times more pictures are drawn of hats, and
            seen so many times less often, as what was learned from few drawn hats held for drawn ones only.
        batch_size: pictures of a step. learning_rate: at its highest. weight_decay: of AdamW.
        seed: same seed, same network. unsure: by how much the labels stay away from 0 and 1.
        move_px, scale, turn_deg: spread of how the head is moved in its picture.
    """

    pictures: int = 14_000
    epochs: int = 8
    hat_variety: int = 2
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    seed: int = 0
    unsure: float = 0.01
    move_px: float = 2.3
    scale: float = 0.1
    turn_deg: float = 4.0


def train_worn(heads: Sequence[BareHead], config: WornConfig | None = None, *, report: Report | None = None) -> WornNet:
    """Train both towers.

    Args:
        heads: to draw on, of as many people as possible. config: see `WornConfig`. report: called after each epoch.

    Raises:
        TrainingError: there is no head.
    """
    if not heads:
        raise TrainingError("no faces to draw on: give photos or videos that show some without glasses and hats")
    config = config or WornConfig()
    network = WornNet()
    for number, thing in enumerate(THINGS):
        # Each tower for itself, so that it is the same whatever the others are trained on.
        torch.manual_seed(config.seed)
        network[thing] = WornNet()[thing]
        rng = np.random.default_rng((config.seed, number))
        own = _for_hats(config) if thing == "hat" else config
        pictures, labels = drawn_pictures(heads, thing, own.pictures, rng)
        _train_tower(network[thing], thing, pictures, labels, own, rng, report or (lambda figures: None))
    return network.eval()


def _for_hats(config: WornConfig) -> WornConfig:
    times = config.hat_variety
    return replace(config, pictures=config.pictures * times, epochs=max(1, config.epochs // times))


def drawn_pictures(heads: Sequence[BareHead], thing: str, count: int, rng: Generator) -> tuple[list[Image], FloatArray]:
    """Heads with and without a thing, by turns.

    Returns:
        (160, 160, 3) pictures, and (count,) 1 where one wears it.
    """
    of_source = Counter(head.source for head in heads)
    weights = np.array([of_source[head.source] ** -0.5 for head in heads])
    weights /= weights.sum()
    pictures: list[Image] = []
    labels: list[float] = []
    while len(pictures) < count:
        head = heads[int(rng.choice(len(heads), p=weights))]
        worn = len(pictures) % 2
        before = head.picture
        if rng.random() < _BOTH:
            other = next(name for name in THINGS if name != thing)
            before = _or(_DRAWN[other](before, head.points, rng), before)
        made = (_DRAWN if worn else _BARE)[thing](before, head.points, rng)
        if made is None:
            made, worn = before, 0
        pictures.append(made)
        labels.append(float(worn))
    return pictures, np.asarray(labels, dtype=np.float32)


def _or(drawn: Image | None, otherwise: Image) -> Image:
    return otherwise if drawn is None else drawn


def _train_tower(
    tower: torch.nn.Module,
    thing: str,
    pictures: Sequence[Image],
    labels: FloatArray,
    config: WornConfig,
    rng: Generator,
    report: Report,
) -> None:
    steps = len(pictures) // config.batch_size
    optimizer = torch.optim.AdamW(tower.parameters(), weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=max(1, config.epochs * steps)
    )
    for epoch in range(config.epochs):
        tower.train()
        order = rng.permutation(len(pictures))
        total = 0.0
        for step in range(steps):
            chosen = order[step * config.batch_size : (step + 1) * config.batch_size]
            batch = np.stack([as_filmed(window(_moved(pictures[i], config, rng), thing), rng) for i in chosen])
            wanted = torch.from_numpy(labels[chosen] * (1 - 2 * config.unsure) + config.unsure)
            logits = tower(torch.from_numpy(batch).permute(0, 3, 1, 2).contiguous())
            loss = F.binary_cross_entropy_with_logits(logits, wanted)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        report({"thing": thing, "epoch": epoch + 1, "of": config.epochs, "loss": total / max(1, steps)})


def _moved(head: Image, config: WornConfig, rng: Generator) -> Image:
    """The head's picture as if the mesh had been fitted a little differently."""
    centre = HEAD_SIDE / 2 + rng.normal(0, config.move_px), _EYES_Y + rng.normal(0, config.move_px)
    matrix = cv2.getRotationMatrix2D(centre, rng.normal(0, config.turn_deg), float(np.exp(rng.normal(0, config.scale))))
    matrix[:, 2] += (HEAD_SIDE / 2 - centre[0], _EYES_Y - centre[1])
    turned = cv2.warpAffine(head, matrix, (HEAD_SIDE, HEAD_SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, dtype=np.uint8)
