"""Read frames of a video by time, safely: the file may be damaged or hostile.

The decoder is chosen by a probe and reported. Untrusted files, which is the default, are decoded in a child process
with limits on time, memory, size and duration.
"""

from pvchat.video.limits import Limits
from pvchat.video.reading import Frames, OpenVideo, Probe, iter_frames, opened, probe, read_frames

__all__ = ["Frames", "Limits", "OpenVideo", "Probe", "iter_frames", "opened", "probe", "read_frames"]
