"""A vision-language model as a base that is trained on one subject."""

from collections.abc import Sequence

from pipelines.training_bases import Check, Material
from pvchat.evaluation.assessment import Assessment
from pvchat.evaluation.held_out import VlmAsker, compare
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.remoh import RoutingConfig
from pvchat.models.vlm import VLM
from pvchat.models.vlm_frames import FrameBudget
from pvchat.training.personal import TrainingClip, TrainingData
from pvchat.training.subject_data import SubjectDataConfig
from pvchat.training.vlm_clips import VlmClips
from pvchat.training.vlm_personal import VlmClip, VlmPersonal, adapter_config

_KEY = "compared"


class VlmTraining:
    """See `pipelines.training_bases.BaseTraining`.

    Args:
        vlm: wears the adapter from `start` on; nobody else may use it. budget: of a clip's frames.
    """

    def __init__(self, vlm: VLM, budget: FrameBudget | None = None) -> None:
        self._vlm = vlm
        self._budget = budget

    @property
    def base_sha256(self) -> str:
        """Fingerprint of the base."""
        return self._vlm.sha256

    def build(self, material: Material, sizes: SubjectDataConfig, check: Check) -> TrainingData[VlmClip]:
        """Stills, clips and the held-out part."""
        clips = VlmClips(
            material.name, material.entry, material.enrollment, material.others, self._budget, sizes, check=check
        )
        return clips.build()

    def config(self, routing: RoutingConfig) -> AdapterConfig:
        """Of the new adapter."""
        return adapter_config(self._vlm, routing=routing)

    def start(self, config: AdapterConfig) -> VlmPersonal:
        """Turn a new adapter on. Activations are computed twice: memory is what a large base lacks."""
        on_gpu = self._vlm.family.device.type == "cuda"
        return VlmPersonal(self._vlm, config, budget=self._budget, checkpointing=on_gpu)

    def compare(self, adapter: Adapter, clips: Sequence[TrainingClip[VlmClip]], check: Check) -> Assessment:
        """Ask about the held-out clips with and without the adapter."""
        self._vlm.put(_KEY, adapter)
        try:
            return compare(VlmAsker(self._vlm, _KEY, self._budget), clips, check=check)
        finally:
            self._vlm.adapters.drop(_KEY)
