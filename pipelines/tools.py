"""The parts of the library a session works with, behind one protocol, loaded when they are first needed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.lazy import Lazy
from pvchat.errors import ModelError
from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors
from storage.people import SubjectVectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pvchat.chat.answer import AnswerResult, Clip
    from pvchat.identity.decision import IdentityDecision
    from pvchat.identity.gallery import GalleryEntry
    from pvchat.perception import PerceptionModels

BASES = ("nano",)
# Calibrated log-odds; 2 is a probability of .88.
SAME_PERSON_LOGIT = 2.0
Progress = Callable[[float, str], None]


class Answering(Protocol):
    """A model that answers; see `pvchat.chat.answer.Answerer`."""

    def answer(
        self,
        clip: "Clip",
        question: str,
        subjects: Sequence[str],
        *,
        use_evidence: bool,
        use_identity_bias: bool,
        on_text: Callable[[str], None] | None,
    ) -> "AnswerResult":
        """Answer one question about one video; `on_text` is called with the answer so far."""

    def forget(self) -> None:
        """Let go of everything kept about videos and people."""


class Tools(Protocol):
    """What a session needs: perception, identity and a model that answers."""

    def prepare(self, *, answering: bool) -> None:
        """Begin loading in the background what the next call will need."""

    def warm_up(self) -> None:
        """Load everything now."""

    def perception_models(self) -> Mapping[str, str]:
        """Ids of the models that perceive, as they stand in their records."""

    def probe(self, video: Path) -> None:
        """Raise VideoError when the file is no video; needs no model."""

    def perceive(self, video: Path, progress: Progress | None) -> tuple[PerceptionRecord, PerceptionVectors]:
        """Look at a video."""

    def same_person(self, a: FaceSamples, b: FaceSamples, model_id: str) -> bool:
        """Whether the faces of two tracks of one video surely are one person's."""

    def build_entry(
        self, name: str, samples: FaceSamples, appearance: "NDArray[np.float32] | None", model_id: str
    ) -> "GalleryEntry":
        """Templates of a person from the faces of one video."""

    def entry(self, name: str, vectors: SubjectVectors, coverage: Mapping[str, Any]) -> "GalleryEntry":
        """A stored subject as the library wants it."""

    def look_alikes(self, entry: "GalleryEntry", gallery: "Sequence[GalleryEntry]") -> list[str]:
        """One warning for each enrolled person who could be taken for this one."""

    def decide(
        self, vectors: PerceptionVectors, record: PerceptionRecord, gallery: "Sequence[GalleryEntry]"
    ) -> "list[IdentityDecision]":
        """Who of the gallery is in the video."""

    def clip(
        self,
        record: PerceptionRecord,
        vectors: PerceptionVectors,
        decisions: "Sequence[IdentityDecision]",
        entries: "Sequence[GalleryEntry]",
        video: Path,
    ) -> "Clip":
        """What the model answers from; kept between questions about one video, which is the file `video`."""

    def answer(
        self,
        clip: "Clip",
        question: str,
        subjects: Sequence[str],
        *,
        use_evidence: bool,
        use_identity_bias: bool,
        on_text: Callable[[str], None] | None,
    ) -> "AnswerResult":
        """Answer one question about one video; `on_text` is called with the answer so far."""

    def release(self) -> None:
        """Let go of everything that was kept about videos and people (not of the models)."""


