"""A session: enroll people, ask about them, list and forget them. Safe to share between threads."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipelines import names
from pipelines.engine_choice import chosen_engine
from pipelines.enrolling import consent_of
from pipelines.forgetting import erase, preview
from pipelines.results import Answer, Candidate, EnrollResult, ForgetReport, TrainResult
from pipelines.session_base import SessionBase
from pipelines.tools import BASES, EmbeddedTools, Progress
from pipelines.vlm_tools import VlmTools
from pvchat.paths import home_dir
from pvchat.perception.record import PerceptionRecord
from storage import people
from storage.engine import StorageError
from storage.people import StoredSubject
from storage.store import Store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DatabaseSession

    from pvchat.models.remoh import Routing
    from pvchat.training.fine_tune_config import StepRecord

log = logging.getLogger(__name__)


class Session(SessionBase):
    """Everything one data folder can do, from Python. Made by `pipelines.open`; a context manager.

    Args:
        store: the open data folder.
        tools: perception, identity and the model.
    """

    def enroll(
        self,
        name: str,
        video: Path | str,
        *,
        consent_by: str,
        purpose: str,
        pick: int | None = None,
        expires_at: datetime | None = None,
        progress: Progress | None = None,
    ) -> EnrollResult:
        """Enroll the person of one video. Nothing is stored unless all of it succeeds.

        Args:
            name: 1 to 60 characters, unique whatever the case.
            video: the file; it is read, not copied.
            consent_by: who gave the consent.
            purpose: what the person consented to.
            pick: which person of the video is meant, from 1, where several are equally likely.
            expires_at: when the consent ends (aware), None for never.
            progress: called with the fraction done and what is being done.

        Raises:
            SubjectError: the name is not usable, or taken.
            ConsentError: consent is missing.
            VideoError: the file cannot be read as video.
            NoFaceError: it shows no face that can be described.
            AmbiguousSubjectError: several people are equally likely.
            WeightsError: a model is missing.
        """
        consent = consent_of(consent_by, purpose, expires_at)
        name = self.check_enrollment(name, video)
        return self._enroller.enroll_new(name, Path(video), consent, pick=pick, progress=progress)

    def create_subject(self, name: str, *, consent_by: str, purpose: str, expires_at: datetime | None = None) -> str:
        """Note a person and their consent, to be enrolled later.

        Args:
            name, consent_by, purpose, expires_at: see `enroll`.

        Returns:
            Id of the subject.

        Raises:
            SubjectError: the name is not usable, or taken.
            ConsentError: consent is missing.
        """
        return self._enroller.create(name, consent_by, purpose, expires_at)

    def enroll_subject(
        self,
        subject_id: str,
        video: Path | str,
        *,
        pick: int | None = None,
        progress: Progress | None = None,
        finish: "Callable[[DatabaseSession, EnrollResult], None] | None" = None,
        keep_training: str | None = None,
    ) -> EnrollResult:
        """Enroll a person who was noted before, in place of an earlier enrollment.

        Args:
            subject_id: of `create_subject`.
            video, pick, progress: see `enroll`; what `progress` raises ends the enrollment, and nothing is stored.
            finish: called in the transaction that stores the enrollment; what it raises undoes all of it.
            keep_training: id of the job this is a part of, whose files stay when what was trained before goes.

        Raises:
            SubjectError: there is no such person any more.
            ConsentError: the consent is withdrawn or expired.
            VideoError, NoFaceError, AmbiguousSubjectError, WeightsError: see `enroll`.
        """
        return self._enroller.enroll_known(
            subject_id, Path(video), pick=pick, progress=progress, finish=finish, keep_training=keep_training
        )

    def candidates(self, video: Path | str) -> list[Candidate]:
        """The people of a video among whom an enrollment has to pick, in the order `pick` counts.

        Raises:
            VideoError: the file cannot be read as video.
            WeightsError: a model is missing.
        """
        return self._enroller.candidates(Path(video))

    def perceive(self, video: Path | str, progress: Progress | None = None) -> PerceptionRecord:
        """Look at a video ahead of the first question about it.

        Raises:
            VideoError: the file cannot be read as video.
            WeightsError: a model is missing.
        """
        self._tools.prepare(answering=False)
        return self._videos.get(Path(video), progress).record

    def ask(
        self,
        video: Path | str,
        question: str,
        subjects: Sequence[str] | None = None,
        *,
        use_evidence: bool = True,
        use_identity_bias: bool = True,
        progress: Progress | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer a question about a video.

        Args:
            video: the file.
            question: 1 to 2000 characters.
            subjects: who is asked about, in the order of the evidence; by default the enrolled people the question
                mentions, else everybody enrolled who is found in the video.
            use_evidence: whether evidence lines go into the prompt.
            use_identity_bias: whether the model's attention is biased toward the subjects' tracks.
            progress: called with the fraction done and what is being done; what it raises ends the work.
            on_text: called with the answer so far while it is written; what it raises ends the work. Only the answer
                that comes back was checked against its evidence.

        Raises:
            QuestionError: the question is empty or too long.
            SubjectError: an asked person is not enrolled.
            ConsentError: the consent of an asked person is withdrawn or expired.
            VideoError: the file cannot be read as video.
            WeightsError: a model is missing.
        """
        return self._asker.ask(
            Path(video),
            question,
            subjects,
            use_evidence=use_evidence,
            use_identity_bias=use_identity_bias,
            progress=progress,
            on_text=on_text,
        )

    def chat(
        self,
        videos: Sequence[Path | str],
        question: str,
        subjects: Sequence[str] | None = None,
        *,
        earlier: Sequence[str] = (),
        called: Sequence[str] | None = None,
        use_evidence: bool = True,
        use_identity_bias: bool = True,
        progress: Progress | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer the newest turn of a conversation about one or several videos. Nothing is kept between the turns.

        Args:
            videos: 1 to 8 files, in the order in which "the second one" counts them.
            question: 1 to 2000 characters; it may lean on the turns before it ("and him?", "what about after that?").
            subjects: who is asked about where neither the question nor a turn before it names anybody.
            earlier: the user's turns before this one, oldest first.
            called: what the videos are called, by default the names of the files.
            use_evidence, use_identity_bias, progress, on_text: see `ask`; an answer that the model does not word is not
                streamed.

        Returns:
            The answer, which may be a question back where several people or videos could be meant.

        Raises:
            QuestionError: the question is empty or too long, or there are no videos or too many.
            SubjectError, ConsentError, VideoError, WeightsError: see `ask`.
        """
        return self._asker.chat(
            [Path(video) for video in videos],
            question,
            subjects,
            earlier=earlier,
            called=called,
            use_evidence=use_evidence,
            use_identity_bias=use_identity_bias,
            progress=progress,
            on_text=on_text,
        )

    def train(
        self,
        name: str,
        *,
        stages: 'Literal["1", "2", "both"]' = "both",
        routing: "Routing" = "remoh",
        hae: bool = True,
        spr: bool = True,
        video: Path | str | None = None,
        stills: int | None = None,
        clips: int | None = None,
        questions: int | None = None,
        held_out: int | None = None,
        progress: Progress | None = None,
        on_step: "Callable[[StepRecord], None] | None" = None,
        cancelled: Callable[[], bool] | None = None,
        report_folder: Path | str | None = None,
    ) -> TrainResult:
        """Train an adapter for an enrolled person; from then on it answers. Questions are answered meanwhile.

        The adapter is stored only if it makes no more errors than the base alone on the held-out part of the videos.

        Args:
            name: who.
            stages: which are run; 1 is on stills, 2 on clips.
            routing, hae, spr: of ReMoH; see `pvchat.models.remoh` and `pvchat.training.fine_tune_config`.
            video: the enrollment video, where it is no longer where it was.
            stills, clips, questions, held_out: how much is built; see `pvchat.training.subject_clips`.
            progress: called with the fraction done and what is being done, before the first step.
            on_step: called after every optimizer step.
            cancelled: asked before every step whether to stop; a stopped run goes on when it is started again.
            report_folder: where the report goes, by default a folder of the person in the data folder.

        Raises:
            SubjectError: nobody is called so, or the person was forgotten meanwhile.
            ConsentError: the consent is withdrawn or expired.
            TrainingError: there is too little to train on, or no room on the disk.
            TrainingCancelledError: it was told to stop.
            VideoError: the enrollment video cannot be read.
            WeightsError, ModelError: a model is missing or does not fit.
        """
        from pipelines.train import Trainer, TrainOptions

        options = TrainOptions(
            stages=stages,
            routing=routing,
            hae=hae,
            spr=spr,
            video=None if video is None else Path(video),
            stills=stills,
            clips=clips,
            questions=questions,
            held_out=held_out,
            progress=progress,
            on_step=on_step,
            cancelled=cancelled,
            report_folder=None if report_folder is None else Path(report_folder),
        )
        return Trainer(self._store, self._tools, self._videos).train(name, options)

    def check_enrollment(self, name: str, video: Path | str) -> str:
        """What can be told about an enrollment before anything is loaded.

        Returns:
            The name as it will be kept.

        Raises:
            SubjectError: the name is not usable, or taken.
            VideoError: the file is missing or empty.
        """
        name = names.clean_name(name)
        with self._store.read() as session:
            if people.name_taken(session, names.name_key(name)):
                raise people.taken(name)
        self._videos.identify(Path(video))
        return name

    def check_question(self, video: Path | str, question: str, subjects: Sequence[str] | None = None) -> None:
        """What can be told about a question before anything is loaded.

        Raises:
            QuestionError: the question is empty or too long.
            SubjectError: an asked person is not enrolled.
            ConsentError: the consent of an asked person is withdrawn or expired.
            VideoError: the file is missing or empty.
        """
        self._asker.check(question, subjects)
        self._videos.identify(Path(video))

    def forget(self, name: str) -> ForgetReport:
        """Remove everything about a person, from this session and from the disk.

        Raises:
            SubjectError: nobody is called so.
        """
        with self._lock:
            enrolled = self._subjects()
            wanted = names.find_subject(name, [subject.name for subject in enrolled])
            subject = next(subject for subject in enrolled if subject.name == wanted)
            return self._forget(subject.id, enrolled)

    def forget_subject(self, subject_id: str) -> ForgetReport:
        """The same by id; also for somebody who was noted and never enrolled.

        Raises:
            SubjectError: there is no such person any more.
        """
        with self._lock:
            return self._forget(subject_id, self._subjects())

    def preview_forgetting(self, subject_id: str) -> ForgetReport:
        """What `forget_subject` would take now; nothing is changed.

        Raises:
            SubjectError: there is no such person any more.
        """
        with self._lock:
            return preview(subject_id, self._subjects(), self._store, self._tools)

    def _forget(self, subject_id: str, enrolled: Sequence[StoredSubject]) -> ForgetReport:
        report = erase(subject_id, enrolled, self._store, self._tools)
        self._let_go()
        self._store.scrub()
        return report


def open(home: Path | str | None = None, *, engine: str | None = None, base: str = "nano") -> Session:
    """Open a data folder.

    Args:
        home: the folder; by default `PVCHAT_HOME`, else `~/.pvchat`. It is made when missing.
        engine: face recognition engine, see `pvchat.identity.engines.load_engine`; by default the one chosen for the
            folder (`pipelines.engine_choice`).
        base: base model that answers: "nano", or a vision-language model by its name on the model hub or its folder.

    Returns:
        A session; close it, or use it in a `with` block. Models are loaded when they are first needed.

    Raises:
        StorageError: the folder cannot be used.
        ModelError: there is no such base model.
        RetentionError: for how long unknown people are kept is no number of hours.
    """
    session = open_unswept(home, engine=engine, base=base)
    try:
        # Retention runs by itself wherever the data folder is used, not only in the service.
        session.sweep()
    except StorageError as error:
        log.warning("expired vectors could not be deleted now: %s", error)
    except BaseException:
        session.close()
        raise
    return session


def open_unswept(home: Path | str | None = None, *, engine: str | None = None, base: str = "nano") -> Session:
    """`open` for whoever sweeps at moments of their own choosing."""
    folder = home_dir() if home is None else Path(home)
    engine = chosen_engine(folder) if engine is None else engine
    tools = EmbeddedTools(engine, base) if base in BASES else VlmTools(engine, base)
    return Session(Store.open(folder), tools)
