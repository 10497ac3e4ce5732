"""Perception: one typed record per video, with its vectors beside it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pvchat.perception.config import PerceptionConfig
    from pvchat.perception.models import PerceptionModels, load_models
    from pvchat.perception.perceive_video import perceive

__all__ = ["PerceptionConfig", "PerceptionModels", "load_models", "perceive"]

_HOMES = {
    "PerceptionConfig": "pvchat.perception.config",
    "PerceptionModels": "pvchat.perception.models",
    "load_models": "pvchat.perception.models",
    "perceive": "pvchat.perception.perceive_video",
}


def __getattr__(name: str) -> Any:
    # The record is imported everywhere; torch and the networks only by those who perceive.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
