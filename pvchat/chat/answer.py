"""Answering, whatever the base: a perceived clip, who is in it, a question -> words that the evidence bears out.

The clip's prompt prefix is read once and kept, so a follow-up costs only its own tokens.
"""

import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pvchat.chat.agreement import check
from pvchat.chat.facts import SceneFacts
from pvchat.chat.facts_from_record import facts_from_record
from pvchat.chat.lazy_adapters import AdapterHost, LazyAdapters, LoadAdapter, told
from pvchat.identity.decision import IdentityDecision, unknown_tracks
from pvchat.identity.gallery import GalleryEntry
from pvchat.models.language import Generated
from pvchat.perception.record import PerceptionRecord, PerceptionVectors

PREFIXES_KEPT = 8
ASKED_BY_DEFAULT = 3

P = TypeVar("P")


@dataclass(frozen=True)
class Clip:
    """Everything known about one video: what was seen, and who of the gallery it is taken to be.

    Attributes:
        record: perception. vectors: of its tracks. decisions: one for each of `entries`.
        video: the file, for a base or an adapter that looks at its frames; None where there is none.
        adapters: name -> id of the adapter of a fine-tuned person.
    """

    record: PerceptionRecord
    vectors: PerceptionVectors
    decisions: Sequence[IdentityDecision]
    entries: Sequence[GalleryEntry]
    video: Path | None = None
    adapters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AnswerResult:
    """An answer and what it rests on.

    Attributes:
        text: the answer. facts: of the asked people, in the order asked.
        agrees_with_evidence: whether what the model said agrees with the facts; if not, `text` reads as unsure.
        model: names of the parts that answered. timing_s: seconds per part.
    """

    text: str
    facts: SceneFacts
    agrees_with_evidence: bool
    model: dict[str, str]
    timing_s: dict[str, float]


@dataclass(frozen=True)
class Asked:
    """What a base is asked about, beside the words of the question.

    Attributes:
        clip: the perceived video. names: of the asked people, in order. facts: about them.
        use_evidence, use_identity_bias: see `Answerer.answer`.
    """

    clip: Clip
    names: tuple[str, ...]
    facts: SceneFacts
    use_evidence: bool
    use_identity_bias: bool

    @property
    def adapter_ids(self) -> list[str]:
        """Of each asked person, "" for one who was not fine-tuned."""
        return [self.clip.adapters.get(name, "") for name in self.names]


class PrefixCache(Generic[P]):
    """Prefixes that were read; the one not used for longest goes first."""

    def __init__(self) -> None:
        # The clip is kept beside its prefix: its id is part of the key, and must not be given to another object.
        self._kept: OrderedDict[tuple[object, ...], tuple[Clip, P]] = OrderedDict()

    def get(self, clip: Clip, key: tuple[object, ...], read: Callable[[], P]) -> P:
        """The prefix of a clip under a key; read now where it is not there."""
        key = (id(clip), *key)
        if key not in self._kept:
            self._kept[key] = clip, read()
        self._kept.move_to_end(key)
        while len(self._kept) > PREFIXES_KEPT:
            self._kept.popitem(last=False)
        return self._kept[key][1]

    def clear(self) -> None:
        """Let go of all of them."""
        self._kept.clear()


class Answerer(ABC, Generic[P]):
    """Answers questions with a base; subclasses say how the base reads a prefix and writes an answer.

    Args:
        host: gives the base that wears adapters. load: gives the adapters a clip names, by id; without it only those
            attached before are worn.

    Not safe to share between threads: one answer at a time.
    """

    def __init__(self, host: Callable[[], AdapterHost], load: LoadAdapter | None) -> None:
        self._lazy = LazyAdapters(host, load or (lambda _id: None))
        self._prefixes: PrefixCache[P] = PrefixCache()

    def answer(
        self,
        clip: Clip,
        question: str,
        subjects: Sequence[str],
        *,
        use_evidence: bool = True,
        use_identity_bias: bool = True,
        on_text: Callable[[str], None] | None = None,
    ) -> AnswerResult:
        """Answer one question.

        Args:
            clip: the perceived video. question: the user's words. subjects: enrolled names asked about, in order; none
                means everybody enrolled, the likeliest three.
            use_evidence: put evidence lines into the prompt, and hold times, places, colours and actions to them.
            use_identity_bias: bias the personal queries toward the tracks that resemble the subject, where the base
                has an attention for it.
            on_text: called with the answer so far after each token.

        Raises:
            ModelError: the clip lacks what the base reads: a subject's gallery entry, face vectors of the right model,
                its file.
            VideoError: the base looks at frames, and the file cannot be read any more.
        """
        started = time.perf_counter()
        names = tuple(subjects) or likeliest(clip.decisions)
        asked = Asked(clip, names, clip_facts(clip, names), use_evidence, use_identity_bias)
        # Also for a prefix that is kept: what answers has to wear what read.
        fine_tuned = {name: clip.adapters[name] for name in names if name in clip.adapters}
        skipped = self._lazy.attach(fine_tuned)
        prefix = self._prefix(asked)
        read_at = time.perf_counter()
        generated, whole = self._generate(prefix, question, asked, on_text)
        agrees = whole and check(generated.text, question, asked.facts, names).agrees
        return AnswerResult(
            text=generated.text if agrees or not use_evidence else unsure(names),
            facts=asked.facts,
            agrees_with_evidence=agrees,
            model={
                **self._names,
                "adapters": ", ".join(name for name in fine_tuned if fine_tuned[name] in self._attached) or "none",
                **told(skipped),
            },
            timing_s={"read": read_at - started, "generate": generated.seconds},
        )

    @abstractmethod
    def release(self) -> None:
        """Let go of every kept prefix, every adapter and whatever else is kept about videos and people."""

    @property
    @abstractmethod
    def _names(self) -> dict[str, str]:
        """Names of the base and of its language model."""

    @property
    @abstractmethod
    def _attached(self) -> Container[object]:
        """Ids of the adapters the base has."""

    @abstractmethod
    def _prefix(self, asked: Asked) -> P:
        """The prefix of a clip and its asked people, kept or read now; the base wears their adapters from then on."""

    @abstractmethod
    def _generate(
        self, prefix: P, question: str, asked: Asked, on_text: Callable[[str], None] | None
    ) -> tuple[Generated, bool]:
        """An answer, and whether the base came to its end."""


def clip_facts(clip: Clip, asked: Sequence[str]) -> SceneFacts:
    """What may be said about the asked people of a clip; strangers are counted as the people they group into."""
    strangers = unknown_tracks(clip.record, clip.vectors, clip.decisions)
    known = sum(decision.state == "present" for decision in clip.decisions)
    return facts_from_record(
        clip.record,
        clip.decisions,
        asked,
        people=known + len(strangers),
        unknown_people=len(strangers),
    )


def unsure(names: Sequence[str]) -> str:
    """What stands in place of an answer that contradicts its evidence."""
    if not names:
        return "I am not sure."
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"I am not sure about {listed} in this video."


def likeliest(decisions: Sequence[IdentityDecision]) -> tuple[str, ...]:
    """Who is asked about when nobody is named: the likeliest three, surest first."""
    ranked = sorted(decisions, key=lambda d: -d.score)
    return tuple(d.name for d in ranked[:ASKED_BY_DEFAULT])
