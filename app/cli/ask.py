"""`pvchat ask`: a question about a video, answered with evidence."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import BaseOption

if TYPE_CHECKING:
    from pipelines import Answer


def ask(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="The video to ask about.")],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help='For example "Is Maria in this video?"')],
    subject: Annotated[
        list[str] | None,
        typer.Option(
            "--subject", metavar="NAME", help="Who is asked about; repeat for several. Default: names in the question."
        ),
    ] = None,
    json_line: Annotated[bool, typer.Option("--json", help="Print one line of JSON, and nothing else.")] = False,
    no_evidence: Annotated[
        bool, typer.Option("--no-evidence", help="Keep evidence lines out of the prompt (for measurement).")
    ] = False,
    no_identity_bias: Annotated[
        bool, typer.Option("--no-identity-bias", help="Do not bias the model toward known faces (for measurement).")
    ] = False,
    base: BaseOption = "nano",
) -> None:
    """Ask about enrolled people in a video."""
    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights

    with terminal.only_result_on_stdout():
        import pipelines

        with pipelines.open(base=base) as session:
            session.check_question(video, question, subject)
            fetch_missing_weights()
            with terminal.progress("getting ready") as progress:
                answer = session.ask(
                    video,
                    question,
                    subject,
                    use_evidence=not no_evidence,
                    use_identity_bias=not no_identity_bias,
                    progress=progress,
                )
    if json_line:
        sys.stdout.write(answer.to_json() + "\n")
        sys.stdout.flush()
        return
    show(answer)


def show(answer: "Answer") -> None:
    """The answer and its evidence, for people."""
    from rich.table import Table
    from rich.text import Text

    from app.cli import terminal
    from pvchat.chat.facts import clock

    console = terminal.out()
    console.print(Text(answer.answer), soft_wrap=True)
    if not answer.agrees_with_evidence:
        console.print("(The wording does not agree with the evidence below; take it as unsure.)", soft_wrap=True)
    if answer.evidence:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("who", "state", "score", "seen", "best moment"):
            table.add_column(column, overflow="fold")
        for item in answer.evidence:
            spans = ", ".join(f"{clock(start)}-{clock(end)}" for start, end in item.spans)
            moment = "" if item.keyframe_s is None else clock(item.keyframe_s)
            table.add_row(Text(item.subject), item.state, f"{item.score:.2f}", spans, moment)
        console.print(table)
    if answer.unknown_people:
        people = "1 unknown person" if answer.unknown_people == 1 else f"{answer.unknown_people} unknown people"
        console.print(f"Also in the video: {people}.")
    for stranger in answer.strangers:
        spans = ", ".join(f"{clock(start)}-{clock(end)}" for start, end in stranger.spans)
        console.print(f"  unknown person {stranger.number}: {spans}", soft_wrap=True)
