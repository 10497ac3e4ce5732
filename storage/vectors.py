"""Arrays to bytes and back, with the checks that keep vectors of two models apart."""

import numpy as np
from numpy.typing import NDArray

from storage.engine import StorageError

Float = NDArray[np.float32]
_FORMAT = np.dtype("<f4")


def pack(values: Float) -> bytes:
    """Float32, little-endian, row by row.

    Raises:
        StorageError: a value is not finite; such a vector would compare equal to nothing.
    """
    array = np.ascontiguousarray(values, dtype=_FORMAT)
    if not np.isfinite(array).all():
        raise StorageError(f"a vector block of shape {array.shape} holds values that are not finite; perceive again")
    return array.tobytes()


def unpack(data: bytes, count: int, dimension: int | None = None) -> Float:
    """The (count,) or (count, dimension) array in `data`, writable.

    Raises:
        StorageError: the size of `data` does not fit, so the database was changed by something else.
    """
    shape = (count,) if dimension is None else (count, dimension)
    if len(data) != _FORMAT.itemsize * int(np.prod(shape)):
        raise StorageError(f"a vector block of {len(data)} bytes does not hold {shape}; forget and enroll again")
    return np.frombuffer(data, dtype=_FORMAT).reshape(shape).astype(np.float32)
