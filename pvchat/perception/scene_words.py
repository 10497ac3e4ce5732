"""Plain words about the whole picture: what kind of place it is, and things in it.

A few frames are shown to the appearance network; ImageNet's classes are joined into plain words. Where people fill the
picture it sees little else, and then nothing is said. It never saw most kinds of rooms: no "kitchen", no "office".
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from pvchat.perception.appearance import AppearanceNet
from pvchat.perception.geometry import Image, resize
from pvchat.perception.record import SceneWord
from pvchat.perception.spans import spans_of

PLACE_CLASSES: dict[str, tuple[int, ...]] = {
    "mountains": (970, 972, 979, 980),
    "water": (460, 536, 718, 975, 976, 977, 978),
    "stage": (818, 819, 854),
    "restaurant": (762, 532),
    "shop": (415, 454, 467, 509, 582, 788, 860, 865),
    "church": (406, 497),
    "library": (453, 624),
    "prison": (743,),
    "cinema": (498,),
    "street": (705, 829, 874, 919, 920),
    "bridge": (821, 839, 888),
    "garden": (580, 706, 716, 984),
}
THING_CLASSES: dict[str, tuple[int, ...]] = {
    "car": (436, 468, 511, 609, 627, 656, 661, 717, 751, 817),
    "bus": (654, 779),
    "lorry": (555, 569, 675, 864, 867),
    "bicycle": (444, 671),
    "motorcycle": (665, 670),
    "train": (466, 547, 820),
    "plane": (404, 895),
    "boat": (472, 510, 554, 576, 625, 628, 780, 814, 871, 914),
    "dog": tuple(range(151, 269)),
    "cat": tuple(range(281, 286)),
    "bird": (*range(7, 25), *range(80, 101), *range(127, 147)),
    "horse": (339, 603),
    "guitar": (402, 546),
    "piano": (579, 881),
    "drum": (541,),
    "violin": (486, 889),
    "microphone": (650,),
    "ball": (429, 430, 574, 722, 768, 805, 852, 890),
    "phone": (487, 528, 707),
    "computer": (508, 527, 620, 664, 681),
    "television": (598, 851),
    "bottle": (440, 720, 737, 898, 907),
    "cup": (504, 967, 968),
    "book": (917, 921),
    "umbrella": (879,),
    "flowers": (985, 986),
    "fruit": tuple(range(948, 958)),
    "food": (924, 925, 926, 927, 928, 929, 931, 932, 933, 934, 935, 959, 962, 963, 964, 965),
}
_LEAST = 0.4


class SceneLooks:
    """Keeps a few small frames, spread over the samples of a video.

    Args:
        samples: number of samples there will be. most: frames kept.
    """

    def __init__(self, samples: int, most: int) -> None:
        self._wanted = {int((index + 0.5) * samples / most) for index in range(min(samples, most))}
        self._count = 0
        self._kept: list[tuple[float, Image]] = []

    def add(self, time_s: float, rgb: Image) -> None:
        """Take a sample (H, W, 3) uint8, in order of time."""
        if self._count in self._wanted:
            self._kept.append((time_s, resize(rgb, 224, 224)))
        self._count += 1

    def words(
        self, network: AppearanceNet, samples_s: Sequence[float], duration_s: float, cuts_s: Sequence[float]
    ) -> tuple[SceneWord, ...]:
        """Name the kept frames; a word holds for the samples that are nearest to the frames that show it."""
        if not self._kept:
            return ()
        _, chances = network.describe_and_name([rgb for _, rgb in self._kept])
        kept = np.array([time for time, _ in self._kept])
        nearest = [int(np.abs(kept - time).argmin()) for time in samples_s]
        kinds: tuple[tuple[Literal["place", "thing"], dict[str, tuple[int, ...]]], ...] = (
            ("place", PLACE_CLASSES),
            ("thing", THING_CLASSES),
        )
        found = []
        for kind, classes in kinds:
            for word, numbers in classes.items():
                shares = chances[:, list(numbers)].sum(axis=1)
                shown = np.flatnonzero(shares >= _LEAST)
                if not len(shown):
                    continue
                times = [time for time, index in zip(samples_s, nearest, strict=True) if index in shown]
                spans = () if len(shown) == len(kept) else spans_of(times, samples_s, duration_s, 0.0, cuts_s)
                sure = round(float(shares[shown].mean()), 3)
                found.append(SceneWord(kind=kind, value=word, confidence=sure, spans=spans))
        return tuple(sorted(found, key=lambda one: -one.confidence))
