"""How one part of a real video becomes a clip of a subject, as nano would meet it in a conversation."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pvchat.chat.answer import Clip, clip_facts
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.facts import SceneFacts
from pvchat.chat.nano_answer import arrays_of, subject_arrays
from pvchat.identity.decision import IdentityDecision, decide
from pvchat.identity.gallery import GalleryEntry
from pvchat.models.config import TokenLayout
from pvchat.models.nano import SubjectArrays
from pvchat.models.tokens import WHOLE_FRAME, ClipArrays, PatchArrays, patch_rows
from pvchat.perception.patches import PatchMaps
from pvchat.training.chances import Chances
from pvchat.training.footage import Footage
from pvchat.training.nano_clip import NanoClip
from pvchat.training.simulate import SURE_LOGIT
from pvchat.training.simulated_scene import SimulationConfig

Describe = Callable[[Footage, random.Random], PatchMaps]
Shown = Literal["present", "absent"]


@dataclass(frozen=True)
class SubjectViews:
    """Sees footage as clips of one subject.

    Attributes:
        name: of the subject. entry: in the gallery, under this name. layout: of nano's tokens.
        describe: patch features of some footage, or None for a nano that sees no pixels.
        evidence: share of the clips with faces whose prompt has evidence lines.
    """

    name: str
    entry: GalleryEntry
    layout: TokenLayout
    describe: Describe | None
    evidence: float

    def view(
        self,
        footage: Footage,
        state: Shown,
        chances: Chances,
        *,
        pixels: Footage,
        faces: bool = True,
        stands_in: bool = False,
        look: bool = True,
    ) -> tuple[NanoClip, SceneFacts]:
        """A clip of some footage, and what is true of it.

        Args:
            footage: what is shown. state: of the subject in it. chances: of the clip. pixels: whose patches are seen.
            faces: whether faces are seen. stands_in: the faces of the footage's subject are somebody else's, and the
                subject's take their place. look: False leaves the patches out and everything else as it is.
        """
        clip, facts = self._judged(footage, state)
        arrays = arrays_of(clip, self.layout)
        beside = subject_arrays(clip, arrays, self.name, self.layout)
        if state == "present" and faces:
            arrays, beside = _met_again(arrays, beside, footage.subject, chances, stands_in=stands_in)
        patches = None
        if look and self.describe is not None and pixels.frames is not None:
            patches = _patches(self.describe(pixels, chances.look), arrays, moved=pixels is not footage)
        noted = faces and chances.draw.random() < self.evidence
        lines = evidence_lines(facts) if noted else None
        return NanoClip(self.name, arrays, beside, patches, lines, facts), facts

    def _judged(self, footage: Footage, state: Shown) -> tuple[Clip, SceneFacts]:
        found = decide(footage.vectors, footage.record, [self.entry])[0]
        mine = footage.subject if state == "present" else ()
        scores = {
            track: (6.0 if track in mine else min(score, -SURE_LOGIT)) for track, score in found.track_scores.items()
        }
        probability = 0.97 if state == "present" else 0.03
        decision = IdentityDecision(self.name, state, probability, tuple(mine), scores, ())
        clip = Clip(footage.record, footage.vectors, [decision], [self.entry])
        return clip, clip_facts(clip, (self.name,))


def _met_again(
    arrays: ClipArrays, beside: SubjectArrays, tracks: Sequence[int], chances: Chances, *, stands_in: bool
) -> tuple[ClipArrays, SubjectArrays]:
    """The subject's face as another video would show it: the enrollment video's own is far too like itself.

    Args:
        arrays, beside: of the clip. tracks: which the subject is. chances: of the clip.
        stands_in: the faces in them are somebody else's.
    """
    config = SimulationConfig()
    face, similarity = arrays.face.copy(), beside.similarity.copy()
    source = chances.noise.normal(0, config.source_std, face.shape[1])
    for slot, track in enumerate(arrays.track_ids):
        if track in tracks and arrays.has_face[slot]:
            if stands_in:
                face[slot] = beside.face
            face[slot] += source + chances.noise.normal(0, config.track_std, face.shape[1])
            drawn = chances.draw.gauss(config.match_mean, config.match_std)
            similarity[slot] = max(drawn, chances.draw.uniform(SURE_LOGIT, 2.0))
    return replace(arrays, face=face.astype(np.float32)), replace(beside, similarity=similarity)


def _patches(maps: PatchMaps, arrays: ClipArrays, *, moved: bool) -> PatchArrays:
    """Patches of some footage; `moved` into another clip, its people stand in for those shown."""
    if not moved:
        return patch_rows(maps, arrays.track_ids)
    rows = patch_rows(maps, sorted({int(track) for track in maps.track if track >= 0}))
    slots = [slot for slot, track in enumerate(arrays.track_ids) if track >= 0] or [0]
    places = np.where(rows.slot >= 0, np.asarray(slots)[np.maximum(rows.slot, 0) % len(slots)], WHOLE_FRAME)
    return replace(rows, slot=places)
