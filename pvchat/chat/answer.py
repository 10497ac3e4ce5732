"""Answering: a perceived clip, who is in it, a question -> words that the evidence bears out.

The clip's prompt prefix is read once and kept, so a follow-up costs only its own tokens.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pvchat.chat import prompt
from pvchat.chat.agreement import check
from pvchat.chat.constrain import Constraint
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.facts import SceneFacts
from pvchat.chat.facts_from_record import facts_from_record
from pvchat.chat.lazy_adapters import LazyAdapters, LoadAdapter, told
from pvchat.errors import ModelError
from pvchat.identity.decision import IdentityDecision, unknown_tracks
from pvchat.identity.gallery import GalleryEntry
from pvchat.identity.whitening import Whitening
from pvchat.models.config import TokenLayout
from pvchat.models.language import Prefix
from pvchat.models.nano import Nano, Personal, SubjectArrays, collate, nobody
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.soft import prefix_embeddings
from pvchat.models.tokens import (
    ClipArrays,
    PatchArrays,
    appearance_projection,
    clip_arrays,
    cosine_rows,
    patch_rows,
)
from pvchat.perception.patches import PatchMaps
from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors

Float = NDArray[np.float32]

PREFIXES_KEPT = 8
ASKED_BY_DEFAULT = 3


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


class Answerer:
    """Answers questions with nano.

    Args:
        nano: of `pvchat.models.nano.load_nano`. adapters: of this nano; made when the first one is needed if None.
        look: gives the patch features of a clip, for adapters that see pixels; None where its pixels are gone.
        load: gives the adapters a clip names, by id; without it only those attached before are worn.

    Not safe to share between threads: one answer at a time.
    """

    def __init__(
        self,
        nano: Nano,
        adapters: NanoAdapters | None = None,
        look: Callable[[Clip], PatchMaps | None] | None = None,
        load: LoadAdapter | None = None,
    ) -> None:
        self._nano = nano
        self._adapters = adapters
        self._look = look
        self._lazy = LazyAdapters(self._host, load or (lambda _id: None))
        # The clip is kept beside its prefix: its id is part of the key, and must not be given to another object.
        self._prefixes: OrderedDict[tuple[object, ...], tuple[Clip, Prefix]] = OrderedDict()

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
            use_identity_bias: bias the personal queries toward the tracks that resemble the subject.
            on_text: called with the answer so far after each token.

        Raises:
            ModelError: a subject has no gallery entry in the clip, or its vectors belong to another face model.
        """
        started = time.perf_counter()
        asked = tuple(subjects) or likeliest(clip.decisions)
        facts = clip_facts(clip, asked)
        # Also for a prefix that is kept: what answers has to wear what read.
        fine_tuned = {name: clip.adapters[name] for name in asked if name in clip.adapters}
        skipped = self._lazy.attach(fine_tuned)
        worn = self._wear(clip, asked)
        key = (id(clip), asked, use_evidence, use_identity_bias)
        prefix = self._prefix(key, clip, facts, worn, use_evidence=use_evidence, use_identity_bias=use_identity_bias)
        read_at = time.perf_counter()
        constraint = Constraint(facts, question, use_record=use_evidence)
        language = self._nano.language
        ids = prompt.question_ids(language.encode, question)
        generated = language.generate(prefix, ids, constraint, on_text=on_text)
        agreement = check(generated.text, question, facts, asked)
        text = generated.text if agreement.agrees or not use_evidence else unsure(asked)
        return AnswerResult(
            text=text,
            facts=facts,
            agrees_with_evidence=agreement.agrees,
            model={
                "base": "nano",
                "language_model": self._nano.model.config.text_model,
                "adapters": ", ".join(name for name in fine_tuned if fine_tuned[name] in self._held) or "none",
                **told(skipped),
            },
            timing_s={"read": read_at - started, "generate": generated.seconds},
        )

    def release(self) -> None:
        """Let go of every kept prefix and every adapter."""
        self._prefixes.clear()
        if self._adapters is not None:
            self._adapters.attached.clear()

    def _host(self) -> NanoAdapters:
        self._adapters = self._adapters or NanoAdapters(self._nano)
        return self._adapters

    @property
    def _held(self) -> Container[object]:
        return self._adapters if self._adapters is not None else ()

    def _wear(self, clip: Clip, asked: Sequence[str]) -> Personal | None:
        """Turn the asked people's adapters on, or all of them off."""
        if self._adapters is None:
            return None
        return self._adapters.use([clip.adapters.get(name, "") for name in asked])

    def _prefix(
        self,
        key: tuple[object, ...],
        clip: Clip,
        facts: SceneFacts,
        worn: Personal | None,
        *,
        use_evidence: bool,
        use_identity_bias: bool,
    ) -> Prefix:
        if key not in self._prefixes:
            config = self._nano.model.config
            language = self._nano.language
            names = [subject.name for subject in facts.subjects]
            arrays = arrays_of(clip, config.layout)
            people = [subject_arrays(clip, arrays, name, config.layout) for name in names]
            patches: list[PatchArrays | None] = []
            if worn is not None and worn.pixels is not None and self._look is not None:
                maps = self._look(clip)
                patches = [] if maps is None else [patch_rows(maps, arrays.track_ids)]
            inputs = collate([arrays], [people or [nobody(arrays, config.layout)]], language.device, patches)
            if not use_identity_bias:
                inputs = inputs.without_identity_bias()
            ids = prompt.prefix_ids(
                language.encode,
                names,
                evidence_lines(facts) if use_evidence else None,
                scene_tokens=config.num_scene_tokens,
                personal_tokens=config.num_personal_tokens,
            )
            tokens = {"scene_tokens": config.num_scene_tokens, "personal_tokens": config.num_personal_tokens}
            places = prompt.name_places(language.encode, names, **tokens)
            embedded = prefix_embeddings(self._nano, inputs, ids, worn, places)
            self._prefixes[key] = clip, language.read(embedded)
        self._prefixes.move_to_end(key)
        while len(self._prefixes) > PREFIXES_KEPT:
            self._prefixes.popitem(last=False)
        return self._prefixes[key][1]


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


