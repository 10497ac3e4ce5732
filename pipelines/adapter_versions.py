"""Versions of a person's adapter: which there are, and which one answers."""

from pvchat.errors import SubjectError
from storage import adapters
from storage.adapters import AdapterInfo
from storage.store import Store


def versions(store: Store, subject_id: str, base: str) -> list[AdapterInfo]:
    """Those that are kept, newest first.

    Args:
        base: name of the model they are for, as `pipelines.vlm_tools.base_name` gives it.
    """
    with store.read() as session:
        return adapters.versions(session, subject_id, base)


def roll_back(
    store: Store, subject_id: str, base: str, *, version: int | None = None, instant: bool = False
) -> list[AdapterInfo]:
    """Let another version answer from now on. None is deleted.

    Args:
        version: which one; None for the one before. instant: none of them, what the enrollment alone gave.

    Returns:
        All versions, newest first.

    Raises:
        SubjectError: there is no such version, or both were asked for.
    """
    if instant and version is not None:
        raise SubjectError(f"version {version} and none of them cannot both answer; say one of the two")
    with store.write() as session:
        if instant:
            adapters.retire(session, subject_id, base)
        else:
            adapters.roll_back(session, subject_id, base, version)
        return adapters.versions(session, subject_id, base)
