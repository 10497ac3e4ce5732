"""When a recording began, as far as its file tells."""

from collections.abc import Mapping
from datetime import UTC, datetime

_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date_utc", "datetimeoriginal", "date")
"""Surest first: Apple's has the time zone of the place, the container's is in UTC."""
_FIRST_YEAR = 1980
"""Containers without a clock count from 1904 or 1970; their zero is no time of recording."""


def recording_time(tags: Mapping[str, str]) -> datetime | None:
    """The time at which the recording began.

    Args:
        tags: of the container, whatever the case of their names.

    Returns:
        With its time zone where the file has one; None where no tag tells both a day and a time of day.
    """
    by_name = {name.lower(): value for name, value in tags.items()}
    for tag in _TAGS:
        found = _parsed(by_name.get(tag, "").strip())
        if found is not None:
            return found
    return None


def _parsed(text: str) -> datetime | None:
    if len(text) < len("2026-01-31T12:00"):
        return None
    try:
        found = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
        # Years at the edge have no time stamp.
        if found.tzinfo is not None and found.utcoffset() is not None:
            found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year >= _FIRST_YEAR else None
