"""Gallery entries: what is kept of an enrolled person to recognise them by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pvchat.errors import ModelError, NoFaceError
from pvchat.identity.calibration import SURE_LOGIT, calibration
from pvchat.identity.reliability import track_reliability
from pvchat.identity.similarity import combined_cosine, cosines
from pvchat.identity.whitening import Whitening
from pvchat.perception.record import FaceSamples

Array = NDArray[np.float32]

MAX_TEMPLATES: Final = 5
MAX_CONFIRMED: Final = 4
"""Of the tracks of other videos that a user called this person, so many newest ones serve as templates."""
_CONFIRMED_SHARE: Final = 0.2
_CONFIRMED_MOST: Final = 0.5
# Samples whose vectors are closer than this show nothing new (cosine in the whitened space).
_ALIKE = 0.8
# A sample this far from the others of its track is another face or no face.
_STRAY = 0.3
_MIN_QUALITY_SHARE = 0.25


@dataclass(frozen=True)
class GalleryEntry:
    """One enrolled person.

    Attributes:
        name: the enrolled name.
        model_id: engine of the vectors.
        templates: (k, d) raw vectors, one per look of the face (means of groups of samples).
        weights: (k,) how much each template stands for; they sum to 1.
        appearance: (a,) torso descriptor of the enrollment video, or None.
        coverage: "faces", "templates", "spread", "reliability" and what others add; plain JSON.
        negatives: (m, d) raw vectors of faces of which a user said that they are not this person.
    """

    name: str
    model_id: str
    templates: Array
    weights: Array
    appearance: Array | None = None
    coverage: Mapping[str, Any] = field(default_factory=dict)
    negatives: Array | None = None

    @property
    def reliability(self) -> float:
        """How far the enrolled faces can be trusted, 0..1 (see `face_reliability`); 1 where it was not noted."""
        return float(self.coverage.get("reliability", 1.0))

    def whitened(self) -> Array:
        """(k, d) templates in the whitened space."""
        return Whitening.for_model(self.model_id).transform(self.templates)

    def add_negative(self, vector: NDArray[np.floating]) -> "GalleryEntry":
        """A copy that also remembers "this is not X".

        Args:
            vector: (d,) raw vector, normally the mean of the track in question.

        Raises:
            ModelError: the vector has another dimension than the templates.
        """
        row = np.asarray(vector, np.float32).reshape(1, -1)
        if row.shape[1] != self.templates.shape[1]:
            raise ModelError(
                f"a negative of {row.shape[1]} numbers does not fit {self.name!r}, who has vectors of "
                f"{self.templates.shape[1]}; take it from a video perceived with {self.model_id}"
            )
        kept = row if self.negatives is None else np.concatenate([self.negatives, row])
        return replace(self, negatives=kept)

    def add_confirmed(self, vectors: NDArray[np.floating]) -> "GalleryEntry":
        """A copy that also knows faces of which a user said "this is X".

        Each weighs a fifth of the entry, all of them together half of it at most: what was enrolled goes on to count.

        Args:
            vectors: (n, d) raw means of tracks, the newest last; the last `MAX_CONFIRMED` are used.

        Raises:
            ModelError: the vectors have another dimension than the templates.
        """
        rows = np.asarray(vectors, np.float32)[-MAX_CONFIRMED:]
        if not len(rows):
            return self
        if rows.ndim != 2 or rows.shape[1] != self.templates.shape[1]:
            raise ModelError(
                f"templates of shape {rows.shape} do not fit {self.name!r}, who has vectors of "
                f"{self.templates.shape[1]}; take them from a video perceived with {self.model_id}"
            )
        share = min(_CONFIRMED_SHARE, _CONFIRMED_MOST / len(rows))
        own = self.weights / self.weights.sum() * (1.0 - share * len(rows))
        weights = np.concatenate([own, np.full(len(rows), share)]).astype(np.float32)
        return replace(self, templates=np.concatenate([self.templates, rows]), weights=weights)

    def to_arrays(self) -> dict[str, Array]:
        """The vectors as plain float32 arrays, for storage."""
        arrays = {"templates": self.templates, "weights": self.weights}
        if self.appearance is not None:
            arrays["appearance"] = self.appearance
        if self.negatives is not None:
            arrays["negatives"] = self.negatives
        return arrays

    @classmethod
    def from_arrays(
        cls, name: str, model_id: str, arrays: Mapping[str, Array], coverage: Mapping[str, Any] | None = None
    ) -> "GalleryEntry":
        """The reverse of `to_arrays`.

        Raises:
            ModelError: templates are missing or do not fit the engine.
        """
        templates = arrays.get("templates")
        if templates is None or templates.ndim != 2 or not len(templates):
            raise ModelError(f"the gallery entry of {name!r} holds no templates; enroll the person again")
        weights = arrays.get("weights", np.full(len(templates), 1.0 / len(templates), np.float32))
        return cls(
            name, model_id, templates, weights, arrays.get("appearance"), dict(coverage or {}), arrays.get("negatives")
        )


def build_entry(name: str, samples: FaceSamples, appearance: Array | None, model_id: str) -> GalleryEntry:
    """Templates of a person from the described faces of one video.

    The samples are grouped by how the face looks (farthest point first, then means), so that a turned or laughing face
    has its own template; the weighted mean of the templates is the mean of all samples that were kept.

    Args:
        name: the person's name.
        samples: described faces of the person's track.
        appearance: (a,) torso descriptor or None.
        model_id: engine of the samples.

    Raises:
        NoFaceError: there is no described face.
        ModelError: the samples do not fit the engine.
    """
    if not len(samples.vectors):
        raise NoFaceError(f"no face of {name!r} could be described; film the face larger, sharper and from the front")
    white = Whitening.for_model(model_id).transform(samples.vectors)
    weight = np.clip(samples.quality, 0.02, 1.0).astype(np.float32)
    keep = usable(white, weight)
    raw, white, weight = samples.vectors[keep], white[keep], weight[keep]
    groups = _group(white, weight)
    count = int(groups.max()) + 1
    mass = np.array([weight[groups == g].sum() for g in range(count)], np.float32)
    templates = np.stack([np.average(raw[groups == g], axis=0, weights=weight[groups == g]) for g in range(count)])
    centre = np.average(white, axis=0, weights=weight)[None]
    coverage = {
        "faces": len(raw),
        "templates": count,
        "spread": round(float(1.0 - np.mean(cosines(white, centre))), 3),
        "reliability": round(track_reliability(raw, weight, model_id), 3),
    }
    return GalleryEntry(
        name=name,
        model_id=model_id,
        templates=templates.astype(np.float32),
        weights=(mass / mass.sum()).astype(np.float32),
        appearance=None if appearance is None else np.asarray(appearance, np.float32),
        coverage=coverage,
    )


def join_entries(kept: GalleryEntry, other: GalleryEntry) -> GalleryEntry:
    """One entry of two that are one person: as few templates as show every look; each counts for its faces.

    The name, the appearance and the further notes are those of `kept`.

    Raises:
        ModelError: the entries are of two engines.
    """
    if kept.model_id != other.model_id:
        raise ModelError(
            f"{kept.name!r} was enrolled with {kept.model_id} and {other.name!r} with {other.model_id}; "
            "enroll both with one engine"
        )
    faces = [int(entry.coverage.get("faces", len(entry.templates))) for entry in (kept, other)]
    raw = np.concatenate([kept.templates, other.templates])
    mass = np.concatenate(
        [entry.weights / entry.weights.sum() * count for entry, count in zip((kept, other), faces, strict=True)]
    ).astype(np.float32)
    white = Whitening.for_model(kept.model_id).transform(raw)
    groups = _group(white, mass / mass.max())
    count = int(groups.max()) + 1
    templates = np.stack([np.average(raw[groups == g], axis=0, weights=mass[groups == g]) for g in range(count)])
    weights = np.array([mass[groups == g].sum() for g in range(count)], np.float32)
    centre = np.average(white, axis=0, weights=mass)[None]
    coverage = {
        **kept.coverage,
        "faces": sum(faces),
        "templates": count,
        "spread": round(float(1.0 - np.average(cosines(white, centre)[:, 0], weights=mass)), 3),
        "reliability": max(kept.reliability, other.reliability),
    }
    negatives = [entry.negatives for entry in (kept, other) if entry.negatives is not None]
    return replace(
        kept,
        templates=templates.astype(np.float32),
        weights=weights / weights.sum(),
        appearance=other.appearance if kept.appearance is None else kept.appearance,
        coverage=coverage,
        negatives=np.concatenate(negatives) if negatives else None,
    )


def usable(white: Array, quality: Array) -> NDArray[np.intp]:
    """Indices of samples worth averaging: not far worse than the best and not far from the rest.

    Args:
        white: (n, d) whitened samples of one track.
        quality: (n,).
    """
    order = np.arange(len(white))
    good = order[quality >= _MIN_QUALITY_SHARE * quality.max()]
    if len(good) < 4:
        return np.asarray(good, dtype=np.intp)
    near = np.median(cosines(white[good], white[good]), axis=1) >= _STRAY
    return np.asarray(good[near] if near.sum() >= 2 else good, dtype=np.intp)


def closest(entry: GalleryEntry, others: Sequence[GalleryEntry]) -> tuple[str, float] | None:
    """The most similar other person of a gallery and the log-odds that the two are one, or None.

    Raises:
        ModelError: an entry was made with another engine.
    """
    best: tuple[str, float] | None = None
    white = entry.whitened()
    for other in others:
        if other.name == entry.name:
            continue
        if other.model_id != entry.model_id:
            raise ModelError(
                f"{other.name!r} was enrolled with {other.model_id} and {entry.name!r} with {entry.model_id}; "
                "enroll both with one engine"
            )
        mean = np.average(white, axis=0, weights=entry.weights)[None]
        cosine = combined_cosine(mean, other.whitened(), other.weights)
        logit = float(calibration(entry.model_id).logits(cosine)[0])
        if best is None or logit > best[1]:
            best = other.name, logit
    return best


def look_alikes(entry: GalleryEntry, others: Sequence[GalleryEntry]) -> list[str]:
    """One warning per enrolled person who could be taken for this one; entries of other engines are passed over."""
    warnings = []
    for other in others:
        if other.model_id != entry.model_id:
            continue
        found = closest(entry, [other])
        # Within this margin of the bound, poor pictures of one can pass for the other.
        if found is not None and found[1] > -SURE_LOGIT - 2.0:
            likeness = "could be the same person as" if found[1] >= SURE_LOGIT else "looks much like"
            warnings.append(f"{entry.name} {likeness} {other.name}, who is enrolled; answers about them may be unsure")
    return warnings


def _group(white: Array, weight: Array) -> NDArray[np.intp]:
    """Group samples by look: farthest-point centres while something new is left, then two rounds of means."""
    mean = np.average(white, axis=0, weights=weight)
    chosen = [int(np.argmax(cosines(white, mean[None])[:, 0] + 0.1 * weight))]
    while len(chosen) < min(MAX_TEMPLATES, len(white)):
        nearest = cosines(white, white[chosen]).max(axis=1)
        far = int(np.argmin(nearest))
        if nearest[far] > _ALIKE:
            break
        chosen.append(far)
    centres = white[chosen]
    groups = np.argmax(cosines(white, centres), axis=1)
    for _ in range(2):
        centres = np.stack(
            [white[groups == g].mean(axis=0) if (groups == g).any() else centres[g] for g in range(len(centres))]
        )
        groups = np.argmax(cosines(white, centres), axis=1)
    _, dense = np.unique(groups, return_inverse=True)
    return np.asarray(dense, dtype=np.intp)
