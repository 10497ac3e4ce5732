"""What a turn of a conversation asks for, after the turns before it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pvchat.chat.facts import clock
from pvchat.chat.questions import is_beyond, kind_of
from pvchat.dialogue.people import Whom, find_people
from pvchat.dialogue.scope import Scope, bare_number, find_videos, without_all
from pvchat.dialogue.state import PENDING, DialogueState, Moment, Pending, Reading, Topic
from pvchat.dialogue.times import Named, find_part
from pvchat.dialogue.topics import TOPICS
from pvchat.dialogue.views import VideoView
from pvchat.dialogue.wording import NAME, listed, marked, masked, tidy, unmasked

_LEAD = re.compile(
    r"^(?:(?:and|ok(?:ay)?|so|now|well|hm+|hey|hi|hello|oh|please|but|alright|right|thanks|thank you|yes|great|good)\b"
    r"[\s,.!]*)+"
)
_ABOUT = re.compile(
    r"\b(?:what|how)(?: is it| was it|'s)? (?:about|of|with)\b|\bsame(?: (?:question|thing|for|with|again))*\b"
    r"|\bas for\b|\bi(?:'m| am| was) asking about\b"
)
_FILLER = re.compile(
    r"\b(?:of course|and|or|then|please|now|too|also|instead|again|the|a|in|for|of|about|with|to|is|was|it|well|ok|okay"
    r"|there|here|that|one|this|same|asking|i|mean|meant|video|clip|time|part|person)\b|[\W_]"
)
_CORRECTS = re.compile(
    r"^(?:(?:no|nope|nah|sorry|oh|oops|actually|wait|not that(?: one)?|not this(?: one)?|wrong)\b[\s,.!:-]*)+"
    r"|\bi (?:actually |really |rather )?(?:meant|mean|said|was (?:asking|talking|speaking) (?:about|of)"
    r"|am (?:asking|talking) about|wanted)(?: to (?:say|ask)(?: about)?)?\b|\bi'm (?:asking|talking) about\b"
    rf"|^(?:and )?not {NAME}"
)
_NTH = re.compile(r"\b(?:first|second|third|fourth|fifth|last)\b")
_NOT = re.compile(rf"\bnot {NAME}(?:[\s,]+but)?")

_DID = re.compile(
    rf"\bwhat(?: all)? did {NAME} do\b|\b(?:tell me|all|everything|something|know|say) about {NAME}"
    rf"|\bsum\w* (?:up )?(?:what )?{NAME}|\bwhat happen(?:s|ed) (?:to|with) {NAME}"
)
_LAST = re.compile(r"\blast\b|\blatest\b|\bmost recently\b")
_SEEN = re.compile(rf"\b(?:seen?|saw|time|there|visible|appear\w*|show\w*|spotted)\b|{NAME}")

ASKED: Mapping[Topic, str] = {
    "existence": "Is {n} in this video?",
    "appearance": "What is {n} wearing?",
    "action": "What is {n} doing?",
    "location": "Where is {n}?",
    "distance": "How far from the camera is {n}?",
    "time": "When is {n} seen?",
    "first": "When is {n} first seen?",
    "last": "When is {n} last seen?",
    "duration": "How long is {n} seen?",
    "posture": "Is {n} sitting or standing?",
    "hands": "What is {n} doing with the hands?",
    "both": "Are {n} in this video?",
    "together": "Are {n} seen together?",
}
_OF_ONE: Mapping[Topic, Topic] = {"both": "existence", "either": "existence", "which": "existence"}
_OF_SEVERAL: Mapping[Topic, Topic] = {"existence": "both"}
ABOUT_TIME: frozenset[Topic] = frozenset({"existence", "both", "time", "first", "last", "duration", "summary", "which"})
_OF_EVERYBODY: frozenset[Topic] = frozenset({"summary", "who", "which"})
_TOLD_ALONE: frozenset[Topic] = frozenset(
    {"appearance", "upper", "lower", "hair", "garment", "pattern", "posture", "hands"}
)
"""What "tell me what …" and "what can you say about …" may ask for, which else ask for a summary."""
_EVERY_VIDEO: frozenset[Topic] = frozenset({"in_which", "in_all", "how_many_videos"})


@dataclass(frozen=True)
class Scene:
    """What a turn is read against.

    Attributes:
        names: everybody enrolled. views: the videos of the conversation, in order.
        subjects: who is meant where a turn names nobody and no turn before it did.
        mentioned: finds enrolled names in a text; what it raises goes through.
    """

    names: tuple[str, ...]
    views: Sequence[VideoView]
    mentioned: Callable[[str], Sequence[str]]
    subjects: tuple[str, ...] = ()


def read_turn(text: str, state: DialogueState, scene: Scene) -> Reading:
    """What a turn asks for.

    Args:
        text: the user's turn on one line. state: after the turns before it.
    """
    named = scene.mentioned(text)
    turn = masked(text, named)
    marks = (*named, *(name for name in scene.names if name not in named))
    if state.pending is not None:
        filled = _filled(turn, state.pending, marks, scene)
        if filled is not None:
            reading = replace(read_turn(filled, replace(state, pending=None), scene), plain=False)
            pronoun = state.pending.pronoun
            if pronoun is None or len(reading.people) != 1:
                return reading
            return replace(reading, pronouns=((pronoun, reading.people[0]),))
    return _Reader(text, turn, marks, state, scene).read()


@dataclass
class _Reader:
    text: str
    turn: str
    marks: tuple[str, ...]
    state: DialogueState
    scene: Scene

    def read(self) -> Reading:
        state, views = self.state, self.scene.views
        bare = _LEAD.sub("", self.turn)
        corrects = _CORRECTS.search(bare) is not None and (state.topic is not None)
        dropped = marked(" ".join(_NOT.findall(bare)), self.marks) if corrects else ()
        if corrects:
            bare = _LEAD.sub("", _CORRECTS.sub(" ", _NOT.sub(" ", bare)).strip(" ,.!"))
        spoken = [name for name in state.mentioned if name not in state.people]
        person_first = bool(spoken) or len(state.people) > 1 or len(views) == 1
        scope = find_videos(
            bare, [v.name for v in views], self.scene.names, state.videos, person=person_first and not corrects
        )
        if scope.missing:
            count = "There is one video" if len(views) == 1 else f"There are {len(views)} videos"
            return self._back(f"{count}: {listed([v.name for v in views])}. Which one do you mean?", None)
        if scope.unclear:
            files = [views[n].name for n in scope.unclear]
            text = unmasked(scope.rest.replace("\0", PENDING), self.marks)
            pending = Pending("video", tuple(str(n) for n in scope.unclear), text)
            return self._back(f"Which video do you mean: {listed(files, 'or')}?", pending)
        if scope.videos is None and len(views) > 1 and _is_short(_NTH.sub(" ", _ABOUT.sub(" ", bare))):
            number = bare_number(bare, len(views))
            if number is not None:
                scope = Scope("", (number,))
        topic = None if scope.videos is not None and len(scope.videos) == 1 else self._every_video(scope.rest)
        videos = self._videos(scope, topic)
        spoken_of = scope.rest
        if len(marked(spoken_of, self.marks)) > 1:
            # Of two people that asks for no moment, but whether they are seen together.
            spoken_of = re.sub(r"\bat the same (?:time|moment)\b", "at once", spoken_of)
        part = find_part(spoken_of, self._duration(videos), self._moment(videos))
        if part.unknown and (_is_short(part.rest.replace(part.words, " ")) or part.words.strip() != "then"):
            return self._back("Which moment do you mean? Ask for a time of the video, such as after 0:10.", None)
        rest = tidy(_LEAD.sub("", part.rest))
        if topic is not None:
            # "All of them" are videos here.
            rest = tidy(re.sub(r"\bof (?:them|these|those)\b", " ", without_all(rest)))
        short = _is_short(without_all(_ABOUT.sub(" ", rest)) if topic is None else "x")
        whom = find_people(
            rest, self.scene.names, state, self._around(videos), short=short and not corrects, marks=self.marks
        )
        if whom.ask_back:
            asked = whom.pending
            if asked is not None:
                again = unmasked(asked.text, self.marks)
                asked = replace(asked, text=_with_context(again, videos, part, scope, views, self._duration(videos)))
            return self._back(whom.ask_back, asked)
        if topic is None and (_is_short(_ABOUT.sub(" ", re.sub(NAME, " ", whom.text))) and state.topic is not None):
            return self._again(whom, videos, part, dropped)
        return self._new(whom, topic, videos, part, scope)

    # Kinds of turns

    def _again(self, whom: Whom, videos: tuple[int, ...], part: Named, dropped: tuple[str, ...]) -> Reading:
        """The last question once more, about others, in another video or another part."""
        state = self.state
        topic = state.topic or "existence"
        people = whom.people or (state.people if topic not in _OF_EVERYBODY or "{" in state.question else ())
        if not videos or videos == state.videos:
            videos = state.asked if topic in _EVERY_VIDEO or topic == "last" else videos
        if dropped and whom.people and len(state.people) > 1:
            kept = tuple(whom.people[0] if name in dropped else name for name in state.people)
            people = tuple(dict.fromkeys(kept))
        if topic in ("together", "relation", "order", "earlier") and len(people) == 1 and len(state.people) == 2:
            if people[0] not in state.people:
                pairs = [f"{name} and {people[0]}" for name in state.people]
                return self._back(f"Do you mean {listed(pairs, 'or')}?", None)
            topic = "existence"
        moved = part.window is not None
        window = part.window if moved else (state.window if videos == state.videos else None)
        if moved and part.words and topic in ABOUT_TIME and not whom.people:
            return Reading("summary", "", people if topic == "summary" else (), videos, window=window)
        if topic in ("who_else", "what_else", "who_is") and whom.people:
            topic = "summary"
        topic = _OF_ONE.get(topic, topic) if len(people) == 1 else _OF_SEVERAL.get(topic, topic)
        question, template = self._worded(topic, people)
        return Reading(topic, question, people, videos, template, window, pronouns=whom.pronouns)

    def _new(self, whom: Whom, topic: Topic | None, videos: tuple[int, ...], part: Named, scope: Scope) -> Reading:
        """A question with words of its own."""
        state = self.state
        text = whom.text
        people = whom.people or (self.scene.subjects if not whom.referred else ())
        window = part.window
        if topic is None and not part.words and len(self.scene.views) > 1 and _last_seen(text):
            topic = "last"
            videos = videos if scope.videos else tuple(range(len(self.scene.views)))
        if topic in _EVERY_VIDEO:
            people = people or state.people
            if _LAST.search(text) and re.search(r"\b(?:seen?|time)\b", text):
                topic = "last"
            if not people and re.search(r"\bwho\b", text):
                topic = "who"
            question, template = self._own(text)
            return Reading(topic, question, people, videos, template, None, pronouns=whom.pronouns)
        topic = topic or next((topic for topic, pattern in TOPICS if pattern.search(text)), None)
        if topic in ("in_which", "in_all", "how_many_videos"):
            topic = None
        if _DID.search(text) and topic in (None, "summary", "what_else"):
            topic = "summary"
        elif topic == "who" and (
            people or re.search(rf"\bwho(?:'s| is| was)? (?:\w+ )*(?:with|near|beside) {NAME}", text)
        ):
            topic = "who" if not people else None
        elif topic == "summary" and whom.people and not re.search(r"\bsum|\boverview|\brecap", text):
            topic = "action"
        elif (topic == "what_else" and not people) or topic in ("who_else", "who_is"):
            people = state.people
        if topic == "who_is" and window is None and state.moment and state.moment.video in videos:
            videos, window = (state.moment.video,), (state.moment.start, state.moment.end)
        if (
            topic is None
            and re.search(r"\bwhat time\b", text)
            and any(self.scene.views[n].recorded_at() is not None for n in videos)
        ):
            topic = "clock"
        if topic == "clock":
            people = people or state.people
        question, template = self._own(text)
        if topic is None:
            if not people and not whom.referred and not _about_all(text):
                people = state.people
            topic = kind_of(question, people)
        elif topic in ("summary", "action", "what_else"):
            asked = kind_of(question, people)
            if asked == "setting" or (asked in _TOLD_ALONE and (whom.people or whom.referred)):
                topic = asked
            elif people and is_beyond(question, people):
                topic = "unanswerable"
        changed = scope.videos or part.words or whom.pronouns or whom.text != tidy(_LEAD.sub("", self.turn))
        if changed and topic in ASKED and people:
            # The model knows these words best.
            question = self._worded(topic, people)[0]
        return Reading(
            topic,
            question,
            people,
            videos,
            template,
            window,
            plain=not changed,
            place=re.search(r"\bwhere\b", text) is not None,
            pronouns=whom.pronouns,
        )

    # Parts

    def _every_video(self, rest: str) -> Topic | None:
        """Whether it is asked about all videos at once."""
        if len(self.scene.views) < 2:
            return None
        for topic, pattern in TOPICS[:3]:
            if pattern.search(rest):
                return topic
        return None

    def _videos(self, scope: Scope, topic: Topic | None) -> tuple[int, ...]:
        if scope.videos:
            return scope.videos
        everyone = tuple(range(len(self.scene.views)))
        return everyone if topic in _EVERY_VIDEO or not self.state.videos else self.state.videos

    def _duration(self, videos: tuple[int, ...]) -> float:
        moment = self.state.moment
        chosen = (moment.video,) if moment is not None and moment.video in videos else videos
        return max(self.scene.views[number].duration_s for number in chosen)

    def _moment(self, videos: tuple[int, ...]) -> Moment | None:
        moment = self.state.moment
        return moment if moment is not None and moment.video in videos else None

    def _around(self, videos: tuple[int, ...]) -> list[str]:
        return list(dict.fromkeys(name for number in videos for name in self.scene.views[number].present()))

    def _own(self, text: str) -> tuple[str, str]:
        question = tidy(unmasked(text, self.marks))
        template = text
        for place, name in enumerate(marked(text, self.marks)):
            template = template.replace(chr(0xE000 + self.marks.index(name)), f"{{{place}}}")
        return (question[:1].upper() + question[1:]), template

    def _worded(self, topic: Topic, people: tuple[str, ...]) -> tuple[str, str]:
        template = self.state.question
        if topic in ASKED:
            question = ASKED[topic].replace("{n}", listed(people))
            if len(people) > 1:
                question = question.replace(" is ", " are ", 1).replace("Is ", "Are ", 1)
            return question, ASKED[topic].replace("{n}", "{0}") if len(people) == 1 else template
        slots = re.findall(r"\{(\d)\}", template)
        question = template
        for slot in dict.fromkeys(slots):
            number = int(slot)
            name = people[number] if number < len(people) else ""
            question = question.replace(f"{{{slot}}}", name if len(slots) > 1 else listed(people))
        return question[:1].upper() + question[1:], template

    def _back(self, question: str, pending: Pending | None) -> Reading:
        return Reading("existence", "", (), self.state.videos, ask_back=question, pending=pending)


def _is_short(text: str) -> bool:
    """Whether nothing is asked beyond people, videos and times."""
    return not _FILLER.sub(
        "", re.sub(r"\b(?:she|her|he|him|they|them|other|both|two|those|these)\b", " ", text)
    ).strip()


def _last_seen(text: str) -> bool:
    """Whether it is asked when somebody was seen last."""
    return bool(_LAST.search(text) and _SEEN.search(text)) and "how long" not in text


def _about_all(text: str) -> bool:
    return (
        re.search(
            r"\b(?:people|persons?|everyone|everybody|anyone|anybody|somebody|someone|nobody|who|how many)\b", text
        )
        is not None
    )


def _filled(turn: str, pending: Pending, marks: tuple[str, ...], scene: Scene) -> str | None:
    """The question that was asked back, with the choice; None where the turn is no choice."""
    bare = _CORRECTS.sub(" ", _LEAD.sub("", turn)).strip()
    if pending.what == "person":
        here = marked(bare, marks)
        if len(here) == 1 and _is_short(
            re.sub(r"\b(?:first|second|last|former|latter)\b", " ", re.sub(NAME, " ", bare))
        ):
            return pending.text.replace(PENDING, here[0])
        number = _nth(bare, len(pending.options))
        if not here and number is not None and _is_short(_NTH.sub(" ", re.sub(r"\b(?:former|latter)\b", " ", bare))):
            return pending.text.replace(PENDING, pending.options[number])
        if re.match(r"^(?:yes|yeah|yep|right|exactly)\b", turn) and len(pending.options) == 1:
            return pending.text.replace(PENDING, pending.options[0])
        return None
    options = [int(option) for option in pending.options]
    scope = find_videos(bare, [v.name for v in scene.views], scene.names, (), person=False)
    chosen = scope.videos[0] if scope.videos and len(scope.videos) == 1 else bare_number(bare, len(scene.views))
    if chosen not in options or not _is_short(_NTH.sub(" ", scope.rest)):
        return None
    return pending.text.replace(PENDING, f"in {scene.views[chosen].name}")


def _nth(text: str, count: int) -> int | None:
    match = re.search(r"\b(first|former|second|latter|third|last)(?: one| person)?\W*$", text)
    if match is None:
        return None
    number = {"first": 0, "former": 0, "second": 1, "latter": 1, "third": 2, "last": count - 1}[match[1]]
    return number if number < count else None


def _with_context(
    text: str, videos: tuple[int, ...], part: Named, scope: Scope, views: Sequence[VideoView], duration_s: float
) -> str:
    """A question that was asked back keeps the videos and the part of the video that were named in it."""
    if scope.videos and len(videos) == 1:
        text = f"{text.rstrip('?')} in {views[videos[0]].name}?"
    if part.window is not None:
        start, end = part.window
        text = f"{text.rstrip('?')} " + (
            f"after {clock(start)}?" if end >= duration_s - 0.5 else f"from {clock(start)} to {clock(end)}?"
        )
    return text
