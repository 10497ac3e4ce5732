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

Nothing here reads the held-out part of a video, except for the held-out clips. Every clip has chances of its own: it is
the same whichever others are made, and in whatever order.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from pvchat.chat.evidence import evidence_lines
from pvchat.chat.facts import SceneFacts
from pvchat.errors import TrainingError
from pvchat.identity.decision import decide
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.whitening import Whitening
from pvchat.models.config import TokenLayout
from pvchat.models.tokens import appearance_projection, face_projection
from pvchat.training.align import Pair
from pvchat.training.chances import Chances
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
from pvchat.training.glimpse import glimpse
from pvchat.training.nano_clip import NanoClip
from pvchat.training.personal import TrainingClip, TrainingData, Turn
from pvchat.training.repaint import repaint
from pvchat.training.simulate import Asked, SceneSimulator
from pvchat.training.simulated_scene import SimulationConfig
from pvchat.training.subject_data import (
    CLIP_KINDS,
    FROM_POSITIVES,
    LEAST_FRAMES,
    LOST_KINDS,
    NEED_PIXELS,
    NEGATIVE,
    POSITIVE,
    STILL_KINDS,
    Recipe,
    SubjectDataConfig,
)
from pvchat.training.subject_views import Describe, Shown, SubjectViews
from pvchat.training.wordings import Kind

