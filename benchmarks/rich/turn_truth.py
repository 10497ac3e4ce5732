"""What is true of a turn's answer, and what of an answer does not fit that: read from its words and its evidence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.enroll.known import CLOCK_TOLERANCE_S, Known
from pipelines.conversation import Said
from pvchat.chat.lexicon import CLOCK, PLACE_WORDS, seconds_of
from pvchat.chat.questions import mentioned
from pvchat.evaluation.answers import WORD, read_existence, without_names
from pvchat.perception.record import Span

_NOT_IN = re.compile(r"\b(?:but )?not in\b|\bnone of\b")


@dataclass(frozen=True)
class Truth:
    """What an answer has to be.

    Attributes:
        here: pairs of video (number) and name that the answer has to rest on, with whether the person is there.
        named: who has to be named. unnamed: who may not be. lead: whether it has to say yes or no, where it is asked.
        place: where the people of `here` are, by name. times: whether a time has to be told.
        window: the part of the video it is about. files: the videos that have to be said to show the person.
        last: the moment that has to be told, and the file it is in. count: how many of how many videos.
        back: who or what has to be offered in a question back.
    """

    here: Mapping[tuple[int, str], bool] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    lead: bool | None = None
    place: Mapping[str, str] = field(default_factory=dict)
    times: bool = False
    window: Span | None = None
    files: tuple[str, ...] | None = None
    last: tuple[float, str] | None = None
    count: tuple[int, int] | None = None
    back: tuple[str, ...] = ()


def fault(truth: Truth, said: Said, known: Sequence[Known], names: Sequence[str], files: Sequence[str]) -> str | None:
    """What of an answer does not fit; None when all of it does.

    Args:
        known: of each video. names: everybody enrolled. files: what the videos are called.
    """
    text = said.text
    if truth.back:
        offered = all(option in text for option in truth.back)
        return None if text.endswith("?") and offered and not said.evidence else "does not ask back"
    if not said.agrees:
        return "does not agree with its evidence"
    if text.endswith("?"):
        return "asks back"
    found = {(e.video or 0, e.subject): e.state == "present" for e in said.evidence}
    wanted = dict(truth.here)
    if any(found.get(key) != state for key, state in wanted.items()):
        return f"rests on {found}, not on {wanted}"
    if any(present and key not in wanted for key, present in found.items()):
        return f"also rests on {[key for key in found if key not in wanted]}"
    here = mentioned(text, names)
    if any(name not in here for name in truth.named) or any(name in here for name in truth.unnamed):
        return f"names {here}"
    if truth.lead is not None and read_existence(text) != ("present" if truth.lead else "absent"):
        return f"yes or no: {truth.lead}"
    return (
        _fault_of_places(truth, text, names)
        or _fault_of_times(truth, said, known)
        or _fault_of_files(truth, text, files)
    )


def _fault_of_places(truth: Truth, text: str, names: Sequence[str]) -> str | None:
    if not truth.place:
        return None
    words = {PLACE_WORDS[w] for w in WORD.findall(without_names(text, names).lower()) if w in PLACE_WORDS}
    return None if words == set(truth.place.values()) else f"places {words}, not {dict(truth.place)}"


def _fault_of_times(truth: Truth, said: Said, known: Sequence[Known]) -> str | None:
    spans = []
    for number, name in (key for key, there in truth.here.items() if there):
        part = known[number].parts[name]
        if part is None:
            continue
        start, end = part.span
        if truth.window is not None:
            start, end = max(start, truth.window[0]), min(end, truth.window[1])
        spans.append((start, end))
        seen = next(e.spans for e in said.evidence if ((e.video or 0), e.subject) == (number, name))
        if not seen:
            return f"no time of {name}"
        if (
            abs(min(s for s, _ in seen) - start) > CLOCK_TOLERANCE_S
            or abs(max(e for _, e in seen) - end) > CLOCK_TOLERANCE_S
        ):
            return f"{name} is seen {start:.1f}-{end:.1f}, not {seen}"
    edges = [time for span in spans for time in span] + list(truth.window or ())
    # Of people seen together: from when the later comes to when the earlier goes.
    clocks = [seconds_of(match.group()) for match in CLOCK.finditer(said.text)]
    if any(all(abs(clock - edge) > CLOCK_TOLERANCE_S for edge in edges) for clock in clocks):
        return f"says {clocks}, the edges are {edges}"
    amounts = [int(m[1]) for m in re.finditer(r"\b(\d+) seconds?\b", said.text)]
    if any(all(abs(amount - (b - a)) > CLOCK_TOLERANCE_S for a, b in spans) for amount in amounts):
        return f"says {amounts} seconds"
    if truth.times and not clocks and not amounts:
        return "tells no time"
    if truth.last is not None:
        moment, file = truth.last
        if file not in said.text or not any(abs(clock - moment) <= CLOCK_TOLERANCE_S for clock in clocks):
            return f"last seen at {moment:.1f} in {file}"
    return None


def _fault_of_files(truth: Truth, text: str, files: Sequence[str]) -> str | None:
    if truth.files is not None:
        parts = _NOT_IN.split(text, maxsplit=1)
        said = {file for file in files if file in parts[0]}
        if said != set(truth.files):
            return f"is in {sorted(truth.files)}, not {sorted(said)}"
    if truth.count is not None:
        count, total = truth.count
        told = {0: ("none of",), total: (f"all {total}", f"{total} of the {total}")}.get(
            count, (f"{count} of the {total}",)
        )
        if not any(words in text for words in told):
            return f"{count} of {total}"
    return None
