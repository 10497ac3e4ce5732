"""Rows from training clips, and about several people of one video."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, Protocol, TypeVar, cast

from pipelines.questions.rows import QuestionRow, Split
from pvchat.chat.evidence import together_spans
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.questions import TYPE_OF
from pvchat.perception.record import Span
from pvchat.training.dialogue import make_qa
from pvchat.training.personal import TrainingClip
from pvchat.training.wordings import Kind

ABOUT_TWO: dict[Kind, float] = {
    "relation": 3.0,
    "order": 2.0,
    "together": 2.0,
    "earlier": 2.0,
    "talks": 1.0,
    "both": 1.0,
    "either": 0.7,
    "which": 1.0,
    "count_named": 0.7,
}
ABOUT_TIMES: dict[Kind, float] = {"count": 1.5, "time": 1.0, "first": 1.0, "last": 0.7, "duration": 0.7}
"""How often each kind is asked by `relation_rows`; those about two people only where there are two."""
ABOUT_PERSON: dict[Kind, float] = {
    "existence": 4.0,
    "appearance": 2.0,
    "upper": 1.0,
    "lower": 0.5,
    "is_colour": 0.5,
    "action": 2.5,
    "is_action": 0.5,
    "posture": 0.3,
    "hands": 0.3,
    "hair": 0.3,
    "is_hair": 0.2,
    "garment": 0.2,
    "is_garment": 0.2,
    "pattern": 0.1,
    "location": 2.5,
    "is_place": 0.5,
    "distance": 0.5,
}
"""How often each kind is asked by `person_rows`."""
_TRIES = 20


class SubjectClip(Protocol):
    """What is needed of a training clip's content: nano's and a VLM's both have it."""

    @property
    def name(self) -> str:
        """The subject's name."""

    @property
    def facts(self) -> SceneFacts | None:
        """What is true of the clip."""


C = TypeVar("C", bound=SubjectClip)


def rows_of(clips: Sequence[TrainingClip[C]], split: Split, stage: Literal[1, 2]) -> list[QuestionRow]:
    """The questions of training clips, in their order.

    Args:
        clips: of one subject. split: which part of the training data they are. stage: 1 for stills, 2 for clips.
    """
    rows = []
    for clip in clips:
        name, facts = clip.content.name, clip.content.facts
        spans = facts.subjects[0].spans if facts is not None and clip.present else ()
        for turn in clip.turns:
            kind = cast(Kind, turn.kind)
            rows.append(
                QuestionRow(
                    clip=clip.key,
                    split=split,
                    stage=stage,
                    type=TYPE_OF[kind],
                    kind=kind,
                    question=turn.question,
                    answer=turn.answer,
                    subjects=(name,),
                    present=clip.present,
                    source=clip.source,
                    spans=spans,
                )
            )
    return rows


def person_rows(
    facts: SceneFacts,
    name: str,
    rng: random.Random,
    count: int,
    *,
    clip: str,
    split: Split = "train",
    source: str = "",
) -> list[QuestionRow]:
    """Questions of the four types about one person of a video: answers of somebody present, refusals of an absent one.

    Args:
        facts: of a video. name: who is asked about; one of the facts' subjects.
        rng: the only source of chance. count: how many; fewer where the video has not so many different ones.
        clip: key of the video. split: `held_out` asks in wordings that training never has. source: kept in the rows.
    """
    return _Asker(facts, (name,), rng, clip, split, source).ask(ABOUT_PERSON, count)


def relation_rows(
    facts: SceneFacts,
    names: Sequence[str],
    rng: random.Random,
    count: int,
    *,
    clip: str,
    split: Split = "train",
    source: str = "",
) -> list[QuestionRow]:
    """Questions about who is where beside whom, who is there when, and how many there are.

    Args:
        facts: of a video. names: of the people in them who may be asked about; at least one.
        rng, count, clip, split, source: as in `person_rows`.
    """
    kinds = {**ABOUT_TWO, **ABOUT_TIMES} if len(names) > 1 else ABOUT_TIMES
    return _Asker(facts, names, rng, clip, split, source).ask(kinds, count)


class _Asker:
    """Draws questions about some people of one video."""

    def __init__(
        self, facts: SceneFacts, names: Sequence[str], rng: random.Random, clip: str, split: Split, source: str
    ) -> None:
        self.scene = replace(facts, subjects=tuple(s for s in facts.subjects if s.name in names))
        self.rng = rng
        self.clip = clip
        self.split: Split = split
        self.source = source

    def ask(self, kinds: Mapping[Kind, float], count: int) -> list[QuestionRow]:
        """So many different questions of these kinds, each as often as its weight says."""
        rows: dict[tuple[str, str], QuestionRow] = {}
        for _ in range(_TRIES * count):
            if len(rows) == count:
                break
            row = self._row(self.rng.choices(list(kinds), list(kinds.values()))[0])
            rows[row.question, row.answer] = row
        return list(rows.values())

    def _row(self, kind: Kind) -> QuestionRow:
        qa = make_qa(self.scene, self.rng, split="train" if self.split == "train" else "heldout", kind=kind)
        asked = [s for s in self.scene.subjects if s.name in qa.subjects]
        return QuestionRow(
            clip=self.clip,
            split=self.split,
            stage=2,
            type=TYPE_OF[qa.kind],
            kind=qa.kind,
            question=qa.question,
            answer=qa.answer,
            subjects=qa.subjects,
            present=all(s.state == "present" for s in asked),
            source=self.source,
            spans=_seen(asked),
        )


def _seen(asked: Sequence[SubjectFacts]) -> tuple[Span, ...]:
    if len(asked) > 1:
        return together_spans(asked)
    return tuple(s for person in asked if person.state == "present" for s in person.spans)
