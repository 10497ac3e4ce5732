"""Steps that stand on each other's artifacts, and the rule when one runs: never while it has a whole artifact.

What a step is made from is the job's key, its own version and the contents of the artifacts it needs. Where one of
those turns out damaged, the step that made it runs again first.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipelines.enroll.artifacts import Artifact, ArtifactStore, Draft

SECONDS = "seconds"
"""Name of a step's own time among its timings: of the run that made the artifact, not of those that were cut short."""

Work = TypeVar("Work")
"""What a job's steps are given in common."""

Tell = Callable[[float, str, str], None]
"""tell(progress of the whole job 0..1, the step's name, what it does now); raises when the job is not to go on."""


@dataclass(frozen=True)
class StepContext(Generic[Work]):
    """What a running step has.

    Attributes:
        work: what all steps of the job are given. draft: what it makes. needed: what it stands on, by step.
        tell: tell(done 0..1, what it does now); to be called often, as it raises when the job is not to go on.
    """

    work: Work
    draft: Draft
    needed: Mapping[str, Artifact]
    tell: Callable[[float, str], None]


@dataclass(frozen=True)
class Step(Generic[Work]):
    """One step.

    Attributes:
        name: in folders, hashes and workflows. needs: earlier steps it reads.
        weight: share of the job's time, in any unit. version: to be raised when it makes something else of the same.
    """

    name: str
    needs: tuple[str, ...]
    run: Callable[[StepContext[Work]], None]
    weight: float
    version: int = 1


class Flow(Generic[Work]):
    """The steps of a job, in their order.

    Args:
        steps: each after the steps it needs.

    Raises:
        ValueError: a name is used twice, or a step needs one that is not before it.
    """

    def __init__(self, steps: Sequence[Step[Work]]) -> None:
        self._steps: dict[str, Step[Work]] = {}
        self._begin: dict[str, float] = {}
        total = sum(step.weight for step in steps)
        done = 0.0
        for step in steps:
            if step.name in self._steps:
                raise ValueError(f"two steps are called {step.name}")
            missing = [need for need in step.needs if need not in self._steps]
            if missing:
                raise ValueError(f"step {step.name} needs {', '.join(missing)}, which no earlier step makes")
            self._steps[step.name] = step
            self._begin[step.name] = done / total
            done += step.weight
        self._total = total

    @property
    def names(self) -> tuple[str, ...]:
        """The steps' names, in order."""
        return tuple(self._steps)

    def progress(self, name: str, fraction: float) -> float:
        """How far a job is, 0..1, when `fraction` of this step is done and all steps before it are."""
        return self._begin[name] + self._steps[name].weight * min(max(fraction, 0.0), 1.0) / self._total

    def run_step(
        self,
        name: str,
        artifacts: ArtifactStore,
        *,
        key: str,
        work: Work,
        tell: Tell,
        on_run: Callable[[Step[Work]], None] = lambda _step: None,
    ) -> Artifact:
        """Bring about a step's artifact.

        Args:
            artifacts: the job's.
            key: what the job as a whole is made from. Other keys share no artifacts.
            work: handed to the steps. tell: hears of progress, and raises when the job is not to go on.
            on_run: called before a step really runs.

        Returns:
            The artifact: the one that is there, when it is whole.

        Raises:
            DiskFullError: the disk is full.
        """
        ready: dict[str, Artifact] = {}

        def bring(step: Step[Work]) -> Artifact:
            if step.name not in ready:
                needed = {need: bring(self._steps[need]) for need in step.needs}
                inputs = _input_hash(key, step, needed)
                ready[step.name] = artifacts.find(step.name, inputs) or run(step, needed, inputs)
            return ready[step.name]

        def run(step: Step[Work], needed: Mapping[str, Artifact], inputs: str) -> Artifact:
            def tell_step(fraction: float, what: str) -> None:
                tell(self.progress(step.name, fraction), step.name, what)

            tell_step(0.0, "")
            on_run(step)
            began = time.monotonic()
            with artifacts.making(step.name, inputs) as draft:
                step.run(StepContext(work, draft, needed, tell_step))
                draft.timings[SECONDS] = round(time.monotonic() - began, 3)
                # A job that was given up meanwhile must not leave anything.
                tell_step(1.0, "")
            made = artifacts.find(step.name, inputs)
            if made is None:
                raise OSError(f"what step {step.name} wrote to {artifacts.root} cannot be read back")
            return made

        return bring(self._steps[name])

    def found(self, artifacts: ArtifactStore, *, key: str) -> dict[str, Artifact]:
        """The whole artifacts of a job, by step; those that are missing or damaged are left out, with what needs them.

        Args:
            artifacts, key: see `run_step`.
        """
        ready: dict[str, Artifact] = {}
        for step in self._steps.values():
            if all(need in ready for need in step.needs):
                inputs = _input_hash(key, step, ready)
                artifact = artifacts.find(step.name, inputs)
                if artifact is not None:
                    ready[step.name] = artifact
        return ready


def _input_hash(key: str, step: Step[Work], needed: Mapping[str, Artifact]) -> str:
    made_from = [key, step.name, step.version, [[need, needed[need].content] for need in step.needs]]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
