"""What a media file may cost before it is refused."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds for one file. They hold for the probe and for decoding alike.

    Attributes:
        max_duration_s: longest video in seconds.
        max_pixels: largest width x height of a decoded frame.
        max_bytes: largest file.
        timeout_s: longest wait for one answer of the decoding process. All waits together may last this long plus
            the duration of the video; the time a caller spends between two frames does not count.
        memory_bytes: address space of the decoding process (code, stacks and buffers, not only what is resident).
    """

    max_duration_s: float = 3 * 3600.0
    max_pixels: int = 4096 * 2304
    max_bytes: int = 8 << 30
    timeout_s: float = 60.0
    memory_bytes: int = 2 << 30
