"""Pretraining of nano on simulated scenes, in two phases.

A. The Q-Former with auxiliary heads, without language: minutes.
B. Alignment: several questions packed behind each clip's prefix, through the language model with a low-rank update.
   The auxiliary heads stay, with a smaller weight: the Q-Former must not forget what it can read while the language
   model still learns to listen.

Every step draws its scenes from a generator seeded by (seed, phase, step), so a run that is resumed from a checkpoint
follows the same curve as one that was never interrupted.
"""

import json
import math
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pvchat.chat import prompt
from pvchat.chat.evidence import evidence_lines
from pvchat.errors import ModelError
from pvchat.models.config import NanoConfig
from pvchat.models.nano import NanoInputs, NanoModel, NanoOutputs, collate
from pvchat.models.soft import splice
from pvchat.training.auxiliary import AuxiliaryHeads, targets_of, total
from pvchat.training.dialogue import make_qa
from pvchat.training.packing import PackedRow, pack, packed_loss
from pvchat.training.simulate import SceneSimulator
from pvchat.training.simulated_scene import SimulatedScene, SimulationConfig
from pvchat.training.wordings import Split

Report = Callable[[dict[str, Any]], None]

# Tokens, rounded up: few different lengths (see `pack`) at a cost of some 4 %.
_ROUND_TO = 32


@dataclass(frozen=True)
class PretrainConfig:
    """What a run does. Defaults fit 90 minutes on two cores.

    Attributes:
        seed: of weights, scenes and questions.
        steps_a, batch_a, rate_a: phase A: optimizer steps, scenes per step, peak learning rate.
        steps_b, batch_b, rate_b, rate_lora: phase B; `rate_b` is for the Q-Former and the pools.
        questions: packed behind each clip in phase B.
        with_evidence: share of clips whose prefix has evidence lines; the others have to be read from soft tokens.
        without_bias: share of the clips with evidence that are read with the identity bias off.
        auxiliary: weight of the auxiliary heads' loss in phase B.
        warmup: share of a phase's steps with a rising rate; afterwards a cosine to a twentieth.
        checkpoint_s: seconds between checkpoints.
    """

    seed: int = 7
    steps_a: int = 1200
    batch_a: int = 32
    rate_a: float = 8e-4
    steps_b: int = 1200
    batch_b: int = 4
    rate_b: float = 3e-4
    rate_lora: float = 5e-4
    questions: int = 7
    with_evidence: float = 0.5
    without_bias: float = 0.2
    auxiliary: float = 0.1
    warmup: float = 0.04
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    checkpoint_s: float = 300.0


