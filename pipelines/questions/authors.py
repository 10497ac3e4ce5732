"""Import of the layout in which PVChat's authors keep questions: JSON, `videos[].qa_pairs[]`.

    {"videos": [{"video_path": "clips/1.mp4", "qa_pairs": [{"question": "Is <sks> here?", "answer": "Yes, ..."}]}]}

A list of videos without the object around it is read too. The name token and its variants become the subject's name.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pipelines.questions.check import says_absent
from pipelines.questions.rows import QuestionRow, Split, text_of
from pvchat.chat.questions import TYPE_OF, kind_of, mentioned
from pvchat.errors import QuestionFileError

TOKENS = ("<sks>", "<person>", "<subject>")
_VIDEO_KEYS = ("video_path", "video", "path", "file", "video_name", "name", "video_id", "id")
_PRESENT_KEYS = ("present", "is_positive", "positive")
_STILLS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
_LEFT_OVER = re.compile(r"<\w+>")


def read_authors(
    path: Path,
    name: str,
    *,
    others: Mapping[str, str] | None = None,
    split: Split = "train",
) -> list[QuestionRow]:
    """Read a file of the authors' layout.

    Whether the subject is in a video is told by `present` (or `is_positive`) where the video has it, else by most
    answers to questions about existence, else by each answer. Files of pictures are of stage 1, all others of stage 2.

    Args:
        path: the file. name: of the subject, in the place of the name token.
        others: further tokens and the names they stand for, such as {"<sks2>": "Tom"}.
        split: of all rows.

    Raises:
        QuestionFileError: the file is damaged; says which video and which pair.
    """
    tokens = {**dict.fromkeys(TOKENS, name), **(others or {})}
    try:
        data = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise QuestionFileError(f"{path}, line {error.lineno}: no JSON: {error.msg}") from error
    videos = data.get("videos") if isinstance(data, dict) else data
    if not isinstance(videos, list):
        raise QuestionFileError(f'{path} has no list of videos; give {{"videos": [...]}} or a list')
    return [row for index, video in enumerate(videos) for row in _rows(path, index, video, tokens, split)]


def _rows(path: Path, index: int, video: Any, tokens: Mapping[str, str], split: Split) -> list[QuestionRow]:
    where = f"{path}, videos[{index}]"
    if not isinstance(video, dict):
        raise QuestionFileError(f"{where} is no object but {_short(video)}")
    clip = next((video[key] for key in _VIDEO_KEYS if isinstance(video.get(key), str) and video[key]), None)
    if clip is None:
        raise QuestionFileError(f"{where} names no video; give one of {', '.join(_VIDEO_KEYS)}")
    pairs = video.get("qa_pairs")
    if not isinstance(pairs, list):
        raise QuestionFileError(f"{where} ({clip}) has no list qa_pairs")
    read = [_pair(f"{where}.qa_pairs[{number}]", pair, tokens) for number, pair in enumerate(pairs)]
    names = tuple(dict.fromkeys(tokens.values()))
    stage: Literal[1, 2] = 1 if PurePosixPath(clip).suffix.lower() in _STILLS else 2
    here = _present(video, read, names[0])
    rows = []
    for question, answer in read:
        subjects = tuple(mentioned(f"{question} {answer}", names)) or names[:1]
        kind = kind_of(question, subjects)
        present = not says_absent(question, answer, subjects[0]) if here is None else here
        rows.append(
            QuestionRow(clip, split, stage, TYPE_OF[kind], kind, question, answer, subjects, present, path.name)
        )
    return rows


def _pair(where: str, pair: Any, tokens: Mapping[str, str]) -> tuple[str, str]:
    if not isinstance(pair, dict):
        raise QuestionFileError(f"{where} is no object but {_short(pair)}")
    texts = []
    for key in ("question", "answer"):
        text = pair.get(key)
        if not isinstance(text, str) or not text.strip():
            raise QuestionFileError(f"{where} has no {key}: {_short(text)}")
        for token, name in tokens.items():
            text = name.join(re.split(re.escape(token), text, flags=re.IGNORECASE))
        left = _LEFT_OVER.search(text)
        if left:
            raise QuestionFileError(f"{where} has the token {left.group()} in its {key}; say whose name it stands for")
        texts.append(text.strip())
    return texts[0], texts[1]


def _present(video: Mapping[str, Any], pairs: Sequence[tuple[str, str]], name: str) -> bool | None:
    told = next((video[key] for key in _PRESENT_KEYS if isinstance(video.get(key), bool)), None)
    if told is not None:
        return bool(told)
    asked = [says_absent(q, a, name) for q, a in pairs if kind_of(q, (name,)) == "existence"]
    return 2 * sum(asked) < len(asked) if asked else None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
