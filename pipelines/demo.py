"""The main job on real video, start to end, on the demo media.

Two people are enrolled: the man of the carphone clip from its first 40 %, and a man of the group photo from a moving
clip of his region alone. All four kinds of questions are asked about clips that enrollment never saw: the last part of
the carphone clip, a moving clip of the whole photo (another motion), and clips without them. What is expected was
seen by eye in the media.

1. build the clips  2. enroll  3. ask  4. compare  5. contact sheet
"""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from pipelines.demo_sheet import Card, save_sheet
from pipelines.results import Answer
from pvchat import weights
from pvchat.evaluation.answers import fault_of_form, holds_any, read_existence, refuses, without_names
from pvchat.evaluation.clips import cut, moving_clip
from pvchat.evaluation.images import read_image
from pvchat.perception.record import Box
from pvchat.video import probe, read_frames

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.session import Session

ENROLL_SHARE = (0.0, 0.4)
ASK_SHARE = (0.6, 1.0)
CAR_MAN = "Daniel"
GROUP_MAN = "Felix Brandt"
GROUP_REGION: Box = (0.29, 0.22, 0.50, 0.66)
GROUP_SIZE = (960, 664)
CONSENT_BY = "demo media"
PURPOSE = "demonstration"
SHEET = "demo.png"
FRAME_SIDE = 640

Clip = Literal["car", "group", "bikes"]

TITLES: dict[Clip, str] = {
    "car": "carphone, last 40 %",
    "group": "group photo, moving",
    "bikes": "bikes",
}


@dataclass(frozen=True)
class Expected:
    """What is true of the media, as an answer has to put it.

    Attributes:
        shown: for the screen.
        existence: "present" or "absent" when the question is whether the person is there.
        refused: the answer has to say "NAME is not in this video".
        accept: words of which the answer needs one. exclude: words it may not have.
    """

    shown: str
    existence: Literal["present", "absent"] | None = None
    refused: bool = False
    accept: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One question of the demo."""

    clip: Clip
    name: str
    question: str
    expected: Expected


@dataclass(frozen=True)
class Media:
    """The demo's clips: what enrolls each person, and what is asked about."""

    enroll: dict[str, Path]
    ask: dict[Clip, Path] = field(default_factory=dict)


YES = Expected("Yes", existence="present")
NO = Expected("No, not in this video", existence="absent", refused=True)
REFUSED = Expected("not in this video", refused=True)
MIDDLE = Expected("in the middle", accept=("middle",), exclude=("left", "right"))
_NEVER = ("walking", "running", "waving", "lying", "standing up")


def questions() -> tuple[Item, ...]:
    """What is asked, with what is true: present people, then the same questions where the person is absent."""
    car_suit = Expected("a dark suit", accept=("black", "dark", "blue"), exclude=("red", "green", "white", "yellow"))
    car_talk = Expected("talking, turning the head", accept=("talking", "turning"), exclude=_NEVER)
    shirt = Expected("a dark grey shirt", accept=("gray", "grey", "dark"), exclude=("red", "green", "white", "blue"))
    smile = Expected(
        "smiling, keeping still",
        accept=("smiling", "still"),
        exclude=(*_NEVER, "talking", "moving"),
    )
    there: tuple[tuple[Clip, str, Expected, Expected], ...] = (
        ("car", CAR_MAN, car_suit, car_talk),
        ("group", GROUP_MAN, shirt, smile),
    )
    items = [
        Item(clip, name, question, expected)
        for clip, name, clothes, action in there
        for question, expected in zip(_four(name), (YES, clothes, action, MIDDLE), strict=True)
    ]
    elsewhere: tuple[tuple[Clip, str], ...] = (("bikes", CAR_MAN), ("car", GROUP_MAN))
    items += [
        Item(clip, name, question, expected)
        for clip, name in elsewhere
        for question, expected in zip(_four(name), (NO, REFUSED, REFUSED, REFUSED), strict=True)
    ]
    items.append(Item("group", CAR_MAN, f"Is {CAR_MAN} in this video?", NO))
    items.append(Item("bikes", GROUP_MAN, f"Can you see {GROUP_MAN} in this video?", NO))
    return tuple(items)


