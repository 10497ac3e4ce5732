"""`pvchat chat`: a conversation about one or several videos, in the terminal or from a pipe."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from app.cli.options import BaseOption

if TYPE_CHECKING:
    from pipelines import Answer
    from pipelines.session import Session

_PROMPT = "> "
_HELP = "Ask in plain words. Also: /videos, /people, /evidence (of the last answer), /new (conversation), /quit."


def chat(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="The videos to talk about, up to eight.")],
    json_lines: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each question.")] = False,
    base: BaseOption = "nano",
) -> None:
    """Talk about enrolled people in videos: every question may lean on those before it.

    Without a terminal, questions are read from standard input, one a line.
    """
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights

    with terminal.only_result_on_stdout():
        import pipelines
        from pipelines.conversation import check_videos

        check_videos(len(videos))
        session = pipelines.open(base=base)
    with session:
        with terminal.only_result_on_stdout():
            for video in videos:
                session.videos.identify(video)
            fetch_missing_weights()
            with terminal.progress("getting ready") as progress:
                for video in videos:
                    session.perceive(video, progress)
                # So that the first answer is as quick as the others.
                progress(1.0, "loading the model")
                session.warm_up()
        with _answers() as out:
            _Talk(session, videos, out, json_lines=json_lines).run()


@contextmanager
def _answers() -> Iterator[TextIO]:
    """Where answers go: at a terminal apart from what native code prints while they are written."""
    if not sys.stdout.isatty():
        yield sys.stdout
        return
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        yield out


class _Talk:
    """One conversation.

    Args:
        out: where answers go. json_lines: each as a line of JSON, and nothing else.
    """

    def __init__(self, session: "Session", videos: Sequence[Path], out: TextIO, *, json_lines: bool) -> None:
        from pipelines.conversation import file_names

        self._session = session
        self._videos = videos
        self._called = file_names(videos)
        self._out = out
        self._json = json_lines
        self._live = sys.stdin.isatty() and out.isatty() and not json_lines
        self._turns: list[str] = []
        self._last: Answer | None = None

    def run(self) -> None:
        """Until the end of the input, or /quit."""
        if self._live:
            self._say(_HELP)
        for line in self._lines():
            command = line.split()[0].casefold() if line.startswith("/") else ""
            if command in ("/quit", "/exit", "/q"):
                return
            if command:
                self._command(command)
            else:
                self._ask(line)

    def _lines(self) -> Iterator[str]:
        if not self._live:
            yield from (text for line in sys.stdin if (text := line.strip()))
            return
        # Line editing and a history that lasts as long as the conversation: what was asked about whom is not kept.
        with suppress(ImportError):
            import readline  # noqa: F401
        while True:
            try:
                text = input(_PROMPT).strip()
            except EOFError:
                self._say("")
                return
            if text:
                yield text

    def _command(self, command: str) -> None:
        if command == "/videos":
            self._say("\n".join(f"{number}. {name}" for number, name in enumerate(self._called, start=1)))
        elif command == "/people":
            self._say("\n".join(person.name for person in self._session.people()) or "Nobody is enrolled.")
        elif command == "/evidence":
            self._say("\n".join(self._evidence(full=True)) or "There is no evidence yet.")
        elif command == "/new":
            self._turns, self._last = [], None
            self._say("A new conversation.")
        else:
            self._say(_HELP)

    def _ask(self, question: str) -> None:
        from app.cli import terminal
        from pvchat.errors import QuestionError, SubjectError

        draft = _Draft(self._out, live=self._live)
        try:
            with terminal.only_result_on_stdout():
                answer = self._session.chat(
                    self._videos, question, earlier=self._turns, called=self._called, on_text=draft.show
                )
        except (QuestionError, SubjectError) as error:
            draft.end()
            self._error(question, error)
            return
        except KeyboardInterrupt:
            if not self._live:
                raise
            draft.end()
            self._say("Stopped.")
            return
        self._turns.append(question)
        self._last = answer
        if self._json:
            self._json_line({"question": question, **answer.to_dict()})
            return
        draft.finish(answer.answer)
        for line in self._evidence(full=False):
            self._say(f"  {line}")
        if not answer.agrees_with_evidence:
            self._say("  (The wording does not agree with the evidence; take it as unsure.)")

    def _evidence(self, *, full: bool) -> list[str]:
        """A line for each person and video: state, when, and in full the score and the best moment."""
        from pvchat.chat.facts import clock

        lines = []
        for item in self._last.evidence if self._last is not None else ():
            parts: list[str] = [item.state]
            if item.spans:
                parts.append(", ".join(f"{clock(start)}-{clock(end)}" for start, end in item.spans))
            if full:
                parts.append(f"score {item.score:.2f}")
                if item.keyframe_s is not None:
                    parts.append(f"best at {clock(item.keyframe_s)}")
            file = "" if item.video is None else f" [{self._called[item.video]}]"
            lines.append(f"{item.subject}{file}: {', '.join(parts)}")
        return lines

    def _error(self, question: str, error: Exception) -> None:
        text = " ".join(str(error).split())
        if self._json:
            self._json_line({"question": question, "error": text})
        else:
            self._say(f"{text[:1].upper()}{text[1:]}.")

    def _json_line(self, data: dict[str, object]) -> None:
        import json

        self._say(json.dumps(data, ensure_ascii=False))

    def _say(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()


class _Draft:
    """An answer while it is written, on one line of a terminal. What was not checked yet may have to be taken back."""

    def __init__(self, out: TextIO, *, live: bool) -> None:
        self._out = out
        self._live = live
        self._shown = ""

    def show(self, text: str) -> None:
        """The answer so far."""
        if self._live and text.startswith(self._shown):
            self._out.write(text[len(self._shown) :])
            self._out.flush()
            self._shown = text

    def end(self) -> None:
        """Nothing more comes."""
        if self._shown:
            self._out.write("\n")

    def finish(self, answer: str) -> None:
        """The checked answer."""
        if not answer.startswith(self._shown):
            self._out.write("  (taken back)\n")
            self._shown = ""
        self._out.write(f"{answer[len(self._shown) :]}\n")
        self._out.flush()
