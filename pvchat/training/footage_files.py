"""Footage in files: what was perceived in a video, with small pictures of it, so that its file may go."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pvchat.array_file import read_arrays, write_arrays
from pvchat.errors import TrainingError
from pvchat.perception.archive import pack, unpack
from pvchat.training.footage import Footage
from pvchat.training.frames import Pictures, StoredFrames, compress
from pvchat.whole_file import whole_file

KIND = "footage 1"


def write_footage(path: Path, footage: Footage, *, times_s: Sequence[float] | None = None) -> None:
    """Write footage; the file is complete or not there. Pictures that were kept as JPEG before are not changed by it.

    Args:
        footage: with frames or without. times_s: of the part whose pictures are kept, by default all sampled ones.

    Raises:
        ValueError: faces are covered, which is not kept; or there are frames and no time to keep one of.
        VideoError: the frames cannot be read.
    """
    if footage.hidden is not None:
        raise ValueError(f"faces of {footage.key} are covered; write the footage as it was before")
    arrays, note = pack(footage.record, footage.vectors)
    pictures = _pictures(footage, footage.record.sampled_s if times_s is None else times_s)
    if pictures is not None:
        arrays["pictures.times_s"] = np.asarray(pictures.times_s, np.float64)
        arrays["pictures.bytes"] = np.asarray([len(jpeg) for jpeg in pictures.jpegs], np.int64)
        arrays["pictures.jpegs"] = np.concatenate([jpeg.reshape(-1) for jpeg in pictures.jpegs])
    part = {name: getattr(footage, name) for name in ("key", "subject", "start_s", "mirrored")}
    with whole_file(path) as file:
        write_arrays(file, KIND, arrays, {**note, "part": part})


def read_footage(path: Path) -> Footage:
    """The reverse of `write_footage`; its frames are the pictures in the file, for every time the nearest.

    Raises:
        TrainingError: the file is missing, damaged, or of another version.
    """
    try:
        arrays, note = read_arrays(path, KIND)
        record, vectors = unpack(arrays, note)
        frames = None
        if "pictures.jpegs" in arrays:
            jpegs = np.split(arrays["pictures.jpegs"], np.cumsum(arrays["pictures.bytes"])[:-1])
            pictures = Pictures(arrays["pictures.times_s"].tolist(), jpegs)
            frames = StoredFrames(lambda: pictures)
        part = note["part"]
        return Footage(
            part["key"],
            record,
            vectors,
            tuple(part["subject"]),
            frames,
            start_s=part["start_s"],
            mirrored=part["mirrored"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{path} is no readable footage for this version; remove it and prepare the training again"
        ) from error


def _pictures(footage: Footage, times_s: Sequence[float]) -> Pictures | None:
    if footage.frames is None:
        return None
    # The times that `Footage.pictures` asks for.
    times = sorted({footage.start_s + time_s for time_s in times_s})
    if not times:
        raise ValueError(f"no picture of {footage.key} is to be kept; give the times at which it was looked at")
    if isinstance(footage.frames, StoredFrames):
        return footage.frames.at(times)
    return compress(zip(times, footage.frames(times), strict=True))