def judge(item: Item, text: str) -> bool:
    """Whether an answer is right: what is expected is said, in good form, with the right name."""
    expected = item.expected
    if fault_of_form(text, [item.name], [CAR_MAN, GROUP_MAN]) is not None:
        return False
    if expected.existence is not None and read_existence(text) != expected.existence:
        return False
    if expected.refused != refuses(text, item.name):
        return False
    rest = without_names(text, [item.name])
    return (not expected.accept or holds_any(rest, expected.accept)) and not holds_any(rest, expected.exclude)


def build_media(folder: Path) -> Media:
    """Make the clips; what enrolls somebody and what is asked about share no frame.

    Raises:
        WeightsError: the demo media are not cached and may not be fetched.
        VideoError: one of them cannot be read.
    """
    carphone = weights.path("demo-carphone")
    length = probe(carphone).duration_s
    photo = read_image(weights.demo_photo())
    enroll = {
        CAR_MAN: cut(carphone, folder / "carphone_first.mp4", ENROLL_SHARE[0], ENROLL_SHARE[1] * length).path,
        GROUP_MAN: moving_clip(photo, folder / "one_of_group.mp4", seed=3, crop=GROUP_REGION).path,
    }
    ask: dict[Clip, Path] = {
        "car": cut(carphone, folder / "carphone_last.mp4", ASK_SHARE[0] * length, ASK_SHARE[1] * length).path,
        "group": moving_clip(photo, folder / "group.mp4", seed=2, size=GROUP_SIZE, motion=0.6).path,
        "bikes": weights.path("demo-bikes"),
    }
    return Media(enroll, ask)


def run(out_dir: Path, console: "Console", *, base: str = "nano") -> int:
    """Run the demo in a data folder of its own, which is removed afterwards.

    Args:
        out_dir: where the contact sheet `demo.png` is written.
        console: where the table is printed.
        base: base model that answers; see `pipelines.open`.

    Returns:
        0 when every answer is right, else 1.

    Raises:
        PVChatError: media or models are missing, or somebody cannot be enrolled.
    """
    import pipelines

    started = perf_counter()
    with TemporaryDirectory(prefix="pvchat-demo-") as name:
        folder = Path(name)
        media = build_media(folder)
        with pipelines.open(folder / "home", base=base) as session:
            for person, clip in media.enroll.items():
                result = session.enroll(person, clip, consent_by=CONSENT_BY, purpose=PURPOSE)
                console.print(f"enrolled {result.subject} from {clip.name}")
            cards = [_ask(session, media, item, console) for item in questions()]
        right = sum(card.right for card in cards)
        verdict = f"{right} of {len(cards)} right"
        save_sheet(cards, f"PVChat demo: {verdict}", out_dir / SHEET)
    console.print(f"\n{verdict}, {perf_counter() - started:.0f} s; contact sheet: {out_dir / SHEET}")
    return 0 if right == len(cards) else 1


def _ask(session: "Session", media: Media, item: Item, console: "Console") -> Card:
    answer = session.ask(media.ask[item.clip], item.question, [item.name])
    right = judge(item, answer.answer)
    console.print(f"\n[{TITLES[item.clip]}] {item.question}")
    console.print(f"  answer:   {answer.answer}")
    console.print(f"  expected: {item.expected.shown}")
    console.print(f"  {'right' if right else 'WRONG'}")
    return _card(media.ask[item.clip], item, answer, right)


def _card(clip: Path, item: Item, answer: Answer, right: bool) -> Card:
    evidence = answer.evidence[0]
    moment = evidence.keyframe_s if evidence.keyframe_s is not None else probe(clip).duration_s / 2
    frame = read_frames(clip, [moment], max_side=FRAME_SIDE).images[0]
    box = evidence.box if evidence.state != "absent" else None
    return Card(frame, box, TITLES[item.clip], item.question, answer.answer, item.expected.shown, right)


def _four(name: str) -> tuple[str, str, str, str]:
    """Existence, appearance, action, location."""
    return (
        f"Is {name} in this video?",
        f"What is {name} wearing?",
        f"What is {name} doing?",
        f"Where is {name} in this video?",
    )
