"""Answers by rule, over one or several videos, each sentence checked against the facts it was read off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pvchat.chat.agreement import check
from pvchat.chat.evidence import listed_spans
from pvchat.chat.facts import SceneFacts
from pvchat.dialogue import said
from pvchat.dialogue.read import ASKED
from pvchat.dialogue.state import DialogueState, Moment, Reading, Topic
from pvchat.dialogue.summary import about, asked_by, summary
from pvchat.dialogue.times import part_phrase
from pvchat.dialogue.views import VideoView
from pvchat.dialogue.wording import listed
from pvchat.perception.record import Span

TOLD_IN_TURN: tuple[Topic, ...] = ("time", "location", "appearance", "action")
"""What "what else?" goes through."""
_STATES_ALONE: frozenset[Topic] = frozenset({"existence", "both", "either", "which", "in_which"})


@dataclass(frozen=True)
class Composed:
    """An answer that was read off the record.

    Attributes:
        text: the answer. facts: what it rests on, for each video asked about, by number.
        agrees: whether every sentence agrees with the facts of its video. topic: what was told in the end.
    """

    text: str
    facts: tuple[tuple[int, SceneFacts], ...]
    agrees: bool = True
    topic: Topic | None = None


def compose(reading: Reading, state: DialogueState, views: Sequence[VideoView]) -> Composed:
    """The answer to a reading."""
    return _Composing(reading, state, views).answer()


def moment_of(reading: Reading, facts: Sequence[tuple[int, SceneFacts]], topic: Topic | None) -> Moment | None:
    """When the evidence of an answer lies, where that is in one video."""
    found = [(number, [s for p in scene.subjects if p.state == "present" for s in p.spans]) for number, scene in facts]
    found = [(number, spans) for number, spans in found if spans]
    if len(found) != 1:
        only = facts[0][0] if len(facts) == 1 else None
        if only is None or reading.window is None:
            return None
        return Moment(only, *reading.window)
    number, spans = found[0]
    start, end = min(s for s, _ in spans), max(e for _, e in spans)
    if topic == "first":
        end = min(end, start + 1.0)
    elif topic == "last":
        start = max(start, end - 1.0)
    return Moment(number, start, end)


@dataclass
class _Composing:
    reading: Reading
    state: DialogueState
    views: Sequence[VideoView]
    agrees: bool = True

    def answer(self) -> Composed:
        topic, reading = self.reading.topic, self.reading
        several = len(self.views) > 1
        if topic == "in_which" or (topic in ("existence",) and len(reading.videos) > 1 and len(reading.people) == 1):
            return self._in_which()
        if topic in ("in_all", "how_many_videos"):
            return self._how_many()
        if topic == "last" and len(reading.videos) > 1:
            return self._last()
        texts: list[str] = []
        facts: list[tuple[int, SceneFacts]] = []
        told: Topic = topic
        for number in reading.videos:
            lines, scene, told = self._one(number)
            lines = self._checked(number, lines, scene)
            facts.append((number, scene))
            texts.append(self._placed(number, lines) if several else " ".join(lines))
        return Composed(" ".join(texts), tuple(facts), self.agrees, told)

    # One video

    def _one(self, number: int) -> tuple[list[str], SceneFacts, Topic]:
        reading, view = self.reading, self.views[number]
        topic, window = reading.topic, reading.window
        if window is not None and window[1] - window[0] < 0.3:
            gone = "ends" if window[0] > 0 else "begins"
            return [f"The video {gone} there."], view.facts(reading.people), topic
        everybody = view.facts(view.present(), window)
        if topic == "summary" and len(reading.people) == 1:
            scene = view.facts(reading.people, window)
            if scene.subjects[0].state == "present" or window is None:
                lines = about(scene.subjects[0], everybody)
                beside = [p for p in everybody.subjects if p.name != reading.people[0]]
                named = [p for p in beside if any(p.name in line for line in lines)]
                return lines, replace(scene, subjects=(*scene.subjects, *named)), topic
        if (topic in ("summary", "who", "which") and not reading.people) or topic == "summary":
            return self._everybody(number, everybody, reading.people)
        if topic == "who_is":
            return self._who_is(view, everybody)
        if topic == "who_else":
            return self._who_else(view)
        if topic == "what_else":
            return self._what_else(view)
        names = reading.people or tuple(view.present())
        scene = view.facts(names, window)
        if topic == "clock":
            return self._clock(view, scene)
        lines = said.sentences(topic, scene, reading.question)
        if window is not None and scene.subjects and all(p.state == "absent" for p in scene.subjects):
            lost = [p.name for p in scene.subjects if view.state(p.name) == "present"]
            if lost:
                lines = [f"{listed(lost)} {'is' if len(lost) == 1 else 'are'} not seen."]
                others = [p.name for p in everybody.subjects if p.state == "present"]
                if others:
                    rest, more, _ = self._everybody(number, everybody, ())
                    return [*lines, *rest], replace(more, subjects=(*scene.subjects, *more.subjects)), topic
        return lines, scene, topic

    def _everybody(
        self, number: int, everybody: SceneFacts, asked: Sequence[str]
    ) -> tuple[list[str], SceneFacts, Topic]:
        view, topic, window = self.views[number], self.reading.topic, self.reading.window
        here = tuple(p for p in everybody.subjects if p.state != "absent")
        scene = replace(everybody, subjects=here)
        if not view.record.legible:
            return ["The pictures are too dark or too blurred to say who is there."], scene, topic
        if topic == "summary":
            lines = summary(scene)
        elif here:
            lines = [f"{p.name} is seen {said.when(p.spans)}." for p in sorted(here, key=lambda p: min(p.spans))]
            lines += [said.strangers(scene)] if scene.unknown_people else []
        else:
            lines = [said.strangers(scene) or "I see nobody."]
        lost = [n for n in asked if n not in [p.name for p in here]]
        if lost and window is not None:
            extra = view.facts(lost, window)
            lines.append(f"{listed(lost)} {'is' if len(lost) == 1 else 'are'} not seen.")
            scene = replace(scene, subjects=(*here, *extra.subjects))
        return lines, scene, topic

    def _who_is(self, view: VideoView, everybody: SceneFacts) -> tuple[list[str], SceneFacts, Topic]:
        here = tuple(p for p in everybody.subjects if p.state == "present")
        scene = replace(everybody, subjects=here)
        lines = [f"That is {listed([p.name for p in here])}."] if here else []
        if scene.unknown_people:
            lines.append(said.strangers(scene))
        return lines or ["I do not know; nobody enrolled is there."], scene, "who_is"

    def _who_else(self, view: VideoView) -> tuple[list[str], SceneFacts, Topic]:
        asked = self.reading.people or self.state.people
        others = [name for name in view.present() if name not in asked]
        scene = view.facts(others, self.reading.window)
        here = [p for p in scene.subjects if p.state == "present"]
        scene = replace(scene, subjects=tuple(here))
        lines = [f"{p.name} is seen {said.when(p.spans)}." for p in here]
        rest = said.strangers(scene)
        lines += [rest] if rest else []
        return lines or ["I see no further person."], scene, "who_else"

    def _what_else(self, view: VideoView) -> tuple[list[str], SceneFacts, Topic]:
        people = self.reading.people or tuple(view.present())
        scene = view.facts(people)
        for topic in TOLD_IN_TURN:
            if topic in self.state.told:
                continue
            lines = [line for line in said.sentences(topic, scene, "") if "can't tell" not in line]
            if lines and any(p.state == "present" for p in scene.subjects):
                return lines, scene, topic
        return (
            [f"That is all I can tell about {listed(people)}." if people else "That is all I can tell."],
            scene,
            ("what_else"),
        )

    def _clock(self, view: VideoView, scene: SceneFacts) -> tuple[list[str], SceneFacts, Topic]:
        lines = said.sentences("time", scene, "")
        began = view.recorded_at()
        if began is None:
            return (
                [*lines, "The file does not say when it was recorded, so these are times in the video."],
                scene,
                "clock",
            )
        told = []
        for person, line in zip(scene.subjects, lines, strict=True):
            if person.state != "present" or not person.spans:
                told.append(line)
                continue
            spans = listed([_clocks(began, span) for span in listed_spans(person.spans)])
            told.append(f"{line} By the clock that was {spans}.")
        zone = "" if began.tzinfo is None else f", {began.tzname()}"
        return [*told, f"(The file says it began at {began:%H:%M:%S} on {began:%Y-%m-%d}{zone}.)"], scene, "clock"

    # Several videos

    def _in_which(self) -> Composed:
        reading = self.reading
        people = reading.people
        facts = tuple((n, self.views[n].facts(people, reading.window)) for n in reading.videos)
        if not people:
            return self._whoever(facts)
        parts = []
        for name in people:
            here, doubt, away = (
                [self.views[n].name for n in reading.videos if self._state(n, name) == state]
                for state in ("present", "unsure", "absent")
            )
            lead = ""
            if reading.topic == "existence":
                lead = "Yes, " if here else "" if doubt else "No, "
            if here:
                text = f"{lead}{name} is in {listed(here)}"
                text += f", but not in {listed(away, 'or')}" if away else ""
            elif away and not doubt:
                text = f"{lead}{name} is in none of the {len(reading.videos)} videos"
            else:
                text = f"{lead}{name} is not in {listed(away, 'or')}" if away else ""
            if doubt:
                text += f"{'; ' if text else ''}I am not sure about {name} in {listed(doubt)}"
            parts.append(f"{text}.")
        return Composed(" ".join(parts), facts, self.agrees, "in_which")

    def _whoever(self, facts: tuple[tuple[int, SceneFacts], ...]) -> Composed:
        found, texts = [], []
        for number, _ in facts:
            view = self.views[number]
            here = view.present()
            found.append((number, view.facts(here)))
            texts.append(f"{view.name}: {listed(here) if here else 'nobody enrolled'}.")
        return Composed(" ".join(texts), tuple(found), self.agrees, "which")

    def _how_many(self) -> Composed:
        reading = self.reading
        facts = tuple((n, self.views[n].facts(reading.people)) for n in reading.videos)
        total = len(reading.videos)
        parts = []
        for name in reading.people:
            here = [self.views[n].name for n in reading.videos if self._state(n, name) == "present"]
            doubt = [self.views[n].name for n in reading.videos if self._state(n, name) == "unsure"]
            lead = ""
            if reading.topic == "in_all":
                sure_no = len(here) + len(doubt) < total
                lead = "Yes, " if len(here) == total else "No, " if sure_no else ""
            if len(here) == total:
                text = f"{lead}{name} is in all {total} videos"
            elif here:
                text = f"{lead}{name} is in {len(here)} of the {total} videos: {listed(here)}"
            elif doubt:
                text = f"{lead}{name} is surely in none of them"
            else:
                text = f"{lead}{name} is in none of the {total} videos"
            text += f"; I am not sure about {listed(doubt)}" if doubt else ""
            parts.append(f"{text}.")
        text = " ".join(parts) or "Whom do you mean? Give me a name."
        return Composed(text, facts, self.agrees, reading.topic)

    def _last(self) -> Composed:
        """When somebody was seen last over several videos: by the time of recording where all files tell it."""
        reading = self.reading
        dates = {n: self.views[n].recorded_at() for n in reading.videos}
        dated = all(date is not None for date in dates.values())
        order = sorted(reading.videos, key=lambda n: (_sortable(dates[n]), n)) if dated else list(reading.videos)
        parts, facts = [], []
        for name in reading.people:
            here = [n for n in order if self._state(n, name) == "present"]
            if not here:
                parts.append(f"{name} is in none of the {len(order)} videos.")
                facts += [(n, self.views[n].facts((name,))) for n in order]
                continue
            number = here[-1]
            scene = self.views[number].facts((name,))
            facts.append((number, scene))
            line = self._checked(number, said.sentences("last", scene, ""), scene)[0]
            at = said.where(self.views[number].facts((name,), _end_of(scene)).subjects[0]) if reading.place else ""
            text = f"{line.rstrip('.')} in {self.views[number].name}{', ' + at if at else ''}"
            date = dates[number]
            if dated and date is not None and scene.subjects[0].spans:
                end = date + timedelta(seconds=max(e for _, e in scene.subjects[0].spans))
                text += f", on {end:%Y-%m-%d} at {end:%H:%M:%S}"
            elif len(here) > 1:
                text += ", taking the videos in the order given"
            parts.append(f"{text}.")
        return Composed(" ".join(parts) or "Whom do you mean? Give me a name.", tuple(facts), self.agrees, "last")

    # Checks and wording

    def _state(self, number: int, name: str) -> str:
        scene = self.views[number].facts((name,), self.reading.window)
        return scene.subjects[0].state

    def _checked(self, number: int, lines: Sequence[str], scene: SceneFacts) -> list[str]:
        """The sentences that the facts bear out."""
        names = [p.name for p in scene.subjects]
        # What is no single question of a kind is a row of statements.
        single = self.reading.question if self.reading.topic in (*ASKED, "moment") else ""
        kept = []
        for line in lines:
            bare = line.split(" By the clock ")[0]
            question = single or asked_by(bare, names)
            if (
                bare.startswith(("(The file", "The file", "The video", "The pictures"))
                or check(bare, question, scene, names).agrees
            ):
                kept.append(line)
            else:
                self.agrees = False
        return kept or [f"I am not sure about {listed(names)} in this video." if names else "I am not sure."]

    def _placed(self, number: int, lines: Sequence[str]) -> str:
        """The sentences with the file's name in the place of "this video"."""
        file = self.views[number].name
        text = " ".join(lines)
        if "this video" in text:
            return text.replace("this video", file)
        return f"In {file}: {text}"


def with_part(text: str, reading: Reading, views: Sequence[VideoView]) -> str:
    """The answer with the part of the video it is about in front."""
    if reading.window is None or not reading.videos:
        return text
    phrase = part_phrase(reading.window, views[reading.videos[0]].duration_s)
    return f"{phrase[0].upper()}{phrase[1:]}: {text}" if phrase else text


def _clocks(began: datetime, span: Span) -> str:
    first, last = (f"{began + timedelta(seconds=seconds):%H:%M:%S}" for seconds in span)
    return first if first == last else f"{first} to {last}"


def _sortable(date: datetime | None) -> float:
    return 0.0 if date is None else date.timestamp()


def _end_of(scene: SceneFacts) -> Span | None:
    spans = scene.subjects[0].spans
    end = max((e for _, e in spans), default=0.0)
    return (max(0.0, end - 1.5), end) if spans else None
