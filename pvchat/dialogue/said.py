"""Answers about one video, read off its facts by rule: a sentence or two for each kind of question."""

import re
from collections.abc import Sequence

from pvchat.chat.claims import said_actions
from pvchat.chat.evidence import (
    by_first_seen,
    left_to_right,
    listed_actions,
    listed_spans,
    people_count,
    seen_amount,
    thing_text,
    together_spans,
)
from pvchat.chat.facts import SceneFacts, SubjectFacts, clock
from pvchat.chat.lexicon import COLOUR_WORDS, LOWER_NOUNS, PLACE_WORDS, UPPER_NOUNS, WORD
from pvchat.chat.looks import are_so, asked_looks, hair_aspect, hair_text, upper_text, wear_text, with_article
from pvchat.chat.moments import asked_doings
from pvchat.chat.questions import masked, mentioned, worn_asked
from pvchat.chat.told import talk_told
from pvchat.chat.worn import worn_sentence
from pvchat.dialogue.state import Topic
from pvchat.dialogue.wording import listed
from pvchat.perception.record import Span
from pvchat.perception.words import HANDS, POSTURES, SCENE_PLACES

NOT_HERE = "{} is not in this video"
NOT_TOLD = "I can't tell that from this video."


def when(spans: Sequence[Span]) -> str:
    """ "from 0:02 to 0:09 and at 0:12"; at most three spans."""
    parts = []
    for start, end in listed_spans(spans):
        first, last = clock(start), clock(end)
        parts.append(f"at {first}" if first == last else f"from {first} to {last}")
    return listed(parts)


def where(facts: SubjectFacts) -> str:
    """ "on the left, near the camera", as far as it is told."""
    at = {"left": "on the left", "right": "on the right", "middle": "in the middle"}.get(facts.place or "", "")
    far = {"near": "near the camera", "far": "far from the camera"}.get(facts.distance or "", "")
    return ", ".join(part for part in (at, far) if part)


def missing(facts: SubjectFacts) -> str | None:
    """What is said of somebody who is not found, None for who is."""
    if facts.state == "absent":
        return NOT_HERE.format(facts.name)
    return f"I am not sure whether {facts.name} is in this video" if facts.state == "unsure" else None


def sentences(topic: Topic, scene: SceneFacts, question: str) -> list[str]:
    """The answer to one kind of question about one video.

    Args:
        scene: facts of whom it is about. question: for the colour, place or action it asks for.
    """
    people = scene.subjects
    if topic == "setting":
        return [_setting(scene)]
    if topic == "count":
        return [f"There {'is' if scene.people == 1 else 'are'} {people_count(scene.people)} in this video."]
    if not people:
        return [f"I found nobody enrolled in this video. {strangers(scene)}".strip()]
    if topic in ("both", "either", "which", "count_named") or (topic == "existence" and len(people) > 1):
        return [_states(topic, people)]
    if topic == "talks":
        return [_talks(scene, question)]
    if topic in ("together", "relation", "order", "earlier") and len(people) > 1:
        return [_pair(topic, people, question)]
    worn = worn_asked(question, [person.name for person in people]) if topic == "worn" else None
    if worn is not None:
        return [
            worn_sentence(person, worn) if person.state == "present" else _one("is_action", person, "")
            for person in people
        ]
    if topic == "moment":
        return [_moment(person, question.lower()) for person in people]
    return [_one(topic, person, question) for person in people]


def strangers(scene: SceneFacts) -> str:
    """How many people are nobody enrolled; nothing where there are none."""
    count = scene.unknown_people
    return (
        f"There {'is' if count == 1 else 'are'} {count} unknown {'person' if count == 1 else 'people'}."
        if count
        else ""
    )


def _moment(facts: SubjectFacts, question: str) -> str:
    """When somebody does what a question, in lower case, asks for."""
    if missing(facts) is not None:
        return _one("is_action", facts, "")
    words = asked_doings(question)
    told = [(word, spans) for word, spans in facts.moments if word in words]
    if told:
        return f"{facts.name} is {listed([f'{word} {when(spans)}' for word, spans in told])}."
    return f"I can't tell when {facts.name} is {min(words)}." if words else NOT_TOLD


