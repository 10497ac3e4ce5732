"""Plain augmentation of frames: light, colour, sharpness, size, grain. Nothing that moves anybody in the picture."""

import random

import cv2
import numpy as np

from pvchat.perception.geometry import Image, resize


def disturb(image: Image, rng: random.Random) -> Image:
    """The same picture from a worse camera in another light.

    Args:
        image: (H, W, 3) uint8 RGB. rng: the only source of chance; the same state gives the same change.
    """
    height, width = image.shape[:2]
    seed = rng.getrandbits(32)
    gain = np.asarray([rng.uniform(0.75, 1.25) * rng.uniform(0.93, 1.07) for _ in range(3)], np.float32)
    gamma = rng.uniform(0.75, 1.35)
    shrink = rng.choice((1.0, 1.0, 1.5, 2.5))
    blur = rng.choice((0.0, 0.0, 0.8, 1.6))
    grain = rng.choice((0.0, 3.0, 7.0))
    if shrink > 1:
        small = resize(image, max(8, round(width / shrink)), max(8, round(height / shrink)))
        image = resize(small, width, height)
    picture = np.power(image.astype(np.float32) / 255.0, gamma) * gain
    if blur:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.float32)
    if grain:
        picture = picture + np.random.default_rng(seed).normal(0, grain / 255.0, picture.shape).astype(np.float32)
    return np.asarray(np.clip(picture * 255.0 + 0.5, 0, 255), np.uint8)
