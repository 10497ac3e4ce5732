"""What schemathesis needs to know of the service: how a video looks, and what is there."""

import json
import os
import sys
from pathlib import Path
from typing import Any, cast

import schemathesis
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.api.scene_videos import scene_mp4

# One person, several people (the job asks who is meant), nobody, and what is no video at all.
FILES = (
    scene_mp4("one.mp4", {"face": 1}),
    scene_mp4("two.mp4", {"face": 1, "x": 0.2}, {"face": 2, "x": 0.8}),
    scene_mp4("empty.mp4"),
    b"\x00\x00\x00\x18ftypmp42",
    b"",
)

schemathesis.openapi.media_type("video/mp4", st.sampled_from(FILES))


# What the test made before: ids by the name of the path parameter, the video, and jobs that ask who is meant.
KEPT: dict[str, Any] = json.loads(os.environ["PVCHAT_TEST_KEPT"])


@schemathesis.hook
def filter_body(_context: schemathesis.HookContext, body: object) -> bool:
    """Schemathesis takes U+20F1 to U+20FF for marks, which no Unicode assigns yet: they fit no pattern here."""
    # Not repr(): it writes them as escapes.
    text = json.dumps(body, ensure_ascii=False, default=str)
    return not any("\u20f1" <= character <= "\u20ff" for character in text)


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: "schemathesis.Case[Any]", _kwargs: dict[str, Any]) -> None:
    """Lead valid requests to what is there where nothing else can, and let it be there to the end."""
    operation, path = case.operation.label, case.path_parameters
    for name in path if case.method == "DELETE" else ():
        # Among them is the key in use: it is listed with the others.
        if path[name] in KEPT["ids"].get(name, ()):
            path[name] = "kept"
    if case.meta is None or not case.meta.generation.mode.is_positive or case.method != case.operation.method.upper():
        return
    if operation == "POST /v1/subjects/{subject_id}/enrollments" and path["subject_id"] == KEPT["ids"]["subject_id"][2]:
        # Another enrollment takes the report of an earlier training with it.
        path.update(subject_id=KEPT["ids"]["subject_id"][0])
    if operation == "POST /v1/chat":
        body = cast("dict[str, Any]", case.body)
        ours = {"videos": [KEPT["video"]]} if "videos" in body else {"video": KEPT["video"]}
        case.body = {**body, **ours}
    elif operation == "POST /v1/chat/completions":
        case.body = _with_video(case.body)
    elif operation == "POST /v1/feedback":
        body = cast("dict[str, Any]", case.body)
        case.body = {"video": KEPT["video"], "subject": "Maria", "verdict": body["verdict"], "track": 1}
    elif operation == "DELETE /v1/feedback/{feedback_id}" and "to take back" in KEPT:
        # Once: it is gone then.
        path.update(feedback_id=KEPT.pop("to take back"))
    elif operation == "GET /v1/subjects/{subject_id}/merge":
        path.update(subject_id=KEPT["ids"]["subject_id"][0])
        case.query = {"other": KEPT["ids"]["subject_id"][2]}
    elif operation == "POST /v1/subjects/{subject_id}/merge" and "to merge" in KEPT:
        # Once: two are one then.
        kept, other = KEPT.pop("to merge")
        path.update(subject_id=kept)
        case.body = {"other": other}
    elif operation == "GET /v1/jobs/{job_id}/crops/{number}":
        path.update(job_id=KEPT["asking"], number=1)
    elif operation == "DELETE /v1/jobs/{job_id}" and "to cancel" in KEPT:
        # Once: whether other jobs have ended before is a matter of luck.
        path.update(job_id=KEPT.pop("to cancel"))
    elif operation == "DELETE /v1/corpus/{source_id}" and "to remove" in KEPT:
        # Once: it is gone then.
        path.update(source_id=KEPT.pop("to remove"))
    elif operation.endswith("/unknown-people/{person_id}/name"):
        path.update(person_id=KEPT["to name"])
    elif operation == "DELETE /v1/unknown-people/{person_id}":
        path.update(person_id=KEPT["to forget"])
    elif "/unknown-people/{person_id}" in operation:
        path.update(person_id=KEPT["stranger"])
    elif operation == "POST /v1/subjects/{subject_id}/trainings":
        path.update(subject_id=KEPT["ids"]["subject_id"][0])
    elif operation == "POST /v1/jobs/{job_id}/resume":
        # It fails again each time.
        path.update(job_id=KEPT["to resume"])
    elif operation == "GET /v1/jobs/{job_id}/report":
        path.update(job_id=KEPT["trained"])
    elif operation == "POST /v1/jobs/{job_id}/pick":
        path.update(job_id=KEPT["to pick"])


def _with_video(value: Any) -> Any:
    if isinstance(value, dict):
        ours = {"url": f"pvchat://video/{KEPT['video']}"}
        return {name: ours if name == "video_url" else _with_video(item) for name, item in value.items()}
    return [_with_video(item) for item in value] if isinstance(value, list) else value