def _one(topic: Topic, facts: SubjectFacts, question: str) -> str:
    lost = missing(facts)
    if lost is not None:
        lead = "No, " if facts.state == "absent" and (topic == "existence" or topic.startswith("is_")) else ""
        return f"{lead}{lost}."
    name, spans = facts.name, facts.spans
    if topic == "existence":
        return f"Yes, {name} is in this video, {when(spans)}." if spans else f"Yes, {name} is in this video."
    if topic in ("time", "first", "last", "duration", "together", "earlier", "clock") and spans:
        if topic == "first":
            return f"{name} is first seen at {clock(min(spans)[0])}."
        if topic == "last":
            return f"{name} is last seen at {clock(max(end for _, end in spans))}."
        if topic == "duration":
            amount, unit = seen_amount(facts)
            return f"{name} is seen for {amount} {unit}{'' if amount == 1 else 's'}."
        return f"{name} is seen {when(spans)}."
    told = {
        "location": where(facts),
        "order": where(facts),
        "relation": where(facts),
        "distance": {"near": "near the camera", "far": "far from the camera"}.get(facts.distance or "", ""),
        "action": listed(listed_actions(facts)),
        "posture": listed([act for act in listed_actions(facts) if act in POSTURES]),
        "hands": listed([act for act in listed_actions(facts) if act in HANDS]),
        "appearance": f"wearing {wear_text(facts)}" if wear_text(facts) else "",
        "upper": f"wearing {with_article(upper_text(facts))}" if facts.upper else "",
        "garment": f"wearing {with_article(upper_text(facts))}" if upper_text(facts) else "",
        "pattern": f"wearing {with_article(upper_text(facts))}" if facts.pattern else "",
        "lower": f"wearing {facts.lower} bottoms" if facts.lower else "",
    }.get(topic, "")
    if topic in ("is_place", "is_colour", "is_action"):
        return _yes_or_no(topic, facts, question)
    if topic in ("hair", "is_hair", "is_garment"):
        return _looks(topic, facts, masked(question, (name,)))
    unknown = {
        "location": f"where {name} is",
        "distance": f"how far away {name} is",
        "action": f"what {name} is doing",
        "appearance": f"what {name} is wearing",
        "upper": f"what {name} is wearing",
        "lower": f"what {name} is wearing",
        "garment": f"what {name} is wearing",
        "pattern": f"what pattern {name} is wearing",
        "posture": f"whether {name} is sitting or standing",
        "hands": f"what {name} is doing with the hands",
    }.get(topic)
    if told:
        return f"{name} is {told}."
    return f"I can't tell {unknown} from this video." if unknown else NOT_TOLD


def _yes_or_no(topic: Topic, facts: SubjectFacts, question: str) -> str:
    words = [m.group().lower() for m in WORD.finditer(question)]
    name = facts.name
    if topic == "is_place":
        asked = next((PLACE_WORDS[w] for w in words if w in PLACE_WORDS), None)
        if asked is None or facts.place is None:
            return NOT_TOLD
        return f"{'Yes' if asked == facts.place else 'No'}, {name} is {where(facts).split(',')[0]}."
    if topic == "is_colour":
        colour = next((COLOUR_WORDS[w] for w in words if w in COLOUR_WORDS), None)
        lower = any(w in LOWER_NOUNS for w in words)
        slots = [facts.lower if lower else facts.upper]
        if not lower and not any(w in UPPER_NOUNS for w in words):
            slots = [facts.upper, facts.lower]
        if colour is None or not any(slots):
            return NOT_TOLD
        if colour not in slots and None in slots:
            return f"I can't tell that; {name} is wearing {wear_text(facts)}."
        return f"{'Yes' if colour in slots else 'No'}, {name} is wearing {wear_text(facts)}."
    said = [actions for _, actions in said_actions(masked(question, (name,)))]
    done = listed_actions(facts)
    if said and any(action in said[0] for action in facts.actions):
        return f"Yes, {name} is {next(action for action in facts.actions if action in said[0])}."
    return f"Not that I can see: {name} is {listed(done)}." if done else NOT_TOLD