HIDDEN_PAIRS = 0.5
LOST_SHARE, GLIMPSED_SHARE = 0.55, 0.35
FURTHER_SHARE = 0.5
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
        positives: further footage of the subject, with the subject's tracks; short, and wholly trained on.

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
        *,
        positives: Sequence[Footage] = (),
    ) -> None:
        self.config = config or SubjectDataConfig()
        self.name = name
        self.entry = replace(entry, name=name)
        self.layout = layout
        self.enrollment = enrollment
        self.positives = tuple(positives)
        frames = len(samples_within(enrollment, parts(enrollment)[0]))
        if frames < LEAST_FRAMES:
            raise TrainingError(
                f"the enrollment video has {frames} usable frames of {name} to train on and {LEAST_FRAMES} are needed; "
                "enroll from a longer video"
            )
        self.others = self._ranked(others)
        self._stages = [replace(other, subject=shown) for other in self.others if (shown := _most_seen(other))]
        with_pixels = enrollment.frames is not None and any(other.frames is not None for other in self.others)
        self._views = SubjectViews(name, self.entry, layout, describe if with_pixels else None, self.config.evidence)

    @property
    def pixels(self) -> bool:
        """Whether clips have patches: the subject's pixels can be had, and somebody else's to tell them from."""
        return self._views.describe is not None

    def build(self) -> TrainingData[NanoClip]:
        """Stills, clips and the held-out part."""
        config = self.config
        made = [self.clip(index) for index in range(config.stills + config.clips)]
        held_out = [self.held_out(index) for index in range(config.held_out)]
        return TrainingData(made[: config.stills], made[config.stills :], held_out)

    def clip(self, index: int, *, look: bool = True) -> TrainingClip[NanoClip]:
        """One clip to train on.

        Args:
            index: stills come first, then clips. look: False leaves the patches out; all else is the same.
        """
        config, chances = self.config, self._chances("clip", index)
        stage = 1 if index < config.stills else 2
        each, more = divmod(config.questions, config.stills + config.clips)
        positive = math.ceil((index + 1) * config.positives) > math.ceil(index * config.positives)
        recipe = self._recipe(positive, chances.draw)
        source = self._source(recipe, chances.draw)
        content, facts = self._content(recipe, source, positive, stage, chances, look=look)
        turns = _turns(content, facts, _kinds(content, stage), each + (index < more), chances.draw)
        present = facts.subjects[0].state == "present"
        of = "" if source is self.enrollment else f" of {source.key}"
        return TrainingClip(f"{stage}.{index}.{recipe}", content, turns, present, f"{recipe} {index}{of}")

    def held_out(self, index: int, *, look: bool = True) -> TrainingClip[NanoClip]:
        """One clip of the held-out part: of the subject and of others by turns, first two with faces, then two without.

        Args:
            index, look: see `clip`.
        """
        chances = self._chances("held out", index)
        hidden = self.pixels and index % 4 >= 2
        source = self._held_out_source(index)
        positive = source is self.enrollment
        footage = window(source, *parts(source)[1])
        footage = _covered(footage, chances.draw) if hidden else footage
        state: Shown = "present" if positive else "absent"
        content, facts = self._views.view(footage, state, chances, pixels=footage, faces=not hidden, look=look)
        turns = _turns(content, facts, _kinds(content, 2), self.config.held_out_questions, chances.draw)
        return TrainingClip(f"held out.{index}", content, turns, positive, f"held out {index}")

    def shows_look_alike(self, index: int) -> bool:
        """Whether a held-out clip is of somebody among the third of the others who are most like the subject."""
        shown = self._held_out_source(index)
        others = [other for other in self.others if other.vectors.faces]
        return any(shown is other for other in others[: max(1, len(others) // 3)])

    def pairs(self, count: int) -> list[Pair]:
        """Clips as they are seen and as they have to be read, half of them of the subject, to align patches with.

        Raises:
            TrainingError: the model sees no pixels.
        """
        if not self.pixels:
            raise TrainingError("there are no pixels of the subject and of somebody else to tell apart")
        return [self._pair(index, self._chances("pair", index)) for index in range(count)]

    def _pair(self, index: int, chances: Chances) -> Pair:
        state: Shown = "present" if index % 2 == 0 else "absent"
        rng, view = chances.draw, self._views.view
        own, other = self._long(self.enrollment, rng), self._long(self._other(rng, pixels=True), rng)
        mine, theirs = (own, other) if state == "present" else (other, own)
        drawn = rng.random()
        if drawn < HIDDEN_PAIRS:
            shown = still(mine, rng.choice(_seen_at(mine))) if index % 3 == 0 else mine
            covered = _covered(shown, rng)
            seen, _ = view(covered, state, chances, pixels=covered, faces=False)
            told, _ = view(mine, state, chances, pixels=mine, look=False)
            return Pair(seen, told)
        seen, _ = view(mine, state, chances, pixels=theirs if drawn < (1 + HIDDEN_PAIRS) / 2 else mine)
        return Pair(seen, replace(seen, patches=None))

    def _held_out_source(self, index: int) -> Footage:
        if index % 2 == 0 or not self.others:
            return self.enrollment
        return self.others[index // 2 % len(self.others)]

    # -- one clip ----------------------------------------------------------------------------------------------------

    def _chances(self, what: str, index: int) -> Chances:
        return Chances.of("subject clips", self.config.seed, what, index)

    def _recipe(self, positive: bool, rng: random.Random) -> Recipe:
        weights = {
            recipe: weight
            for recipe, weight in (POSITIVE if positive else NEGATIVE).items()
            if (self.pixels or recipe not in NEED_PIXELS)
            and (self.others or recipe != "other")
            and (self._stages or recipe != "stand_in")
        }
        return rng.choices(list(weights), list(weights.values()))[0]

    def _source(self, recipe: Recipe, rng: random.Random) -> Footage:
        """Footage of the subject for a clip."""
        if recipe not in FROM_POSITIVES:
            return self.enrollment
        further = [p for p in self.positives if recipe not in NEED_PIXELS or p.frames is not None]
        return rng.choice(further) if further and rng.random() < FURTHER_SHARE else self.enrollment

    def _content(
        self, recipe: Recipe, source: Footage, positive: bool, stage: int, chances: Chances, *, look: bool
    ) -> tuple[NanoClip, SceneFacts]:
        rng, view = chances.draw, self._views.view
        if recipe == "simulated":
            return self._simulated(positive, rng)
        if recipe == "stand_in":
            scene = rng.choice(self._stages)
            if rng.random() < REPAINTED:
                scene = repaint(scene, rng)
            scene = self._cut(scene, stage, rng)
            return view(scene, "present", chances, pixels=scene, stands_in=True, look=look)
        own = self._cut(source, stage, rng)
        if recipe == "own":
            return view(own, "present", chances, pixels=own, look=look)
        if recipe == "hidden":
            covered = _covered(own, rng)
            return view(covered, "present", chances, pixels=covered, faces=False, look=look)
        other = self._cut(self._other(rng, pixels=recipe != "other"), stage, rng)
        if recipe == "elsewhere":
            return view(own, "present", chances, pixels=other, look=look)
        if recipe == "intruder":
            return view(other, "absent", chances, pixels=own, look=look)
        if recipe == "other_hidden":
            covered = _covered(other, rng)
            return view(covered, "absent", chances, pixels=covered, faces=False, look=look)
        return view(other, "absent", chances, pixels=other, look=look)

    def _simulated(self, positive: bool, rng: random.Random) -> tuple[NanoClip, SceneFacts]:
        lookalike = SimulationConfig.lookalike if self.config.hard_negatives else 0.0
        config = SimulationConfig(max_subjects=1, nobody_asked=0.0, lookalike=lookalike)
        simulator = SceneSimulator(rng.getrandbits(64), self.layout, config)
        while True:
            scene = simulator.scene(self._asked)
            state = scene.facts.subjects[0].state
            if (state == "present") == positive or state == "unsure":
                break
        lines = evidence_lines(scene.facts) if rng.random() < self.config.evidence else None
        return NanoClip(self.name, scene.clip, scene.subjects[0], None, lines, scene.facts), scene.facts

    # -- parts -------------------------------------------------------------------------------------------------------

    def _long(self, footage: Footage, rng: random.Random) -> Footage:
        """A long window of the part that may be trained on: from a second or less nano often does not recognise a face,
        and what it then says is nothing to learn from."""
        start, end = parts(footage)[0]
        length = min(_LONGEST_S, end - start)
        begin = rng.uniform(start, end - length)
        cut = window(footage, begin, begin + length)
        return mirror(cut) if rng.random() < self.config.mirrored else cut

    def _cut(self, footage: Footage, stage: int, rng: random.Random) -> Footage:
        """A random still or window of the part that may be trained on, perhaps mirrored; further footage is whole."""
        further = any(footage is positive for positive in self.positives)
        start, end = footage.span if further else parts(footage)[0]
        times = samples_within(footage, (start, end))
        if stage == 1 or end - start < _SHORTEST_S:
            cut = still(footage, rng.choice(times or [start]))
        elif further:
            cut = footage
        else:
            length = rng.uniform(_SHORTEST_S, min(_LONGEST_S, end - start))
            begin = rng.uniform(start, end - length)
            cut = window(footage, begin, begin + length)
            if footage.subject and not cut.subject:
                cut = still(footage, rng.choice(times))
        return mirror(cut) if rng.random() < self.config.mirrored else cut

    def _other(self, rng: random.Random, *, pixels: bool) -> Footage:
        found = [other for other in self.others if not pixels or other.frames is not None]
        if not self.config.hard_negatives:
            return rng.choice(found)
        # Half of them from the third that is most like the subject.
        near = found[: max(1, len(found) // 3)]
        return rng.choice(near if rng.random() < 0.5 else found)

    @cached_property
    def _asked(self) -> Asked:
        whitening = Whitening.for_model(self.entry.model_id)
        weights = np.asarray(self.entry.weights, np.float32)[:, None]
        read = face_projection(whitening.dimension, self.layout.face)
        face = (whitening.transform(self.entry.templates) @ read * weights).sum(0) / weights.sum()
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


def _covered(footage: Footage, rng: random.Random) -> Footage:
    """Faces hidden, each time another way; without a face, people are mostly found badly or not at all."""
    veil = Veil(rng.uniform(0, 0.4), rng.uniform(0, 0.3), rng.uniform(0, 0.3), rng.choice(SHADES))
    covered = hide_faces(footage, veil)
    drawn = rng.random()
    if drawn < LOST_SHARE:
        return lose_people(covered)
    return glimpse(covered, rng) if drawn < LOST_SHARE + GLIMPSED_SHARE else covered


def _turns(
    content: NanoClip, facts: SceneFacts, kinds: dict[Kind, float], count: int, rng: random.Random
) -> tuple[Turn, ...]:
    turns = []
    for kind in rng.choices(list(kinds), list(kinds.values()), k=count):
        qa = make_qa(facts, rng, precise_times=content.evidence is not None, kind=kind)
        turns.append(Turn(qa.question, qa.answer, kind))
    return tuple(turns)


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
