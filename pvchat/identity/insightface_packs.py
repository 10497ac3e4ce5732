"""Where a pack of insightface's models lies: a folder, the packs insightface keeps, or a repository on the model hub.

A pack is a folder of ONNX files: a face detector, a recognition network, and others that are not used here.
"""

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pvchat.errors import ModelError

HUB: Final = "hub:"
DEFAULT_PACK: Final = "buffalo_l"


@dataclass(frozen=True)
class Pack:
    """A published pack.

    Attributes:
        recognition: the network and what it was trained on. megabytes: of the download, about.
    """

    recognition: str
    megabytes: int


PACKS: Final = {
    "antelopev2": Pack("ResNet100, Glint360K", 361),
    "buffalo_l": Pack("ResNet50, WebFace600K", 276),
    "buffalo_m": Pack("ResNet50, WebFace600K", 264),
    "buffalo_s": Pack("MobileFaceNet, WebFace600K", 123),
    "buffalo_sc": Pack("MobileFaceNet, WebFace600K", 15),
}
"""Packs that insightface's model zoo has under a name, as its documentation lists them."""

_OFF = ("", "0", "false", "no", "off")


def pack_name(pack: str) -> str:
    """What a pack is called in ids of vectors: its own name, or that of its folder or repository."""
    return Path(pack.removeprefix(HUB)).name


def find_pack(pack: str, root: Path) -> Path:
    """The folder that holds a pack's ONNX files; it is fetched where it is not there.

    Args:
        pack: a name of `PACKS`, a folder, or "hub:OWNER/NAME", a repository on the model hub.
        root: folder in which insightface keeps its packs.

    Raises:
        ModelError: there is no such pack, it holds no ONNX file, or it is not there and may not or cannot be fetched.
    """
    if pack.startswith(HUB):
        return _with_onnx(_from_hub(pack.removeprefix(HUB)), pack)
    folder = Path(pack).expanduser()
    if folder.is_dir():
        return _with_onnx(folder, pack)
    stored = root / "models" / pack
    if pack not in PACKS and not stored.is_dir():
        raise ModelError(
            f"there is no insightface pack {pack!r}; choose from {', '.join(PACKS)}, name a folder of ONNX files, "
            f"or a repository of the model hub: {HUB}OWNER/NAME"
        )
    if not stored.is_dir():
        if _offline():
            raise ModelError(
                f"the insightface pack {pack!r} is not in {root.name}/models and PVCHAT_OFFLINE is set; "
                "unset it, or name a folder that holds the pack's ONNX files"
            )
        _download(pack, root)
    return _with_onnx(stored, pack)


def _with_onnx(folder: Path, pack: str) -> Path:
    # The archive of antelopev2 has a folder of the same name in it.
    for place in (folder, folder / pack_name(pack)):
        if place.is_dir() and any(place.glob("*.onnx")):
            return place
    raise ModelError(f"the insightface pack {pack!r} holds no ONNX file; delete {folder.name} and name it again")


def _download(pack: str, root: Path) -> None:
    try:
        # insightface reports its downloads on standard output, which belongs to the program's answers.
        with contextlib.redirect_stdout(sys.stderr):
            from insightface.utils.storage import ensure_available

            ensure_available("models", pack, root=str(root))
    except Exception as error:  # the library raises anything from zipfile's errors to those of the network
        raise ModelError(
            f"the insightface pack {pack!r} cannot be fetched ({type(error).__name__}); "
            "fetch it on another machine and name its folder"
        ) from error


def _from_hub(repository: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        with contextlib.redirect_stdout(sys.stderr):
            found = snapshot_download(
                repository, allow_patterns=["*.onnx", "*/*.onnx"], local_files_only=_offline(), library_name="pvchat"
            )
    except Exception as error:  # the hub raises errors of its own, of the network and ValueError
        way_out = "unset PVCHAT_OFFLINE" if _offline() else "look for a typing error"
        raise ModelError(
            f"the repository {repository!r} cannot be had from the model hub ({type(error).__name__}); "
            f"{way_out}, or name a folder of ONNX files"
        ) from error
    return Path(found)


def _offline() -> bool:
    return os.environ.get("PVCHAT_OFFLINE", "").strip().lower() not in _OFF
