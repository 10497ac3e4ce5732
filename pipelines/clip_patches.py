"""Patch features of the clips that questions are about, made when an adapter that sees pixels first needs them."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from pvchat.errors import VideoError

if TYPE_CHECKING:
    from pvchat.chat.answer import Clip
    from pvchat.perception.appearance import AppearanceNet
    from pvchat.perception.patches import PatchMaps

KEPT = 8


class ClipPatches:
    """Looks at a clip's frames once; those of the `KEPT` clips used last are kept, in memory alone.

    Args:
        network: gives the network that looks; asked for when the first clip is looked at.
    """

    def __init__(self, network: "Callable[[], AppearanceNet]") -> None:
        self._network = network
        # The clip is kept beside its patches: its id must not be given to another object.
        self._kept: OrderedDict[int, tuple[Clip, PatchMaps]] = OrderedDict()

    def __call__(self, clip: "Clip") -> "PatchMaps | None":
        """The patches of a clip; None where its file is gone or cannot be read any more."""
        if id(clip) not in self._kept:
            if clip.video is None or not clip.video.is_file():
                return None
            from pvchat.perception.patches import frames_of, patch_maps

            try:
                self._kept[id(clip)] = clip, patch_maps(clip.record, frames_of(clip.video), self._network())
            except VideoError:
                return None
        self._kept.move_to_end(id(clip))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[id(clip)][1]

    def clear(self) -> None:
        """Let go of every clip."""
        self._kept.clear()
