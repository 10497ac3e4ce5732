"""What an answer says of times and numbers, against the facts: spans, moments, how long, who first, how many."""

import re
from collections.abc import Sequence

from pvchat.chat.answer_reader import AnswerReader, DisagreesError
from pvchat.chat.claims import PEOPLE, RANGE, SECONDS, SOONER, TIME_TOLERANCE_S, TOGETHER, near_clock, number_of, runs
from pvchat.chat.evidence import by_first_seen, rough_when, seen_s, together_spans
from pvchat.chat.facts import SubjectFacts
from pvchat.chat.lexicon import CLOCK
from pvchat.chat.moments import moments_of


def check_together(reader: AnswerReader, text: str, named: Sequence[SubjectFacts]) -> None:
    """Who is said to be seen at the same time, or never."""
    match = TOGETHER.search(text)
    if not match or not (named or reader.last):
        return
    people = named if len(named) > 1 else reader.people
    if len(people) > 1 and all(p.state == "present" for p in people):
        apart = match.group() == "different times"
        reader.must(bool(together_spans(people)) != apart, text, match.start(), match.group())


def check_sooner(reader: AnswerReader, text: str, named: Sequence[SubjectFacts]) -> None:
    """Who is said to be seen before whom, where that is asked."""
    if reader.kind != "earlier" or len(reader.people) != 2:
        return
    order = by_first_seen(reader.people)
    match = SOONER.search(text)
    first = re.search(r"\bfirst\b", text)
    if match:
        reader.told(reader.names(match.group()), match["rel"])
        reader.must(reader.is_sooner(match), text, match.start("rel"), f"{match['rel']} the other")
    elif first and len(named) == 1:
        reader.must(order[:1] == (named[0].name,), text, first.start(), "first")
    elif order and TOGETHER.search(text):
        raise DisagreesError(f"has both come at once, the evidence has {order[0]} come first")


def check_times(reader: AnswerReader, text: str, here: Sequence[SubjectFacts]) -> None:
    """Clock times, how long, and rough times of a clause."""
    marks = list(CLOCK.finditer(text))
    if marks:
        people = reader.told(here, marks[0].group())
        shared = together_spans(people if len(people) > 1 else reader.people) if reader.kind == "together" else ()
        spans = [s for p in people for s in p.spans] + list(shared)
        if reader.kind == "moment":
            spans = [s for p in people for s in moments_of(p, text)]
        for match in RANGE.finditer(text):
            if not any(near_clock(match[1], s[0]) and near_clock(match[2], s[1]) for s in runs(spans)):
                raise DisagreesError(f"says {match.group()}, when the evidence does not show it")
        edges = [t for s in spans for t in s]
        if reader.kind == "first" and spans:
            edges = [min(edges)]
        elif reader.kind == "last" and spans:
            edges = [max(edges)]
        for mark in marks:
            if not any(near_clock(mark.group(), t) for t in edges):
                raise DisagreesError(f"says {mark.group()}, a time the evidence does not have")
    check_amounts(reader, text, here)
    check_rough(reader, text, here)


def check_amounts(reader: AnswerReader, text: str, here: Sequence[SubjectFacts]) -> None:
    """Seconds and minutes: how long somebody is seen, or when."""
    for match in SECONDS.finditer(text):
        number = number_of(match[1])
        if number is None:
            continue
        seconds = number * (60.0 if match["unit"].startswith("m") else 1.0)
        at = re.search(r"\b(?:at|from|to|until|after|and|first|last) $", text[: match.start()]) is not None
        for person in reader.told(here, match.group()):
            edges = [t for s in person.spans for t in s]
            true = seen_s(person)
            slack = max(TIME_TOLERANCE_S, 30.0 if match["unit"].startswith("m") else 0.02 * true)
            fits = abs(true - seconds) <= slack or (true < 1 and number == 1)
            if not fits and not (at and any(abs(t - seconds) <= slack for t in edges)):
                raise DisagreesError(f"says {match.group()}, the evidence says {true:.0f} seconds")


def check_rough(reader: AnswerReader, text: str, here: Sequence[SubjectFacts]) -> None:
    """Halves of the video, and all of it."""
    half = re.search(r"\b(?:in|during|through|of)?\s?the (first|second) half\b", text)
    whole = re.search(r"\b(?:throughout|the whole time|all the time|the entire|from start to end)\b", text)
    if not (half or whole) or "both halves" in text or re.search(r"\bnearly\b", text):
        return
    for person in here:
        if person.state != "present" or not person.spans:
            continue
        duration = reader.scene.duration_s
        if whole and seen_s(person) < 0.6 * duration:
            raise DisagreesError(f"says {whole.group()!r}, {person.name} is seen {seen_s(person):.0f} s only")
        if half and reader.kind in ("first", "last"):
            moment = min(s for s, _ in person.spans) if reader.kind == "first" else max(e for _, e in person.spans)
            if (moment < duration / 2 - TIME_TOLERANCE_S) == (half[1] == "second") and abs(
                moment - duration / 2
            ) > TIME_TOLERANCE_S:
                raise DisagreesError(f"says the {half[1]} half, the evidence says {moment:.0f} s")
        elif half and rough_when(person, duration) not in (f"{half[1]} half", "halfway", "parts"):
            raise DisagreesError(f"says the {half[1]} half, the evidence says otherwise")


def check_counts(reader: AnswerReader, text: str) -> None:
    """Numbers of people."""
    scene = reader.scene
    present = sum(1 for p in reader.people if p.state == "present")
    for match in PEOPLE.finditer(text):
        number = 0 if match["number"] == "no" else number_of(match["number"])
        if number is None:
            continue
        which = (match["which"] or "").strip()
        right = {
            "unknown": {scene.unknown_people},
            "other": {scene.people - present},
            "more": {scene.people - present},
        }
        if number not in right.get(which, {scene.people}):
            raise DisagreesError(f"says {match.group()!r}, the evidence counts {scene.people}")
    if re.search(r"\b(?:nobody|no one)\b", text) and scene.people > 0:
        raise DisagreesError(f"says there is nobody, the evidence counts {scene.people}")
    some = re.search(r"\b(\d+|none|two|three) of them\b", text)
    if some:
        number = 0 if some[1] == "none" else number_of(some[1])
        if number is not None and number != present and "one of them" not in text:
            raise DisagreesError(f"says {some.group()!r}, the evidence says {present}")
