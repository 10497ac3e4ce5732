"""Beside the answer: the player, a timeline for each person, key frames with the face marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.api.chat_schemas import AnswerOut, EvidenceOut
from app.ui.feedback import SayButton
from app.ui.render import page_part
from storage.media import Media

_STATES = {"present": "in this video", "absent": "not in this video", "unsure": "not sure"}
_COLOURS = 6


@dataclass(frozen=True)
class _Span:
    """A stretch of time; left and width as percent of the video."""

    start: float
    end: float
    left: float
    width: float


def player_html(video: Media | None) -> str:
    """The player for a video, or what to do first."""
    return page_part("player", video=video)


def evidence_html(
    answer: AnswerOut | None, video: Media | None, buttons: Mapping[str, Sequence[SayButton]] | None = None
) -> str:
    """Timelines and key frames of an answer, each of which jumps in the player.

    Args:
        answer: None before there is one. video: the one in the player; evidence of others is only counted.
        buttons: by name, to say who is who.
    """
    found = [] if answer is None or video is None else [e for e in answer.evidence if e.video == video.id]
    rows = [] if video is None else [_row(i, e, video) for i, e in enumerate(found)]
    for row in rows:
        row["buttons"] = (buttons or {}).get(row["name"], ())
    others = 0 if answer is None else len({e.video for e in answer.evidence}) - bool(found)
    return page_part("evidence", answer=answer, video=video, rows=rows, others=max(others, 0))


def main_video(answer: AnswerOut, otherwise: str) -> str:
    """Id of the video to show beside an answer: the first that has somebody in it, else the first asked about."""
    there = [e.video for e in answer.evidence if e.state == "present"] or [e.video for e in answer.evidence]
    return there[0] if there else otherwise


def _row(index: int, evidence: EvidenceOut, video: Media) -> dict[str, Any]:
    box = evidence.box
    return {
        "name": evidence.subject,
        "state": evidence.state,
        "said": _STATES[evidence.state],
        "score": evidence.score,
        "colour": index % _COLOURS + 1,
        "spans": [_span(start, end, video.duration_s) for start, end in evidence.spans],
        "keyframe": evidence.keyframe,
        "keyframe_s": evidence.keyframe_s,
        "box": None
        if box is None
        else {
            "left": 100 * box[0],
            "top": 100 * box[1],
            "width": 100 * (box[2] - box[0]),
            "height": 100 * (box[3] - box[1]),
        },
    }


def _span(start: float, end: float, duration_s: float) -> _Span:
    whole = max(duration_s, 0.001)
    left = min(max(100 * start / whole, 0.0), 100.0)
    return _Span(start, end, left, min(max(100 * (end - start) / whole, 0.5), 100.0 - left))
