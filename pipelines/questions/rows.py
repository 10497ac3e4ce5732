"""Rows of questions and answers about clips, and their file: JSON lines, schema in `docs/questions.schema.json`.

The same rows always give the same bytes. What a row may hold is said once, by `QuestionRow`: the schema is made from
it, and reading checks by it.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from pvchat.chat.questions import QuestionType
from pvchat.errors import QuestionFileError
from pvchat.perception.record import Span
from pvchat.training.wordings import Kind

Split = Literal["train", "held_out"]

SCHEMA_TITLE = "A question about a clip, with its answer: one line of a JSONL file"

_Text = Annotated[str, Field(min_length=1)]
_Span = Annotated[Span, Field(description="start and end, seconds from the start of the clip")]


@dataclass(frozen=True)
class QuestionRow:
    """One question with its answer."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, title=SCHEMA_TITLE
    )

    clip: Annotated[_Text, Field(description="key or path of the clip")]
    split: Annotated[Split, Field(description="held_out: never trained on")]
    stage: Annotated[Literal[1, 2], Field(description="of training: 1 for a still, 2 for a clip")]
    type: Annotated[QuestionType, Field(description="who is there; what they are like; what they do; where and when")]
    kind: Annotated[Kind, Field(description="what exactly is asked for")]
    question: _Text
    answer: _Text
    subjects: Annotated[tuple[_Text, ...], Field(description="names of the people asked about; none for how many")]
    present: Annotated[bool, Field(description="whether all of the subjects are in the clip")]
    source: Annotated[str, Field(description="what the clip was made of, or whose file the row is from")]
    spans: Annotated[tuple[_Span, ...], Field(description="when the subjects are seen, several of them at once")] = ()


@cache
def _adapter() -> TypeAdapter[QuestionRow]:
    return TypeAdapter(QuestionRow)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a row."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_adapter().json_schema()}


def schema_text() -> str:
    """The schema as `docs/questions.schema.json` has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def write_rows(path: Path, rows: Sequence[QuestionRow]) -> None:
    """Write rows, one to a line, in their order; a file that was there is replaced at once.

    Args:
        path: its folder has to exist.
    """
    fresh = path.with_name(f"{path.name}.part")
    with fresh.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(asdict(row), sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_rows(path: Path) -> list[QuestionRow]:
    """Read rows.

    Raises:
        QuestionFileError: the file cannot be read, or a line is no row; says which line and what is wrong with it.
    """
    rows = []
    for number, line in enumerate(text_of(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append(_adapter().validate_json(line))
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in wrong["loc"])
            raise QuestionFileError(f"{path}, line {number}: {f'{where}: ' if where else ''}{wrong['msg']}") from error
    return rows


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        QuestionFileError: there is none, or it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise QuestionFileError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise QuestionFileError(f"{path} is not UTF-8 text from byte {error.start} on") from error
