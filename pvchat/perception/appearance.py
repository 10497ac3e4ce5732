"""Appearance vectors of image crops, from EfficientNet-Lite0 trained on ImageNet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from pvchat.errors import ModelError
from pvchat.perception.efficientnet import CHANNELS, EfficientNetLite0, fold_batch_norms
from pvchat.perception.geometry import FloatArray, Image, resize

MODEL_ID = "efficientnet-lite0"
_SIDE = 224
_MAP = 7


class AppearanceNet:
    """Describes what a crop looks like: clothing, texture, colour, things.

    Args:
        path: the published checkpoint as safetensors.
        batch_size: crops per forward pass.

    Raises:
        ModelError: the file is missing or holds another network.
    """

    model_id = MODEL_ID
    dimension = CHANNELS

    def __init__(self, path: str | Path, *, batch_size: int = 8) -> None:
        file = Path(path)
        if not file.is_file():
            raise ModelError(f"{file} does not exist: run `pvchat weights pull`")
        # transformers sets torch's default precision, for all threads, while it loads nano's language model in another.
        network = EfficientNetLite0().float()
        try:
            network.load_state_dict(load_file(file))
        except (SafetensorError, RuntimeError) as error:
            raise ModelError(f"{file.name} does not hold EfficientNet-Lite0: run `pvchat weights verify`") from error
        self._network = fold_batch_norms(network).eval()
        self._batch_size = batch_size

    def describe(self, crops: Sequence[Image]) -> FloatArray:
        """Describe crops.

        Args:
            crops: (H, W, 3) uint8 each, of any size; squeezed to a square.

        Returns:
            (n, 1280) float32, each row of length 1.
        """
        return self.describe_and_name(crops)[0]

    def describe_and_name(self, crops: Sequence[Image]) -> tuple[FloatArray, FloatArray]:
        """Describe pictures, and say what they show in one pass.

        Args:
            crops: (H, W, 3) uint8 each, of any size; squeezed to a square.

        Returns:
            The vectors of `describe`, and (n, 1000) float32 chances of ImageNet's classes, each row of sum 1.
        """
        pooled = self.feature_map(crops).mean(axis=(2, 3))
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        with torch.inference_mode():
            chances = torch.softmax(self._network.classify(torch.from_numpy(pooled)), dim=1).numpy()
        return np.asarray(pooled / np.maximum(norms, 1e-9), dtype=np.float32), np.asarray(chances, dtype=np.float32)

    def feature_map(self, images: Sequence[Image]) -> FloatArray:
        """The last feature map, (n, 1280, 7, 7) float32, zero or positive; rows and columns as in the image.

        Args:
            images: (H, W, 3) uint8 each, of any size; squeezed to a square.
        """
        if not images:
            return np.zeros((0, CHANNELS, _MAP, _MAP), dtype=np.float32)
        parts = []
        for start in range(0, len(images), self._batch_size):
            batch = np.stack([resize(image, _SIDE, _SIDE) for image in images[start : start + self._batch_size]])
            # The range the Lite networks were trained with: about -1..1.
            pixels = torch.from_numpy(batch).permute(0, 3, 1, 2).to(torch.float32)
            with torch.inference_mode():
                features = self._network.features(pixels.sub_(127.0).div_(128.0))
            parts.append(features.contiguous().numpy())
        return np.concatenate(parts)
