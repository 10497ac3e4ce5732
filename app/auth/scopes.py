"""What a key may do, verb by verb."""

from collections.abc import Iterable
from typing import Final

from pvchat.errors import PVChatError

SCOPES: Final = {
    "subjects:read": "list people, their enrollments and adapters",
    "subjects:write": "create, rename, enroll and train people, choose among their adapters",
    "subjects:delete": "forget people, and make one of two",
    "unknown:read": "list unknown people and see their pictures",
    "unknown:write": "enroll unknown people under a name",
    "unknown:delete": "forget unknown people",
    "videos:read": "list and watch videos, read what was perceived",
    "videos:write": "upload and delete videos",
    "feedback:read": "list what was said about who is who",
    "feedback:write": "say who is who in a video, and take it back",
    "corpus:read": "list the sources of the corpus",
    "corpus:write": "remove sources of the corpus",
    "jobs:read": "list and follow jobs",
    "jobs:write": "cancel jobs and let them go on, pick the person meant",
    "chat": "ask questions about videos",
    "metrics:read": "read the service's metrics",
    "keys:write": "make, list and revoke keys",
}
EVERYTHING: Final = tuple(SCOPES)


class ScopeError(PVChatError):
    """There is no such scope."""


def check(scopes: Iterable[str]) -> list[str]:
    """The scopes, sorted, each once.

    Raises:
        ScopeError: one of them does not exist.
    """
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise ScopeError(f"there is no scope {', '.join(unknown)}; choose from {', '.join(SCOPES)}")
    return wanted
