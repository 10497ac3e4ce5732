"""Real, tiny MP4 files that also say, behind the video, who is to be found in them."""

import json
import struct
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np

MARK = b"SCENE"


@cache
def _picture(seconds: float, fps: int, size: int) -> bytes:
    written = BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for index in range(round(seconds * fps)):
            shade = np.full((size, size, 3), 40 + 3 * index % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        container.mux(stream.encode())
    return written.getvalue()


def scene_mp4(name: str, *people: dict[str, Any], seconds: float = 2.0, size: int = 64, **more: Any) -> bytes:
    """An MP4 whose last box (`free`, which readers skip) holds the scene as JSON."""
    scene = MARK + json.dumps({"file": name, "duration": seconds, "people": list(people), **more}).encode()
    return _picture(seconds, 10, size) + struct.pack(">I4s", 8 + len(scene), b"free") + scene


def scene_of(content: bytes) -> Any:
    """The scene of `scene_mp4`."""
    return json.loads(content.rpartition(MARK)[2])


def write(folder: Path, name: str, *people: dict[str, Any], **more: Any) -> Path:
    """`scene_mp4` as a file."""
    path = folder / name
    path.write_bytes(scene_mp4(name, *people, **more))
    return path
