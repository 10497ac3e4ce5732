"""Answering with a vision-language model: it sees frames, and is told who they show."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from torch import Tensor

from pvchat.chat.agreement import check
from pvchat.chat.answer import PREFIXES_KEPT, AnswerResult, Clip, clip_facts, likeliest, unsure
from pvchat.chat.constrain import Constraint
from pvchat.chat.evidence import evidence_lines
from pvchat.chat.facts import SceneFacts
from pvchat.chat.lazy_adapters import LazyAdapters, LoadAdapter, told
from pvchat.errors import ModelError
from pvchat.models.vlm import VLM, VlmPrefix
from pvchat.models.vlm_cache import FeatureCache
from pvchat.models.vlm_families import look
from pvchat.models.vlm_frames import FrameBudget

FEATURE_BYTES = 1 << 30


class VlmAnswerer:
    """Answers questions with a vision-language model, as `pvchat.chat.answer.Answerer` does with nano.

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
        self._vlm = vlm
        self._budget = budget or FrameBudget()
        self._lazy = LazyAdapters(lambda: vlm, load or (lambda _id: None))
        self._features = FeatureCache(vlm.sha256, max_bytes=FEATURE_BYTES)
        # The clip is kept beside its prefix: its id is part of the key, and must not be given to another object.
        self._prefixes: OrderedDict[tuple[object, ...], tuple[Clip, VlmPrefix]] = OrderedDict()

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
            clip: the perceived video, with its file. question: the user's words. subjects: enrolled names asked about,
                in order; none means everybody enrolled, the likeliest three.
            use_evidence: put evidence lines into the prompt, and hold the answer to them: word by word where the
                base's tokenizer allows it, and as a whole in any case.
            use_identity_bias: has no effect: what there is of it in nano stands in its Q-Former's attention.
            on_text: called with the answer so far after each token.

        Raises:
            ModelError: the clip has no file, or a subject's adapter does not fit the base.
            VideoError: the file cannot be read any more.
        """
        started = time.perf_counter()
        asked = tuple(subjects) or likeliest(clip.decisions)
        facts = clip_facts(clip, asked)
        # Also for a prefix that is kept: what answers has to wear what read.
        fine_tuned = {name: clip.adapters[name] for name in asked if name in clip.adapters}
        skipped = self._lazy.attach(fine_tuned)
        prefix = self._prefix(clip, asked, facts, use_evidence=use_evidence)
        read_at = time.perf_counter()
        constraint = Constraint(facts, question, use_record=use_evidence) if self._vlm.constrainable else None
        generated = self._vlm.generate(prefix, question, constraint=constraint, on_text=on_text)
        # A base that cannot say it within the constraint is cut off, perhaps before it named anybody.
        whole = constraint is None or not constraint.must_continue(generated.text)
        agrees = whole and check(generated.text, question, facts, asked).agrees
        return AnswerResult(
            text=generated.text if agrees or not use_evidence else unsure(asked),
            facts=facts,
            agrees_with_evidence=agrees,
            model={
                "base": self._vlm.name,
                "language_model": self._vlm.name,
                "adapters": ", ".join(name for name in fine_tuned if fine_tuned[name] in self._vlm) or "none",
                **told(skipped),
            },
            timing_s={"read": read_at - started, "generate": generated.seconds},
        )

    def release(self) -> None:
        """Let go of everything kept about videos and people."""
        self._prefixes.clear()
        self._features.clear()
        self._vlm.adapters.clear()

    def _prefix(self, clip: Clip, asked: tuple[str, ...], facts: SceneFacts, *, use_evidence: bool) -> VlmPrefix:
        key = (id(clip), asked, use_evidence)
        if key not in self._prefixes:
            features = self._features.get(clip.record.video.sha256, lambda: self._look(clip))
            evidence = evidence_lines(facts) if use_evidence else None
            keys = [clip.adapters.get(name, "") for name in asked]
            self._prefixes[key] = clip, self._vlm.read(features, asked, evidence, keys=keys)
        self._prefixes.move_to_end(key)
        while len(self._prefixes) > PREFIXES_KEPT:
            self._prefixes.popitem(last=False)
        return self._prefixes[key][1]

    def _look(self, clip: Clip) -> dict[str, Tensor]:
        if clip.video is None:
            raise ModelError(f"{self._vlm.name} looks at frames, and this clip has no file; give its video")
        family = self._vlm.family
        return family.features(family.pixels(look(family, clip.video, self._budget), self._budget))
