"""Evidence lines: the facts about the asked people, in as few words as a small language model can read.

Also the few things derived from facts that both the lines and the answers need: which spans and actions are listed,
how long a person is seen, who is left of whom, when people are seen together.
"""

from collections.abc import Sequence
from itertools import pairwise

from pvchat.chat.facts import SceneFacts, SubjectFacts, clock
from pvchat.chat.looks import hair_text, upper_text, with_article
from pvchat.perception.record import Span
from pvchat.perception.words import SCENE_PLACES

LISTED = 3
LISTED_ACTIONS = 4
ORDER_MARGIN = 0.04
TOGETHER_MIN_S = 0.5
EARLIER_MIN_S = 0.5


def listed_spans(spans: Sequence[Span]) -> tuple[Span, ...]:
    """At most three spans, in time order: the first, the last and the longest of those between."""
    ordered = sorted(spans)
    if len(ordered) <= LISTED:
        return tuple(ordered)
    longest = max(ordered[1:-1], key=lambda s: s[1] - s[0])
    return (ordered[0], longest, ordered[-1])


def listed_actions(facts: SubjectFacts) -> tuple[str, ...]:
    """At most four actions, surest first."""
    return facts.actions[:LISTED_ACTIONS]


def span_text(span: Span, joint: str = "-") -> str:
    """ "0:02-0:09"; only one time where start and end round to the same second."""
    start, end = clock(span[0]), clock(span[1])
    return start if start == end else f"{start}{joint}{end}"


def seen_s(facts: SubjectFacts) -> float:
    """Seconds in which the person is seen."""
    return sum(end - start for start, end in facts.spans)


def seen_amount(facts: SubjectFacts) -> tuple[int, str]:
    """How long the person is seen, as a number and its unit: seconds below two minutes, then minutes.

    The number is never 0 for a person who is seen.
    """
    seconds = seen_s(facts)
    if seconds < 119.5:
        return max(1, int(seconds + 0.5)), "second"
    return int(seconds / 60 + 0.5), "minute"


def together_spans(subjects: Sequence[SubjectFacts]) -> tuple[Span, ...]:
    """When all these people are seen at once; overlaps shorter than half a second in all do not count."""
    if len(subjects) < 2 or any(s.state != "present" for s in subjects):
        return ()
    common = sorted(subjects[0].spans)
    for other in subjects[1:]:
        common = [
            (max(a0, b0), min(a1, b1))
            for a0, a1 in common
            for b0, b1 in sorted(other.spans)
            if max(a0, b0) < min(a1, b1)
        ]
    return tuple(common) if sum(b - a for a, b in common) >= TOGETHER_MIN_S else ()


def left_to_right(subjects: Sequence[SubjectFacts]) -> tuple[str, ...]:
    """Names of the present people from left to right.

    Empty when fewer than two are present, when one's position is not told, or when two stand too close to be ordered.
    """
    placed = [(s.centre_x, s.name) for s in subjects if s.state == "present"]
    known = sorted((x, name) for x, name in placed if x is not None)
    if len(known) < 2 or len(known) < len(placed):
        return ()
    if any(b[0] - a[0] < ORDER_MARGIN for a, b in pairwise(known)):
        return ()
    return tuple(name for _, name in known)


def by_first_seen(subjects: Sequence[SubjectFacts]) -> tuple[str, ...]:
    """Names of the present people in the order in which they are first seen.

    Empty when fewer than two are present, when of one no time is told, or when two come within half a second.
    """
    here = [s for s in subjects if s.state == "present"]
    starts = sorted((min(start for start, _ in s.spans), s.name) for s in here if s.spans)
    if len(starts) < 2 or len(starts) < len(here):
        return ()
    if any(b[0] - a[0] < EARLIER_MIN_S for a, b in pairwise(starts)):
        return ()
    return tuple(name for _, name in starts)


def thing_text(thing: str) -> str:
    """ "a car", "an umbrella", "flowers"."""
    return thing if thing in ("flowers", "fruit", "food") else with_article(thing)


def people_count(count: int) -> str:
    """ "1 person", "2 people"."""
    return f"{count} person" if count == 1 else f"{count} people"


def subject_line(facts: SubjectFacts) -> str:
    """One line about one person; what is not told is left out.

    Such as "Maria: present 0:02-0:09 (7 s), left, near; striped black sweater, long brown hair; talking.".
    """
    if facts.state != "present":
        return f"{facts.name}: {facts.state}."
    head = "present"
    if facts.spans:
        amount, unit = seen_amount(facts)
        spans = ", ".join(span_text(s) for s in listed_spans(facts.spans))
        head += f" {spans} ({amount} {'s' if unit == 'second' else 'min'})"
    where = [w for w in (facts.place, facts.distance) if w]
    looks = [upper_text(facts), f"{facts.lower} bottoms" if facts.lower else "", hair_text(facts)]
    parts = [", ".join([head, *where]), ", ".join(w for w in looks if w), ", ".join(listed_actions(facts))]
    return f"{facts.name}: {'; '.join(p for p in parts if p)}."


def evidence_lines(scene: SceneFacts) -> str:
    """The facts of a scene for the prompt: one line per asked person, then some about them together and the picture.

    The same facts always give the same text. A last line counts the people of the video.
    """
    lines = [subject_line(s) for s in scene.subjects]
    present = [s for s in scene.subjects if s.state == "present"]
    if len(present) > 1:
        order = left_to_right(present)
        if order:
            lines.append(f"left to right: {', '.join(order)}.")
        shared = listed_spans(together_spans(present))
        lines.append(f"together {', '.join(span_text(s) for s in shared)}." if shared else "never together.")
    lines += [f"{one} talks to {other}." for one, other in scene.talks]
    seen = [SCENE_PLACES[scene.setting]] if scene.setting else []
    seen += [thing_text(thing) for thing in scene.things]
    if seen:
        lines.append(f"picture: {', '.join(seen)}.")
    count = people_count(scene.people)
    lines.append(f"{count}, {scene.unknown_people} unknown." if scene.unknown_people else f"{count}.")
    return "\n".join(lines)


def rough_when(facts: SubjectFacts, duration_s: float) -> str:
    """Where in the video the person is seen, without clock times.

    Returns:
        "throughout", "first half", "second half", "halfway" (around the middle only) or "parts" (on and off).
    """
    half = duration_s / 2
    first = sum(max(0.0, min(end, half) - min(start, half)) for start, end in facts.spans)
    second = seen_s(facts) - first
    if seen_s(facts) >= 0.8 * duration_s:
        return "throughout"
    if first >= 4 * second:
        return "first half"
    if second >= 4 * first:
        return "second half"
    inner = all(start > 0.2 * duration_s and end < 0.8 * duration_s for start, end in facts.spans)
    return "halfway" if inner else "parts"


def rough_amount(facts: SubjectFacts, duration_s: float) -> str:
    """How much of the video shows the person: "most", "some" or "little"."""
    share = seen_s(facts) / max(duration_s, 0.1)
    return "most" if share >= 0.75 else "some" if share >= 0.3 else "little"


def rough_moment(time_s: float, duration_s: float) -> str:
    """A moment without a clock time: "start", "first half", "second half" or "end"."""
    share = time_s / max(duration_s, 0.1)
    if share <= 0.1:
        return "start"
    if share >= 0.9:
        return "end"
    return "first half" if share < 0.5 else "second half"
