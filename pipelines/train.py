"""Training: one subject's adapter, from the enrollment video to the comparison that decides whether it is published.

1. find the person  2. find the videos  3. load the base  4. build clips with questions  5. train, in two stages
6. compare with the base alone  7. publish  8. report

An interrupted run leaves a checkpoint and goes on from it when it is started again with the same settings and videos.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from pipelines import names
from pipelines.gallery import check_consent_holds
from pipelines.results import TrainResult
from pipelines.tools import Progress, Tools
from pipelines.training_bases import BaseTraining, Material
from pipelines.training_material import MaterialFinder
from pipelines.videos import PerceivedVideos
from pvchat.errors import ConsentError, SubjectError, TrainingCancelledError, TrainingError
from pvchat.evaluation.assessment import Assessment
from pvchat.models.adapter import AdapterConfig, parse_adapter
from pvchat.models.remoh import Routing, RoutingConfig
from pvchat.training.fine_tune_config import FineTuneConfig, FineTuned, Stages, StepRecord
from pvchat.training.fine_tune_run import FineTuneRun, fine_tune
from pvchat.training.personal import TrainingData
from pvchat.training.subject_data import SubjectDataConfig
from storage import adapters, people
from storage.people import StoredSubject
from storage.schema import now
from storage.store import Store
from storage.training_folder import TrainingFolder

# A checkpoint holds parameters, their best state and two moments: four times an adapter in float32, twice on the disk
# while it is replaced.
LEAST_FREE_BYTES = 256 << 20
_LOOK_AGAIN_S = 5.0
_LEAST_QUESTIONS_PER_CLIP = 5


@dataclass(frozen=True)
class TrainOptions:
    """What one training is asked to do; see `pipelines.session.Session.train`."""

    stages: Stages = "both"
    routing: Routing = "remoh"
    hae: bool = True
    spr: bool = True
    video: Path | None = None
    stills: int | None = None
    clips: int | None = None
    questions: int | None = None
    held_out: int | None = None
    progress: Progress | None = None
    on_step: Callable[[StepRecord], None] | None = None
    cancelled: Callable[[], bool] | None = None
    report_folder: Path | None = None


class Trainer:
    """The training half of a session.

    Args:
        store: the data folder. tools: perception, identity and the base. videos: perceived videos.
    """

    def __init__(self, store: Store, tools: Tools, videos: PerceivedVideos) -> None:
        self._store = store
        self._tools = tools
        self._videos = videos
        self._folder = TrainingFolder(store.database.parent)

    def train(self, name: str, options: TrainOptions) -> TrainResult:
        """Train one subject; see `Session.train`."""
        timing: dict[str, float] = {}
        started = time.perf_counter()
        sizes = _sizes(options)
        tell = options.progress or (lambda _fraction, _step: None)
        # 1. find the person
        subject = self._subject(name)
        self._check_room()
        watch = _Watch(self._store, subject, options.cancelled)
        # 2. find the videos
        finder = MaterialFinder(self._store, self._tools, self._videos, watch.check)
        material = finder.find(subject, options.video, _checked(tell, watch))
        timing["perceive"] = time.perf_counter() - started
        # 3. load the base
        tell(0.0, f"loading {self._tools.base}")
        base = self._tools.training()
        # 4. build clips with questions
        tell(0.0, "building clips")
        data = base.build(material, sizes, watch.check)
        config = base.config(RoutingConfig(routing=options.routing))
        tuning = FineTuneConfig(stages=options.stages, spr=options.spr, hae=options.hae)
        built = time.perf_counter()
        timing["build"] = built - started - timing["perceive"]
        # 5. train
        key = _run_key(material, sizes, tuning, config)
        checkpoint = self._folder.make(subject.id) / f"checkpoint-{key}.safetensors"
        if not checkpoint.exists() and any(checkpoint.parent.glob("checkpoint-*.safetensors")):
            material = replace(
                material,
                warnings=(*material.warnings, "an unfinished training with other settings or videos is given up"),
            )
        run = self._train(base, data, config, tuning, checkpoint, options, watch)
        card, tensors = run.adapter.to_bytes()
        timing["train"] = time.perf_counter() - built
        # 6. compare with the base alone
        tell(1.0, "comparing")
        compared_at = time.perf_counter()
        comparison = base.compare(parse_adapter(card, tensors), data.held_out, watch.check)
        timing["compare"] = time.perf_counter() - compared_at
        # 7. publish
        published = not comparison.worse
        if published:
            watch.check(at_once=True)
            report = {**run.adapter.report, "comparison": asdict(comparison.total)}
            card, tensors = replace(run.adapter, report=report).to_bytes()
            with self._store.write() as session:
                adapters.save(
                    session,
                    subject.id,
                    base=self._tools.base,
                    base_sha256=config.base_sha256,
                    card=card,
                    data=tensors,
                )
        for left in checkpoint.parent.glob("checkpoint-*"):
            left.unlink(missing_ok=True)
        timing["total"] = time.perf_counter() - started
        result = TrainResult(
            subject=subject.name,
            base=self._tools.base,
            published=published,
            asked=comparison.total.asked,
            instant_errors=comparison.total.instant_errors,
            trained_errors=comparison.total.trained_errors,
            by_kind={k: (c.asked, c.instant_errors, c.trained_errors) for k, c in comparison.by_kind.items()},
            adapter_bytes=len(tensors),
            steps=len(run.result.history),
            held_out_loss=run.result.best,
            warnings=material.warnings,
            notes=tuple(run.result.notes),
            timing_s=timing,
        )
        # 8. report
        return replace(result, report=self._report(subject, options, run.result, comparison, config, sizes, result))

    # -- the person --------------------------------------------------------------------------------------------------

    def _subject(self, name: str) -> StoredSubject:
        with self._store.read() as session:
            enrolled = people.list_all(session)
        wanted = names.find_subject(name, [subject.name for subject in enrolled])
        subject = next(subject for subject in enrolled if subject.name == wanted)
        check_consent_holds(subject)
        return subject

    def _check_room(self) -> None:
        free = self._folder.free_bytes()
        if free < LEAST_FREE_BYTES:
            raise TrainingError(
                f"{free >> 20} MB are free where the data folder is and {LEAST_FREE_BYTES >> 20} MB are needed; "
                "make room, or set PVCHAT_HOME elsewhere"
            )

    # -- the work ----------------------------------------------------------------------------------------------------

    def _train(
        self,
        base: BaseTraining,
        data: TrainingData[Any],
        config: AdapterConfig,
        tuning: FineTuneConfig,
        checkpoint: Path,
        options: TrainOptions,
        watch: "_Watch",
    ) -> FineTuneRun:
        personal = base.start(config)
        try:
            return fine_tune(
                personal, data, tuning, checkpoint=checkpoint, progress=options.on_step, cancelled=watch.stopped
            )
        except TrainingCancelledError:
            if watch.gone is not None:
                self._folder.drop(watch.subject.id)
                raise watch.gone from None
            raise
        except (OSError, SafetensorError) as error:
            raise TrainingError(
                f"{checkpoint.parent} cannot be written ({error}); make room on the disk, then start again"
            ) from error

    def _report(
        self,
        subject: StoredSubject,
        options: TrainOptions,
        tuned: FineTuned,
        comparison: Assessment,
        config: AdapterConfig,
        sizes: SubjectDataConfig,
        result: TrainResult,
    ) -> tuple[Path, ...]:
        from pvchat.evaluation.training_report import write_report

        folder = options.report_folder or self._folder.path(subject.id)
        settings = {
            "base": config.base,
            "base version": config.base_sha256[:12],
            "routing": config.routing.routing,
            "SPR, HAE": f"{options.spr}, {options.hae}",
            "stages": options.stages,
            "low-rank updates": f"rank {config.rank}, {len(config.targets)} kinds of layers",
            "personal tokens": config.personal_tokens,
            "pixels": config.pixels,
            **{name.replace("_", " "): value for name, value in vars(sizes).items()},
            "adapter": f"{result.adapter_bytes / 1e6:.2f} MB",
            "published": result.published,
            "seconds": ", ".join(f"{step} {seconds:.1f}" for step, seconds in result.timing_s.items()),
        }
        try:
            # By id: a report may be shown around.
            return write_report(folder, subject.id, settings, tuned, comparison)
        except OSError as error:
            where = "the adapter is stored all the same" if result.published else "nothing was stored"
            raise TrainingError(f"the report cannot be written to {folder} ({error.strerror}); {where}") from error


class _Watch:
    """Whether a training may go on: nobody stopped it, and the person is still enrolled as they were.

    Args:
        store: the data folder. subject: who is trained. cancelled: asked every time; the data folder every few seconds.
    """

    def __init__(self, store: Store, subject: StoredSubject, cancelled: Callable[[], bool] | None) -> None:
        self._store = store
        self.subject = subject
        self._cancelled = cancelled or (lambda: False)
        self._looked_s = time.monotonic()
        self.gone: SubjectError | ConsentError | None = None

    def stopped(self, *, at_once: bool = False) -> bool:
        """Whether to stop; `gone` says why when it was not the user who asked for it."""
        if at_once or time.monotonic() - self._looked_s > _LOOK_AGAIN_S:
            self._looked_s = time.monotonic()
            self.gone = self._look()
        return self.gone is not None or self._cancelled()

    def check(self, *, at_once: bool = False) -> None:
        """Raise what ends the training, if anything does."""
        if self.stopped(at_once=at_once):
            if self.gone is not None:
                TrainingFolder(self._store.database.parent).drop(self.subject.id)
                raise self.gone
            raise TrainingCancelledError("training was stopped; start it again and it goes on from its last checkpoint")

    def _look(self) -> SubjectError | ConsentError | None:
        with self._store.read() as session:
            found = next((s for s in people.list_all(session) if s.id == self.subject.id), None)
        if found is None:
            return SubjectError("this person was forgotten meanwhile, and so is the training")
        if not found.consent.valid(now()):
            return ConsentError("the consent has ended meanwhile; the training is given up")
        same = found.video_id == self.subject.video_id
        if not same or found.vectors.templates.tobytes() != self.subject.vectors.templates.tobytes():
            return SubjectError("this person was enrolled anew meanwhile; train again")
        return None


def _checked(tell: Progress, watch: _Watch) -> Progress:
    def progress(fraction: float, step: str) -> None:
        watch.check()
        tell(fraction, step)

    return progress


def _sizes(options: TrainOptions) -> SubjectDataConfig:
    """How much is built. Fewer questions than a few per clip make fewer clips.

    Raises:
        TrainingError: there is nothing to train on.
    """
    given = {name: getattr(options, name) for name in ("stills", "clips", "questions", "held_out")}
    chosen = {name: value for name, value in given.items() if value is not None}
    default = SubjectDataConfig()
    if any(value < 1 for value in chosen.values()):
        raise TrainingError(f"{chosen} leaves nothing to train on; give numbers of 1 and more")
    questions = chosen.get("questions", default.questions)
    if "stills" not in chosen and "clips" not in chosen:
        most = max(2, questions // _LEAST_QUESTIONS_PER_CLIP)
        chosen["stills"] = min(default.stills, max(1, most // 3))
        chosen["clips"] = min(default.clips, max(1, most - most // 3))
    try:
        return replace(default, **chosen)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def _run_key(material: Material, sizes: SubjectDataConfig, tuning: FineTuneConfig, config: AdapterConfig) -> str:
    """Tells runs apart: a checkpoint belongs to its base, its settings and its videos."""
    what = {
        "adapter": asdict(config),
        "sizes": asdict(sizes),
        "tuning": asdict(tuning),
        "videos": [
            material.enrollment.key,
            *sorted(f"{other.key} {other.frames is not None}" for other in material.others),
        ],
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]
