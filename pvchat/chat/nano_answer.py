"""Answering with nano: it reads tokens of the tracks, and patches where an adapter sees pixels."""

from collections.abc import Callable, Container

import numpy as np
from numpy.typing import NDArray

from pvchat.chat import prompt
from pvchat.chat.answer import Answerer, Asked, Clip
from pvchat.chat.constrain import Constraint
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.lazy_adapters import LoadAdapter
from pvchat.errors import ModelError
from pvchat.identity.whitening import Whitening
from pvchat.models.config import TokenLayout
from pvchat.models.language import Generated, Prefix
from pvchat.models.nano import Nano, Personal, SubjectArrays, collate, nobody
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.soft import prefix_embeddings
from pvchat.models.tokens import (
    ClipArrays,
    PatchArrays,
    appearance_projection,
    clip_arrays,
    cosine_rows,
    face_projection,
    patch_rows,
)
from pvchat.perception.patches import PatchMaps
from pvchat.perception.record import FaceSamples

Float = NDArray[np.float32]


class NanoAnswerer(Answerer[Prefix]):
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
        super().__init__(self._host, load)
        self._nano = nano
        self._adapters = adapters
        self._look = look

    def release(self) -> None:
        """Let go of every kept prefix and every adapter."""
        self._prefixes.clear()
        if self._adapters is not None:
            self._adapters.attached.clear()

    def _host(self) -> NanoAdapters:
        self._adapters = self._adapters or NanoAdapters(self._nano)
        return self._adapters

    @property
    def _names(self) -> dict[str, str]:
        return {"base": "nano", "language_model": self._nano.model.config.text_model}

    @property
    def _attached(self) -> Container[object]:
        return self._adapters if self._adapters is not None else ()

    def _prefix(self, asked: Asked) -> Prefix:
        # The asked people's adapters on, or all of them off.
        worn = None if self._adapters is None else self._adapters.use(asked.adapter_ids)
        key = (asked.names, asked.use_evidence, asked.use_identity_bias)
        return self._prefixes.get(asked.clip, key, lambda: self._read(asked, worn))

    def _read(self, asked: Asked, worn: Personal | None) -> Prefix:
        clip, facts = asked.clip, asked.facts
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
        if not asked.use_identity_bias:
            inputs = inputs.without_identity_bias()
        ids = prompt.prefix_ids(
            language.encode,
            names,
            evidence_lines(facts) if asked.use_evidence else None,
            scene_tokens=config.num_scene_tokens,
            personal_tokens=config.num_personal_tokens,
        )
        tokens = {"scene_tokens": config.num_scene_tokens, "personal_tokens": config.num_personal_tokens}
        places = prompt.name_places(language.encode, names, **tokens)
        return language.read(prefix_embeddings(self._nano, inputs, ids, worn, places))

    def _generate(
        self, prefix: Prefix, question: str, asked: Asked, on_text: Callable[[str], None] | None
    ) -> tuple[Generated, bool]:
        constraint = Constraint(asked.facts, question, use_record=asked.use_evidence)
        language = self._nano.language
        ids = prompt.question_ids(language.encode, question)
        return language.generate(prefix, ids, constraint, on_text=on_text), True


def arrays_of(clip: Clip, layout: TokenLayout) -> ClipArrays:
    """Tokens of a real clip.

    Raises:
        ModelError: the face vectors are shorter than those the model was trained on.
    """
    vectors = clip.vectors
    whitening = Whitening.for_model(vectors.face_model)
    read = face_projection(whitening.dimension, layout.face)
    faces = {track: whitening.transform(track_mean(s)) @ read for track, s in vectors.faces.items() if len(s.vectors)}
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
    templates = whitening.transform(entry.templates) @ face_projection(whitening.dimension, layout.face)
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
