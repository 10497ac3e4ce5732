"""Types of the wire that say in the OpenAPI document what the service takes, no more and no less."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from pipelines.names import MAX_CHARACTERS

# Letters, marks, numbers, punctuation and symbols: what is seen of a text.
_SEEN = r"\p{L}\p{M}\p{N}\p{P}\p{S}"
# One of them is enough.
SEEN = rf"[{_SEEN}]"
# White space that `check_consent` makes one space of, and the space alone where a text is shown on one line.
SPACES = r"\p{Zs}\t\n\v\f\r"
# The rules of `pipelines.names.clean_name`: up to five words, one letter at least, no full stop at the end.
_IN_NAME = r"[\p{L}\p{M}\p{Nd}'\u2019\-\u2010\u00b7\u0387.\u200c\u200d]"
_NAME = rf"^(?=.*\p{{L}}) *{_IN_NAME}+(?: +{_IN_NAME}+){{0,4}}(?<!\.) *$"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def _moment(value: object) -> datetime:
    # Nothing but RFC 3339, as the document says; a number could be seconds or milliseconds.
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        raise ValueError("write a date and time with its zone, for example 2030-01-31T12:00:00Z")
    found = datetime.fromisoformat(value.upper())
    try:
        return found.astimezone(UTC)
    except OverflowError:
        # A day before the first or after the last one there is, in UTC.
        return (datetime.min if found.year == 1 else datetime.max).replace(tzinfo=UTC)


def _whole(value: object) -> object:
    # 1.0 is an integer in JSON Schema; "1" and true are none.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
# Beside the bounds of an int: `Annotated[int, Field(ge=1), WHOLE]`.
WHOLE = BeforeValidator(_whole)
Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Maria"])]


def new_name() -> Any:
    """Constraints of a name somebody is given. What the pattern says is checked, with better words, by `clean_name`."""
    return Field(min_length=1, max_length=MAX_CHARACTERS, examples=["Maria"], json_schema_extra={"pattern": _NAME})


def text(longest: int, *examples: str, spaces: str = " ") -> Any:
    """Constraints of a text that is shown later: something to see, and no control characters."""
    pattern = rf"^[{_SEEN}{spaces}]*[{_SEEN}][{_SEEN}{spaces}]*$"
    return Field(min_length=1, max_length=longest, pattern=pattern, examples=list(examples))


def question(longest: int) -> Any:
    """Constraints of a question: something to see in it."""
    return Field(min_length=1, max_length=longest, pattern=SEEN)
