"""Still pictures of strangers: decoded in a child process with limits, many in a row."""

from pvchat.pictures.limits import PictureLimits
from pvchat.pictures.reading import read_pictures

__all__ = ["PictureLimits", "read_pictures"]
