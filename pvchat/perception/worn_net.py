"""The network that tells glasses and hats: two small towers of convolutions, each on its own window of a head.

They were trained on faces without either, on which both were drawn (`pvchat.training.worn_training`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pvchat.errors import ModelError
from pvchat.perception.geometry import FloatArray, Image

CHECKPOINT = Path(__file__).parent / "checkpoints" / "worn" / "model.safetensors"
MODEL_ID = "pvchat-worn-1"
THINGS = ("glasses", "hat")

HEAD_SIDE = 160
"""Side of a head's picture in pixels."""
HEAD_FACES = 2.4
"""The same side over the height of the face, from the hairline to the chin."""

# Of the head's picture: left, top, right, bottom of what a tower sees, and the width and height it sees it in. The eyes
# lie at about (80, 68).
_WINDOWS: Mapping[str, tuple[tuple[int, int, int, int], tuple[int, int]]] = {
    "glasses": ((32, 44, 128, 92), (96, 48)),
    "hat": ((22, 11, 138, 108), (72, 60)),
}
_WIDTHS = (24, 32, 48, 48, 80, 80, 112)
# Every second layer halves the picture, beginning with the first.
_STRIDES = (2, 1, 2, 1, 2, 1, 2)
# Keeps flat pictures from being blown up.
_LEAST_CONTRAST = 0.05


class Tower(nn.Module):
    """Seven convolutions, then the mean and the largest answer of each channel."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width, stride in zip(_WIDTHS, _STRIDES, strict=True):
            layers += [nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.2)
        self.out = nn.Linear(2 * before, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, H, W) in 0..1 to (n,) logits."""
        x = pictures - pictures.mean((1, 2, 3), keepdim=True)
        x = self.layers(x / (x.std((1, 2, 3), keepdim=True) + _LEAST_CONTRAST))
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        logits: Tensor = self.out(self.dropout(pooled))[:, 0]
        return logits


class WornNet(nn.ModuleDict):
    """A tower for each of `THINGS`."""

    def __init__(self) -> None:
        super().__init__({thing: Tower() for thing in THINGS})


def window(head: Image, thing: str) -> Image:
    """What a tower sees of a head.

    Args:
        head: (160, 160, 3) uint8, see `pvchat.perception.worn.head_square`. thing: of `THINGS`.

    Returns:
        (48, 96, 3) for glasses, (60, 72, 3) for hats.
    """
    (left, top, right, bottom), size = _WINDOWS[thing]
    part = head[top:bottom, left:right]
    if part.shape[1::-1] == size:
        return part
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def as_batch(windows: Sequence[Image]) -> Tensor:
    """(n, 3, H, W) in 0..1."""
    stacked = torch.from_numpy(np.stack(windows)).permute(0, 3, 1, 2)
    return stacked.float() / 255.0


class WornReader:
    """Tells whether a head wears glasses or a hat.

    Args:
        path: the checkpoint, as safetensors.

    Raises:
        ModelError: the file is missing or holds another network.
    """

    model_id = MODEL_ID

    def __init__(self, path: str | Path = CHECKPOINT) -> None:
        file = Path(path)
        if not file.is_file():
            raise ModelError(f"{file} does not exist; train one with `pvchat pretrain worn`")
        network = WornNet().float()
        try:
            network.load_state_dict({name: tensor.float() for name, tensor in load_file(file).items()})
        except (SafetensorError, RuntimeError) as error:
            raise ModelError(f"{file} does not hold the network that tells glasses and hats") from error
        self._towers: dict[str, nn.Module] = {thing: tower.eval() for thing, tower in network.items()}

    @torch.inference_mode()
    def read(self, heads: Sequence[Image], thing: str) -> FloatArray:
        """How surely heads wear something.

        Args:
            heads: (160, 160, 3) uint8 each. thing: of `THINGS`.

        Returns:
            (n,) logits.
        """
        if not heads:
            return np.zeros(0, dtype=np.float32)
        logits: Tensor = self._towers[thing](as_batch([window(head, thing) for head in heads]))
        return np.asarray(logits.numpy(), dtype=np.float32)
