"""Questions as they are asked: what may be one, and the turns of a conversation about one or several videos."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import names
from pipelines.results import Evidence
from pvchat.dialogue.compose import compose, with_part
from pvchat.dialogue.following import after, replay
from pvchat.dialogue.on_topic import is_on_topic
from pvchat.dialogue.read import ASKED, Scene, read_turn
from pvchat.dialogue.state import DialogueState, Reading
from pvchat.dialogue.views import VideoView
from pvchat.errors import QuestionError

if TYPE_CHECKING:
    from pvchat.chat.answer import AnswerResult, Clip

LONGEST_QUESTION = 2000
MOST_VIDEOS = 8
"""In one conversation: as many as stay in memory."""

_WORDED_BY_MODEL = frozenset({*ASKED, "upper", "lower", "is_place", "is_colour", "is_action", "count", "relation"})
_WORDED_BY_MODEL |= frozenset({"order", "earlier", "either", "which", "count_named"})
_WORDED_BY_MODEL |= frozenset({"is_hair", "garment", "is_garment", "pattern", "talks", "setting"})


_NAME = r"(?P<name>[^\W\d_a-z][\w'\u2019-]*)"
_SHORTLY = re.compile(rf"\b(?i:and|about|meant|mean|of|with|no|not|for)[ ,]+{_NAME}\W*$")
_ALONE = re.compile(rf"^{_NAME}\s*\?$")
_NO_NAMES = frozenset(
    "what where when who why how which then later earlier before after next yes no more else there here i".split()
)


def check_question(question: str) -> str:
    """The question on one line, without control characters.

    Raises:
        QuestionError: it is empty or longer than 2000 characters.
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in question).split())
    if not text:
        raise QuestionError('the question is empty; ask something like "Is Maria in this video?"')
    if len(question.strip()) > LONGEST_QUESTION:
        raise QuestionError(f"the question has {len(question.strip())} characters; use at most {LONGEST_QUESTION}")
    return text


def check_videos(count: int) -> None:
    """Raise QuestionError when a conversation is about no video, or about more than eight."""
    if not 1 <= count <= MOST_VIDEOS:
        raise QuestionError(f"a conversation is about 1 to {MOST_VIDEOS} videos, not {count}; leave some out")


@dataclass(frozen=True)
class Worded:
    """An answer in words, whoever found them.

    Attributes:
        text: the answer. evidence: what it rests on. agrees: whether it agrees with that.
        unknown_people, model, timing_s: see `Answer`.
    """

    text: str
    evidence: tuple[Evidence, ...]
    agrees: bool
    unknown_people: int
    model: dict[str, str]
    timing_s: dict[str, float]


@dataclass(frozen=True)
class Said(Worded):
    """An answer of a conversation.

    Attributes:
        reading: how the turn was read. state: of the conversation after it.
    """

    reading: Reading
    state: DialogueState


def say(
    question: str,
    earlier: Sequence[str],
    subjects: Sequence[str],
    known: Sequence[str],
    views: Sequence[VideoView],
    by_model: Callable[[int, str, Sequence[str]], "AnswerResult | None"] = lambda *_: None,
    check_people: Callable[[Sequence[str]], None] = lambda _names: None,
) -> Said:
    """Answer the newest turn of a conversation.

    What one question of a known kind asks about one whole video is worded by the model; what it cannot word rightly,
    and everything else, is read off the record.

    Args:
        question: the newest turn. earlier: the user's turns before it, oldest first. subjects: who is asked about where
            a turn names nobody. known: everybody enrolled. views: the videos, in order.
        by_model: asks the model about a video (by number) and people; None where there is no model.
        check_people: raises when one of some people may not be asked about.

    Raises:
        SubjectError: the turn asks about somebody who is not enrolled.
    """

    def mentioned(text: str) -> Sequence[str]:
        found = names.mentioned(text, known)
        stranger = None if found else _stranger(_without_files(text, views))
        if stranger is not None:
            raise names.unknown(stranger, known)
        return found

    scene = Scene(tuple(known), views, mentioned, tuple(subjects))
    state = replay(earlier, scene)
    reading = read_turn(question, state, scene)
    if reading.ask_back:
        return Said(reading.ask_back, (), True, 0, {"answer": "rule"}, {}, reading, after(state, reading, ()))
    check_people(reading.people)
    composed = compose(reading, state, views)
    following = after(state, reading, composed.facts, composed.topic)
    numbered = len(views) > 1
    text, agrees = with_part(composed.text, reading, views), composed.agrees
    model, timing = {"answer": "rule"}, dict[str, float]()
    facts = composed.facts
    if _for_model(reading, views):
        (number,) = reading.videos
        people = reading.people or tuple(views[number].present())
        result = by_model(number, question if reading.plain else reading.question, people)
        if result is not None:
            model, timing = result.model, result.timing_s
            facts = ((number, result.facts),)
            taken = result.agrees_with_evidence and is_on_topic(result.text, composed.text, reading.topic)
            if taken or not composed.agrees:
                agrees = result.agrees_with_evidence
                text = _named(result.text, views[number].name) if numbered else result.text
            else:
                model = {**model, "answer": "rule"}
    tracks = [{decision.name: decision.track_ids for decision in view.decisions} for view in views]
    evidence = tuple(
        Evidence.of(person, tracks[number].get(person.name, ()), number if numbered else None)
        for number, scene in facts
        for person in scene.subjects
    )
    return Said(
        text,
        evidence,
        agrees,
        max((scene.unknown_people for _, scene in facts), default=0),
        model,
        timing,
        reading,
        following,
    )


def view_of(clip: "Clip", name: str, recorded_at: Callable[[], datetime | None]) -> VideoView:
    """A clip as a conversation sees it."""
    from pvchat.identity.decision import unknown_tracks

    unknown = unknown_tracks(clip.record, clip.vectors, clip.decisions)
    return VideoView(name, clip.record, clip.decisions, [person.spans for person in unknown], recorded_at)


def file_names(videos: Sequence[Path]) -> list[str]:
    """What videos are called in answers: the files' names, with a number where two are the same."""
    called: list[str] = []
    for video in videos:
        name, number = video.name, 2
        while name in called:
            name = f"{video.stem} ({number}){video.suffix}"
            number += 1
        called.append(name)
    return called


def _for_model(reading: Reading, views: Sequence[VideoView]) -> bool:
    if len(reading.videos) != 1 or reading.window is not None or reading.topic not in _WORDED_BY_MODEL:
        return False
    # nano has never seen that the pictures show nothing, or a question without its words.
    return bool(reading.question) and views[reading.videos[0]].record.legible


def _named(text: str, file: str) -> str:
    return text.replace("this video", file) if "this video" in text else f"In {file}: {text}"


def _stranger(question: str) -> str | None:
    """A capitalised word that is asked about as a person, in a question or in half of one ("And Bob?")."""
    found = _SHORTLY.search(question) or _ALONE.search(question)
    if found is not None and found["name"].casefold() not in _NO_NAMES and not found["name"].isupper():
        return found["name"]
    return names.asked_stranger(question)


def _without_files(question: str, views: Sequence[VideoView]) -> str:
    for view in views:
        question = question.replace(view.name, " ")
    return question
