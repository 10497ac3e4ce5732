"""What a picture may cost before it is refused."""

from dataclasses import dataclass

from pvchat.video.limits import Limits


@dataclass(frozen=True)
class PictureLimits:
    """Bounds for one picture.

    Attributes:
        max_pixels: largest width x height as stored. max_bytes: largest file.
        timeout_s: longest time for one picture.
        memory_bytes: address space of the decoding process.
    """

    max_pixels: int = 120_000_000
    max_bytes: int = 256 << 20
    timeout_s: float = 20.0
    memory_bytes: int = 2 << 30

    def of_process(self, max_side: int) -> Limits:
        """The bounds of a process that sends pictures of at most this side."""
        return Limits(max_pixels=max_side * max_side, timeout_s=self.timeout_s, memory_bytes=self.memory_bytes)
