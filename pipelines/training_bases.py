"""What a base brings to a subject's training, and what every training brings to a base."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pvchat.evaluation.assessment import Assessment
from pvchat.identity.gallery import GalleryEntry
from pvchat.models.adapter import Adapter, AdapterConfig
from pvchat.models.remoh import RoutingConfig
from pvchat.training.footage import Footage
from pvchat.training.personal import ClosablePersonal, TrainingClip, TrainingData
from pvchat.training.subject_data import SubjectDataConfig

Check = Callable[[], None]


@dataclass(frozen=True)
class Material:
    """What one subject is trained on, before clips are made of it.

    Attributes:
        name, entry: of the subject. enrollment: the enrollment video, with the subject's tracks.
        others: videos of other people, and the other people of the enrollment video.
        warnings: what is missing, one line each.
    """

    name: str
    entry: GalleryEntry
    enrollment: Footage
    others: Sequence[Footage]
    warnings: tuple[str, ...] = ()


class BaseTraining(Protocol):
    """A base that was loaded to be trained on one subject."""

    @property
    def base_sha256(self) -> str:
        """Fingerprint of the base."""

    def build(self, material: Material, sizes: SubjectDataConfig, check: Check) -> TrainingData[Any]:
        """Clips with questions. `check` is called now and then, and ends the work by what it raises."""

    def config(self, routing: RoutingConfig) -> AdapterConfig:
        """Of the new adapter, as the clips that were built need it."""

    def start(self, config: AdapterConfig) -> ClosablePersonal[Any]:
        """Turn a new adapter on."""

    def compare(self, adapter: Adapter, clips: Sequence[TrainingClip[Any]], check: Check) -> Assessment:
        """Ask about the held-out clips with and without the adapter."""