def _looks(topic: Topic, facts: SubjectFacts, question: str) -> str:
    """What is asked of hair or clothes, with yes or no where that is asked and told."""
    name = facts.name
    if topic == "hair":
        hair = hair_text(facts, hair_aspect(question))
        return f"{name} has {hair}." if hair else f"I can't tell what {name}'s hair is like."
    so = are_so(asked_looks(question), facts)
    if so is None:
        return NOT_TOLD
    told = f"has {hair_text(facts)}" if topic == "is_hair" else f"is wearing {with_article(upper_text(facts))}"
    return f"{'Yes' if so else 'No'}, {name} {told}."


def _talks(scene: SceneFacts, question: str) -> str:
    """Who of the people asked about talks to whom."""
    asked = mentioned(question, [person.name for person in scene.subjects])
    lost = [text for person in scene.subjects if person.name in asked and (text := missing(person)) is not None]
    if lost:
        return f"{listed(lost)}."
    pair = talk_told(scene, question, asked) if len(asked) > 1 else None
    return f"Yes, {pair[0]} is talking to {pair[1]}." if pair else NOT_TOLD


def _setting(scene: SceneFacts) -> str:
    """What kind of place the picture shows, and what is in it."""
    things = listed([thing_text(thing) for thing in scene.things])
    if scene.setting:
        beside = f", with {things}" if things else ""
        return f"It looks like this video was filmed {SCENE_PLACES[scene.setting]}{beside}."
    return f"I can see {things} in this video." if things else "I can't tell where this video was filmed."


def _states(topic: Topic, people: Sequence[SubjectFacts]) -> str:
    here = [p.name for p in people if p.state == "present"]
    away = [p.name for p in people if p.state == "absent"]
    doubt = [p.name for p in people if p.state == "unsure"]
    lead = ""
    if topic == "either":
        lead = "Yes, " if here else "" if doubt else "No, "
    elif topic == "count_named":
        lead = f"{len(here) or 'None'} of them: "
    elif topic != "which":
        lead = "No, " if away else "" if doubt else "Yes, "
    parts = []
    if here:
        parts.append(f"{listed(here)} {'is' if len(here) == 1 else 'are'} in this video")
    if away:
        parts.append(listed([NOT_HERE.format(name) for name in away]))
    if doubt:
        parts.append(f"I am not sure about {listed(doubt)}")
    return f"{lead}{', but '.join(parts)}."


def _pair(topic: Topic, people: Sequence[SubjectFacts], question: str) -> str:
    lost = [text for person in people if (text := missing(person)) is not None]
    if lost:
        lead = "No, " if topic in ("together", "relation") and any(p.state == "absent" for p in people) else ""
        return f"{lead}{listed(lost)}."
    names = [person.name for person in people]
    if topic == "together":
        shared = together_spans(people)
        if shared:
            return f"Yes, {listed(names)} are seen together, {when(shared)}."
        return f"No, {listed(names)} are not seen together."
    if topic == "earlier":
        order = by_first_seen(people)
        if order:
            return f"{order[0]} is seen before {order[1]}."
        return f"{listed(names)} are first seen at the same time." if together_spans(people) else NOT_TOLD
    order = left_to_right(people)
    if not order:
        return NOT_TOLD
    if topic == "relation" and len(names) == 2:
        side = "left" if re.search(r"\bleft\b", question.lower()) else "right"
        first = sorted(names, key=lambda name: question.lower().find(name.lower()))[0]
        true = (order[0] == first) == (side == "left")
        return f"{'Yes' if true else 'No'}, {order[0]} is to the left of {order[1]}."
    return f"{order[0]} is to the left of {listed(order[1:])}."