class EmbeddedTools:
    """MediaPipe and dlib for seeing, nano for answering; everything on this machine.

    Args:
        engine: face recognition engine, "dlib" or "insightface".
        base: base model, "nano".

    Raises:
        ModelError: there is no such base model.
    """

    def __init__(self, engine: str = "dlib", base: str = "nano") -> None:
        if base not in BASES:
            raise ModelError(f'there is no base model "{base}"; choose one of: {", ".join(BASES)}')
        self._engine = engine
        self._seeing: Lazy[PerceptionModels] = Lazy(self._load_seeing)
        self._answering: Lazy[Answering] = Lazy(_load_answering)

    def prepare(self, *, answering: bool) -> None:
        """Begin loading in the background what the next call will need."""
        self._seeing.start()
        if answering:
            self._answering.start()

    def warm_up(self) -> None:
        """Load everything now. Raises WeightsError and ModelError."""
        self.prepare(answering=True)
        self._seeing.get()
        self._answering.get()

    def perception_models(self) -> Mapping[str, str]:
        """Ids of the models that perceive, as they stand in their records."""
        return self._seeing.get().ids()

    def probe(self, video: Path) -> None:
        """Raise VideoError when the file is no video; needs no model."""
        from pvchat.video import probe

        probe(video, untrusted=True)

    def perceive(self, video: Path, progress: Progress | None) -> tuple[PerceptionRecord, PerceptionVectors]:
        """Look at a video. Raises VideoError and WeightsError."""
        from pvchat.perception import perceive

        return perceive(video, models=self._seeing.get(), progress=progress)

    def same_person(self, a: FaceSamples, b: FaceSamples, model_id: str) -> bool:
        """Whether the faces of two tracks of one video surely are one person's.

        A wrong yes would mix two people in one gallery entry, so it takes more than even odds.
        """
        from pvchat.identity.similarity import track_scores
        from pvchat.identity.whitening import Whitening

        whitening = Whitening.for_model(model_id)
        mean_a, mean_b = whitening.transform(_mean(a)[None]), whitening.transform(_mean(b)[None])
        return float(track_scores(mean_a, mean_b, model_id=model_id)[0]) > SAME_PERSON_LOGIT

    def build_entry(
        self, name: str, samples: FaceSamples, appearance: "NDArray[np.float32] | None", model_id: str
    ) -> "GalleryEntry":
        """Templates of a person from the faces of one video."""
        from pvchat.identity.gallery import build_entry

        return build_entry(name, samples, appearance, model_id)

    def decide(
        self, vectors: PerceptionVectors, record: PerceptionRecord, gallery: "Sequence[GalleryEntry]"
    ) -> "list[IdentityDecision]":
        """Who of the gallery is in the video."""
        from pvchat.identity.decision import decide

        return decide(vectors, record, gallery)

    def entry(self, name: str, vectors: SubjectVectors, coverage: Mapping[str, Any]) -> "GalleryEntry":
        """A stored subject as the library wants it."""
        from pvchat.identity.gallery import GalleryEntry

        return GalleryEntry(
            name=name,
            model_id=vectors.face_model,
            templates=vectors.templates,
            weights=vectors.weights,
            appearance=vectors.appearance,
            coverage=dict(coverage),
        )

    def look_alikes(self, entry: "GalleryEntry", gallery: "Sequence[GalleryEntry]") -> list[str]:
        """One warning for each enrolled person who could be taken for this one."""
        from pvchat.identity.gallery import look_alikes

        return look_alikes(entry, gallery)

    def clip(
        self,
        record: PerceptionRecord,
        vectors: PerceptionVectors,
        decisions: "Sequence[IdentityDecision]",
        entries: "Sequence[GalleryEntry]",
        video: Path,
    ) -> "Clip":
        """What the model answers from."""
        from pvchat.chat.answer import Clip

        return Clip(record, vectors, decisions, entries, video)

    def answer(
        self,
        clip: "Clip",
        question: str,
        subjects: Sequence[str],
        *,
        use_evidence: bool,
        use_identity_bias: bool,
        on_text: Callable[[str], None] | None,
    ) -> "AnswerResult":
        """Answer one question about one video. Raises WeightsError and ModelError."""
        return self._answering.get().answer(
            clip,
            question,
            subjects,
            use_evidence=use_evidence,
            use_identity_bias=use_identity_bias,
            on_text=on_text,
        )

    def release(self) -> None:
        """Let go of what the model kept about videos."""
        if self._answering.ready:
            self._answering.get().forget()

    def _load_seeing(self) -> "PerceptionModels":
        from pvchat.perception import load_models

        return load_models(self._engine)


def _mean(samples: FaceSamples) -> "NDArray[np.float32]":
    weights = samples.quality[:, None] + 1e-3
    mean: NDArray[np.float32] = (samples.vectors * weights).sum(axis=0) / weights.sum()
    return mean


def _load_answering() -> Answering:
    from pvchat.chat.answer import Answerer
    from pvchat.models.nano import load_nano

    return Answerer(load_nano())
