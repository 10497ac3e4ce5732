"""nano as a base that is trained on one subject."""

import random
from collections.abc import Sequence

from pipelines.training_bases import Check, Material
from pvchat.evaluation.assessment import Assessment
from pvchat.evaluation.held_out import NanoAsker, compare
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.nano import Nano
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import RoutingConfig
from pvchat.perception.appearance import AppearanceNet
from pvchat.perception.geometry import Image
from pvchat.perception.patches import PatchMaps, patch_maps
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

    def build(self, material: Material, sizes: SubjectDataConfig, check: Check) -> TrainingData[NanoClip]:
        """Stills, clips and the held-out part, with patches where there are pixels."""

        def describe(footage: Footage, rng: random.Random) -> PatchMaps:
            check()
            return self._describe(footage, rng)

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

    def config(self, routing: RoutingConfig) -> AdapterConfig:
        """Of the new adapter; it sees pixels if the clips have any."""
        return self._adapters.config(routing=routing, pixels=self._clips is not None and self._clips.pixels)

    def start(self, config: AdapterConfig) -> NanoPersonal:
        """Turn a new adapter on."""
        clips = self._clips
        if clips is None or not config.pixels:
            return NanoPersonal(self._adapters, config)
        return NanoPersonal(self._adapters, config, pairs=lambda: clips.pairs(PAIRS))

    def compare(self, adapter: Adapter, clips: Sequence[TrainingClip[NanoClip]], check: Check) -> Assessment:
        """Ask about the held-out clips with and without the adapter."""
        self._adapters.put(_KEY, adapter)
        try:
            return compare(NanoAsker(self._adapters, _KEY), clips, check=check)
        finally:
            self._adapters.drop(_KEY)

    def _describe(self, footage: Footage, rng: random.Random) -> PatchMaps:
        if self._network is None:
            raise ValueError("there is no network to look at pixels with")
        # One state for all frames of a clip: a camera does not change from frame to frame.
        state = rng.getrandbits(64)

        def frames(times: Sequence[float]) -> list[Image]:
            return [disturb(picture, random.Random(state)) for picture in footage.pictures(times)]

        return patch_maps(footage.record, frames, self._network)
