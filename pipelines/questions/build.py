"""Rows from training clips, and about several people of one video."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol, TypeVar, cast

from pipelines.questions.rows import QuestionRow, Split
from pvchat.chat.evidence import together_spans
from pvchat.chat.facts import SceneFacts, SubjectFacts
from pvchat.chat.questions import TYPE_OF
from pvchat.perception.record import Span
from pvchat.training import wordings
from pvchat.training.dialogue import make_qa
from pvchat.training.personal import TrainingClip
from pvchat.training.wordings import Kind

ABOUT_TWO: dict[Kind, float] = {
    "relation": 3.0,
    "order": 2.0,
    "together": 2.0,
    "earlier": 2.0,
    "both": 1.0,
    "either": 0.7,
    "which": 1.0,
    "count_named": 0.7,
}
ABOUT_ONE: dict[Kind, float] = {"count": 1.5, "time": 1.0, "first": 1.0, "last": 0.7, "duration": 0.7}
"""How often each kind is asked by `relation_rows`; those about two people only where there are two."""
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
        rng: the only source of chance. count: how many; fewer where the video has not so many different ones.
        clip: key of the video. split: `held_out` asks in wordings that training never has. source: kept in the rows.
    """
    scene = replace(facts, subjects=tuple(s for s in facts.subjects if s.name in names))
    kinds = {**ABOUT_TWO, **ABOUT_ONE} if len(scene.subjects) > 1 else ABOUT_ONE
    side: wordings.Split = "train" if split == "train" else "heldout"
    rows: dict[tuple[str, str], QuestionRow] = {}
    for _ in range(_TRIES * count):
        if len(rows) == count:
            break
        qa = make_qa(scene, rng, split=side, kind=rng.choices(list(kinds), list(kinds.values()))[0])
        asked = [s for s in scene.subjects if s.name in qa.subjects]
        rows[qa.question, qa.answer] = QuestionRow(
            clip=clip,
            split=split,
            stage=2,
            type=TYPE_OF[qa.kind],
            kind=qa.kind,
            question=qa.question,
            answer=qa.answer,
            subjects=qa.subjects,
            present=all(s.state == "present" for s in asked),
            source=source,
            spans=_seen(asked),
        )
    return list(rows.values())


def _seen(asked: Sequence[SubjectFacts]) -> tuple[Span, ...]:
    if len(asked) > 1:
        return together_spans(asked)
    return tuple(s for person in asked if person.state == "present" for s in person.spans)
