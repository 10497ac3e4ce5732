"""What fine-tuning needs of a base: the seam between the training loop and nano or any VLM."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from torch import Tensor, nn

from pvchat.models.adapter import Adapter
from pvchat.models.remoh import AttachedReMoH

ParameterGroup = Literal["personal", "lora", "router", "pixels"]
Content = TypeVar("Content")


@dataclass(frozen=True)
class Turn:
    """One question about a clip and its right answer.

    Attributes:
        kind: of `pvchat.training.wordings.Kind`.
    """

    question: str
    answer: str
    kind: str = "existence"


@dataclass(frozen=True)
class TrainingClip(Generic[Content]):
    """A still or clip with its questions, which are read in one packed sequence.

    Attributes:
        key: tells clips apart; frozen features are cached under it.
        content: what the base reads: frames for a VLM, perception tokens and patch features for nano.
        turns: at least one. present: whether the subject is in it. source: of what it was made, for the report.
    """

    key: str
    content: Content
    turns: tuple[Turn, ...]
    present: bool
    source: str = ""


@dataclass(frozen=True)
class AnswerLoss:
    """Loss of some packed questions.

    Attributes:
        loss: mean cross-entropy over all answer tokens, a scalar.
        right: (n,) bool, for each answer token whether it would be the model's first choice.
    """

    loss: Tensor
    right: Tensor


class PersonalModel(Protocol[Content]):
    """A base with one untrained or trained adapter turned on, ready to be fine-tuned."""

    @property
    def gates(self) -> AttachedReMoH:
        """Gates of ReMoH; without any when the routing is dense."""

    def parameters(self) -> Mapping[ParameterGroup, Sequence[nn.Parameter]]:
        """What is trained, by group; each group has a learning rate of its own."""

    def answer_loss(self, clips: Sequence[TrainingClip[Content]]) -> AnswerLoss:
        """Loss of all questions of some clips, each clip's packed behind its prefix. The frozen part is cached by key.

        Raises:
            TrainingError: a clip's features are not finite.
        """

    def warm_up(self, cancelled: Callable[[], bool] | None = None) -> Mapping[str, Any]:
        """What a base learns before the first step of a new run. Returns figures for the report, plain JSON."""

    def train(self, mode: bool = True) -> None:
        """Turn dropout on or off."""

    def adapter(self, report: Mapping[str, Any] | None = None) -> Adapter:
        """The adapter as it is now."""


class ClosablePersonal(PersonalModel[Content], Protocol):
    """A base that wears an adapter in training until it is closed."""

    def close(self) -> None:
        """Take the adapter off."""


@dataclass(frozen=True)
class TrainingData(Generic[Content]):
    """What one subject is trained on; nothing of `held_out` shares a second of video with the rest.

    Attributes:
        stills: of stage 1. clips: of stage 2. held_out: for early stopping, never trained on.
    """

    stills: Sequence[TrainingClip[Content]]
    clips: Sequence[TrainingClip[Content]]
    held_out: Sequence[TrainingClip[Content]] = field(default=())
