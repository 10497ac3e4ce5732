"""Read pictures that are not trusted: a child process decodes them one after the other, this process gets pixels."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pvchat.errors import PictureError
from pvchat.perception.geometry import Image
from pvchat.pictures.limits import PictureLimits
from pvchat.video.child import Child, ChildDiedError, ChildTimeoutError, child_command

_MAX_TEXT = 160


class _PictureChild(Child):
    """A process that decodes some open files in their order."""

    def __init__(self, descriptors: Sequence[int], names: Sequence[str], limits: PictureLimits, max_side: int) -> None:
        patience = limits.timeout_s * (1 + len(descriptors))
        request = {
            "pictures": [[f"/dev/fd/{number}", name] for number, name in zip(descriptors, names, strict=True)],
            "limits": vars(limits.of_process(max_side)),
            "max_pixels": limits.max_pixels,
            "max_side": max_side,
            "cpu_s": patience * 2,
        }
        self._start(
            request, descriptors, child_command("pvchat.pictures.worker"), limits.of_process(max_side), patience
        )


def open_picture(path: Path, limits: PictureLimits | None = None) -> int:
    """A descriptor of a regular file within the size limit, to be closed by the caller.

    Raises:
        PictureError: it cannot be opened, is no file, is empty or too large.
    """
    limits = limits or PictureLimits()
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path.name} cannot be opened ({reason}): check the rights") from error
    found = os.fstat(descriptor)
    fault = ""
    if not stat.S_ISREG(found.st_mode):
        fault = "is not a file: give a picture"
    elif found.st_size == 0:
        fault = "is empty: copy it again"
    elif found.st_size > limits.max_bytes:
        fault = f"has {found.st_size / 1e6:.0f} MB, more than {limits.max_bytes / 1e6:.0f}: scale it down"
    if fault:
        os.close(descriptor)
        raise PictureError(f"{path.name} {fault}")
    return descriptor


def read_pictures(
    descriptors: Sequence[int], names: Sequence[str], *, max_side: int = 1280, limits: PictureLimits | None = None
) -> Iterator[Image | PictureError]:
    """Decode open files, in their order.

    Args:
        descriptors: of the files, at their start. names: how errors call them.
        max_side: larger pictures are scaled down to this many pixels on the longer side.
        limits: bounds, default `PictureLimits()`.

    Yields:
        (H, W, 3) uint8 RGB as displayed, or why a file gave none. One bad file does not keep back those after it.

    Raises:
        ValueError: the two sequences differ in length.
    """
    if len(descriptors) != len(names):
        raise ValueError(f"{len(descriptors)} files were given with {len(names)} names; give one each")
    limits = limits or PictureLimits()
    done = 0
    while done < len(descriptors):
        try:
            with _PictureChild(descriptors[done:], names[done:], limits, max_side) as child:
                for message, payload in child.messages():
                    yield _picture(message, payload, names[done], limits)
                    done += 1
                    if done == len(descriptors):
                        return
        except ChildTimeoutError:
            yield PictureError(f"{names[done]} took longer than {limits.timeout_s:g} s to read: export it again")
            done += 1
        except (ChildDiedError, KeyError, TypeError, ValueError):
            # The picture whose turn it was has ended the process; those after it get a new one.
            yield PictureError(f"{names[done]} made the decoder fail: export it again as JPEG or PNG")
            done += 1


def _picture(message: dict[str, Any], payload: bytearray, name: str, limits: PictureLimits) -> Image | PictureError:
    kind = message.get("kind")
    if kind == "picture":
        height, width = int(message["height"]), int(message["width"])
        return np.frombuffer(payload, dtype=np.uint8).reshape(height, width, 3)
    if kind == "memory":
        return PictureError(f"{name} needs more than {limits.memory_bytes / 2**20:.0f} MiB to decode: scale it down")
    # A hostile file may have a say in a decoder's words.
    text = "".join(c if c.isprintable() else " " for c in str(message.get("text", "")))[:_MAX_TEXT]
    return PictureError(f"{name} {text}" if text else f"{name} cannot be read: export it again as JPEG or PNG")
