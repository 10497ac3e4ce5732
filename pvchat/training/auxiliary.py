"""Auxiliary heads of pretraining phase A: the Q-Former alone learns to read a scene before any language is involved.

The heads are dropped afterwards. Each reads the mean of a subject's personal states (or of the scene states).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.models.config import NanoConfig
from pvchat.models.nano import NanoOutputs
from pvchat.perception.record import COLOURS, DISTANCES, PLACES
from pvchat.perception.words import DOINGS, GARMENTS, HAIR_COLOURS, HAIR_LENGTHS, PATTERNS, SCENE_PLACES

STATES = ("present", "absent", "unsure")
IGNORED = -100
MAX_COUNT = 8
_ACTIONS = tuple(DOINGS)
_PLACES_SHOWN = tuple(SCENE_PLACES)


@dataclass(frozen=True)
class Head:
    """One classification target of a subject: how many classes, and the class of given facts (IGNORED: no target)."""

    name: str
    classes: int


def heads(bins: int) -> tuple[Head, ...]:
    """Targets of a subject. "Not told" is a class of its own (the last), because it must not be invented."""
    return (
        Head("state", len(STATES)),
        Head("place", len(PLACES) + 1),
        Head("distance", len(DISTANCES) + 1),
        Head("upper", len(COLOURS) + 1),
        Head("lower", len(COLOURS) + 1),
        Head("hair", len(HAIR_COLOURS) + 1),
        Head("long", len(HAIR_LENGTHS) + 1),
        Head("garment", len(GARMENTS) + 1),
        Head("pattern", len(PATTERNS) + 1),
        Head("first_bin", bins),
        Head("last_bin", bins),
    )


class AuxiliaryHeads(nn.Module):
    """Linear probes on the Q-Former's states.

    Args:
        config: of the model whose states are read.
    """

    def __init__(self, config: NanoConfig) -> None:
        super().__init__()
        self.bins = config.num_bins
        self.classifiers = nn.ModuleDict(
            {head.name: nn.Linear(config.hidden_size, head.classes) for head in heads(self.bins)}
        )
        self.actions = nn.Linear(config.hidden_size, len(_ACTIONS))
        self.centre = nn.Linear(config.hidden_size, 1)
        self.people = nn.Linear(config.hidden_size, MAX_COUNT + 1)
        self.setting = nn.Linear(config.hidden_size, len(_PLACES_SHOWN) + 1)

    def forward(self, outputs: NanoOutputs, targets: "Targets") -> dict[str, Tensor]:
        """Loss of each head that has a target in the batch, scalars; `total(losses)` adds them up."""
        personal = outputs.personal_states.mean(2)  # (B, S, D)
        scene = outputs.scene_states.mean(1)  # (B, D)
        losses = {
            name: functional.cross_entropy(
                classifier(personal).flatten(0, 1), targets.classes[name].flatten(), ignore_index=IGNORED
            )
            for name, classifier in self.classifiers.items()
            # The mean over no target at all is not a number.
            if bool((targets.classes[name] != IGNORED).any())
        }
        present = targets.present
        if present.any():
            losses["actions"] = functional.binary_cross_entropy_with_logits(
                self.actions(personal)[present], targets.actions[present]
            )
            losses["centre"] = 4.0 * functional.smooth_l1_loss(
                self.centre(personal)[present][:, 0], targets.centre[present]
            )
        losses["people"] = 0.5 * functional.cross_entropy(self.people(scene), targets.people)
        losses["setting"] = 0.5 * functional.cross_entropy(self.setting(scene), targets.setting)
        return losses

    @torch.inference_mode()
    def accuracy(self, outputs: NanoOutputs, targets: "Targets") -> dict[str, tuple[int, int]]:
        """(right, counted) of each classification head; of actions: labels right."""
        personal = outputs.personal_states.mean(2)
        out: dict[str, tuple[int, int]] = {}
        for name, classifier in self.classifiers.items():
            target = targets.classes[name]
            kept = target != IGNORED
            right = (classifier(personal).argmax(-1) == target) & kept
            out[name] = (int(right.sum()), int(kept.sum()))
        said = (self.actions(personal) > 0) == (targets.actions > 0.5)
        out["actions"] = (int(said[targets.present].sum()), int(targets.present.sum()) * len(_ACTIONS))
        scene = outputs.scene_states.mean(1)
        for name, head, wanted in (
            ("people", self.people, targets.people),
            ("setting", self.setting, targets.setting),
        ):
            counted = head(scene).argmax(-1) == wanted
            out[name] = (int(counted.sum()), len(counted))
        return out


def total(losses: dict[str, Tensor]) -> Tensor:
    """Sum of the heads' losses."""
    return torch.stack(list(losses.values())).sum()