class Pretrainer:
    """Runs both phases; its whole state is on disk after each checkpoint.

    Args:
        model: nano's trained part. language: causal language model that already carries trainable low-rank layers.
        encode: text -> ids. end_id: end-of-turn token.
        config: see `PretrainConfig`. folder: where checkpoints go.
        simulation: how scenes are drawn. report: called with figures every few steps.
    """

    def __init__(
        self,
        model: NanoModel,
        language: nn.Module,
        encode: Callable[[str], list[int]],
        end_id: int,
        *,
        config: PretrainConfig,
        folder: Path,
        simulation: SimulationConfig | None = None,
        report: Report | None = None,
    ) -> None:
        self.model = model
        self.language = language
        self.encode = encode
        self.end_id = end_id
        self.config = config
        self.folder = folder
        self.simulation = simulation or SimulationConfig()
        self.report = report or (lambda _figures: None)
        self.device = next(model.parameters()).device
        self.heads = AuxiliaryHeads(model.config).to(self.device)
        self.core = _causal_core(language)
        self.spent_s = 0.0

    # -- phases ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Both phases, from the newest checkpoint if there is one."""
        phase, step = self._resume()
        if phase == "a":
            self._phase("a", step, self.config.steps_a, self._groups_a(), self._loss_a)
            step = 0
        self._phase("b", step, self.config.steps_b, self._groups_b(), self._loss_b)

    def _phase(
        self,
        phase: str,
        start: int,
        steps: int,
        groups: list[dict[str, Any]],
        loss_of: Callable[[int], tuple[Tensor, dict[str, float]]],
    ) -> None:
        optimizer = torch.optim.AdamW(groups, weight_decay=self.config.weight_decay)
        peaks = [group["lr"] for group in optimizer.param_groups]
        if start:
            self._load_moments(optimizer)
        saved = reported = time.monotonic()
        smooth: dict[str, float] = {}
        for step in range(start, steps):
            began = time.monotonic()
            factor = schedule(step, steps, self.config.warmup)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            loss, figures = loss_of(step)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            nn.utils.clip_grad_norm_(parameters, self.config.clip_norm)
            optimizer.step()
            self.spent_s += time.monotonic() - began
            for name, value in {"loss": loss.item(), **figures}.items():
                smooth[name] = value if name not in smooth else 0.95 * smooth[name] + 0.05 * value
            now = time.monotonic()
            if now - reported > 10 or step == steps - 1:
                reported = now
                rounded = {name: round(value, 4) for name, value in smooth.items()}
                self.report({"phase": phase, "step": step + 1, "of": steps, "spent_s": round(self.spent_s), **rounded})
            if now - saved > self.config.checkpoint_s:
                saved = now
                self._save(phase, step + 1, optimizer)
        self._save(phase, steps, optimizer)

    def _loss_a(self, step: int) -> tuple[Tensor, dict[str, float]]:
        scenes = draw(self._simulator("a", step), self.config.batch_a)
        inputs = batch_inputs(scenes, self.device)
        targets = targets_of([s.facts for s in scenes], self.model.config.num_bins, self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            outputs = self.model(inputs)
        losses = self.heads(outputs.float(), targets)
        return total(losses), {name: float(value.detach()) for name, value in losses.items()}

    def _loss_b(self, step: int) -> tuple[Tensor, dict[str, float]]:
        simulator = self._simulator("b", step)
        scenes = draw(simulator, self.config.batch_b)
        shown = simulator.random.choices(
            (True, False), (self.config.with_evidence, 1 - self.config.with_evidence), k=len(scenes)
        )
        inputs = batch_inputs(scenes, self.device)
        dark = [evidence and simulator.random.random() < self.config.without_bias for evidence in shown]
        inputs = _mask_bias(inputs, dark)
        rows = [
            training_row(
                scene, self.encode, self.end_id, self.model.config, simulator.random, self.config.questions, evidence
            )
            for scene, evidence in zip(scenes, shown, strict=True)
        ]
        outputs = self.model(inputs)
        targets = targets_of([s.facts for s in scenes], self.model.config.num_bins, self.device)
        read = total(self.heads(outputs, targets))
        loss, right = self._answer_loss(rows, outputs)
        figures = {"answers": float(loss.detach()), "token_accuracy": float(right.float().mean())}
        return loss + self.config.auxiliary * read, figures

    def _answer_loss(self, rows: Sequence[PackedRow], outputs: NanoOutputs) -> tuple[Tensor, Tensor]:
        """Mean loss over all answer tokens of the batch, and which of them were the model's first choice.

        Row by row: rows differ in length by a factor of two, and padding them costs a fifth of the time.
        """
        losses, right = [], []
        for index, row in enumerate(rows):
            batch = pack([row], multiple=_ROUND_TO).to(self.device)
            states = splice(batch.ids, self.core.get_input_embeddings(), outputs.row(index))
            loss, chosen = packed_loss(self.core, batch, states, multiple=_ROUND_TO)
            losses.append(loss * len(chosen))
            right.append(chosen)
        every = torch.cat(right)
        return torch.stack(losses).sum() / len(every), every

    def _simulator(self, phase: str, step: int) -> SceneSimulator:
        seed = (self.config.seed * 2 + (phase == "b")) * 1_000_003 + step
        return SceneSimulator(seed, self.model.config.layout, self.simulation)

    # -- parameters --------------------------------------------------------------------------------------------------

    def _groups_a(self) -> list[dict[str, Any]]:
        pools = {id(p) for pool in (self.model.scene_pool, self.model.personal_pool) for p in pool.parameters()}
        parameters = [p for p in self.model.parameters() if id(p) not in pools]
        return [{"params": [*parameters, *self.heads.parameters()], "lr": self.config.rate_a}]

    def _groups_b(self) -> list[dict[str, Any]]:
        lora = [p for p in self.language.parameters() if p.requires_grad]
        return [
            {"params": [*self.model.parameters(), *self.heads.parameters()], "lr": self.config.rate_b},
            {"params": lora, "lr": self.config.rate_lora, "weight_decay": 0.0},
        ]

    def _named(self) -> dict[str, Tensor]:
        named = {f"nano.{name}": p for name, p in self.model.named_parameters()}
        named.update({f"heads.{name}": p for name, p in self.heads.named_parameters()})
        named.update({f"lm.{name}": p for name, p in self.language.named_parameters() if p.requires_grad})
        return named

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def _save(self, phase: str, step: int, optimizer: torch.optim.Optimizer) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        named = self._named()
        tensors = {name: p.detach().cpu().contiguous() for name, p in named.items()}
        for name, p in named.items():
            for key, value in optimizer.state.get(p, {}).items():
                tensors[f"{key}@{name}"] = torch.as_tensor(value).detach().cpu().contiguous()
        state = {"phase": phase, "step": step, "spent_s": self.spent_s, "config": asdict(self.config)}
        partial = self.folder / "training.safetensors.part"
        save_file(tensors, partial, metadata={"state": json.dumps(state)})
        os.replace(partial, self.folder / "training.safetensors")

    def _resume(self) -> tuple[str, int]:
        path = self.folder / "training.safetensors"
        if not path.exists():
            return "a", 0
        tensors = load_file(path)
        state = _metadata(path)
        if state["config"] != asdict(self.config):
            raise ModelError(f"{path} belongs to a run with another configuration; remove it or use another folder")
        for name, p in self._named().items():
            p.data.copy_(tensors[name])
        self.spent_s = float(state["spent_s"])
        phase, step = str(state["phase"]), int(state["step"])
        if phase == "a" and step >= self.config.steps_a:
            return "b", 0
        return phase, step

    def _load_moments(self, optimizer: torch.optim.Optimizer) -> None:
        tensors = load_file(self.folder / "training.safetensors")
        for name, p in self._named().items():
            found = {
                key: tensors[f"{key}@{name}"] for key in ("step", "exp_avg", "exp_avg_sq") if f"{key}@{name}" in tensors
            }
            if found:
                optimizer.state[p] = {k: v if k == "step" else v.to(p.device) for k, v in found.items()}


def schedule(step: int, steps: int, warmup: float) -> float:
    """Factor of the learning rate: linear warm-up, then a cosine down to 0.05."""
    rising = max(1, int(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    share = (step - rising) / max(1, steps - rising)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share))


def draw(simulator: SceneSimulator, count: int) -> list[SimulatedScene]:
    """The next `count` scenes."""
    return [simulator.scene() for _ in range(count)]


def batch_inputs(scenes: Sequence[SimulatedScene], device: torch.device | str) -> NanoInputs:
    """Tensors of a batch of scenes."""
    return collate([s.clip for s in scenes], [list(s.subjects) for s in scenes], device)


def training_row(
    scene: SimulatedScene,
    encode: Callable[[str], list[int]],
    end_id: int,
    config: NanoConfig,
    rng: random.Random,
    questions: int,
    evidence: bool,
    split: Split = "train",
) -> PackedRow:
    """One clip's prefix and its questions with their answers, as ids."""
    prefix = prompt.prefix_ids(
        encode,
        [s.name for s in scene.facts.subjects],
        evidence_lines(scene.facts) if evidence else None,
        scene_tokens=config.num_scene_tokens,
        personal_tokens=config.num_personal_tokens,
    )
    turns = []
    for _ in range(questions):
        qa = make_qa(scene.facts, rng, split=split, precise_times=evidence)
        turns.append((prompt.question_ids(encode, qa.question), prompt.answer_ids(encode, qa.answer, end_id)))
    return PackedRow(prefix, turns)


def _mask_bias(inputs: NanoInputs, dark: Sequence[bool]) -> NanoInputs:
    keep = torch.tensor([not d for d in dark], device=inputs.similarity.device).float()[:, None, None]
    return replace(
        inputs,
        similarity=inputs.similarity * keep,
        appearance_similarity=inputs.appearance_similarity * keep,
    )


def _causal_core(language: nn.Module) -> Any:
    """The causal language model inside a peft wrapper, or the model itself."""
    getter = getattr(language, "get_base_model", None)
    return getter() if getter is not None else language


def _metadata(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="pt") as file:
        state: dict[str, Any] = json.loads(file.metadata()["state"])
    return state
