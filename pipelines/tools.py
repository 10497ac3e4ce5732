"""The parts of the library a session works with, behind one protocol, loaded when they are first needed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.clip_patches import ClipPatches
from pipelines.lazy import Lazy
from pvchat.errors import ModelError
from pvchat.perception.record import FaceSamples, PerceptionRecord, PerceptionVectors
from storage.people import SubjectVectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.training_bases import BaseTraining
    from pvchat.chat.answer import AnswerResult, Clip
    from pvchat.chat.lazy_adapters import LoadAdapter
    from pvchat.identity.decision import IdentityDecision
    from pvchat.identity.feedback import Rulings
    from pvchat.identity.gallery import GalleryEntry
    from pvchat.models.adapter import Adapter
    from pvchat.perception import PerceptionModels
    from pvchat.perception.geometry import Image
    from pvchat.perception.stills import StillFace
    from pvchat.synthesis.aligned_faces import Mesh
    from pvchat.synthesis.gate import Verdict

BASES = ("nano",)
# Calibrated log-odds; 2 is a probability of .88.
SAME_PERSON_LOGIT = 2.0
Progress = Callable[[float, str], None]
PeopleMask = Callable[["Image"], "NDArray[np.float32]"]


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

    def release(self) -> None:
        """Let go of everything kept about videos and people (not of the models)."""


class Tools(Answering, Protocol):
    """What a session needs: perception, identity and a model that answers."""

    @property
    def base(self) -> str:
        """Name of the model that answers, as adapters note it."""

    def adapters_from(self, load: "LoadAdapter") -> None:
        """Say where adapters come from, by id."""

    def training(self) -> "BaseTraining":
        """The base, loaded once more to be trained on somebody; questions are answered meanwhile."""

    def prepare(self, *, answering: bool) -> None:
        """Begin loading in the background what the next call will need."""

    def warm_up(self) -> None:
        """Load everything now."""

    def perception_models(self) -> Mapping[str, str]:
        """Ids of the models that perceive, as they stand in their records."""

    def probe(self, video: Path) -> str:
        """When the recording began (ISO 8601), empty where the file does not tell; needs no model.

        Raises:
            VideoError: the file is no video.
        """

    def perceive(
        self, video: Path, progress: Progress | None, *, untrusted: bool = True
    ) -> tuple[PerceptionRecord, PerceptionVectors]:
        """Look at a video; `untrusted` decodes it in a child process with limits."""

    def faces_of_picture(self, picture: "Image") -> "Sequence[StillFace]":
        """The faces of a still picture, (H, W, 3) RGB, described."""

    def same_person(self, a: FaceSamples, b: FaceSamples, model_id: str) -> bool:
        """Whether the faces of two tracks of one video surely are one person's."""

    def people_mask(self) -> "PeopleMask | None":
        """Which pixels of a picture are people: (H, W, 3) RGB to (H, W) in 0..1; None where nothing can tell."""

    def face_mesh(self) -> "Mesh | None":
        """Fits landmarks to a face; None where nothing can."""

    def build_entry(
        self, name: str, samples: FaceSamples, appearance: "NDArray[np.float32] | None", model_id: str
    ) -> "GalleryEntry":
        """Templates of a person from the faces of one video."""

    def entry(self, name: str, vectors: SubjectVectors, coverage: Mapping[str, Any]) -> "GalleryEntry":
        """A stored subject as the library wants it."""

    def look_alikes(self, entry: "GalleryEntry", gallery: "Sequence[GalleryEntry]") -> list[str]:
        """One warning for each enrolled person who could be taken for this one."""

    def decide(
        self,
        vectors: PerceptionVectors,
        record: PerceptionRecord,
        gallery: "Sequence[GalleryEntry]",
        *,
        rulings: "Rulings | None" = None,
    ) -> "list[IdentityDecision]":
        """Who of the gallery is in the video; what people said about its tracks goes before what faces say."""

    def judge(
        self, vectors: PerceptionVectors, record: PerceptionRecord, entry: "GalleryEntry", novelty: float | None
    ) -> "Verdict":
        """Whether a synthesized sample, as perceived, serves; see `pvchat.synthesis.gate`."""

    def clip(
        self,
        record: PerceptionRecord,
        vectors: PerceptionVectors,
        decisions: "Sequence[IdentityDecision]",
        entries: "Sequence[GalleryEntry]",
        video: Path,
        adapters: Mapping[str, str],
    ) -> "Clip":
        """What the model answers from; kept between questions about one video, which is the file `video`.

        `adapters` has the id of the adapter of everybody who was fine-tuned, by name.
        """


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
        self._look = ClipPatches(lambda: self._seeing.get().appearance)
        self._load_adapter: LoadAdapter | None = None
        self._answering: Lazy[Answering] = Lazy(self._load_answering)

    @property
    def base(self) -> str:
        """Name of the model that answers, as adapters note it."""
        return "nano"

    def adapters_from(self, load: "LoadAdapter") -> None:
        """Say where adapters come from, by id."""
        self._load_adapter = load

    def training(self) -> "BaseTraining":
        """nano once more, to be trained on somebody. Raises WeightsError and ModelError."""
        from pipelines.train_nano import NanoTraining
        from pvchat.models.nano import load_nano

        return NanoTraining(load_nano(), self._seeing.get().appearance)

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

    def probe(self, video: Path) -> str:
        """When the recording began, empty where the file does not tell. Raises VideoError."""
        from pvchat.video import probe

        return probe(video, untrusted=True).recorded_at

    def perceive(
        self, video: Path, progress: Progress | None, *, untrusted: bool = True
    ) -> tuple[PerceptionRecord, PerceptionVectors]:
        """Look at a video. Raises VideoError and WeightsError."""
        from pvchat.perception import perceive

        return perceive(video, models=self._seeing.get(), progress=progress, untrusted=untrusted)

    def faces_of_picture(self, picture: "Image") -> "Sequence[StillFace]":
        """The faces of a still picture. Raises WeightsError."""
        from pvchat.perception.stills import faces_of_picture

        return faces_of_picture(picture, self._seeing.get())

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
        self,
        vectors: PerceptionVectors,
        record: PerceptionRecord,
        gallery: "Sequence[GalleryEntry]",
        *,
        rulings: "Rulings | None" = None,
    ) -> "list[IdentityDecision]":
        """Who of the gallery is in the video."""
        from pvchat.identity.decision import decide

        return decide(vectors, record, gallery, rulings=rulings)

    def judge(
        self, vectors: PerceptionVectors, record: PerceptionRecord, entry: "GalleryEntry", novelty: float | None
    ) -> "Verdict":
        """Whether a synthesized sample, as perceived, serves."""
        from pvchat.synthesis.gate import judge

        return judge(record, vectors, entry, novelty=novelty)

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
        adapters: Mapping[str, str],
    ) -> "Clip":
        """What the model answers from."""
        from pvchat.chat.answer import Clip

        return Clip(record, vectors, decisions, entries, video, adapters)

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

    def people_mask(self) -> "PeopleMask | None":
        """Which pixels of a picture are people, for synthesis. Raises WeightsError."""
        return self._seeing.get().people.mask

    def face_mesh(self) -> "Mesh | None":
        """Fits landmarks to a face, for synthesis. Raises WeightsError."""
        return self._seeing.get().mesh.landmarks

    def release(self) -> None:
        """Let go of what the model kept about videos and people."""
        self._look.clear()
        if self._answering.ready:
            self._answering.get().release()

    def _load_seeing(self) -> "PerceptionModels":
        from pvchat.perception import load_models

        return load_models(self._engine)

    def _load_answering(self) -> Answering:
        from pvchat.chat.nano_answer import NanoAnswerer
        from pvchat.models.nano import load_nano

        return NanoAnswerer(load_nano(), look=self._look, load=self._adapter)

    def _adapter(self, adapter_id: str) -> "Adapter | None":
        # Asked for when it is needed: a session says where adapters are after it was given its tools.
        return None if self._load_adapter is None else self._load_adapter(adapter_id)


def _mean(samples: FaceSamples) -> "NDArray[np.float32]":
    weights = samples.quality[:, None] + 1e-3
    mean: NDArray[np.float32] = (samples.vectors * weights).sum(axis=0) / weights.sum()
    return mean
