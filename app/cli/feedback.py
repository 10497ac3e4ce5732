"""`pvchat feedback`: saying who a person in a video is, or is not."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import BaseOption, JsonOption

if TYPE_CHECKING:
    from pipelines.feedback import Said
    from pvchat.identity.feedback import Verdict
    from pvchat.identity.pointing import Place, Pointer

app = typer.Typer(help="Say who a person in a video is, or is not; the next answer counts on it.", no_args_is_help=True)

AUTHOR = "cli"
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,3}):)?(\d+(?:\.\d+)?)", re.ASCII)
_PLACES: tuple["Place", ...] = ("left", "middle", "right")

Name = Annotated[str, typer.Argument(metavar="NAME", help="An enrolled person.")]
Video = Annotated[Path, typer.Argument(metavar="VIDEO", help="The video.")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="A moment when the person is seen: 0:04, or 4.2.")]
PlaceOption = Annotated[
    str, typer.Option("--place", metavar="WHERE", help="Who, where several are seen then: left, middle or right.")
]
Point = Annotated[
    str, typer.Option("--point", metavar="X,Y", help="The same by a point, as fractions of the picture: 0.3,0.4.")
]
TrackOption = Annotated[
    int | None, typer.Option("--track", metavar="N", help="The same by number, as `pvchat ask --json` gives it.")
]


@app.command("not")
def is_not(
    name: Name,
    video: Video,
    at: At = "",
    place: PlaceOption = "",
    point: Point = "",
    track: TrackOption = None,
    json_line: JsonOption = False,
    base: BaseOption = "nano",
) -> None:
    """This is not NAME: never again in this video, and less likely for similar faces in others."""
    _say(video, name, "is_not", _pointer(at, place, point, track), json_line, base)


@app.command("is")
def is_person(
    name: Name,
    video: Video,
    at: At = "",
    place: PlaceOption = "",
    point: Point = "",
    track: TrackOption = None,
    json_line: JsonOption = False,
    base: BaseOption = "nano",
) -> None:
    """This is NAME: always in this video, and the face helps to find NAME in others."""
    _say(video, name, "is", _pointer(at, place, point, track), json_line, base)


@app.command("list")
def list_all(
    video: Annotated[Path | None, typer.Option("--video", metavar="VIDEO", help="Only about this video.")] = None,
    name: Annotated[str, typer.Option("--subject", metavar="NAME", help="Only about this person.")] = "",
    json_line: JsonOption = False,
) -> None:
    """What was said, oldest first, and whether it counts."""
    import pipelines

    with pipelines.open() as session:
        found = session.feedback.list(video, name or None)
    if json_line:
        sys.stdout.write(json.dumps([said.to_dict() for said in found], ensure_ascii=False) + "\n")
        return
    from rich.table import Table
    from rich.text import Text

    from app.cli import terminal

    console = terminal.out()
    if not found:
        console.print("Nothing was said. Say it with: pvchat feedback not NAME VIDEO --at TIME", soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("id", "said", "video", "seen", "by", "counts"):
        table.add_column(column, overflow="fold")
    counts = {True: "yes", False: "no: nobody is seen there now", None: "when the video is looked at again"}
    for said in found:
        one = said.feedback
        words = f"{'is' if one.verdict == 'is' else 'is not'} {one.subject}"
        table.add_row(
            one.id[:8], Text(words), Text(one.video_name), _spans(said), one.author[:8], counts[said.in_effect]
        )
    console.print(table)


@app.command("undo")
def undo(
    feedback_id: Annotated[str, typer.Argument(metavar="ID", help="As `pvchat feedback list` shows it.")],
) -> None:
    """Take back what was said; answers are again what they were before it."""
    import pipelines
    from app.cli import terminal

    with pipelines.open() as session:
        said = session.feedback.undo(feedback_id).feedback
    words = "is" if said.verdict == "is" else "is not"
    terminal.out().print(f'Taken back: "{words} {said.subject}" in {said.video_name}.', soft_wrap=True)


def _say(video: Path, name: str, verdict: "Verdict", pointer: "Pointer", json_line: bool, base: str) -> None:
    import pipelines
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights

    with terminal.only_result_on_stdout(), pipelines.open(base=base) as session:
        session.find(name)
        session.videos.identify(video)
        fetch_missing_weights()
        with terminal.progress("getting ready") as progress:
            said = session.feedback.say(video, name, verdict, pointer, author=AUTHOR, progress=progress)
    if json_line:
        sys.stdout.write(json.dumps(said.to_dict(), ensure_ascii=False) + "\n")
        return
    one = said.feedback
    words = "is" if verdict == "is" else "is not"
    known = "" if said.new else " That was said before."
    console = terminal.out()
    console.print(f"Noted: {_spans(said)} in {one.video_name} {words} {one.subject}.{known}", soft_wrap=True)
    console.print(f"Take it back with: pvchat feedback undo {one.id[:8]}", soft_wrap=True)


def _spans(said: "Said") -> str:
    from pvchat.chat.facts import clock

    return ", ".join(f"{clock(start)}-{clock(end)}" for start, end in said.feedback.spans)


def _pointer(at: str, place: str, point: str, track: int | None) -> "Pointer":
    from pvchat.errors import FeedbackError
    from pvchat.identity.pointing import Pointer

    where = next((known for known in _PLACES if known == place), None)
    if place and where is None:
        raise FeedbackError(f'--place is "{place}"; give one of: {", ".join(_PLACES)}')
    if (place or point) and not at:
        raise FeedbackError("--place and --point need a moment; add --at TIME")
    return Pointer(track=track, time_s=_seconds(at) if at else None, place=where, point=_xy(point))


def _seconds(text: str) -> float:
    from pvchat.errors import FeedbackError

    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise FeedbackError(f'--at is "{text}"; give a time such as 0:04, 1:02:05 or 4.2 (seconds)')
    hours, minutes, seconds = found.groups()
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds)


def _xy(text: str) -> tuple[float, float] | None:
    from pvchat.errors import FeedbackError

    if not text:
        return None
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        x, y = -1.0, -1.0
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise FeedbackError(f'--point is "{text}"; give two fractions of the picture, such as 0.3,0.4')
    return x, y
