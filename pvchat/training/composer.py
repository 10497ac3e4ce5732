"""Composing questions and answers: one wording, its slots filled from the facts, written as people write.

`pvchat.training.dialogue` decides what is asked; this module words it.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from pvchat.chat.evidence import (
    by_first_seen,
    hair_text,
    left_to_right,
    listed_actions,
    listed_spans,
    rough_amount,
    rough_moment,
    rough_when,
    seen_amount,
    together_spans,
)
from pvchat.chat.facts import SceneFacts, SubjectFacts, clock
from pvchat.perception.record import COLOURS, Span
from pvchat.perception.words import DOINGS, HANDS, POSTURES
from pvchat.training import answers as say
from pvchat.training import answers_looks as looks
from pvchat.training import answers_more as more
from pvchat.training import answers_several as several
from pvchat.training.wordings import (
    LOWER_GARMENTS,
    UPPER_GARMENTS,
    VIDEO_NOUNS,
    Kind,
    Split,
    names_a_person,
    split_wordings,
)

MAX_NAMED_APART = 3
FURTHER_SHARE = 0.5

_GREETINGS = ("Hi, ", "Hello, ", "Hey, ", "Okay, ", "So, ", "Now, ", "And ", "Please, ")
_ENDINGS = (" Thanks.", " Please.", " Thank you.")


def join(names: Sequence[str], word: str = "and") -> str:
    """ "Tom", "Tom and Sarah", "Tom, Sarah and Ana"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {word} {names[-1]}"


def with_article(words: str) -> str:
    """ "a blue", "an orange"."""
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


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


