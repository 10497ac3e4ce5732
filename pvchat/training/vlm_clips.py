"""What one subject is trained on with a vision-language base: frames of them and of others, with questions.

Positives come from the enrollment video, negatives from other people's videos; half of each, stills and clips. Nothing
is simulated, and no face stands in another's pixels: such a base looks at both at once. As everywhere, nothing of the
held-out part of a video is in a clip that is trained on.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from pvchat.chat.answer import Clip, clip_facts
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.facts import SceneFacts
from pvchat.errors import TrainingError
from pvchat.identity.decision import IdentityDecision, decide
from pvchat.identity.gallery import GalleryEntry
from pvchat.models.vlm_frames import ClipFrames, FrameBudget
from pvchat.perception.geometry import Image
from pvchat.training.dialogue import make_qa
from pvchat.training.disturb import disturb
from pvchat.training.footage import Footage, mirror, parts, samples_within, still, window
from pvchat.training.personal import TrainingClip, TrainingData, Turn
from pvchat.training.subject_data import CLIP_KINDS, LEAST_FRAMES, STILL_KINDS, SubjectDataConfig
from pvchat.training.vlm_personal import VlmClip
from pvchat.training.wordings import Kind

_SHORTEST_S, _LONGEST_S = 0.8, 4.0


class VlmClips:
    """Builds one subject's data.

    Args:
        name: of the subject. entry: in the gallery.
        enrollment: the enrollment video with the subject's tracks. others: videos of other people.
        budget: of a clip's frames. config: see `SubjectDataConfig`; what it says of simulated look-alikes is not used.
        check: called before each clip; ends the work by what it raises.

    Raises:
        TrainingError: the pixels of the enrollment video, or of any other, cannot be had, or there are too few frames.
    """

    def __init__(
        self,
        name: str,
        entry: GalleryEntry,
        enrollment: Footage,
        others: Sequence[Footage],
        budget: FrameBudget | None = None,
        config: SubjectDataConfig | None = None,
        *,
        check: Callable[[], None] | None = None,
    ) -> None:
        self.config = config or SubjectDataConfig()
        self.name = name
        self.entry = replace(entry, name=name)
        self.enrollment = enrollment
        self.others = [other for other in others if other.frames is not None and other.record.tracks]
        self._budget = budget or FrameBudget()
        self._check = check or (lambda: None)
        self._rng = random.Random(f"subject frames {self.config.seed}")
        frames = len(samples_within(enrollment, parts(enrollment)[0]))
        if enrollment.frames is None or frames < LEAST_FRAMES:
            raise TrainingError(
                f"the enrollment video has {frames} usable frames of {name} to train on and {LEAST_FRAMES} are needed; "
                "enroll from a longer video"
            )
        if not self.others:
            raise TrainingError(
                f"there is no video of anybody else to tell {name} from; ask about another video first, then train"
            )

    def build(self) -> TrainingData[VlmClip]:
        """Stills, clips and the held-out part."""
        config = self.config
        each, more = divmod(config.questions, config.stills + config.clips)
        made = [
            self._clip(index, 1 if index < config.stills else 2, each + (index < more))
            for index in range(config.stills + config.clips)
        ]
        held_out = [self._held_out(index) for index in range(config.held_out)]
        return TrainingData(made[: config.stills], made[config.stills :], held_out)

    def _clip(self, index: int, stage: int, questions: int) -> TrainingClip[VlmClip]:
        self._check()
        footage = self._source(self._positive(index))
        start, end = parts(footage)[0]
        times = samples_within(footage, (start, end)) or [start]
        cut = still(footage, self._rng.choice(times))
        if stage == 2 and end - start >= _SHORTEST_S:
            length = self._rng.uniform(_SHORTEST_S, min(_LONGEST_S, end - start))
            begin = self._rng.uniform(start, end - length)
            longer = window(footage, begin, begin + length)
            # The subject may be out of the picture for a while.
            cut = cut if footage.subject and not longer.subject else longer
        cut = mirror(cut) if self._rng.random() < self.config.mirrored else cut
        kinds = STILL_KINDS if stage == 1 else CLIP_KINDS
        evidence = self._rng.random() < self.config.evidence
        return self._made(f"{stage}.{index}", cut, kinds, questions, evidence=evidence)

    def _held_out(self, index: int) -> TrainingClip[VlmClip]:
        self._check()
        source = self.enrollment if index % 2 == 0 else self.others[index // 2 % len(self.others)]
        cut = window(source, *parts(source)[1])
        return self._made(f"held out.{index}", cut, CLIP_KINDS, self.config.held_out_questions, evidence=False)

    def _made(
        self, key: str, footage: Footage, kinds: dict[Kind, float], questions: int, *, evidence: bool
    ) -> TrainingClip[VlmClip]:
        present = bool(footage.subject)
        facts = self._facts(footage, "present" if present else "absent")
        content = VlmClip(self.name, self._frames(footage), evidence_lines(facts) if evidence else None, facts)
        turns = []
        for kind in self._rng.choices(list(kinds), list(kinds.values()), k=questions):
            qa = make_qa(facts, self._rng, precise_times=evidence, kind=kind)
            turns.append(Turn(qa.question, qa.answer, kind))
        return TrainingClip(key, content, tuple(turns), present, f"{'own' if present else 'other'} {key}")

    def _facts(self, footage: Footage, state: Literal["present", "absent"]) -> SceneFacts:
        found = decide(footage.vectors, footage.record, [self.entry])[0]
        sure = 0.97 if state == "present" else 0.03
        spans = tuple(s for t in footage.record.tracks if t.id in footage.subject for s in t.spans)
        decision = IdentityDecision(self.name, state, sure, tuple(footage.subject), found.track_scores, spans)
        return clip_facts(Clip(footage.record, footage.vectors, [decision], [self.entry]), (self.name,))

    def _frames(self, footage: Footage) -> ClipFrames:
        """As answering would sample this part, in another light."""
        duration = footage.record.video.duration_s
        count = self._budget.frames(duration)
        times = [(index + 0.5) * duration / count for index in range(count)]
        state = self._rng.getrandbits(64)
        images: list[Image] = [disturb(picture, random.Random(state)) for picture in footage.pictures(times)]
        return ClipFrames(images, times, duration)

    def _positive(self, index: int) -> bool:
        return self.config.positives > 0 and (self.config.positives >= 1 or index % 2 == 0)

    def _source(self, positive: bool) -> Footage:
        return self.enrollment if positive else self._rng.choice(self.others)
