"""What one subject is trained on: stills and clips of them and of others, with questions, as nano reads them.

Positives come from the enrollment video, negatives from other people's videos. What one video lacks in places, colours
and actions comes from simulated scenes about the subject's own face, and from other people's videos in which the
subject's face stands in for theirs ("stand_in"): real scenes, read as they are. So that the face decides and clothes
only where there is none, faces and pixels are also mixed:

    face         pixels       answer
    subject      any          present
    somebody     any          absent
    hidden       subject's    present
    hidden       others'      absent

Nothing here reads the held-out part of a video, except for the held-out clips.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from pvchat.chat.answer import Clip, clip_facts
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.facts import SceneFacts
from pvchat.chat.nano_answer import arrays_of, subject_arrays
from pvchat.errors import TrainingError
from pvchat.identity.decision import IdentityDecision, decide
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.whitening import Whitening
from pvchat.models.config import TokenLayout
from pvchat.models.nano import SubjectArrays
from pvchat.models.tokens import WHOLE_FRAME, ClipArrays, PatchArrays, appearance_projection, patch_rows
from pvchat.perception.patches import PatchMaps
from pvchat.training.align import Pair
from pvchat.training.dialogue import make_qa
from pvchat.training.footage import (
    Footage,
    Veil,
    hide_faces,
    lose_people,
    mirror,
    parts,
    samples_within,
    still,
    window,
)
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import TrainingClip, TrainingData, Turn
from pvchat.training.repaint import repaint
from pvchat.training.simulate import SURE_LOGIT, Asked, SceneSimulator
from pvchat.training.simulated_scene import SimulationConfig
from pvchat.training.subject_data import (
    CLIP_KINDS,
    LEAST_FRAMES,
    LOST_KINDS,
    NEED_PIXELS,
    NEGATIVE,
    POSITIVE,
    STILL_KINDS,
    Recipe,
    SubjectDataConfig,
)
from pvchat.training.wordings import Kind

Describe = Callable[[Footage, random.Random], PatchMaps]

HIDDEN_PAIRS = 0.5
LOST_SHARE = 0.5
REPAINTED = 0.6
SHADES = (None, 16, 128)
_SHORTEST_S, _LONGEST_S = 0.8, 4.0


class SubjectClips:
    """Builds one subject's data.

    Args:
        name: of the subject. entry: in the gallery. layout: of nano's tokens.
        enrollment: the enrollment video with the subject's tracks. others: videos of other people.
        describe: patch features of some footage, or None for a nano that sees no pixels.
        config: see `SubjectDataConfig`.

    Raises:
        TrainingError: the enrollment video has fewer than two usable frames of the subject.
    """

    def __init__(
        self,
        name: str,
        entry: GalleryEntry,
        layout: TokenLayout,
        enrollment: Footage,
        others: Sequence[Footage],
        describe: Describe | None,
        config: SubjectDataConfig | None = None,
    ) -> None:
        self.config = config or SubjectDataConfig()
        self.name = name
        self.entry = replace(entry, name=name)
        self.layout = layout
        self.enrollment = enrollment
        frames = len(samples_within(enrollment, parts(enrollment)[0]))
        if frames < LEAST_FRAMES:
            raise TrainingError(
                f"the enrollment video has {frames} usable frames of {name} to train on and {LEAST_FRAMES} are needed; "
                "enroll from a longer video"
            )
        self.others = self._ranked(others)
        self._stages = [replace(other, subject=shown) for other in self.others if (shown := _most_seen(other))]
        with_pixels = enrollment.frames is not None and any(other.frames is not None for other in self.others)
        self.describe = describe if with_pixels else None
        lookalike = SimulationConfig.lookalike if self.config.hard_negatives else 0.0
        self._simulator = SceneSimulator(
            self.config.seed, layout, SimulationConfig(max_subjects=1, nobody_asked=0.0, lookalike=lookalike)
        )
        self._rng = random.Random(f"subject clips {self.config.seed}")
        self._noise = np.random.default_rng(self.config.seed)

    @property
    def pixels(self) -> bool:
        """Whether clips have patches: the subject's pixels can be had, and somebody else's to tell them from."""
        return self.describe is not None

    def build(self) -> TrainingData[NanoClip]:
        """Stills, clips and the held-out part."""
        config = self.config
        each, more = divmod(config.questions, config.stills + config.clips)
        made = [
            self._clip(index, stage=1 if index < config.stills else 2, questions=each + (index < more))
            for index in range(config.stills + config.clips)
        ]
        held_out = [self._held_out(index) for index in range(config.held_out)]
        return TrainingData(made[: config.stills], made[config.stills :], held_out)

    def pairs(self, count: int) -> list[Pair]:
        """Clips as they are seen and as they have to be read, half of them of the subject, to align patches with.

        Raises:
            TrainingError: the model sees no pixels.
        """
        if not self.pixels:
            raise TrainingError("there are no pixels of the subject and of somebody else to tell apart")
        return [self._pair(index) for index in range(count)]

    def _pair(self, index: int) -> Pair:
        state: Literal["present", "absent"] = "present" if index % 2 == 0 else "absent"
        own, other = self._long(self.enrollment), self._long(self._other(pixels=True))
        mine, theirs = (own, other) if state == "present" else (other, own)
        drawn = self._rng.random()
        if drawn < HIDDEN_PAIRS:
            shown = still(mine, self._rng.choice(_seen_at(mine))) if index % 3 == 0 else mine
            covered = self._covered(shown)
            seen, _ = self._real(covered, state, pixels=covered, faces=False)
            told, _ = self._real(mine, state, pixels=mine)
            return Pair(seen, replace(told, patches=None))
        seen, _ = self._real(mine, state, pixels=theirs if drawn < (1 + HIDDEN_PAIRS) / 2 else mine)
        return Pair(seen, replace(seen, patches=None))

    # -- one clip ----------------------------------------------------------------------------------------------------

    def _clip(self, index: int, *, stage: int, questions: int) -> TrainingClip[NanoClip]:
        share = self.config.positives
        positive = math.ceil((index + 1) * share) > math.ceil(index * share)
        recipe = self._recipe(positive)
        content, facts = self._content(recipe, positive, stage)
        turns = self._turns(facts, questions, _kinds(content, stage), precise=content.evidence is not None)
        present = facts.subjects[0].state == "present"
        return TrainingClip(f"{stage}.{index}.{recipe}", content, turns, present, f"{recipe} {index}")

    def _recipe(self, positive: bool) -> Recipe:
        weights = {
            recipe: weight
            for recipe, weight in (POSITIVE if positive else NEGATIVE).items()
            if (self.pixels or recipe not in NEED_PIXELS)
            and (self.others or recipe != "other")
            and (self._stages or recipe != "stand_in")
        }
        return self._rng.choices(list(weights), list(weights.values()))[0]

    def _content(self, recipe: Recipe, positive: bool, stage: int) -> tuple[NanoClip, SceneFacts]:
        if recipe == "simulated":
            return self._simulated(positive)
        own = self._cut(self.enrollment, stage)
        if recipe == "own":
            return self._real(own, "present", pixels=own)
        if recipe == "stand_in":
            scene = self._rng.choice(self._stages)
            if self._rng.random() < REPAINTED:
                scene = repaint(scene, self._rng)
            scene = self._cut(scene, stage)
            return self._real(scene, "present", pixels=scene)
        if recipe == "hidden":
            covered = self._covered(own)
            return self._real(covered, "present", pixels=covered, faces=False)
        other = self._cut(self._other(pixels=recipe != "other"), stage)
        if recipe == "elsewhere":
            return self._real(own, "present", pixels=other)
        if recipe == "intruder":
            return self._real(other, "absent", pixels=own)
        if recipe == "other_hidden":
            covered = self._covered(other)
            return self._real(covered, "absent", pixels=covered, faces=False)
        return self._real(other, "absent", pixels=other)

    def _held_out(self, index: int) -> TrainingClip[NanoClip]:
        positive = index % 2 == 0
        hidden = self.pixels and index % 4 >= 2
        source = self.enrollment if positive or not self.others else self.others[index // 2 % len(self.others)]
        positive = source is self.enrollment
        start, end = parts(source)[1]
        footage = window(source, start, end)
        footage = self._covered(footage) if hidden else footage
        content, facts = self._real(footage, "present" if positive else "absent", pixels=footage, faces=not hidden)
        kinds = _kinds(content, 2)
        turns = self._turns(facts, self.config.held_out_questions, kinds, precise=content.evidence is not None)
        return TrainingClip(f"held out.{index}", content, turns, positive, f"held out {index}")

    def _simulated(self, positive: bool) -> tuple[NanoClip, SceneFacts]:
        asked = self._asked()
        while True:
            scene = self._simulator.scene(asked)
            state = scene.facts.subjects[0].state
            if (state == "present") == positive or state == "unsure":
                break
        lines = evidence_lines(scene.facts) if self._rng.random() < self.config.evidence else None
        return NanoClip(self.name, scene.clip, scene.subjects[0], None, lines, scene.facts), scene.facts

    def _real(
        self,
        footage: Footage,
        state: Literal["present", "absent"],
        *,
        pixels: Footage,
        faces: bool = True,
    ) -> tuple[NanoClip, SceneFacts]:
        """A part of a video as the model would meet it in a conversation, and what is true of it.

        Args:
            footage: what is shown. state: of the subject in it. pixels: whose patches are seen.
            faces: whether faces are seen.
        """
        clip, facts = self._judged(footage, state)
        arrays = arrays_of(clip, self.layout)
        beside = subject_arrays(clip, arrays, self.name, self.layout)
        if state == "present" and faces:
            stands_in = footage.key != self.enrollment.key
            arrays, beside = self._met_again(arrays, beside, footage.subject, stands_in=stands_in)
        patches = None
        if self.describe is not None and pixels.frames is not None:
            patches = self._patches(pixels, arrays, footage)
        noted = faces and self._rng.random() < self.config.evidence
        lines = evidence_lines(facts) if noted else None
        return NanoClip(self.name, arrays, beside, patches, lines, facts), facts

    def _judged(self, footage: Footage, state: Literal["present", "absent"]) -> tuple[Clip, SceneFacts]:
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
        self, arrays: ClipArrays, beside: SubjectArrays, tracks: Sequence[int], *, stands_in: bool
    ) -> tuple[ClipArrays, SubjectArrays]:
        """The subject's face as another video would show it: the enrollment video's own is far too like itself.

        Args:
            arrays, beside: of the clip. tracks: which the subject is. stands_in: the faces in them are somebody else's.
        """
        config = SimulationConfig()
        face, similarity = arrays.face.copy(), beside.similarity.copy()
        source = self._noise.normal(0, config.source_std, face.shape[1])
        for slot, track in enumerate(arrays.track_ids):
            if track in tracks and arrays.has_face[slot]:
                if stands_in:
                    face[slot] = beside.face
                face[slot] += source + self._noise.normal(0, config.track_std, face.shape[1])
                drawn = self._rng.gauss(config.match_mean, config.match_std)
                similarity[slot] = max(drawn, self._rng.uniform(SURE_LOGIT, 2.0))
        return replace(arrays, face=face.astype(np.float32)), replace(beside, similarity=similarity)

    def _patches(self, pixels: Footage, arrays: ClipArrays, shown: Footage) -> PatchArrays:
        """Patches of some footage; where it is not the footage shown, its people stand in for those shown."""
        maps = self.describe(pixels, self._rng) if self.describe is not None else None
        if maps is None:
            raise TrainingError("patches were asked of a model that sees no pixels")
        if pixels is shown:
            return patch_rows(maps, arrays.track_ids)
        rows = patch_rows(maps, sorted({int(track) for track in maps.track if track >= 0}))
        slots = [slot for slot, track in enumerate(arrays.track_ids) if track >= 0] or [0]
        moved = np.where(rows.slot >= 0, np.asarray(slots)[np.maximum(rows.slot, 0) % len(slots)], WHOLE_FRAME)
        return replace(rows, slot=moved)

    # -- parts -------------------------------------------------------------------------------------------------------

    def _long(self, footage: Footage) -> Footage:
        """A long window of the part that may be trained on: from a second or less nano often does not recognise a face,
        and what it then says is nothing to learn from."""
        start, end = parts(footage)[0]
        length = min(_LONGEST_S, end - start)
        begin = self._rng.uniform(start, end - length)
        cut = window(footage, begin, begin + length)
        return mirror(cut) if self._rng.random() < self.config.mirrored else cut

    def _cut(self, footage: Footage, stage: int) -> Footage:
        """A random still or window of the part that may be trained on, perhaps mirrored."""
        start, end = parts(footage)[0]
        times = samples_within(footage, (start, end))
        if stage == 1 or end - start < _SHORTEST_S:
            cut = still(footage, self._rng.choice(times or [start]))
        else:
            length = self._rng.uniform(_SHORTEST_S, min(_LONGEST_S, end - start))
            begin = self._rng.uniform(start, end - length)
            cut = window(footage, begin, begin + length)
            if footage.subject and not cut.subject:
                cut = still(footage, self._rng.choice(times))
        return mirror(cut) if self._rng.random() < self.config.mirrored else cut

    def _covered(self, footage: Footage) -> Footage:
        """Faces hidden, each time another way; without a face, the person is often not found at all."""
        rng = self._rng
        veil = Veil(rng.uniform(0, 0.4), rng.uniform(0, 0.3), rng.uniform(0, 0.3), rng.choice(SHADES))
        covered = hide_faces(footage, veil)
        return lose_people(covered) if rng.random() < LOST_SHARE else covered

    def _other(self, *, pixels: bool) -> Footage:
        found = [other for other in self.others if not pixels or other.frames is not None]
        if not self.config.hard_negatives:
            return self._rng.choice(found)
        # Half of them from the third that is most like the subject.
        near = found[: max(1, len(found) // 3)]
        return self._rng.choice(near if self._rng.random() < 0.5 else found)

    def _turns(self, facts: SceneFacts, count: int, kinds: dict[Kind, float], *, precise: bool) -> tuple[Turn, ...]:
        turns = []
        for kind in self._rng.choices(list(kinds), list(kinds.values()), k=count):
            qa = make_qa(facts, self._rng, precise_times=precise, kind=kind)
            turns.append(Turn(qa.question, qa.answer, kind))
        return tuple(turns)

    def _asked(self) -> Asked:
        whitening = Whitening.for_model(self.entry.model_id)
        weights = np.asarray(self.entry.weights, np.float32)[:, None]
        face = (whitening.transform(self.entry.templates) * weights).sum(0) / weights.sum()
        appearance = np.zeros(self.layout.appearance, np.float32)
        if self.entry.appearance is not None:
            appearance = (self.entry.appearance @ appearance_projection(self.layout.appearance)).astype(np.float32)
        length = float(np.linalg.norm(appearance))
        return Asked(self.name, face.astype(np.float32), appearance / length if length > 0 else appearance)

    def _ranked(self, others: Sequence[Footage]) -> list[Footage]:
        """Footage of others with somebody in it, those first who resemble the subject most."""

        def likeness(footage: Footage) -> float:
            scores = decide(footage.vectors, footage.record, [self.entry])[0].track_scores.values()
            return max(scores, default=-6.0)

        return sorted((o for o in others if o.record.tracks), key=likeness, reverse=True)


def _kinds(content: NanoClip, stage: int) -> dict[Kind, float]:
    """What may be asked: of somebody whom nothing but the pixels show, no more than whether they are there."""
    if all(track < 0 for track in content.arrays.track_ids):
        return LOST_KINDS
    return STILL_KINDS if stage == 1 else CLIP_KINDS


def _most_seen(footage: Footage) -> tuple[int, ...]:
    """The track with the most described faces, if any has one."""
    described = {track: len(faces.times_s) for track, faces in footage.vectors.faces.items() if len(faces.times_s)}
    return (max(described, key=lambda track: described[track]),) if described else ()


def _seen_at(footage: Footage) -> list[float]:
    return samples_within(footage, (0.0, footage.record.video.duration_s)) or [0.0]
