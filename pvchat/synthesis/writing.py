"""Samples as files."""

import os
from pathlib import Path

from pvchat.synthesis.synthesizer import Sample
from pvchat.video.encoding import Encoded, encode

_CRF = 20


def write_sample(path: str | Path, sample: Sample) -> Encoded:
    """Write a sample as mp4 (H.264). A file of this name is complete, and the same sample gives the same bytes.

    Args:
        path: the file to write; its folder has to exist.

    Raises:
        VideoError: the sample has no frame, or frames differ in size.
    """
    path = Path(path)
    partial = path.with_name(f"{path.name}.part")
    try:
        written = encode(partial, sample.frames, sample.fps, crf=_CRF, threads=1, container_format="mp4")
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return written