def arrays_of(clip: Clip, layout: TokenLayout) -> ClipArrays:
    """Tokens of a real clip.

    Raises:
        ModelError: the face vectors are not of the size the model was trained on.
    """
    vectors = clip.vectors
    whitening = Whitening.for_model(vectors.face_model)
    if whitening.dimension != layout.face:
        raise ModelError(
            f"nano reads face vectors of {layout.face} numbers, {vectors.face_model} gives {whitening.dimension}; "
            "use the dlib engine with nano"
        )
    faces = {track: whitening.transform(track_mean(s)) for track, s in vectors.faces.items() if len(s.vectors)}
    projection = appearance_projection(layout.appearance)
    appearance = {track: (torso @ projection).astype(np.float32) for track, torso in vectors.appearance.items()}
    return clip_arrays(clip.record, faces, appearance, layout)


def track_mean(samples: FaceSamples) -> Float:
    """(d,) quality-weighted mean of a track's raw face vectors."""
    weights = np.maximum(samples.quality, 1e-3)[:, None]
    mean: Float = (samples.vectors * weights).sum(0) / weights.sum()
    return mean.astype(np.float32)


def subject_arrays(clip: Clip, arrays: ClipArrays, name: str, layout: TokenLayout) -> SubjectArrays:
    """What the model is told about one asked person beside a clip.

    Raises:
        ModelError: the clip has no gallery entry of this name.
    """
    entry = next((e for e in clip.entries if e.name == name), None)
    decision = next((d for d in clip.decisions if d.name == name), None)
    if entry is None or decision is None:
        raise ModelError(f"no gallery entry for {name} beside this clip; enroll {name} first")
    whitening = Whitening.for_model(entry.model_id)
    weights = np.asarray(entry.weights, np.float32)[:, None]
    templates = whitening.transform(entry.templates)
    face = ((templates * weights).sum(0) / weights.sum()).astype(np.float32)
    appearance = np.zeros(layout.appearance, np.float32)
    if entry.appearance is not None:
        appearance = (entry.appearance @ appearance_projection(layout.appearance)).astype(np.float32)
    similarity = [decision.track_scores.get(track, 0.0) for track in arrays.track_ids]
    return SubjectArrays(
        face=face,
        appearance=appearance,
        similarity=np.asarray(similarity, np.float32),
        appearance_similarity=cosine_rows(arrays.appearance, appearance),
    )


def likeliest(decisions: Sequence[IdentityDecision]) -> tuple[str, ...]:
    """Who is asked about when nobody is named: the likeliest three, surest first."""
    ranked = sorted(decisions, key=lambda d: -d.score)
    return tuple(d.name for d in ranked[:ASKED_BY_DEFAULT])
