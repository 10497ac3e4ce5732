"""A tiny nano in training, and clips for it."""

import numpy as np
import torch

from pvchat.models.language import Placement
from pvchat.models.nano import Nano
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import Routing, RoutingConfig
from pvchat.models.tokens import PATCH_WIDTH, WHOLE_FRAME, PatchArrays
from pvchat.training.nano_personal import NanoClip, NanoPersonal
from pvchat.training.personal import ParameterGroup, TrainingClip, TrainingData, Turn
from pvchat.training.simulate import SceneSimulator
from pvchat.training.simulated_scene import SimulationConfig
from tests.models.tiny import tiny_config, tiny_language, tiny_nano

RATES: dict[ParameterGroup, float] = {"personal": 1e-2, "lora": 1e-2, "router": 1e-2, "pixels": 1e-2}


def nano() -> Nano:
    model = tiny_nano().requires_grad_(False)
    return Nano(model, tiny_language(), Placement(torch.device("cpu"), torch.float32, "test"), "0" * 64)


def personal(routing: Routing = "remoh", *, seed: int = 3, pixels: bool = True, rank: int = 2) -> NanoPersonal:
    """An untrained adapter on a nano of its own; the same for the same seed."""
    torch.manual_seed(seed)
    adapters = NanoAdapters(nano())
    return NanoPersonal(adapters, adapters.config(routing=RoutingConfig(routing), rank=rank, pixels=pixels))


def patches(seed: int, count: int = 6) -> PatchArrays:
    """Patches of nothing in particular: of the whole frame, and of the first two tracks."""
    rng = np.random.default_rng(seed)
    slot = np.asarray([WHOLE_FRAME, 0, 1], np.int64)[np.arange(count) % 3]
    return PatchArrays((rng.normal(size=(count, PATCH_WIDTH)) / 8).astype(np.float16), slot)


def clips(count: int, seed: int = 0, name: str = "clip") -> list[TrainingClip[NanoClip]]:
    """Simulated scenes, some with patches, with answers of different lengths."""
    config = SimulationConfig(max_subjects=1, nobody_asked=0.0)
    simulator = SceneSimulator(seed, tiny_config().layout, config)
    made = []
    for index in range(count):
        scene = simulator.scene()
        here = scene.facts.subjects[0].state == "present"
        content = NanoClip("Ana", scene.clip, scene.subjects[0], patches(index) if index % 3 else None)
        turns = (Turn("Ana?", "Yes." if here else "No."), Turn("Who?", "Ana." if here else "Nobody here."))
        made.append(TrainingClip(f"{name} {index}", content, turns[: 1 + index % 2], here, f"{name} {index} of a test"))
    return made


def data(stills: int = 4, moving: int = 4, held_out: int = 2) -> TrainingData[NanoClip]:
    return TrainingData(clips(stills, 1, "still"), clips(moving, 2, "moving"), clips(held_out, 3, "held out"))
