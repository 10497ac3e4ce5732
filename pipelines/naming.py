"""Errors about an uploaded file, told by the name its sender gave it: where it lies is nobody's business."""

from pathlib import Path


def told_as(text: str, path: Path, name: str = "the video") -> str:
    """A text with every mention of a stored file replaced by what the client calls it."""
    return text.replace(str(path), name).replace(path.name, name)
