"""What schemathesis needs to know of the service: how a video looks, and which key not to revoke."""

import os
import sys
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.api.scene_videos import scene_mp4  # noqa: E402

# One person, several people (the job asks who is meant), nobody, and what is no video at all.
FILES = (
    scene_mp4("one.mp4", {"face": 1}),
    scene_mp4("two.mp4", {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8}),
    scene_mp4("empty.mp4"),
    b"\x00\x00\x00\x18ftypmp42",
    b"",
)

schemathesis.openapi.media_type("video/mp4", st.sampled_from(FILES))


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case, _kwargs: dict[str, Any]) -> None:
    """The key in use is listed among the others; the run would end with it."""
    mine = os.environ.get("PVCHAT_TEST_KEY_ID")
    if mine and case.path_parameters.get("key_id") == mine:
        case.path_parameters["key_id"] = "mine"
