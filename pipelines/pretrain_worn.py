"""`pvchat pretrain worn`: train the network that tells glasses and hats on faces that wear neither.

Steps: 1 find the faces · 2 draw on them and train · 3 save, with a card.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from pvchat import weights
from pvchat.errors import TrainingError
from pvchat.paths import home_dir
from pvchat.perception.face_detection import FaceDetector
from pvchat.perception.face_mesh import FaceMesh
from pvchat.training.worn_faces import bare_heads
from pvchat.training.worn_training import WornConfig, train_worn

_FILE = "model.safetensors"


def default_folder() -> Path:
    """Where the network is written."""
    return home_dir() / "pretrain" / "worn"


def pretrain_worn(
    sources: Sequence[Path],
    folder: Path | None = None,
    *,
    config: WornConfig | None = None,
    report: Callable[[dict[str, Any]], None] | None = None,
) -> Path:
    """Train the network that tells glasses and hats.

    Args:
        sources: photos, videos and folders of them, of people who wear neither. folder: for the network.
        config: see `WornConfig`. report: called with figures while it runs.

    Returns:
        The folder; `pvchat.perception.worn_net.WornReader` reads its `model.safetensors`.

    Raises:
        TrainingError: nothing there, or no face in it. WeightsError: the networks that find faces are not there.
    """
    folder, config = folder or default_folder(), config or WornConfig()
    tell = report or (lambda figures: None)
    missing = [str(source) for source in sources if not source.exists()]
    if missing:
        raise TrainingError(f"{', '.join(missing)} does not exist: give photos, videos or folders of them")
    files = sorted({file for source in sources for file in (_files(source) if source.is_dir() else [source])})
    faces = FaceDetector(weights.path("mp-face-detection-full"))
    mesh = FaceMesh(weights.path("mp-face-mesh"))
    heads = bare_heads(files, faces, mesh, report=lambda line: tell({"passed_over": line}))
    tell({"heads": len(heads), "files": len(files)})
    network = train_worn(heads, config, report=tell)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}, folder / _FILE)
    sources_with = Counter(head.source for head in heads)
    (folder / "README.md").write_text(_card(config, len(heads), len(sources_with)), encoding="utf-8")
    return folder


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]


def _card(config: WornConfig, heads: int, files: int) -> str:
    settings = "\n".join(f"- {key}: {value}" for key, value in asdict(config).items())
    return f"""# Glasses and hats

Two small towers of convolutions (`pvchat/perception/worn_net.py`), trained by `pvchat pretrain worn` on {heads} heads
from {files} files of people without glasses and hats, on which both were drawn
(`pvchat/training/worn_glasses.py`, `worn_hats.py`). No photo of real glasses or hats was trained on.

{settings}

How well it tells real ones is in the project's README.
"""