class Composer:
    """Composes one question and answer. Slots shared by both are drawn once."""

    def __init__(self, scene: SceneFacts, rng: random.Random, split: Split, precise_times: bool) -> None:
        self.scene = scene
        self.rng = rng
        self.split = split
        self.precise = precise_times
        colour = rng.choice(COLOURS)
        self.slots: dict[str, str] = {
            "v": rng.choice(VIDEO_NOUNS),
            "up": rng.choice(UPPER_GARMENTS),
            "lo": rng.choice(LOWER_GARMENTS),
            "c": colour,
            "a_c": with_article(colour),
            "act": rng.choice(list(DOINGS)),
            "rel": rng.choice(("left", "right")),
        }

    # Questions

    def question(self, kind: Kind, *, named: bool | None = None, plural: bool = False) -> tuple[str, str]:
        """A wording of this kind with its slots filled, and the bare template."""
        options = split_wordings(kind, self.split)
        if named is not None:
            options = tuple(t for t in options if names_a_person(t) == named)
        template = self.rng.choice(options)
        wording = plural_wording(template) if plural else template
        return self._spoken(wording), template

    def _spoken(self, template: str) -> str:
        """Fill the slots, then write as carelessly as people do."""
        rng, slots = self.rng, dict(self.slots)
        if rng.random() < 0.06:
            head = template[0].lower() if not template.startswith(("{", "I ", "I'")) else template[0]
            template = rng.choice(_GREETINGS) + head + template[1:]
        if rng.random() < 0.2:
            template = template.lower()
            if rng.random() < 0.4:
                slots = {k: v.lower() for k, v in slots.items()}
        text = template.format(**slots)
        if rng.random() < 0.25:
            text = text.rstrip("?.")
        elif rng.random() < 0.04:
            text += rng.choice(_ENDINGS)
        return text[0].upper() + text[1:] if template[0].isupper() else text

    def pick(self, wordings: Sequence[str], further: Sequence[str] = (), **slots: str) -> str:
        """One of the wordings, filled; where there are further ones, one of those every other time."""
        chosen = further if further and self.rng.random() < FURTHER_SHARE else wordings
        return self.rng.choice(chosen).format(**{**self.slots, **slots})

    # Answers about one person

    def cannot(self, topic: str) -> str:
        return self.pick(say.CANNOT_TELL, t=topic.format(**self.slots))

    def single(self, kind: Kind, facts: SubjectFacts, topic: str) -> str:
        """The answer about one person."""
        self.slots["n"] = facts.name
        topic = topic.format(**self.slots)
        if facts.state == "unsure":
            return self.pick(say.UNSURE)
        if facts.state == "absent":
            if kind == "existence" or kind.startswith("is_"):
                return self.pick(say.ABSENT_NO, more.ABSENT_NO)
            return self.pick(say.ABSENT, (*more.ABSENT, *more.ABSENT_ABOUT.get(kind, ())), t=topic)
        told = self._SINGLE[kind](self, facts)
        return told if told is not None else self.cannot(topic)

    def _existence(self, facts: SubjectFacts) -> str | None:
        if self.precise and facts.spans and self.rng.random() < 0.6:
            return self.pick(say.YES_WHEN, more.YES_WHEN, when=spans_phrase(facts.spans, self.rng))
        return self.pick(say.YES, more.YES)

    def wear(self, facts: SubjectFacts) -> str | None:
        """ "a black top and blue bottoms", as far as it is told."""
        upper = f"{with_article(facts.upper)} top" if facts.upper else None
        lower = f"{facts.lower} bottoms" if facts.lower else None
        return " and ".join(p for p in (upper, lower) if p) or None

    def _appearance(self, facts: SubjectFacts) -> str | None:
        wear = self.wear(facts)
        return self.pick(say.WEAR, more.WEAR, wear=wear) if wear else None

    def _upper(self, facts: SubjectFacts) -> str | None:
        return self.pick(say.UPPER, more.UPPER, c=facts.upper, a_c=with_article(facts.upper)) if facts.upper else None

    def _lower(self, facts: SubjectFacts) -> str | None:
        return self.pick(say.LOWER, more.LOWER, c=facts.lower) if facts.lower else None

    def _action(self, facts: SubjectFacts) -> str | None:
        acts = listed_actions(facts)
        return self.pick(say.ACTION, more.ACTION, acts=join(acts)) if acts else None

    def at(self, facts: SubjectFacts) -> str | None:
        """ "on the left, near the camera", as far as it is told."""
        if facts.place is None:
            return None
        at = place_phrase(facts.place, self.rng)
        if facts.distance and self.rng.random() < 0.5:
            at += ", near the camera" if facts.distance == "near" else ", far from the camera"
        return at

    def _location(self, facts: SubjectFacts) -> str | None:
        at = self.at(facts)
        return self.pick(say.LOCATION, more.LOCATION, at=at) if at else None

    def _distance(self, facts: SubjectFacts) -> str | None:
        return self.pick(say.NEAR if facts.distance == "near" else say.FAR) if facts.distance else None

    def _time(self, facts: SubjectFacts) -> str | None:
        if not facts.spans:
            return None
        if self.precise:
            return self.pick(say.TIME, when=spans_phrase(facts.spans, self.rng))
        return self.pick(say.TIME, when=self.rng.choice(say.WHEN_ROUGH[rough_when(facts, self.scene.duration_s)]))

    def _moment(self, wordings: Sequence[str], time_s: float) -> str:
        if self.precise:
            return self.pick(wordings, when=f"at {clock(time_s)}")
        rough = rough_moment(time_s, self.scene.duration_s)
        return self.pick(wordings, when=self.rng.choice(say.WHEN_ROUGH[rough][:2]))

    def _first(self, facts: SubjectFacts) -> str | None:
        return self._moment(say.FIRST, min(s for s, _ in facts.spans)) if facts.spans else None

    def _last(self, facts: SubjectFacts) -> str | None:
        return self._moment(say.LAST, max(e for _, e in facts.spans)) if facts.spans else None

    def _duration(self, facts: SubjectFacts) -> str | None:
        if not facts.spans:
            return None
        if self.precise:
            amount, unit = seen_amount(facts)
            return self.pick(say.DURATION, long=f"{amount} {unit}{'' if amount == 1 else 's'}")
        return self.pick(say.DURATION, long=self.rng.choice(say.LONG_ROUGH[rough_amount(facts, self.scene.duration_s)]))

    def _is_place(self, facts: SubjectFacts) -> str | None:
        if facts.place is None:
            return None
        lead = "Yes, " if facts.place == self.slots["asked_place"] else "No, "
        return lead + _inner(self.pick(say.LOCATION, more.LOCATION, at=place_phrase(facts.place, self.rng)), facts.name)

    def _is_colour(self, facts: SubjectFacts) -> str | None:
        if facts.upper is None:
            return None
        lead = "Yes, " if facts.upper == self.slots["c"] else "No, "
        return lead + _inner(self.pick(say.UPPER, more.UPPER, c=facts.upper, a_c=with_article(facts.upper)), facts.name)

    def _is_action(self, facts: SubjectFacts) -> str | None:
        acts = listed_actions(facts)
        if self.slots["act"] in acts:
            return "Yes, " + _inner(self.pick(say.ACTION, more.ACTION, acts=self.slots["act"]), facts.name)
        if not acts:
            return None
        return "Not that I can see: " + _inner(self.pick(say.ACTION, more.ACTION, acts=join(acts)), facts.name)

    def _hair(self, facts: SubjectFacts) -> str | None:
        if facts.hair_colour and not facts.hair_length and self.rng.random() < 0.5:
            return self.pick(looks.HAIR_COLOUR, c=facts.hair_colour)
        return self.pick(looks.HAIR, hair=hair_text(facts)) if hair_text(facts) else None

    def _garment(self, facts: SubjectFacts) -> str | None:
        if not (facts.pattern or facts.garment):
            return None
        worn = " ".join(word for word in (facts.pattern, facts.garment or "top") if word)
        return self.pick(looks.GARMENT, worn=with_article(worn))

    def _posture(self, facts: SubjectFacts) -> str | None:
        return self._does([word for word in listed_actions(facts) if word in POSTURES][:1])

    def _hands(self, facts: SubjectFacts) -> str | None:
        return self._does([word for word in listed_actions(facts) if word in HANDS])

    def _does(self, acts: Sequence[str]) -> str | None:
        return self.pick(looks.DOES, acts=join(acts)) if acts else None

    _SINGLE: ClassVar[dict[Kind, Callable[["Composer", SubjectFacts], str | None]]] = {
        "existence": _existence,
        "appearance": _appearance,
        "upper": _upper,
        "lower": _lower,
        "action": _action,
        "location": _location,
        "distance": _distance,
        "time": _time,
        "first": _first,
        "last": _last,
        "duration": _duration,
        "is_place": _is_place,
        "is_colour": _is_colour,
        "is_action": _is_action,
        "hair": _hair,
        "garment": _garment,
        "posture": _posture,
        "hands": _hands,
        "unanswerable": lambda _self, _facts: None,
    }

    # Answers about several people

    def states(self, subjects: Sequence[SubjectFacts], *, doubt_first: bool = False) -> str:
        """Who is in the video and who is not, as one sentence without its full stop."""
        singular, plural = self.rng.choice(say.IN_VIDEO)
        here = [s.name for s in subjects if s.state == "present"]
        away = [s.name for s in subjects if s.state == "absent"]
        doubt = [s.name for s in subjects if s.state == "unsure"]
        parts = []
        if here:
            parts.append(f"{join(here)} {singular if len(here) == 1 else plural}")
        if len(away) > MAX_NAMED_APART:
            parts.append(f"{join(away)} are not in this video")
        elif away:
            parts.append(join([f"{name} is not in this video" for name in away]))
        if doubt:
            parts.insert(0 if doubt_first else len(parts), f"I am not sure about {join(doubt)}")
        return self.rng.choice(say.BUT).join(parts)

    def several(self, kind: Kind, subjects: Sequence[SubjectFacts]) -> str:
        """The answer about all asked people at once."""
        states = {s.state for s in subjects}
        if kind == "both":
            lead = "No, " if "absent" in states else "" if "unsure" in states else "Yes, "
        elif kind == "either":
            lead = "Yes, " if "present" in states else "" if "unsure" in states else "No, "
        elif kind == "count_named":
            k = sum(1 for s in subjects if s.state == "present")
            lead = f"{k} of them: " if k else "None of them: "
        else:
            only = sum(1 for s in subjects if s.state == "present") == 1 and self.rng.random() < 0.3
            lead = "Only " if only else ""
        return f"{lead}{self.states(subjects, doubt_first=not lead)}."

    def count(self, subjects: Sequence[SubjectFacts]) -> str:
        """How many people there are, and whether the asked ones are among them."""
        slots = several.count_words(self.scene.people)
        if not subjects:
            return self.pick(several.COUNT_BARE, **slots)
        if len(subjects) == 1 and subjects[0].state == "present" and self.scene.people > 1:
            return self.pick(several.COUNT_PRESENT, **slots, n=subjects[0].name)
        mixed = any(s.state == "present" for s in subjects)
        options = [t for t in several.COUNT_OTHER if not (mixed and ", but" in t)]
        if self.scene.people == 0:
            options = [t.replace(", but", ", so") for t in options if ", but" in t]
        return self.pick(options, **slots, rest=self.states(subjects))

    def pair(self, kind: Kind, one: SubjectFacts, two: SubjectFacts) -> str:
        """The answer about how two people stand to each other."""
        self.slots.update(a=one.name, b=two.name)
        states = {one.state, two.state}
        if states != {"present"}:
            who = kind in ("order", "earlier")
            text = self.states((one, two), doubt_first="absent" not in states or who)
            return f"No, {text}." if "absent" in states and not who else f"{text}."
        if kind == "earlier":
            return self._earlier(one, two)
        if kind == "together":
            shared = together_spans((one, two))
            if not shared:
                return self.pick(several.TOGETHER_NO)
            when = ", " + spans_phrase(shared, self.rng) if self.precise and self.rng.random() < 0.6 else ""
            return self.pick(several.TOGETHER_YES, when=when)
        order = left_to_right((one, two))
        if not order:
            return self.cannot(say.TOPIC[kind])
        rel = self.slots["rel"]
        if kind == "order":
            first, second = order if rel == "left" else order[::-1]
            return self.pick(several.RELATION, a=first, b=second, rel=rel, other=_opposite(rel))
        true = "left" if order[0] == one.name else "right"
        text = self.pick(several.RELATION, rel=true, other=_opposite(true))
        return f"{'Yes' if true == rel else 'No'}, {text}"

    def _earlier(self, one: SubjectFacts, two: SubjectFacts) -> str:
        order = by_first_seen((one, two))
        if order:
            return self.pick(several.EARLIER, a=order[0], b=order[1])
        return self.pick(several.SAME_START) if together_spans((one, two)) else self.cannot(say.TOPIC["earlier"])

    def each(self, kind: Kind, subjects: Sequence[SubjectFacts]) -> str:
        """One clause about each of several people, for attribute questions."""
        parts = []
        for facts in subjects:
            if facts.state == "absent":
                parts.append(f"{facts.name} is not in this video")
            elif facts.state == "unsure":
                parts.append(f"I am not sure whether {facts.name} is in this video")
            elif kind == "appearance":
                wear = self.wear(facts)
                parts.append(
                    f"{facts.name} is wearing {wear}" if wear else f"I can't tell what {facts.name} is wearing"
                )
            elif kind == "action":
                acts = join(listed_actions(facts)[:2])
                parts.append(f"{facts.name} is {acts}" if acts else f"I can't tell what {facts.name} is doing")
            else:
                at = place_phrase(facts.place, self.rng) if facts.place else ""
                parts.append(f"{facts.name} is {at}" if at else f"I can't tell where {facts.name} is")
        return f"{self.rng.choice(('; ', ', and ', ', while ')).join(parts)}."


def _opposite(rel: str) -> str:
    return "right" if rel == "left" else "left"


def _inner(sentence: str, name: str) -> str:
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
