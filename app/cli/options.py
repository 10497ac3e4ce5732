"""Options that several commands share."""

from typing import Annotated

import typer

BaseOption = Annotated[
    str,
    typer.Option(
        "--base",
        envvar="PVCHAT_BASE",
        metavar="NAME",
        help="Model that answers: nano, or a vision-language model by its name on the model hub or its folder.",
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print one line of JSON.")]
