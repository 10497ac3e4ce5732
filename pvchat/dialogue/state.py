"""What a conversation is about after some turns: plain values that can be written down and compared.

Nothing of it is kept between requests: it is made again from the user's earlier turns.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from pvchat.chat.questions import QuestionKind
from pvchat.perception.record import Span

Topic = (
    QuestionKind
    | Literal["summary", "in_which", "in_all", "how_many_videos", "who", "who_else", "who_is", "what_else", "clock"]
)
"""What is asked: the kinds of one question about one video, and those that only a conversation has."""

Pronoun = Literal["she", "he"]
PENDING = "{?}"
"""Stands in a question that was asked back, where the answer goes."""


@dataclass(frozen=True)
class Moment:
    """When in which video the last answer's evidence lies, in seconds."""

    video: int
    start: float
    end: float


@dataclass(frozen=True)
class Pending:
    """A question that was answered by another question.

    Attributes:
        what: whether a person or a video was asked for. options: names, or numbers of videos from 0, as text.
        text: the user's turn, with `PENDING` where the choice belongs. pronoun: that could not be read, if it was one.
    """

    what: Literal["person", "video"]
    options: tuple[str, ...]
    text: str
    pronoun: Pronoun | None = None


@dataclass(frozen=True)
class DialogueState:
    """The state of a conversation.

    Attributes:
        topic: of the last question. question: the last question with {0}, {1} for the people.
        people: whom it was about, in order. mentioned: everybody spoken of, the latest last.
        pronouns: whom "she" and "he" stood for.
        asked: numbers (from 0) of the videos the last question was about; none before the first question.
        videos: of those that the next question is about if it names none: the ones the answer pointed at.
        moment: when the evidence of the last answer lies, where that is in one video.
        window: the part of the video the last question was about.
        told: topics that were answered about `people`, for "what else?".
        pending: what was asked back and not yet answered.
    """

    topic: Topic | None = None
    question: str = ""
    people: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()
    pronouns: tuple[tuple[Pronoun, str], ...] = ()
    asked: tuple[int, ...] = ()
    videos: tuple[int, ...] = ()
    moment: Moment | None = None
    window: Span | None = None
    told: tuple[Topic, ...] = ()
    pending: Pending | None = None

    def called(self, pronoun: Pronoun) -> str | None:
        """Whom a pronoun stood for."""
        return dict(self.pronouns).get(pronoun)

    def bind(self, pronoun: Pronoun, name: str) -> "DialogueState":
        """From now on this pronoun stands for this person, and the other one does not."""
        kept = {p: n for p, n in self.pronouns if n != name}
        return replace(self, pronouns=tuple(sorted({**kept, pronoun: name}.items())))

    def spoke_of(self, names: tuple[str, ...]) -> "DialogueState":
        """These people were spoken of just now."""
        return replace(self, mentioned=(*(n for n in self.mentioned if n not in names), *names))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The reverse of `to_dict`, also after JSON.

        Raises:
            TypeError: members are missing or unknown.
        """
        moment, pending, window = data["moment"], data["pending"], data["window"]
        return cls(
            **{
                **data,
                **{name: tuple(data[name]) for name in ("people", "mentioned", "asked", "videos", "told")},
                "pronouns": tuple((pronoun, name) for pronoun, name in data["pronouns"]),
                "moment": None if moment is None else Moment(**moment),
                "window": None if window is None else (window[0], window[1]),
                "pending": None if pending is None else Pending(**{**pending, "options": tuple(pending["options"])}),
            }
        )


@dataclass(frozen=True)
class Reading:
    """What a turn asks for.

    Attributes:
        topic: what is asked. question: as it can be asked by itself, with names; plain: it is what the user wrote.
        template: the same with {0}, {1} for the people.
        people: whom it is about, in order; none: everybody who is found. videos: numbers from 0.
        window: the part of the video that is meant, in seconds; None for all of it.
        place: whether "where" was asked beside "when".
        ask_back: a question to the user instead of an answer; `pending` says about what.
    """

    topic: Topic
    question: str
    people: tuple[str, ...]
    videos: tuple[int, ...]
    template: str = ""
    window: Span | None = None
    plain: bool = False
    place: bool = False
    ask_back: str = ""
    pending: Pending | None = None
    pronouns: tuple[tuple[Pronoun, str], ...] = ()
