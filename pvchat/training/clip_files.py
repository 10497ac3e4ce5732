"""Training clips and pairs of nano in files: arrays as they are, the rest as JSON beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pvchat.array_file import read_arrays, write_arrays
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.errors import TrainingError
from pvchat.models.nano import SubjectArrays
from pvchat.models.tokens import ClipArrays, PatchArrays
from pvchat.training.align import Pair
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import TrainingClip, Turn
from pvchat.whole_file import whole_file

CLIPS, PAIRS = "training clips 1", "training pairs 1"


def write_clips(path: Path, clips: Sequence[TrainingClip[NanoClip]]) -> None:
    """Write clips with their questions; the file is complete or not there."""
    told = [
        {"key": c.key, "turns": [vars(turn) for turn in c.turns], "present": c.present, "source": c.source}
        for c in clips
    ]
    _write(path, CLIPS, [clip.content for clip in clips], told)


def read_clips(path: Path) -> list[TrainingClip[NanoClip]]:
    """The reverse of `write_clips`.

    Raises:
        TrainingError: the file is missing, damaged, or of another version.
    """
    try:
        contents, told = _read(path, CLIPS)
        return [
            TrainingClip(
                clip["key"], content, tuple(Turn(**turn) for turn in clip["turns"]), clip["present"], clip["source"]
            )
            for content, clip in zip(contents, told, strict=True)
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, "training clips") from error


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """Write pairs to align patches with; the file is complete or not there."""
    _write(path, PAIRS, [clip for pair in pairs for clip in (pair.seen, pair.told)], None)


def read_pairs(path: Path) -> list[Pair]:
    """The reverse of `write_pairs`.

    Raises:
        TrainingError: the file is missing, damaged, or of another version.
    """
    try:
        clips, _ = _read(path, PAIRS)
        return [Pair(seen, told) for seen, told in zip(clips[::2], clips[1::2], strict=True)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, "training pairs") from error


def _unreadable(path: Path, what: str) -> TrainingError:
    return TrainingError(f"{path} holds no readable {what} for this version; remove it and prepare the training again")


def _write(path: Path, kind: str, clips: Sequence[NanoClip], told: Any) -> None:
    arrays = {f"{index}.{name}": value for index, clip in enumerate(clips) for name, value in _arrays(clip)}
    content = [
        {"name": c.name, "evidence": c.evidence, "facts": None if c.facts is None else asdict(c.facts)} for c in clips
    ]
    with whole_file(path) as file:
        write_arrays(file, kind, arrays, {"content": content, "told": told})


def _read(path: Path, kind: str) -> tuple[list[NanoClip], Any]:
    arrays, note = read_arrays(path, kind)
    content = note["content"]
    parts: list[dict[str, dict[str, NDArray[Any]]]] = [{} for _ in content]
    for name, value in arrays.items():
        index, part, field = name.split(".")
        parts[int(index)].setdefault(part, {})[field] = value
    return [_clip(found, said) for found, said in zip(parts, content, strict=True)], note["told"]


def _arrays(clip: NanoClip) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, value in vars(clip.arrays).items():
        yield f"arrays.{name}", np.asarray(value, np.int64) if name == "track_ids" else value
    for part, found in (("subject", clip.subject), ("patches", clip.patches)):
        if found is not None:
            for name, value in vars(found).items():
                yield f"{part}.{name}", value


def _clip(parts: Mapping[str, Mapping[str, NDArray[Any]]], said: Mapping[str, Any]) -> NanoClip:
    arrays: dict[str, Any] = {**parts["arrays"], "track_ids": tuple(parts["arrays"]["track_ids"].tolist())}
    return NanoClip(
        said["name"],
        ClipArrays(**arrays),
        SubjectArrays(**parts["subject"]),
        PatchArrays(**parts["patches"]) if "patches" in parts else None,
        said["evidence"],
        None if said["facts"] is None else _facts(said["facts"]),
    )


def _facts(said: Mapping[str, Any]) -> SceneFacts:
    told = {name: _tuples(value) for name, value in said.items() if name != "subjects"}
    subjects = tuple(
        SubjectFacts(**{name: _tuples(value) for name, value in subject.items()}) for subject in said["subjects"]
    )
    return SceneFacts(subjects=subjects, **told)


def _tuples(value: Any) -> Any:
    """JSON has lists where facts have tuples."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
