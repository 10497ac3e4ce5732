"""A mask of all people in an image (MediaPipe Selfie Segmentation and its model card)."""

from pathlib import Path

import cv2
import numpy as np

from pvchat.perception.geometry import FloatArray, Image, quick_resize
from pvchat.perception.litert import LiteRtModel


class PersonSegmenter:
    """Tells people from the background; made for heads and shoulders near the camera.

    Args:
        path: `selfie_segmentation.tflite`.
        num_threads: CPU threads of one call.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1) -> None:
        self._model = LiteRtModel(path, num_threads=num_threads, outputs=[(256, 256, 1)])

    def mask(self, rgb: Image) -> FloatArray:
        """Segment one image.

        Args:
            rgb: (H, W, 3) uint8. A crop around one person gives a finer mask than the whole frame.

        Returns:
            (H, W) float32 in 0..1, the chance that a pixel belongs to any person.
        """
        height, width = rgb.shape[:2]
        side = self._model.side
        # The network was trained on squeezed images, so proportions are not kept.
        square = quick_resize(rgb, side, side)
        (raw,) = self._model.run(square.astype(np.float32) / 255.0)
        full = cv2.resize(raw[:, :, 0], (width, height), interpolation=cv2.INTER_LINEAR)
        return np.clip(np.asarray(full, dtype=np.float32), 0.0, 1.0)
