"""Questions nobody can answer from a video: the answer has to say so, and make nothing up."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.people.build import Workshop, ask_recipe, enroll_recipe
from benchmarks.people.media import Media
from pipelines import Session
from pipelines import open as open_session
from pvchat.chat.agreement import check
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.lexicon import ACTION_WORDS, COLOUR_WORDS, WORD
from pvchat.chat.told import DECLINING
from pvchat.dialogue.said import NOT_TOLD

Say = Callable[[str], None]

QUESTIONS = Path(__file__).with_name("questions.json")
"""Sixty questions nobody can answer ("cannot"), and sixty that can be answered ("can"), so that declining everything is
no way to be right. Written down before any of them was put to the program, by somebody who had not seen its rules.
"""

PEOPLE = 3


def questions() -> tuple[list[str], list[str]]:
    """What nobody can answer, and what can be answered; {n} stands for the name."""
    found = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    return found["cannot"], found["can"]


def measure(media: Media, work: Path, say: Say, *, most: int | None = None) -> dict[str, Any]:
    """Put every question about somebody who is in the video, as a question of its own and in a conversation.

    Args:
        media: whom there is. work: folder of the clips; what is there is used again. say: hears.
        most: so many questions of either list, None for all.

    Returns:
        cannot_tell: share (right in both ways), n, each way alone, and the wrong answers. needless: share of questions
        that can be answered and are taken for such in both ways, each way alone, n, and which. (That a colour cannot be
        told where perception does not tell it is no mistake of this kind.)
    """
    shop = Workshop(work / "clips", media, say)
    sources = list(media.same())[:PEOPLE]
    with open_session(work / "cannot-tell-home") as session:
        known = {person.name for person in session.people()}
        clips = []
        for name, source in zip(("Maria", "Tom", "Anna"), sources, strict=False):
            recipe = enroll_recipe(source)
            if name not in known:
                session.enroll(name, shop.make(recipe).path, consent_by="bench", purpose="bench")
            clips.append((name, shop.make(ask_recipe(source)).path))
        cannot, can = (listed[:most] for listed in questions())
        return {
            "cannot_tell": _told(session, clips, cannot, declined=True),
            "needless": _told(session, clips, can, declined=False),
        }


def _told(
    session: Session, clips: Sequence[tuple[str, Path]], asked: Sequence[str], *, declined: bool
) -> dict[str, Any]:
    """Shares of the questions that are declined; what is listed are the answers that are not as they should be."""
    counted = {"ask": 0, "chat": 0, "both": 0}
    wrong: list[dict[str, str]] = []
    for number, wording in enumerate(asked):
        name, clip = clips[number % len(clips)]
        question = wording.format(n=name)
        found = {}
        for way, text in _answers(session, clip, question).items():
            found[way] = declines(text, question, name) if declined else text == NOT_TOLD
            counted[way] += found[way]
            if found[way] is not declined:
                wrong.append({"way": way, "question": wording, "answer": text})
        counted["both"] += all(found.values())
    shares = {way: count / len(asked) for way, count in counted.items()}
    return {"share": shares.pop("both"), "n": len(asked), **shares, "wrong": wrong}


def declines(answer: str, question: str, name: str) -> bool:
    """Whether an answer says that it cannot be told, and nothing else that would have to be true."""
    if not DECLINING.search(answer):
        return False
    words = {word.lower() for word in WORD.findall(answer)} - {word.lower() for word in WORD.findall(question)}
    if words & (COLOUR_WORDS.keys() | ACTION_WORDS.keys()) or any(letter.isdigit() for letter in answer):
        return False
    scene = SceneFacts(10.0, (SubjectFacts(name, "present", 1.0, ((0.0, 10.0),)),), 1, 0)
    return check(answer, question, scene, [name]).agrees


def _answers(session: Session, clip: Path, question: str) -> dict[str, str]:
    return {"ask": session.ask(clip, question).answer, "chat": session.chat([clip], question).answer}
