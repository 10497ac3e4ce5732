"""Answering with a vision-language model: it sees frames, and is told who they show."""

from collections.abc import Callable, Container

from torch import Tensor

from pvchat.chat.answer import Answerer, Asked, Clip
from pvchat.chat.constrain import Constraint
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.lazy_adapters import LoadAdapter
from pvchat.errors import ModelError
from pvchat.models.language import Generated
from pvchat.models.vlm import VLM, VlmPrefix
from pvchat.models.vlm_cache import FeatureCache
from pvchat.models.vlm_families import look
from pvchat.models.vlm_frames import FrameBudget

FEATURE_BYTES = 1 << 30


class VlmAnswerer(Answerer[VlmPrefix]):
    """Answers questions with a vision-language model, about clips that have a file.

    Answers are held to the evidence word by word where the base's tokenizer allows it, and as a whole in any case. The
    identity bias has no effect: what there is of it in nano stands in its Q-Former's attention.

    Args:
        vlm: the base. budget: of a clip's frames.
        load: gives the adapters a clip names, by id. A subject without one is only named.

    Not safe to share between threads: one answer at a time.
    """

    def __init__(
        self,
        vlm: VLM,
        *,
        budget: FrameBudget | None = None,
        load: LoadAdapter | None = None,
    ) -> None:
        super().__init__(lambda: vlm, load)
        self._vlm = vlm
        self._budget = budget or FrameBudget()
        self._features = FeatureCache(vlm.sha256, max_bytes=FEATURE_BYTES)

    def release(self) -> None:
        """Let go of everything kept about videos and people."""
        self._prefixes.clear()
        self._features.clear()
        self._vlm.adapters.clear()

    @property
    def _names(self) -> dict[str, str]:
        return {"base": self._vlm.name, "language_model": self._vlm.name}

    @property
    def _attached(self) -> Container[object]:
        return self._vlm

    def _prefix(self, asked: Asked) -> VlmPrefix:
        return self._prefixes.get(asked.clip, (asked.names, asked.use_evidence), lambda: self._read(asked))

    def _read(self, asked: Asked) -> VlmPrefix:
        features = self._features.get(asked.clip.record.video.sha256, lambda: self._look(asked.clip))
        evidence = evidence_lines(asked.facts) if asked.use_evidence else None
        return self._vlm.read(features, asked.names, evidence, keys=asked.adapter_ids)

    def _look(self, clip: Clip) -> dict[str, Tensor]:
        if clip.video is None:
            raise ModelError(f"{self._vlm.name} looks at frames, and this clip has no file; give its video")
        family = self._vlm.family
        return family.features(family.pixels(look(family, clip.video, self._budget), self._budget))

    def _generate(
        self, prefix: VlmPrefix, question: str, asked: Asked, on_text: Callable[[str], None] | None
    ) -> tuple[Generated, bool]:
        constrainable = self._vlm.constrainable
        constraint = Constraint(asked.facts, question, use_record=asked.use_evidence) if constrainable else None
        generated = self._vlm.generate(prefix, question, constraint=constraint, on_text=on_text)
        # A base that cannot say it within the constraint is cut off, perhaps before it named anybody.
        return generated, constraint is None or not constraint.must_continue(generated.text)
