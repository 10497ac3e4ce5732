"""Scripts of five turns about composites whose truth is known."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.enroll.known import Known
from benchmarks.rich.turn_truth import Truth
from benchmarks.rich.turn_wordings import NTH, Half, wordings
from pvchat.perception.record import Span


@dataclass(frozen=True)
class Shown:
    """A composite: its key, who is shown in the order of its parts, and what is known of it."""

    key: str
    people: tuple[str, ...]
    known: Known


@dataclass(frozen=True)
class Turn:
    """A turn: what kind of reference it makes, its words, and what its answer has to be."""

    kind: str
    text: str
    truth: Truth


@dataclass(frozen=True)
class Script:
    """Five turns about some videos, called by `files`."""

    title: str
    videos: tuple[Shown, ...]
    files: tuple[str, ...]
    turns: tuple[Turn, ...]


CLEAR_S = 0.25
FILES = ("party.mp4", "garden.mp4", "kitchen.mp4", "holiday.mp4", "street.mp4", "office.mp4")
_PRONOUNS: Mapping[str, tuple[str, str, str]] = {"she": ("she", "her", "her"), "he": ("he", "him", "his")}


class _Writer:
    """Writes one script. `p` is who it begins with; `q` is somebody else, of the other pronoun."""

    def __init__(self, rng: random.Random, half: Half, videos: Sequence[Shown], p: str, q: str) -> None:
        self.rng, self.half, self.videos, self.p, self.q = rng, half, tuple(videos), p, q
        self.files = tuple(rng.sample(FILES, len(videos)))
        she = rng.choice(("she", "he"))
        self.pronouns = {p: she, q: "he" if she == "she" else "she"}
        self.turns: list[Turn] = []

    def say(self, kind: str, truth: Truth, *, about: str = "", nth: int = 0, **slots: object) -> str:
        """Add a turn; `about` is the person of {s}, {o}, {h}."""
        about = about or self.p
        other = self.q if about == self.p else self.p
        one, two = (_PRONOUNS[self.pronouns.get(name, "she")] for name in (about, other))
        words = self.rng.choice(wordings(kind, self.half))
        text = words.format(
            **{"p": self.p, "q": self.q, "f": self.files[nth], "nth": NTH[nth], **slots},
            **dict(zip("soh", one, strict=True)),
            **dict(zip("SOH", two, strict=True)),
        )
        self.turns.append(Turn(kind, text if words[0].islower() else text[0].upper() + text[1:], truth))
        return words

    def place(self, name: str, video: int = 0, **more: object) -> Truth:
        """Where somebody is in a video."""
        known = self.videos[video].known
        place = known.place(name)
        return Truth(
            here={(video, name): known.there(name)},
            named=(name,),
            place={name: place} if place else {},
            **more,  # type: ignore[arg-type]
        )

    def state(self, name: str, video: int = 0, **more: object) -> Truth:
        """Whether somebody is in a video."""
        there = self.videos[video].known.there(name)
        return Truth(here={(video, name): there}, named=(name,), **more)  # type: ignore[arg-type]

    def everywhere(self, name: str, **more: object) -> Truth:
        """In which videos somebody is."""
        here = {(n, name): shown.known.there(name) for n, shown in enumerate(self.videos)}
        return Truth(here=here, named=(name,), **more)  # type: ignore[arg-type]

    def in_files(self, name: str) -> tuple[str, ...]:
        return tuple(f for f, shown in zip(self.files, self.videos, strict=True) if shown.known.there(name))

    def script(self, title: str) -> Script:
        return Script(title, self.videos, self.files, tuple(self.turns))


def _side_by_side(w: _Writer, absent: str) -> None:
    p, q = w.p, w.q
    w.say("exists", w.state(p, lead=True))
    w.say("she_where", w.place(p))
    w.say("about_other", w.place(q))
    w.say("about_pronoun", w.place(p), about=q)
    w.say("the_other", w.place(q))


def _who_else(w: _Writer, absent: str) -> None:
    p, q = w.p, w.q
    w.say("exists", w.state(p, lead=True))
    w.say("else_who", w.state(q))
    w.say("she_where", w.place(q), about=q)
    w.q = p
    w.say("about_other", w.place(p))
    w.q = q
    w.say("together", Truth({(0, p): True, (0, q): True}, (p, q), lead=True))


def _one_after_another(w: _Writer, absent: str) -> None:
    first, second = w.videos[0].people
    end = _span(w, first)[1]
    whole = max(part.span[1] for part in w.videos[0].known.parts.values() if part)
    w.say("when", w.state(first, times=True))
    w.say("after_that", w.state(second, window=(end, whole), times=True))
    w.say("before_that", w.state(first, window=(0.0, end), unnamed=(second,)))
    length = max(1, int(end) - 1)
    w.say("in_time", w.state(first, window=(0.0, float(length)), unnamed=(second,)), n=length)
    w.say("who_that", w.state(first, unnamed=(second,), window=(0.0, float(length))))


def _part_by_part(w: _Writer, absent: str) -> None:
    first, second = w.videos[0].people
    end = round(_span(w, first)[1])
    whole = max(part.span[1] for part in w.videos[0].known.parts.values() if part)
    w.say("happened", Truth({(0, first): True, (0, second): True}, (first, second), times=True))
    w.say("after_time", w.state(second, window=(float(end), whole), unnamed=(first,)), t=f"0:{end:02d}")
    w.say("before_that", w.state(first, window=(0.0, float(end)), times=True))
    w.say("then_where", w.state(first, window=(0.0, float(end))))
    w.say("there_when", w.state(first, times=True))


def _which_of_three(w: _Writer, absent: str) -> None:
    p, q = w.p, w.q
    beside = next(n for n, shown in enumerate(w.videos) if shown.known.beside and shown.known.there(p))
    w.say("in_which", w.everywhere(p, files=w.in_files(p)))
    words = w.say("nth_video", w.place(p, beside), nth=beside)
    if "number two" in words:
        w.turns[-1] = Turn(
            "nth_video", w.turns[-1].text.replace("two", ("one", "two", "three")[beside]), w.turns[-1].truth
        )
    asked = w.say("in_all", Truth())
    who = q if "{q}" in asked else p
    w.turns[-1] = Turn("in_all", w.turns[-1].text, w.everywhere(who, lead=len(w.in_files(who)) == len(w.videos)))
    w.p = who
    asked = w.say("how_many_videos", Truth(), about=who)
    about = w.q if "{q}" in asked else who
    w.turns[-1] = Turn(
        "how_many_videos", w.turns[-1].text, w.everywhere(about, count=(len(w.in_files(about)), len(w.videos)))
    )
    number = max(n for n, shown in enumerate(w.videos) if shown.known.there(about))
    moment = w.videos[number].known.span([about])
    truth = Truth({(number, about): True}, (about,), last=((moment or (0.0, 0.0))[1], w.files[number]))
    w.say("last_seen", truth, about=about)


def _two_videos(w: _Writer, absent: str) -> None:
    p, q = w.p, w.q
    beside = next(n for n, shown in enumerate(w.videos) if shown.known.beside)
    w.say("in_which", w.everywhere(p, files=w.in_files(p)))
    words = w.say("nth_video", w.place(p, beside), nth=beside)
    if "number two" in words:
        w.turns[-1] = Turn("nth_video", w.turns[-1].text.replace("two", ("one", "two")[beside]), w.turns[-1].truth)
    w.say("about_other", w.place(q, beside))
    w.say("other_video", w.state(q, 1 - beside))
    w.p, w.q = q, p
    w.say("correct_person", w.state(p, 1 - beside))


def _wrong_video(w: _Writer, absent: str) -> None:
    p, q = w.p, w.q
    beside = next(n for n, shown in enumerate(w.videos) if shown.known.beside)
    w.say("where", w.everywhere(p))
    w.say("correct_video", w.place(p, beside), nth=beside)
    w.say("about_other", w.place(q, beside))
    w.p, w.q = q, q
    w.say("how_many_videos", w.everywhere(q, count=(len(w.in_files(q)), len(w.videos))), about=q)
    w.p, w.q = p, q
    w.say("she_when", w.everywhere(q, times=True), about=q)


def _asked_back(w: _Writer, absent: str) -> None:
    p, q = w.p, w.q
    w.say("both_exist", Truth({(0, p): True, (0, q): True}, (p, q), lead=True))
    w.say("ambiguous", Truth(back=(p, q)))
    w.say("choose", w.state(p))
    w.say("about_pronoun", w.state(q), about=p)
    w.say("together", Truth({(0, p): True, (0, q): True}, (p, q), lead=True))


def _corrected(w: _Writer, absent: str) -> None:
    p, q = w.p, w.q
    w.say("exists", w.state(p, lead=True))
    w.say("correct_person", w.state(q, lead=True))
    w.say("she_when", w.state(q, times=True), about=q)
    w.say("else_what", w.state(q), about=q)
    w.q = absent
    w.say("about_other", w.state(absent))


_KINDS: Sequence[tuple[str, Sequence[str], Callable[[_Writer, str], None]]] = (
    ("side by side", ("beside",), _side_by_side),
    ("who else", ("beside",), _who_else),
    ("one after another", ("after",), _one_after_another),
    ("part by part", ("after",), _part_by_part),
    ("which of three", ("beside", "after", "without"), _which_of_three),
    ("two videos", ("beside", "after"), _two_videos),
    ("wrong video", ("beside", "after"), _wrong_video),
    ("asked back", ("beside",), _asked_back),
    ("corrected", ("beside",), _corrected),
)


def write_scripts(videos: Sequence[Shown], names: Sequence[str], half: Half, count: int, seed: int) -> list[Script]:
    """Scripts about composites.

    Args:
        videos: pairs side by side and one after another. names: everybody enrolled. half: of the wordings.
    """
    beside = [v for v in videos if v.known.beside]
    after = [v for v in videos if not v.known.beside]
    scripts = []
    for number in range(count):
        rng = random.Random(f"script {seed} {half} {number}")
        title, wanted, write = _KINDS[number % len(_KINDS)]
        chosen: list[Shown] = []
        if "beside" in wanted:
            main = rng.choice(beside)
            p, q = rng.sample(main.people, 2)
            chosen.append(main)
        else:
            # A clock shows whole seconds: where one ends between two of them, "after 0:02" says neither.
            clear = [v for v in after if _ends_on_a_second(v)]
            main = rng.choice(clear if write is _part_by_part and clear else after)
            p, q = main.people
            chosen.append(main)
        if "beside" in wanted and "after" in wanted:
            options = [v for v in after if p in v.people and q not in v.people]
            if not options:
                options = [v for v in after if q in v.people and p not in v.people]
                p, q = q, p
            chosen.append(rng.choice(options))
        if "without" in wanted:
            chosen.append(rng.choice([v for v in videos if p not in v.people and q not in v.people]))
        rng.shuffle(chosen)
        absent = rng.choice([n for n in names if all(n not in v.people for v in chosen)] or [""])
        writer = _Writer(rng, half, chosen, p, q)
        write(writer, absent)
        scripts.append(writer.script(title))
    return scripts


def _ends_on_a_second(video: Shown) -> bool:
    span = video.known.span([video.people[0]]) or (0.0, 0.0)
    return abs(span[1] - round(span[1])) <= CLEAR_S


def _span(w: _Writer, name: str) -> Span:
    return w.videos[0].known.span([name]) or (0.0, 0.0)
