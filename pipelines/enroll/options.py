"""What an enrollment job is asked to do: how much it makes, and on what it trains. Kept as JSON with the job."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

from pvchat.errors import TrainingError
from pvchat.models.remoh import Routing
from pvchat.synthesis.hub_config import HubConfig, Offload
from pvchat.synthesis.synthesizer import NAMES

# What has no part in the results: where things lie and how they are run.
_NOT_MADE_OF = ("file", "keep", "synthesizer_device", "synthesizer_offload")


@dataclass(frozen=True)
class JobOptions:
    """Options of one job.

    Attributes:
        file: where the enrollment video lies when it is not an upload; None for an upload.
        seed: of everything random.
        synthesizer: what generates further samples of the subject; "augment" generates none.
        generated: how many of these are to pass the gate. samples: how many are made by augmentation.
        synthesizer_model, synthesizer_adapter, synthesizer_device, synthesizer_offload: of a synthesizer that runs a
            diffusers pipeline, see `HubConfig`.
        others: videos and pictures of other people that are kept as negatives, at most.
        look_alikes, strangers: of the corpus, people who resemble the subject and others, at most.
        stills, clips, questions, held_out: see `pvchat.training.subject_data`.
        pairs, alignment: see `pvchat.training.align`; how many pairs, how many steps.
        epochs: passes over the clips, at most. routing, spr, hae: of ReMoH.
        keep: keep every step's files when the job is done, not the report alone.
    """

    file: str | None = None
    seed: int = 7
    synthesizer: str = "subject-diffusion"
    generated: int = 25
    synthesizer_model: str = ""
    synthesizer_adapter: str = ""
    synthesizer_device: str = "auto"
    synthesizer_offload: Offload = "none"
    samples: int = 16
    others: int = 24
    look_alikes: int = 12
    strangers: int = 6
    stills: int = 27
    clips: int = 54
    questions: int = 1455
    held_out: int = 12
    pairs: int = 96
    alignment: int = 150
    epochs: int = 3
    routing: Routing = "remoh"
    spr: bool = True
    hae: bool = True
    keep: bool = False

    def __post_init__(self) -> None:
        least = dict.fromkeys(("generated", "samples", "others", "look_alikes", "strangers", "pairs", "alignment"), 0)
        for name in ("stills", "clips", "questions", "held_out", "epochs", *least):
            if getattr(self, name) < least.get(name, 1):
                raise TrainingError(f"{name} is {getattr(self, name)}; give {least.get(name, 1)} or more")
        if self.questions < self.stills + self.clips:
            raise TrainingError(
                f"{self.questions} questions are too few for {self.stills + self.clips} stills and clips; one each"
            )
        for name, choices in (
            ("routing", get_args(Routing)),
            ("synthesizer", NAMES),
            ("synthesizer_offload", get_args(Offload)),
        ):
            if getattr(self, name) not in choices:
                raise TrainingError(f'{name} is "{getattr(self, name)}"; give {", ".join(choices)}')

    @property
    def hub(self) -> HubConfig:
        """For a synthesizer that runs a diffusers pipeline."""
        return HubConfig(
            model=self.synthesizer_model,
            adapter=self.synthesizer_adapter,
            device=self.synthesizer_device,
            offload=self.synthesizer_offload,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> "JobOptions":
        """From the job's row.

        Raises:
            TrainingError: there is an option that this version does not know, or a value that cannot be.
        """
        known = {field.name for field in fields(cls)}
        given = dict(data or {})
        if unknown := sorted(set(given) - known):
            raise TrainingError(f"the job has options nobody knows here: {', '.join(unknown)}; start it again")
        return cls(**given)

    def what_is_made(self) -> dict[str, Any]:
        """Everything a job's results depend on; where the file lies and what is kept is not part of it."""
        return {name: value for name, value in self.to_dict().items() if name not in _NOT_MADE_OF and value != ""}


QUICK = JobOptions(
    generated=0,
    samples=3,
    others=3,
    look_alikes=2,
    strangers=1,
    stills=3,
    clips=5,
    questions=40,
    held_out=4,
    pairs=12,
    alignment=12,
    epochs=1,
)
"""A job that takes well under a minute: for trying things out, not for answers."""
