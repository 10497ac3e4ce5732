"""Fine-tuning of one subject's adapter: stage 1 on stills, stage 2 on clips.

The base is frozen; trained are personal tokens and name, low-rank updates, routers and the pixel projection, each with
a learning rate of its own. SPR and HAE keep the routed heads at their target (PVChat, section 3.3). The loop is plain
torch: handed an `accelerate.Accelerator`, every process takes its share of a step's clips, and gradients are averaged.

Everything random follows (seed, stage, epoch), and a checkpoint holds parameters, moments and SPR's coefficient, so a
run that was interrupted goes on along the same curve.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from pvchat.errors import TrainingCancelledError, TrainingError
from pvchat.models.remoh import Gates
from pvchat.models.remoh_losses import (
    SmoothProximityRegularization,
    balanced_l1,
    head_activation_enhancement,
    load_balance,
    statistics,
)
from pvchat.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pvchat.training.fine_tune_config import Cancelled, FineTuneConfig, FineTuned, Progress, StepRecord
from pvchat.training.personal import PersonalModel, TrainingClip, TrainingData
from pvchat.training.pretraining import schedule
from pvchat.training.processes import StepSums, agree, means

if TYPE_CHECKING:
    from accelerate import Accelerator

Content = TypeVar("Content")
LEAST_FRAMES = 2


@dataclass
class _Position:
    """Where a run is: `step` steps of `stage` are done."""

    stage: int
    step: int = 0
    waited: int = 0


class FineTuner(Generic[Content]):
    """One run.

    Args:
        model: a base with the adapter turned on. data: what it is trained on. config: see `FineTuneConfig`.
        checkpoint: file to go on from and to write to, or None to keep nothing.
        progress: called after every step. cancelled: asked before every step.
        accelerator: where several processes train together.

    Raises:
        TrainingError: a stage has no clip, or nothing is trained.
    """

    def __init__(
        self,
        model: PersonalModel[Content],
        data: TrainingData[Content],
        config: FineTuneConfig | None = None,
        *,
        checkpoint: Path | None = None,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
        accelerator: "Accelerator | None" = None,
    ) -> None:
        self.config = config or FineTuneConfig()
        self.model = model
        self.data = data
        self._file = checkpoint
        self._progress = progress or (lambda _record: None)
        self._cancelled = cancelled or (lambda: False)
        self._accelerator = accelerator
        self._stages = {"1": (1,), "2": (2,), "both": (1, 2)}[self.config.stages]
        for stage in self._stages:
            if not self._clips(stage):
                raise TrainingError(
                    f"stage {stage} has nothing to train on; the enrollment video needs {LEAST_FRAMES} usable frames"
                )
        groups = model.parameters()
        self._named = {f"{group}.{i}": p for group, found in groups.items() for i, p in enumerate(found)}
        self._rates = [
            {"params": list(found), "lr": self.config.rates[group], "steady": group == "router"}
            for group, found in groups.items()
        ]
        if not self._named:
            raise TrainingError("the adapter has nothing that is trained; give it personal tokens, a rank or routers")
        self._spr = SmoothProximityRegularization(
            self.config.target_sparsity, self.config.spr_speed, self.config.spr_start
        )
        self._micro = min(self.config.batch, self.config.at_once or self.config.batch)
        self._history: list[StepRecord] = []
        self._notes: list[str] = []
        self._best: float | None = None
        self._best_state: dict[str, Tensor] = {}
        self._spent_s = 0.0
        self._warm_up: dict[str, Any] = {}

    def run(self, *, through: int | None = None) -> FineTuned:
        """Its stages, from the checkpoint if there is one. The model is left at its best state.

        Args:
            through: the last stage that is run. The checkpoint then stands behind it, and a later run goes on from
                there along the same curve; what was through with it before trains nothing and writes nothing.

        Raises:
            ValueError: `through` is given without a checkpoint, or is no stage of this run.
            TrainingError: a loss is not finite, the checkpoint is another run's, or memory does not hold one clip.
            TrainingCancelledError: it was told to stop; the checkpoint is written.
        """
        if through is not None and self._file is None:
            raise ValueError(f"a run through stage {through} needs a checkpoint to stand in; give it a file")
        if through is not None and through not in self._stages:
            raise ValueError(f"stage {through} is none of this run's; give one of {self._stages}")
        position = self._resume() or self._begin()
        agree(self._named, self._accelerator)
        for stage in self._stages:
            if position.stage <= stage <= (through or stage):
                self._stage(position if stage == position.stage else _Position(stage))
                if through is not None or stage != self._stages[-1]:
                    self._save(_Position(stage + 1), None)
        if self._best_state:
            self._restore(self._best_state)
        return FineTuned(tuple(self._history), self._best, tuple(self._notes), dict(self._warm_up))

    # -- one stage ---------------------------------------------------------------------------------------------------

    def _stage(self, position: _Position) -> None:
        clips = self._clips(position.stage)
        plan = self._plan(position.stage, len(clips))
        every = max(1, len(plan) // self.config.evaluations) if self.config.evaluations and self.data.held_out else 0
        optimizer = self._optimizer(position)
        peaks = [group["lr"] for group in optimizer.param_groups]
        saved = time.monotonic()
        while position.step < len(plan):
            if self._cancelled():
                self._stop(position, optimizer)
            began = time.monotonic()
            factor = schedule(position.step, len(plan), self.config.warmup)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                # Routers follow a target that moves to the very end; their rate does not fade.
                group["lr"] = peak if group["steady"] else peak * factor
            record = self._step(position, len(plan), [clips[i] for i in plan[position.step]], optimizer)
            position.step += 1
            if every and (position.step % every == 0 or position.step == len(plan)):
                record = self._look_back(record, position)
            self._spent_s += time.monotonic() - began
            record = replace(record, spent_s=round(self._spent_s, 2))
            self._history.append(record)
            self._progress(record)
            if self.config.patience and position.waited >= self.config.patience:
                self._notes.append(f"stage {position.stage} ended early, after {position.step} of {len(plan)} steps")
                break
            if time.monotonic() - saved > self.config.checkpoint_s:
                saved = time.monotonic()
                self._save(position, optimizer)

    def _plan(self, stage: int, count: int) -> list[list[int]]:
        """Which clips each step takes: every epoch all of them, in an order of its own."""
        epochs = self.config.epochs_1 if stage == 1 else self.config.epochs_2
        steps: list[list[int]] = []
        for epoch in range(epochs):
            order = list(range(count))
            random.Random(f"{self.config.seed} {stage} {epoch}").shuffle(order)
            steps += [order[i : i + self.config.batch] for i in range(0, count, self.config.batch)]
        return steps

    def _step(
        self, position: _Position, steps: int, clips: Sequence[TrainingClip[Content]], optimizer: torch.optim.Optimizer
    ) -> StepRecord:
        if self._accelerator is not None:
            clips = clips[self._accelerator.process_index :: self._accelerator.num_processes]
        self.model.train(True)
        try:
            sums = self._gradients(clips, optimizer)
        except KeyboardInterrupt:
            # Later in a step it is half taken: then the last checkpoint has to do.
            self._save(position, optimizer)
            raise
        parameters = list(self._named.values())
        loss, right, off = means(sums, parameters, self._accelerator)
        nn.utils.clip_grad_norm_(parameters, self.config.clip_norm)
        optimizer.step()
        if off is not None and self.config.spr:
            self._spr.step(off)
        return StepRecord(
            stage=position.stage,
            step=position.step + 1,
            of=steps,
            loss=loss,
            right=right,
            activation=None if off is None else 1 - off,
            coefficient=self._spr.coefficient if off is not None and self.config.spr else None,
        )

    def _gradients(self, clips: Sequence[TrainingClip[Content]], optimizer: torch.optim.Optimizer) -> StepSums:
        """`_accumulate` from clean gradients, in ever smaller parts while memory runs out."""
        while True:
            optimizer.zero_grad(set_to_none=True)
            try:
                return self._accumulate(clips)
            except (torch.OutOfMemoryError, MemoryError) as error:
                self._halve(error)

    def _accumulate(self, clips: Sequence[TrainingClip[Content]]) -> StepSums:
        """Gradients of the sum over all answer tokens of the clips, `_micro` clips at a time.

        SPR and HAE judge the heads of each part by itself, which differs a little from judging the whole batch.
        """
        total, tokens, right = 0.0, 0, 0
        seen: list[Gates] = []
        for start in range(0, len(clips), self._micro):
            part = clips[start : start + self._micro]
            found = self.model.answer_loss(part)
            gates = list(self.model.gates.records().values())
            if not bool(torch.isfinite(found.loss)):
                names = ", ".join(clip.source or clip.key for clip in part)
                raise TrainingError(f"the loss of {names} is not finite; leave it out, or lower the learning rates")
            count = len(found.right)
            torch.autograd.backward((found.loss + self._routing_loss(gates)) * count)
            total += float(found.loss.detach()) * count
            tokens += count
            right += int(found.right.sum())
            seen += [Gates(g.logits.detach(), g.values.detach(), g.mask) for g in gates]
        return StepSums(total, tokens, right, seen)

    def _routing_loss(self, gates: Sequence[Gates]) -> Tensor | float:
        config = self.config
        if not gates:
            return 0.0
        if next(iter(self.model.gates.gates.values())).router.routing == "moh":
            return config.balance_weight * load_balance(gates)
        loss: Tensor | float = 0.0
        if config.spr:
            loss = loss + self._spr.coefficient * balanced_l1(gates, config.target_sparsity)
        if config.hae:
            loss = loss + head_activation_enhancement(gates, config.target_sparsity, config.hae_weight)
        return loss

    def _halve(self, error: Exception) -> None:
        if self._micro == 1:
            raise TrainingError(
                "there is not enough memory for the questions of one clip; use fewer questions or a smaller base"
            ) from error
        self._micro = max(1, self._micro // 2)
        self._notes.append(f"memory ran out: {self._micro} clips at a time from here, the same steps in more parts")
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    # -- looking back ------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def held_out_loss(self) -> float | None:
        """Mean loss over the answer tokens of the held-out clips, None without any."""
        if not self.data.held_out:
            return None
        self.model.train(False)
        total, tokens, start = 0.0, 0, 0
        while start < len(self.data.held_out):
            part = self.data.held_out[start : start + self._micro]
            try:
                found = self.model.answer_loss(part)
            except (torch.OutOfMemoryError, MemoryError) as error:
                self._halve(error)
                continue
            total += float(found.loss) * len(found.right)
            tokens += len(found.right)
            start += len(part)
        return total / tokens

    def _look_back(self, record: StepRecord, position: _Position) -> StepRecord:
        loss = self.held_out_loss()
        heads = {
            block: {"activation": list(found.activation), "mean_gate": list(found.mean_gate)}
            for block, found in statistics(self.model.gates.records()).items()
        }
        if loss is not None and (self._best is None or loss < self._best):
            self._best, position.waited = loss, 0
            self._best_state = {name: p.detach().clone() for name, p in self._named.items()}
        else:
            position.waited += 1
        return replace(record, held_out=loss, heads=heads)

    # -- state -------------------------------------------------------------------------------------------------------

    def _clips(self, stage: int) -> Sequence[TrainingClip[Content]]:
        return self.data.stills if stage == 1 else self.data.clips

    def _optimizer(self, position: _Position) -> torch.optim.Optimizer:
        decay = self.config.weight_decay
        groups = [{**group, "weight_decay": 0.0 if group["steady"] else decay} for group in self._rates]
        optimizer = torch.optim.AdamW(groups)
        if position.step and self._file is not None:
            load_checkpoint(self._file).load_moments(optimizer, self._named)
        return optimizer

    @torch.no_grad()
    def _restore(self, state: Mapping[str, Tensor]) -> None:
        for name, parameter in self._named.items():
            parameter.copy_(state[name])

    def _identity(self) -> dict[str, Any]:
        """What makes a checkpoint this run's: the configuration, what is trained, and what it is trained on."""
        return {
            "trained": {name: list(parameter.shape) for name, parameter in self._named.items()},
            "config": asdict(self.config),
            "clips": [[c.key for c in clips] for clips in (self.data.stills, self.data.clips, self.data.held_out)],
        }

    def _save(self, position: _Position, optimizer: torch.optim.Optimizer | None) -> None:
        if self._file is None or (self._accelerator is not None and not self._accelerator.is_main_process):
            return
        state = {
            "stage": position.stage,
            "step": position.step,
            "waited": position.waited,
            "spr": self._spr.state_dict(),
            "micro": self._micro,
            "best": self._best,
            "notes": self._notes,
            "history": [asdict(record) for record in self._history],
            "spent_s": self._spent_s,
            "warm_up": self._warm_up,
            "run": self._identity(),
        }
        save_checkpoint(self._file, Checkpoint(state, self._named, self._best_state), optimizer)

    def _begin(self) -> _Position:
        self._warm_up = dict(self.model.warm_up(self._cancelled))
        position = _Position(self._stages[0])
        self._save(position, None)
        return position

    def _resume(self) -> _Position | None:
        if self._file is None or not self._file.exists():
            return None
        found = load_checkpoint(self._file)
        if not found.belongs_to(self._identity()):
            raise TrainingError(f"{self._file} belongs to a run with other data or settings; remove it to start anew")
        self._restore(found.parameters)
        state = found.state
        self._spr.load_state_dict(state["spr"])
        self._micro, self._best, self._spent_s = state["micro"], state["best"], state["spent_s"]
        self._best_state = dict(found.best)
        self._notes, self._warm_up = list(state["notes"]), dict(state["warm_up"])
        self._history = [StepRecord(**record) for record in state["history"]]
        return _Position(state["stage"], state["step"], state["waited"])

    def _stop(self, position: _Position, optimizer: torch.optim.Optimizer) -> None:
        self._save(position, optimizer)
        raise TrainingCancelledError(
            f"training was stopped in stage {position.stage} after {position.step} steps; "
            "start it again and it goes on from there"
        )
