"""What the held-out questions came to, with and without the adapter: by kind, by type, and for whom they show."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from pvchat.chat.questions import TYPE_OF, QuestionType

Group = Literal["present", "covered", "absent", "look_alike"]

GROUPS: tuple[Group, ...] = get_args(Group)
TYPES: tuple[QuestionType, ...] = get_args(QuestionType)


@dataclass(frozen=True)
class Counts:
    """Of some questions: how many were asked, and how many answers were wrong."""

    asked: int = 0
    instant_errors: int = 0
    trained_errors: int = 0

    @property
    def instant_right(self) -> int:
        """Right answers of the base alone."""
        return self.asked - self.instant_errors

    @property
    def trained_right(self) -> int:
        """Right answers with the adapter."""
        return self.asked - self.trained_errors

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.asked + other.asked,
            self.instant_errors + other.instant_errors,
            self.trained_errors + other.trained_errors,
        )


@dataclass(frozen=True)
class Answered:
    """One question with both answers.

    Attributes:
        kind: of `pvchat.training.wordings.Kind`. expected: the right answer.
        instant, trained: what the base alone and what the adapter said. instant_right, trained_right: whether it is so.
    """

    kind: str
    question: str
    expected: str
    instant: str
    trained: str
    instant_right: bool
    trained_right: bool


@dataclass(frozen=True)
class Assessment:
    """The same questions, answered by the base alone ("instant") and with the adapter ("trained").

    Attributes:
        by_kind: counts of each kind of question.
        by_group: of questions about existence: asked where the subject's face is seen ("present"), where the subject is
            and no face is seen ("covered"), where the subject is not ("absent"), and, among the latter, where one of
            the most similar others is shown ("look_alike"). A group nothing was asked of is left out.
        wrong: a few wrong answers of the trained one, for reading. examples: a few answers of each type, right or not.
    """

    by_kind: dict[str, Counts] = field(default_factory=dict)
    by_group: dict[Group, Counts] = field(default_factory=dict)
    wrong: tuple[Answered, ...] = ()
    examples: tuple[Answered, ...] = ()

    @property
    def total(self) -> Counts:
        """Of all kinds together."""
        return _sum(self.by_kind.values())

    @property
    def by_type(self) -> dict[QuestionType, Counts]:
        """Counts of each type of question that was asked."""
        found: dict[QuestionType, Counts] = {}
        for wanted in TYPES:
            counts = _sum(c for kind, c in self.by_kind.items() if TYPE_OF[kind] == wanted)
            if counts.asked:
                found[wanted] = counts
        return found

    @property
    def worse(self) -> bool:
        """Whether the trained one made more errors."""
        return self.total.trained_errors > self.total.instant_errors

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "by_kind": {kind: asdict(counts) for kind, counts in self.by_kind.items()},
            "by_group": {group: asdict(counts) for group, counts in self.by_group.items()},
            "wrong": [asdict(answer) for answer in self.wrong],
            "examples": [asdict(answer) for answer in self.examples],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Assessment":
        """What `to_dict` gave."""
        return cls(
            {kind: Counts(**counts) for kind, counts in values["by_kind"].items()},
            {group: Counts(**counts) for group, counts in values["by_group"].items()},
            tuple(Answered(**answer) for answer in values["wrong"]),
            tuple(Answered(**answer) for answer in values["examples"]),
        )


def _sum(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())
