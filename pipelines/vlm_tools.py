"""Tools with a vision-language model: it answers, and everything else stays as it is in `EmbeddedTools`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.lazy import Lazy
from pipelines.tools import BASES, Answering, EmbeddedTools
from pvchat.errors import ModelError

if TYPE_CHECKING:
    from pipelines.training_bases import BaseTraining
    from pvchat.models.vlm_frames import FrameBudget

EXAMPLE = "Qwen/Qwen3-VL-2B-Instruct"
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def check_base(base: str) -> None:
    """What can be told about a base model before anything is loaded.

    Raises:
        ModelError: it is neither one of `BASES`, nor a hub's name, nor a folder.
    """
    if base not in BASES and not _HUB_NAME.fullmatch(base) and not (base and Path(base).is_dir()):
        raise ModelError(
            f'there is no base model "{base}"; choose nano, a name on the model hub such as {EXAMPLE}, or a folder'
        )


def base_name(base: str) -> str:
    """Name of a base model, as adapters note it: of a folder only its own name, any other as it is."""
    folder = Path(base)
    return folder.resolve().name if base not in BASES and folder.is_dir() else base


class VlmTools(EmbeddedTools):
    """MediaPipe and dlib for seeing, a vision-language model for answering.

    Args:
        engine: face recognition engine, "dlib" or "insightface".
        base: name on the model hub, or a folder with a model.
        budget: of a clip's frames, by default `FrameBudget()`.

    Raises:
        ModelError: `base` is neither a hub's name nor a folder.
    """

    def __init__(
        self,
        engine: str,
        base: str,
        *,
        budget: "FrameBudget | None" = None,
    ) -> None:
        super().__init__(engine)
        check_base(base)
        self._base = base
        self._budget = budget

        def load() -> Answering:
            from pvchat.chat.vlm_answer import VlmAnswerer
            from pvchat.models.vlm import load_vlm

            return VlmAnswerer(load_vlm(base), budget=budget, load=self._adapter)

        self._answering = Lazy(load)

    @property
    def base(self) -> str:
        """Name of the model that answers; see `base_name`."""
        return base_name(self._base)

    def training(self) -> "BaseTraining":
        """The base once more, to be trained on somebody. Raises ModelError."""
        from pipelines.train_vlm import VlmTraining
        from pvchat.models.vlm import load_vlm

        return VlmTraining(load_vlm(self._base), self._budget)
