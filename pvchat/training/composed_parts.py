"""Parts of questions and answers: lists, places, times, and how a wording changes for several people."""

import random
import re
from collections.abc import Sequence

from pvchat.chat.evidence import listed_spans
from pvchat.chat.facts import clock
from pvchat.perception.record import Span


def join(names: Sequence[str], word: str = "and") -> str:
    """ "Tom", "Tom and Sarah", "Tom, Sarah and Ana"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def place_phrase(place: str, rng: random.Random) -> str:
    """ "on the left", "in the middle", "on the right side"."""
    if place == "middle":
        return rng.choice(("in the middle", "in the middle", "in the middle of the picture"))
    return rng.choice(
        ("on the {}", "on the {}", "on the {} side", "at the {}", "on the {} side of the picture")
    ).format(place)


def spans_phrase(spans: Sequence[Span], rng: random.Random) -> str:
    """ "from 0:02 to 0:09 and at 0:12"; at most three spans."""
    listed = listed_spans(spans)
    between = len(listed) == 1 and rng.random() < 0.25
    parts = []
    for start, end in listed:
        first, last = clock(start), clock(end)
        if first == last:
            parts.append(f"at {first}")
        else:
            parts.append(f"between {first} and {last}" if between else f"from {first} to {last}")
    return join(parts)


def opposite(rel: str) -> str:
    """The other of left and right."""
    return "right" if rel == "left" else "left"


def inner(sentence: str, name: str) -> str:
    """A sentence as it reads after "Yes, ": its first letter small unless a name or "I" stands there."""
    if sentence.startswith((name, "I ")):
        return sentence
    return sentence[0].lower() + sentence[1:]


def plural_wording(template: str) -> str:
    """The wording for several people: "is {n}" becomes "are {n}"."""
    for one, many in (("is", "are"), ("Is", "Are"), ("does", "do"), ("Does", "Do"), ("was", "were"), ("has", "have")):
        template = re.sub(rf"\b{one} {{n}}", f"{many} {{n}}", template)
    template = re.sub(r"(\w+)'s {n}", r"\1 are {n}", template)
    for one, many in (("is", "are"), ("does", "do"), ("has", "have"), ("looks", "look")):
        template = re.sub(rf"{{n}} {one}\b", f"{{n}} {many}", template)
    return template
