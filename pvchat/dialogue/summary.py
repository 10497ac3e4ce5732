"""Summaries: who is seen when, where, wearing what, doing what, who together, in time order, out of the record."""

import re
from collections.abc import Sequence

from pvchat.chat.evidence import LISTED, listed_actions, people_count, together_spans
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.looks import hair_text, wear_text
from pvchat.chat.questions import mentioned
from pvchat.chat.worn import worn_text
from pvchat.dialogue.said import missing, strangers, when, where
from pvchat.dialogue.wording import listed

MOST_SENTENCES = 5
TOLD_APART = 3
"""People who get a sentence of their own; further ones share one."""


def summary(scene: SceneFacts) -> list[str]:
    """Two to five sentences about everybody of a scene, in time order."""
    here = sorted((p for p in scene.subjects if p.state == "present"), key=lambda p: min(p.spans, default=(0.0, 0.0)))
    doubt = [p.name for p in scene.subjects if p.state == "unsure"]
    found = _apart(here)
    together = _together(here)
    if together:
        found.append(together)
    rest = strangers(scene)
    if doubt:
        found.append(f"I am not sure about {listed(doubt)}.")
    if rest:
        found.append(rest)
    elif len(found) < 2:
        are = "is" if scene.people == 1 else "are"
        found.append(f"There {are} {people_count(scene.people)} in this video." if scene.people else "I see nobody.")
    return found[:MOST_SENTENCES]


def about(person: SubjectFacts, others: SceneFacts) -> list[str]:
    """Two to five sentences about one person.

    Args:
        others: facts of everybody found, for who is seen together with the person.
    """
    lost = missing(person)
    if lost is not None:
        return [f"{lost}."]
    found = [_seen(person)]
    if wear_text(person):
        found.append(f"{person.name} is wearing {wear_text(person)}.")
    acts = listed_actions(person)
    if acts:
        found.append(f"{person.name} is {listed(acts)}.")
    if hair_text(person):
        found.append(f"{person.name} has {hair_text(person)}.")
    if worn_text(person):
        found.append(f"{person.name} is wearing {worn_text(person)}.")
    with_them = [o for o in others.subjects if o.name != person.name and together_spans((person, o))]
    for other in with_them[: MOST_SENTENCES - len(found)]:
        found.append(f"{person.name} and {other.name} are seen together, {when(together_spans((person, other)))}.")
    if len(found) == 1:
        found.append(f"I can't tell what {person.name} is wearing or doing.")
    return found


def asked_by(line: str, names: Sequence[str]) -> str:
    """The question that a sentence of a summary answers, for the check against its facts."""
    if not re.search(r"\b(?:never )?seen together\b", line):
        return "What happened?"
    return f"Are {listed(mentioned(line, names))} seen together?"


def _apart(here: Sequence[SubjectFacts]) -> list[str]:
    if len(here) == 1:
        person = here[0]
        parts = [f"wearing {wear_text(person)}" if wear_text(person) else "", listed(listed_actions(person))]
        told = " and ".join(part for part in parts if part)
        return [_seen(person), *([f"{person.name} is {told}."] if told else [])]
    found = []
    for person in here[: TOLD_APART if len(here) <= TOLD_APART else TOLD_APART - 1]:
        first = f"{person.name} is seen {when(person.spans)}"
        at = where(person).split(",")[0]
        worn = f"wearing {wear_text(person)}" if wear_text(person) else ""
        acts = listed(listed_actions(person)[: LISTED - 1])
        tail = ", ".join(part for part in (at, worn) if part)
        found.append(f"{first}{', ' + tail if tail else ''}{'; ' + person.name + ' is ' + acts if acts else ''}.")
    if len(here) > TOLD_APART:
        more = [f"{person.name} is seen {when(person.spans)}" for person in here[TOLD_APART - 1 :]]
        found.append(f"{'; '.join(more)}.")
    return found


def _seen(person: SubjectFacts) -> str:
    at = where(person)
    return f"{person.name} is seen {when(person.spans)}{', ' + at if at else ''}."


def _together(here: Sequence[SubjectFacts]) -> str:
    if len(here) < 2:
        return ""
    for count in range(len(here), 1, -1):
        group = here[:count]
        shared = together_spans(group)
        if shared:
            return f"{listed([p.name for p in group])} are seen together, {when(shared)}."
    return f"{listed([p.name for p in here])} are never seen together." if len(here) == 2 else ""
