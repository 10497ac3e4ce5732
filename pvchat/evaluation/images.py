"""Read trusted still pictures (test data, demo photos). Uploads go through `pvchat.video`."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pvchat.errors import VideoError


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Decode a PNG or JPEG file as displayed (its EXIF orientation applied).

    Returns:
        (H, W, 3) uint8 RGB; transparency is put on white.

    Raises:
        VideoError: the file is missing or holds no picture.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("RGBA", "LA", "P", "PA"):
                rgba = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
            return np.array(upright.convert("RGB"))
    except FileNotFoundError as error:
        raise VideoError(f"{path} does not exist: check the name of the picture") from error
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise VideoError(f"{path} is no picture that can be read: give a PNG or JPEG file") from error
