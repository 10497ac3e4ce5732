"""Which keys a benchmark measures: what its option `--only` says."""

from collections.abc import Collection, Iterable


def chosen_keys(only: str, known: Iterable[str], default: Collection[str] | None = None) -> list[str] | None:
    """The keys to measure.

    Args:
        only: keys with commas between, or nothing. known: all keys, in the order of the table.
        default: those that are measured when `only` has none; all if None.

    Returns:
        Keys in the order of the table; None when one is unknown.
    """
    keys = list(known)
    chosen: Collection[str] = [key.strip() for key in only.split(",") if key.strip()]
    if any(key not in keys for key in chosen):
        return None
    chosen = chosen or (keys if default is None else default)
    return [key for key in keys if key in chosen]
