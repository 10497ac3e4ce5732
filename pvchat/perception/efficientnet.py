"""The EfficientNet-Lite0 network (Tan & Le 2019; the Lite variant drops squeeze-excitation and swish for ReLU6).

Module names follow the published checkpoint, so that its state dict loads as it is.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels_in: int
    channels_out: int


_STAGES = (
    _Stage(1, 3, 1, 1, 32, 16),
    _Stage(2, 3, 2, 6, 16, 24),
    _Stage(2, 5, 2, 6, 24, 40),
    _Stage(3, 3, 2, 6, 40, 80),
    _Stage(3, 5, 1, 6, 80, 112),
    _Stage(4, 5, 2, 6, 112, 192),
    _Stage(1, 3, 1, 6, 192, 320),
)
_STEM = 32
CHANNELS = 1280
CLASSES = 1000
_EPSILON = 1e-3


class _SameConv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME: an odd pixel of padding goes to the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[-2:]]
        if any(pads):
            x = F.pad(x, (pads[1] // 2, pads[1] - pads[1] // 2, pads[0] // 2, pads[0] - pads[0] // 2))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class _Block(nn.Module):
    """Inverted residual: expand, filter each channel, project."""

    def __init__(self, stage: _Stage, channels_in: int, stride: int) -> None:
        super().__init__()
        hidden = channels_in * stage.expansion
        self.expands = stage.expansion != 1
        if self.expands:
            self._expand_conv = _SameConv(channels_in, hidden, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(hidden, eps=_EPSILON)
        self._depthwise_conv = _SameConv(hidden, hidden, stage.kernel, stride, groups=hidden, bias=False)
        self._bn1 = nn.BatchNorm2d(hidden, eps=_EPSILON)
        self._project_conv = _SameConv(hidden, stage.channels_out, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(stage.channels_out, eps=_EPSILON)
        self.skips = stride == 1 and channels_in == stage.channels_out

    def forward(self, inputs: Tensor) -> Tensor:
        x: Tensor = inputs
        if self.expands:
            x = F.relu6(self._bn0(self._expand_conv(x)))
        x = F.relu6(self._bn1(self._depthwise_conv(x)))
        x = self._bn2(self._project_conv(x))
        if self.skips:
            x = x + inputs
        return x


class EfficientNetLite0(nn.Module):
    """Image classifier for 224 x 224 images, of which we use the feature map."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, _STEM, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(_STEM, eps=_EPSILON)
        blocks = []
        for stage in _STAGES:
            for repeat in range(stage.repeats):
                first = repeat == 0
                channels_in = stage.channels_in if first else stage.channels_out
                blocks.append(_Block(stage, channels_in, stage.stride if first else 1))
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _SameConv(_STAGES[-1].channels_out, CHANNELS, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(CHANNELS, eps=_EPSILON)
        self._fc = nn.Linear(CHANNELS, CLASSES)

    def features(self, images: Tensor) -> Tensor:
        """(n, 3, 224, 224) normalised images to the (n, 1280, 7, 7) feature map."""
        x = F.relu6(self._bn0(self._conv_stem(images)))
        for block in self._blocks:
            x = block(x)
        features: Tensor = F.relu6(self._bn1(self._conv_head(x)))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, 224, 224) normalised images to (n, 1000) ImageNet logits."""
        return self.classify(self.features(images).mean(dim=(2, 3)))

    def classify(self, pooled: Tensor) -> Tensor:
        """(n, 1280) means of the feature map to (n, 1000) ImageNet logits."""
        logits: Tensor = self._fc(pooled)
        return logits


@torch.no_grad()
def fold_batch_norms(network: EfficientNetLite0) -> EfficientNetLite0:
    """Fold every batch norm into the convolution before it (inference only)."""
    pairs: list[tuple[nn.Module, str, str]] = [(network, "_conv_stem", "_bn0"), (network, "_conv_head", "_bn1")]
    for block in network._blocks:
        names = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        pairs += [(block, conv, norm) for conv, norm in names if hasattr(block, conv)]
    for module, conv_name, norm_name in pairs:
        conv, norm = getattr(module, conv_name), getattr(module, norm_name)
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        conv.weight.mul_(gain[:, None, None, None])
        conv.bias = nn.Parameter(norm.bias - norm.running_mean * gain, requires_grad=False)
        # Channels last suits the kernels of 1 x 1 convolutions.
        conv.weight.data = conv.weight.data.contiguous(memory_format=torch.channels_last)
        setattr(module, norm_name, nn.Identity())
    return network
