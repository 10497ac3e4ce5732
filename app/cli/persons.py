"""People by the name a command is given, enrolled or only noted."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.people import SubjectInfo
    from storage.store import Store


def named(store: "Store", name: str) -> "SubjectInfo":
    """The person meant by a name, whatever its case.

    Raises:
        SubjectError: nobody is called so.
    """
    from pipelines import names
    from storage import people

    with store.read() as session:
        everybody = people.list_info(session)
    wanted = names.find_subject(name, [info.name for info in everybody])
    return next(info for info in everybody if info.name == wanted)


def called(store: "Store", subject_id: str | None) -> str:
    """The name of a person, "" when there is none."""
    from storage import people

    if subject_id is None:
        return ""
    with store.read() as session:
        info = people.get(session, subject_id)
    return "" if info is None else info.name
