"""Composing questions, and answers about one person: one wording, its slots filled from the facts, written as people
write.
"""

import random
from collections.abc import Callable, Sequence
from typing import ClassVar

from pvchat.chat.evidence import listed_actions, rough_amount, rough_moment, rough_when, seen_amount
from pvchat.chat.facts import SceneFacts, SubjectFacts, clock
from pvchat.chat.looks import (
    AskedLook,
    are_so,
    asked_looks,
    hair_aspect,
    hair_text,
    upper_text,
    wear_text,
    with_article,
)
from pvchat.chat.questions import masked
from pvchat.perception.record import COLOURS
from pvchat.perception.words import BARE, DOINGS, GARMENTS, HAIR_COLOURS, HANDS, PATTERNS, POSTURES
from pvchat.training import answers as say
from pvchat.training import answers_looks as looks
from pvchat.training import answers_more as more
from pvchat.training.composed_parts import inner, join, place_phrase, plural_wording, spans_phrase
from pvchat.training.wordings import (
    LOWER_GARMENTS,
    UPPER_GARMENTS,
    VIDEO_NOUNS,
    Kind,
    Split,
    names_a_person,
    split_wordings,
)

FURTHER_SHARE = 0.5

_GREETINGS = ("Hi, ", "Hello, ", "Hey, ", "Okay, ", "So, ", "Now, ", "And ", "Please, ")
_ENDINGS = (" Thanks.", " Please.", " Thank you.")


class PersonComposer:
    """Composes one question, and its answer about one person.

    Args:
        scene: the facts. rng: the only source of chance. split: whose wordings are used.
        precise_times: whether clock times may be told.
    """

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
            "h": rng.choice((*HAIR_COLOURS, "long", "long", "short")),
            "p": rng.choice(PATTERNS),
            "g": with_article(rng.choice(GARMENTS)),
            "rel": rng.choice(("left", "right")),
        }
        self.asked = ""
        self.ask_for(rng.choice(list(DOINGS)))

    def ask_for(self, doing: str) -> None:
        """Make a doing what a yes-or-no question asks for."""
        self.slots.update(act=doing, do=BARE[doing])

    # Questions

    def question(self, kind: Kind, *, named: bool | None = None, plural: bool = False) -> tuple[str, str]:
        """A wording of this kind with its slots filled, and the bare template."""
        options = split_wordings(kind, self.split)
        if named is not None:
            options = tuple(t for t in options if names_a_person(t) == named)
        template = self.rng.choice(options)
        self.asked = self._spoken(plural_wording(template) if plural else template)
        for slot, plain in (("up", "top"), ("lo", "bottoms")):
            # What the question calls it is no claim; another name for it would be one.
            if self.slots[slot] not in self.asked.lower():
                self.slots[slot] = plain
        return self.asked, template

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

    def _appearance(self, facts: SubjectFacts) -> str | None:
        wear = wear_text(facts)
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
        return lead + inner(self.pick(say.LOCATION, more.LOCATION, at=place_phrase(facts.place, self.rng)), facts.name)

    def _is_colour(self, facts: SubjectFacts) -> str | None:
        if facts.upper is None:
            return None
        lead = "Yes, " if facts.upper == self.slots["c"] else "No, "
        return lead + inner(self.pick(say.UPPER, more.UPPER, c=facts.upper, a_c=with_article(facts.upper)), facts.name)

    def _is_action(self, facts: SubjectFacts) -> str | None:
        acts = listed_actions(facts)
        if self.slots["act"] in acts:
            return "Yes, " + inner(self.pick(say.ACTION, more.ACTION, acts=self.slots["act"]), facts.name)
        if not acts:
            return None
        return "Not that I can see: " + inner(self.pick(say.ACTION, more.ACTION, acts=join(acts)), facts.name)

    def _hair(self, facts: SubjectFacts) -> str | None:
        aspect = hair_aspect(self._question(facts))
        hair = hair_text(facts, aspect)
        if facts.hair_colour and aspect == "colour" and self.rng.random() < 0.7:
            return self.pick(looks.HAIR_COLOUR, c=facts.hair_colour)
        return self.pick(looks.HAIR, hair=hair) if hair else None

    def _is_hair(self, facts: SubjectFacts) -> str | None:
        so = are_so(asked_looks(self._question(facts)), facts)
        if so is None:
            return None
        return self._lead(so, self.pick(looks.HAIR, hair=hair_text(facts)), facts)

    def _garment(self, facts: SubjectFacts) -> str | None:
        return self.pick(looks.GARMENT, worn=with_article(upper_text(facts))) if upper_text(facts) else None

    def _pattern(self, facts: SubjectFacts) -> str | None:
        return self.pick(looks.PATTERN, p=facts.pattern) if facts.pattern else None

    def _is_garment(self, facts: SubjectFacts) -> str | None:
        asked = asked_looks(self._question(facts))
        so = are_so(asked, facts)
        if so is None:
            return None
        garment = any(look.field == "garment" for look in asked)
        told = self._garment(facts) if garment else self._pattern(facts)
        return self._lead(so, told or "", facts)

    def _question(self, facts: SubjectFacts) -> str:
        """The question as rules read it, without the name."""
        return masked(self.asked, (facts.name,))

    def _lead(self, so: bool, told: str, facts: SubjectFacts) -> str:
        return f"{'Yes' if so else 'No'}, {inner(told, facts.name)}"

    def look_asked(self, facts: SubjectFacts) -> str:
        """What a yes-or-no question about looks asks for, as it stands behind "whether NAME"."""
        asked = asked_looks(self._question(facts))
        return _phrase(asked[0], self.slots["up"]) if asked else "looks like that"

    def _posture(self, facts: SubjectFacts) -> str | None:
        return self._does([word for word in listed_actions(facts) if word in POSTURES])

    def _hands(self, facts: SubjectFacts) -> str | None:
        return self._does([word for word in listed_actions(facts) if word in HANDS])

    def _does(self, acts: Sequence[str]) -> str | None:
        return self.pick(looks.DOES, acts=join(acts)) if acts else None

    _SINGLE: ClassVar[dict[Kind, Callable[["PersonComposer", SubjectFacts], str | None]]] = {
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
        "is_hair": _is_hair,
        "garment": _garment,
        "is_garment": _is_garment,
        "pattern": _pattern,
        "posture": _posture,
        "hands": _hands,
        "unanswerable": lambda _self, _facts: None,
    }


def _phrase(look: AskedLook, garment: str) -> str:
    match look.field:
        case "hair_colour" | "hair_length":
            return f"has {look.value} hair"
        case "pattern":
            return f"is wearing a {look.value} {garment}"
        case "garment":
            return f"is wearing {with_article(look.value)}"
