"""nano as a base that is trained on one subject."""

import random
from collections.abc import Callable, Collection, Sequence

from pipelines.training_bases import Check, Material
from pvchat.evaluation.assessment import Assessment
from pvchat.evaluation.held_out import NanoAsker, compare
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.config import TokenLayout
from pvchat.models.nano import Nano
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import RoutingConfig
from pvchat.perception.appearance import AppearanceNet
from pvchat.perception.geometry import Image
from pvchat.perception.patches import PatchMaps, patch_maps
from pvchat.training.align import AlignConfig, Pair
from pvchat.training.disturb import disturb
from pvchat.training.footage import Footage
from pvchat.training.nano_clip import NanoClip
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.personal import TrainingClip, TrainingData
from pvchat.training.stock import stock_footage
from pvchat.training.subject_clips import SubjectClips
from pvchat.training.subject_data import PAIRS, SubjectDataConfig

_KEY = "compared"


class NanoTraining:
    """See `pipelines.training_bases.BaseTraining`.

    Args:
        nano: wears the adapter from `start` on; nobody else may use it. network: of perception, for patch features;
            None trains without pixels.
    """

    def __init__(self, nano: Nano, network: AppearanceNet | None) -> None:
        self._nano = nano
        self._network = network
        self._adapters = NanoAdapters(nano)
        self._clips: SubjectClips | None = None

    @property
    def base_sha256(self) -> str:
        """Fingerprint of nano's checkpoint."""
        return self._nano.sha256

    @property
    def layout(self) -> TokenLayout:
        """Sizes of nano's tokens."""
        return self._nano.model.config.layout

    @property
    def sees_pixels(self) -> bool:
        """Whether there is a network to look at pixels with."""
        return self._network is not None

    def build(self, material: Material, sizes: SubjectDataConfig, check: Check) -> TrainingData[NanoClip]:
        """Stills, clips and the held-out part, with patches where there are pixels."""

        def describe(footage: Footage, rng: random.Random) -> PatchMaps:
            check()
            return self.describe(footage, rng)

        clips = SubjectClips(
            material.name,
            material.entry,
            self._nano.model.config.layout,
            material.enrollment,
            [*material.others, *stock_footage(material.entry.model_id)],
            describe if self._network is not None else None,
            sizes,
        )
        self._clips = clips
        return clips.build()

    def config(self, routing: RoutingConfig, *, pixels: bool | None = None) -> AdapterConfig:
        """Of the new adapter.

        Args:
            routing: of its heads. pixels: whether it sees any; by default, if the clips that were built have some.
        """
        if pixels is None:
            pixels = self._clips is not None and self._clips.pixels
        return self._adapters.config(routing=routing, pixels=pixels)

    def start(
        self,
        config: AdapterConfig,
        *,
        pairs: Callable[[], Sequence[Pair]] | None = None,
        alignment: AlignConfig | None = None,
    ) -> NanoPersonal:
        """Turn a new adapter on.

        Args:
            config: of the adapter. pairs: to align its patches with; by default those of the clips that were built.
            alignment: how.
        """
        clips = self._clips
        if pairs is None and clips is not None and config.pixels:

            def pairs() -> Sequence[Pair]:
                return clips.pairs(PAIRS)

        return NanoPersonal(self._adapters, config, pairs=pairs, alignment=alignment)

    def compare(
        self,
        adapter: Adapter,
        clips: Sequence[TrainingClip[NanoClip]],
        check: Check,
        *,
        look_alikes: Collection[str] = (),
    ) -> Assessment:
        """Ask about the held-out clips with and without the adapter.

        Args:
            adapter, clips, check: see `BaseTraining`. look_alikes: keys of the clips that show a look-alike.
        """
        self._adapters.put(_KEY, adapter)
        try:
            return compare(
                NanoAsker(self._adapters, _KEY),
                clips,
                look_alike=lambda clip: clip.key in look_alikes,
                covered=lambda clip: not clip.content.arrays.has_face.any(),
                check=check,
            )
        finally:
            self._adapters.drop(_KEY)

    def describe(self, footage: Footage, rng: random.Random) -> PatchMaps:
        """Patch features of some footage, in another light: all frames of a clip alike.

        Raises:
            ValueError: there is no network.
        """
        if self._network is None:
            raise ValueError("there is no network to look at pixels with")
        # One state for all frames of a clip: a camera does not change from frame to frame.
        state = rng.getrandbits(64)

        def frames(times: Sequence[float]) -> list[Image]:
            return [disturb(picture, random.Random(state)) for picture in footage.pictures(times)]

        return patch_maps(footage.record, frames, self._network)
