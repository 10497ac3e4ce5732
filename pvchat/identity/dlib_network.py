"""The network behind dlib's face descriptor, run by torch: the published weights, about fifteen times as fast.

The network is King's (2017): a ResNet of 29 convolutions with half of ResNet-34's filters, described in dlib's example
`dnn_metric_learning_on_images_ex.cpp`. dlib's own CPU convolutions take some 80 ms a face and hold the GIL; the same
sums in torch take 5. Both give the same vectors to within rounding, which a test holds them to.

dlib's file is a run of layers, each a short name and its numbers. Integers are a byte that counts the bytes to follow
(its top bit is the sign) and those bytes, lowest first. Tensors are a version, four sizes and 32-bit floats. Only the
layers that carry weights are read: `con` (filters, then biases), `affine` (factors, then offsets; what batch
normalisation leaves behind) and `fc`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor, nn

from pvchat.errors import WeightsError

DIMENSION: Final = 128
CHIP_SIDE: Final = 150

_STEM = 32
# (channels, whether the block halves the picture), from the picture to the vector.
_BLOCKS = (
    *[(32, False)] * 3,
    *[(64, True), *[(64, False)] * 3],
    *[(128, True), *[(128, False)] * 2],
    *[(256, True), *[(256, False)] * 2],
    (256, True),
)
_MEANS = (122.782, 117.001, 104.298)
_SCALE = 256.0
_CON, _AFFINE, _FC = b"\x01\x05con_4", b"\x01\x07affine_", b"\x01\x04fc_2"
_WEIGHTED = re.compile(b"|".join((_CON, _AFFINE, _FC)))
_TENSOR_VERSION = 2


class DlibDescriptor(nn.Module):
    """Maps aligned chips to descriptors."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _STEM, 7, stride=2)
        blocks, channels = [], _STEM
        for wide, halves in _BLOCKS:
            blocks.append(_Block(channels, wide, halves))
            channels = wide
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, DIMENSION, bias=False)

    def forward(self, chips: Tensor) -> Tensor:
        """Describe faces.

        Args:
            chips: (N, 3, 150, 150) float, RGB in 0..255, aligned as dlib aligns them.

        Returns:
            (N, 128) float32.
        """
        x = self.blocks(F.max_pool2d(F.relu(self.stem(chips)), 3, stride=2))
        vectors: Tensor = self.head(x.mean(dim=(2, 3)))
        return vectors

    def describe(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The descriptors of (N, 150, 150, 3) uint8 chips, as (N, 128) float32."""
        with torch.inference_mode():
            x = torch.from_numpy(np.ascontiguousarray(chips)).permute(0, 3, 1, 2)
            vectors = self(x.to(self.head.weight).contiguous(memory_format=torch.channels_last))
        return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)


class _Block(nn.Module):
    """Two convolutions and a way around them; a block that halves the picture pools on the way around."""

    def __init__(self, channels_in: int, channels_out: int, halves: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels_out, 3, stride=2 if halves else 1, padding=0 if halves else 1)
        self.second = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.halves = halves

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(F.relu(self.first(x)))
        around = F.avg_pool2d(x, 2) if self.halves else x
        return F.relu(_add(y, around))


def _add(a: Tensor, b: Tensor) -> Tensor:
    """The sum of two maps, the smaller one filled with zeros at its far ends, as dlib's `add_prev` does."""
    sizes = [max(m, n) for m, n in zip(a.shape[1:], b.shape[1:], strict=True)]
    return _filled(a, sizes) + _filled(b, sizes)


def _filled(x: Tensor, sizes: list[int]) -> Tensor:
    channels, height, width = (want - have for want, have in zip(sizes, x.shape[1:], strict=True))
    if not (channels or height or width):
        return x
    return F.pad(x, (0, width, 0, height, 0, channels))


def load_descriptor(path: str | Path) -> DlibDescriptor:
    """Read dlib's file of weights.

    Args:
        path: `dlib_face_recognition_resnet_model_v1.dat`.

    Returns:
        the network in evaluation mode; the affine layers and the scaling of the picture are folded into the
        convolutions beside them.

    Raises:
        WeightsError: the file is not that network.
    """
    path = Path(path)
    try:
        layers = list(_layers(path.read_bytes()))
        with torch.device("meta"):
            # Every parameter is replaced below; random ones would cost half a second.
            network = DlibDescriptor()
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        cons = [layer for layer in layers if layer.name == _CON]
        affines = [layer for layer in layers if layer.name == _AFFINE]
        (head,) = [layer for layer in layers if layer.name == _FC]
        for convolution, con, affine in zip(convolutions, cons, affines, strict=True):
            _fill(convolution, con.values, affine.values)
        _take_in_scaling(network.stem)
        weight = head.values.reshape(network.head.in_features, DIMENSION).T
        network.head.weight = nn.Parameter(torch.from_numpy(weight.copy()), requires_grad=False)
    except (OSError, ValueError, IndexError) as error:
        raise WeightsError(
            f"{path.name} does not hold dlib's face descriptor; run 'pvchat weights verify', then 'pvchat weights pull'"
        ) from error
    return network.eval().requires_grad_(False)


def _fill(convolution: nn.Conv2d, con: NDArray[np.float32], affine: NDArray[np.float32]) -> None:
    out = convolution.out_channels
    filters, biases = con[:-out].reshape(convolution.weight.shape), con[-out:]
    factors, offsets = affine.reshape(2, out)
    scaled = torch.from_numpy(filters * factors[:, None, None, None])
    convolution.weight = nn.Parameter(scaled.contiguous(memory_format=torch.channels_last))
    convolution.bias = nn.Parameter(torch.from_numpy(biases * factors + offsets))


def _take_in_scaling(stem: nn.Conv2d) -> None:
    """Make the first convolution take pictures in 0..255 as they are. Exact, since it does not pad."""
    weight, bias = stem.weight.double() / _SCALE, stem.bias
    if bias is None:
        raise ValueError("the first convolution has no biases")
    shift = (weight * torch.tensor(_MEANS, dtype=torch.float64).view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    stem.weight = nn.Parameter(weight.float().contiguous(memory_format=torch.channels_last))
    stem.bias = nn.Parameter((bias.double() - shift).float())


@dataclass(frozen=True)
class _Layer:
    name: bytes
    values: NDArray[np.float32]


def _layers(data: bytes) -> Iterator[_Layer]:
    """The layers with weights, in the order of the file, which is from the picture to the vector."""
    at = 0
    while True:
        found = _WEIGHTED.search(data, at)
        if found is None:
            return
        name, at = found.group(), found.end()
        if name == _FC:
            # The numbers of outputs and inputs come first.
            _, at = _integer(data, at)
            _, at = _integer(data, at)
        version, at = _integer(data, at)
        if version != _TENSOR_VERSION:
            raise ValueError(f"a tensor of version {version}")
        count = 1
        for _ in range(4):
            size, at = _integer(data, at)
            count *= size
        values = np.frombuffer(data, dtype="<f4", count=count, offset=at).astype(np.float32)
        at += values.nbytes
        yield _Layer(name, values)


def _integer(data: bytes, at: int) -> tuple[int, int]:
    """The integer at a place, and the place after it."""
    head = data[at]
    length = head & 0x0F
    value = int.from_bytes(data[at + 1 : at + 1 + length], "little")
    return -value if head & 0x80 else value, at + 1 + length
