"""Composing answers about several people and about the picture; questions and single people in `composer_person`.

`pvchat.training.dialogue` decides what is asked; these modules word it.
"""

from collections.abc import Sequence

from pvchat.chat.evidence import (
    by_first_seen,
    left_to_right,
    listed_actions,
    thing_text,
    together_spans,
)
from pvchat.chat.facts import SubjectFacts
from pvchat.chat.looks import hair_aspect, hair_text, wear_text
from pvchat.chat.told import talk_told
from pvchat.perception.words import HANDS, POSTURES, SCENE_PLACES
from pvchat.training import answers as say
from pvchat.training import answers_looks as looks
from pvchat.training import answers_several as several
from pvchat.training.composed_parts import join, opposite, place_phrase, spans_phrase
from pvchat.training.composer_person import PersonComposer
from pvchat.training.wordings import Kind

MAX_NAMED_APART = 3


class Composer(PersonComposer):
    """Composes one question and answer. Slots shared by both are drawn once."""

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
        if kind == "talks":
            pair = talk_told(self.scene, self.asked, (one.name, two.name))
            return self.pick(looks.TALKS, a=pair[0], b=pair[1]) if pair else self.cannot(looks.TOPIC["talks"])
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
            return self.pick(several.RELATION, a=first, b=second, rel=rel, other=opposite(rel))
        true = "left" if order[0] == one.name else "right"
        text = self.pick(several.RELATION, rel=true, other=opposite(true))
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
            else:
                parts.append(self._clause(kind, facts))
        return f"{self.rng.choice(('; ', ', and ', ', while ')).join(parts)}."

    def _clause(self, kind: Kind, facts: SubjectFacts) -> str:
        """What is told of somebody who is there, or that it is not."""
        told, topic = "", {**say.TOPIC, **looks.TOPIC}[kind]
        acts = listed_actions(facts)
        match kind:
            case "appearance":
                told = f"is wearing {wear_text(facts)}" if wear_text(facts) else ""
            case "action":
                told = f"is {join(acts[:2])}" if acts else ""
            case "posture" | "hands":
                fitting = [act for act in acts if act in (POSTURES if kind == "posture" else HANDS)]
                told = f"is {join(fitting[:2])}" if fitting else ""
            case "hair":
                aspect = hair_aspect(self.asked.lower())
                hair, topic = hair_text(facts, aspect), looks.TOPIC_OF_HAIR[aspect]
                told = f"has {hair}" if hair else ""
            case _:
                told = f"is {place_phrase(facts.place, self.rng)}" if facts.place else ""
        return f"{facts.name} {told}" if told else f"I can't tell {topic.format(n=facts.name)}"

    def setting(self) -> str:
        """What kind of place the picture shows, and what is in it."""
        place = self.scene.setting
        things = join([thing_text(thing) for thing in self.scene.things])
        seen = SCENE_PLACES[place] if place else ""
        if seen and things and self.rng.random() < 0.6:
            return self.pick(looks.SETTING_THINGS, seen=seen, things=things)
        if seen:
            return self.pick(looks.SETTING, seen=seen)
        return self.pick(looks.THINGS, things=things) if things else self.cannot(looks.TOPIC["setting"])