@dataclass(frozen=True)
class Targets:
    """What the heads should say.

    Attributes:
        classes: head name -> (B, S) int64, IGNORED where there is no target.
        actions: (B, S, actions) 0 or 1. centre: (B, S) horizontal centre in -1..1. present: (B, S) bool.
        people: (B,) int64. setting: (B,) int64, what kind of place the picture shows; the last class is "not told".
    """

    classes: dict[str, Tensor]
    actions: Tensor
    centre: Tensor
    present: Tensor
    people: Tensor
    setting: Tensor


def targets_of(scenes: Sequence[SceneFacts], bins: int, device: torch.device | str) -> Targets:
    """Targets of a batch; subjects beyond a scene's own (padding) are ignored."""
    most = max(1, *(len(scene.subjects) for scene in scenes))
    classes = {head.name: torch.full((len(scenes), most), IGNORED) for head in heads(bins)}
    actions = torch.zeros(len(scenes), most, len(_ACTIONS))
    centre = torch.zeros(len(scenes), most)
    present = torch.zeros(len(scenes), most, dtype=torch.bool)
    for row, scene in enumerate(scenes):
        for column, facts in enumerate(scene.subjects):
            for name, value in _classes(facts, scene.duration_s, bins).items():
                classes[name][row, column] = value
            if facts.state == "present":
                present[row, column] = True
                centre[row, column] = (facts.centre_x or 0.5) * 2 - 1
                for action in facts.actions:
                    actions[row, column, _ACTIONS.index(action)] = 1.0
    people = torch.tensor([min(scene.people, MAX_COUNT) for scene in scenes])
    return Targets(
        classes={name: value.to(device) for name, value in classes.items()},
        actions=actions.to(device),
        centre=centre.to(device),
        present=present.to(device),
        people=people.to(device),
        setting=torch.tensor([_index(_PLACES_SHOWN, scene.setting) for scene in scenes]).to(device),
    )


def _classes(facts: SubjectFacts, duration_s: float, bins: int) -> dict[str, int]:
    state = STATES.index(facts.state)
    if facts.state != "present":
        return {"state": state}
    width = max(duration_s, 1e-3) / bins
    out = {
        "state": state,
        "place": _index(PLACES, facts.place),
        "distance": _index(DISTANCES, facts.distance),
        "upper": _index(COLOURS, facts.upper),
        "lower": _index(COLOURS, facts.lower),
        "hair": _index(HAIR_COLOURS, facts.hair_colour),
        "long": _index(HAIR_LENGTHS, facts.hair_length),
        "garment": _index(GARMENTS, facts.garment),
        "pattern": _index(PATTERNS, facts.pattern),
    }
    if facts.spans:
        out["first_bin"] = min(int(min(s for s, _ in facts.spans) / width), bins - 1)
        out["last_bin"] = min(int((max(e for _, e in facts.spans) - 1e-3) / width), bins - 1)
    return out


def _index(vocabulary: Sequence[str], value: str | None) -> int:
    """The place of a word in a vocabulary; its length where nothing is told."""
    return vocabulary.index(value) if value in vocabulary else len(vocabulary)
