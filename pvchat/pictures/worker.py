"""The child process that decodes pictures. It reads one JSON request on stdin and answers with one message for each.

The messages and the bounds are those of `pvchat.video.worker`. Run by `pvchat.pictures.reading`; not meant to be
started by hand.
"""

import contextlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from pvchat.video.limits import Limits
from pvchat.video.worker import Sender, answers_descriptor, confine

if TYPE_CHECKING:
    from PIL import Image

# Formats that hold their own pixels and have a decoder of Pillow's own or of its libraries.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_ORIENTATION = 0x0112


def decode(path: str, max_pixels: int, max_side: int) -> tuple[dict[str, Any], memoryview | None]:
    """One picture as a message."""
    from PIL import Image, UnidentifiedImageError

    # Our own bound is checked before any pixel is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with open(path, "rb") as file, Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            if width * height > max_pixels:
                text = f"has {width}x{height} pixels, more than {max_pixels} in all: scale it down"
                return {"kind": "error", "text": text}, None
            # A JPEG can be decoded at a half, a quarter or an eighth for a fraction of the work.
            image.draft("RGB", (max_side, max_side))
            plain = image.convert("RGBA") if image.mode in ("RGBA", "LA", "P", "PA") else image.convert("RGB")
            plain.thumbnail((max_side, max_side), Image.Resampling.BOX)
            if plain.mode == "RGBA":
                plain = Image.alpha_composite(Image.new("RGBA", plain.size, "white"), plain)
            rgb = _upright(plain.convert("RGB"), image.getexif().get(_ORIENTATION, 1))
    except UnidentifiedImageError:
        return {"kind": "error", "text": "is no picture that can be read: give JPEG, PNG or WebP"}, None
    except MemoryError:
        return {"kind": "memory"}, None
    except Exception as error:
        # The file made a library fail in a way nobody foresaw; the parent only needs to know that it did.
        return {"kind": "error", "text": f"is damaged ({type(error).__name__}): copy or export it again"}, None
    pixels = rgb.tobytes()
    return {"kind": "picture", "width": rgb.width, "height": rgb.height, "bytes": len(pixels)}, memoryview(pixels)


def _upright(rgb: "Image.Image", orientation: object) -> "Image.Image":
    """As the camera says it is to be shown (Exif 2.3, tag 274)."""
    from PIL import Image

    turns = Image.Transpose
    how = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }
    found = how.get(orientation) if isinstance(orientation, int) else None
    return rgb if found is None else rgb.transpose(found)


def main() -> None:
    """Read the request, answer it, leave without running any destructor of the decoders."""
    answers = answers_descriptor()
    request = json.loads(sys.stdin.buffer.read())
    limits = Limits(**request["limits"])
    confine(limits, request["cpu_s"])
    sender = Sender(answers)
    for path, _name in request["pictures"]:
        # Whoever hangs is killed; the parent goes on with the next one in a new process.
        signal.setitimer(signal.ITIMER_REAL, limits.timeout_s + 1.0)
        try:
            head, payload = decode(path, int(request["max_pixels"]), int(request["max_side"]))
        except (MemoryError, ImportError):
            head, payload = {"kind": "memory"}, None
        signal.setitimer(signal.ITIMER_REAL, 0)
        sender.send(head, payload)
        # The next file may be the one that kills this process.
        sender.written()
    with contextlib.suppress(OSError):
        sender.finish()
    os._exit(0)


if __name__ == "__main__":
    main()
