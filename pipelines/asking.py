"""Asking: whom a question means, who is in its video, and the answer."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import names
from pipelines.conversation import Said, Worded, check_question, check_videos, file_names, say, view_of
from pipelines.gallery import Gallery, check_consent_holds
from pipelines.results import Answer, Evidence, Stranger
from pipelines.tools import Progress, Tools
from pipelines.unknown_people import UnknownPeople
from pipelines.videos import CLIPS_KEPT, PerceivedVideo, PerceivedVideos, remember
from pvchat.chat.questions import kind_of
from pvchat.dialogue.on_topic import is_on_topic
from pvchat.dialogue.views import VideoView
from pvchat.errors import ModelError, SubjectError
from pvchat.perception.record import Track
from storage.people import StoredSubject

if TYPE_CHECKING:
    from pvchat.chat.answer import AnswerResult, Clip


# What no video shows needs no model; of glasses, hats, and when something is done nano has not learned.
_OF_NO_MODEL = frozenset({"unanswerable", "worn", "moment"})


class Asker:
    """The asking half of a session.

    Args:
        tools: identity and the model. videos: perceived videos. gallery: who can be recognised.
        unknown: who else is there. lock: held while a question is answered, but not while its video is looked at.
    """

    def __init__(
        self,
        tools: Tools,
        videos: PerceivedVideos,
        gallery: Gallery,
        unknown: UnknownPeople,
        lock: threading.RLock,
    ) -> None:
        self._tools = tools
        self._videos = videos
        self._gallery = gallery
        self._unknown = unknown
        self._lock = lock
        self._clips: OrderedDict[tuple[str, ...], Clip] = OrderedDict()
        self._views: OrderedDict[int, tuple[Clip, VideoView]] = OrderedDict()
        self._known_ids: frozenset[str] = frozenset()

    def ask(
        self,
        video: Path,
        question: str,
        subjects: Sequence[str] | None,
        *,
        use_evidence: bool,
        use_identity_bias: bool,
        progress: Progress | None,
        on_text: Callable[[str], None] | None,
    ) -> Answer:
        """Answer a question about a video; see `Session.ask`."""
        started = time.perf_counter()
        question = check_question(question)
        with self._lock:
            enrolled = self._gallery.subjects()
            self._drop_forgotten(enrolled)
            _asked(question, subjects, enrolled)
        self._tools.prepare(answering=True)
        perceived = self._videos.get(video, progress)
        perceived_at = time.perf_counter()
        with self._lock:
            # Somebody may have been enrolled or forgotten while the video was looked at.
            enrolled = self._gallery.subjects()
            self._drop_forgotten(enrolled)
            asked = _asked(question, subjects, enrolled)
            _check_engine(asked or (), enrolled, perceived)
            clip = self._clip(perceived, enrolled, video)
            if asked is None:
                present = [d for d in clip.decisions if d.state == "present"]
                asked = [d.name for d in sorted(present, key=lambda d: min(d.spans, default=(0.0, 0.0)))]
            strangers = self._strangers(perceived)
            identified_at = time.perf_counter()
            if progress is not None:
                progress(1.0, "answering")
            recorded = self._off_the_record(clip, video, question, asked, enrolled) if use_evidence else None
            said: Worded
            if recorded is not None and kind_of(question, asked) in _OF_NO_MODEL:
                said = recorded
            else:
                said = self._by_model(clip, question, asked, use_evidence, use_identity_bias, on_text)
                if recorded is not None and not _is_told(said, recorded):
                    said = replace(said, text=recorded.text, agrees=True, model={**said.model, **recorded.model})
        finished = time.perf_counter()
        return Answer(
            answer=_noting_drawn(said.text, [("This", perceived)]),
            evidence=said.evidence,
            agrees_with_evidence=said.agrees,
            unknown_people=said.unknown_people,
            strangers=strangers,
            model={**perceived.record.models, **said.model},
            timing_s={
                "perceive": perceived_at - started,
                "identify": identified_at - perceived_at,
                **said.timing_s,
                "answer": finished - identified_at,
                "total": finished - started,
            },
        )

    def _by_model(
        self,
        clip: "Clip",
        question: str,
        asked: Sequence[str],
        use_evidence: bool,
        use_identity_bias: bool,
        on_text: Callable[[str], None] | None,
    ) -> Worded:
        """What the model says of one video."""
        result = self._tools.answer(
            clip, question, asked, use_evidence=use_evidence, use_identity_bias=use_identity_bias, on_text=on_text
        )
        tracks = {decision.name: decision.track_ids for decision in clip.decisions}
        evidence = tuple(Evidence.of(facts, tracks.get(facts.name, ())) for facts in result.facts.subjects)
        return Worded(
            result.text,
            evidence,
            result.agrees_with_evidence,
            result.facts.unknown_people,
            result.model,
            result.timing_s,
        )

    def _off_the_record(
        self,
        clip: "Clip",
        video: Path,
        question: str,
        asked: Sequence[str],
        enrolled: Sequence[StoredSubject],
    ) -> Said | None:
        """What the record says, as in a conversation; None where it does not understand, or what it says is not so."""
        known = [subject.name for subject in enrolled]
        try:
            said = say(question, (), asked, known, [self._view(clip, video, video.name)])
        except (SubjectError, ModelError):
            # A capitalised word that is taken for a stranger only in a conversation; strangers of an engine that cannot
            # tell them apart. The model's words stand without it.
            return None
        return said if said.agrees else None

    def chat(
        self,
        videos: Sequence[Path],
        question: str,
        subjects: Sequence[str] | None,
        *,
        earlier: Sequence[str],
        called: Sequence[str] | None,
        use_evidence: bool,
        use_identity_bias: bool,
        progress: Progress | None,
        on_text: Callable[[str], None] | None,
    ) -> Answer:
        """Answer the newest turn of a conversation about videos; see `Session.chat`."""
        started = time.perf_counter()
        question = check_question(question)
        check_videos(len(videos))
        with self._lock:
            self._drop_forgotten(self._gallery.subjects())
            meant = _named(subjects, self._gallery.subjects())
        self._tools.prepare(answering=True)
        perceived = []
        for number, video in enumerate(videos):
            perceived.append(self._videos.get(video, _share_of(progress, number, len(videos))))
        perceived_at = time.perf_counter()
        with self._lock:
            enrolled = self._gallery.subjects()
            self._drop_forgotten(enrolled)
            clips = [self._clip(seen, enrolled, video) for seen, video in zip(perceived, videos, strict=True)]
            files = called or file_names(videos)
            called_by = [("This", perceived[0])] if len(videos) == 1 else list(zip(files, perceived, strict=True))
            views = [self._view(clip, video, name) for clip, video, name in zip(clips, videos, files, strict=True)]
            # Their numbers would not say of which of several videos.
            strangers = self._strangers(perceived[0]) if len(perceived) == 1 else ()
            identified_at = time.perf_counter()
            if progress is not None:
                progress(1.0, "answering")

            def by_model(number: int, text: str, people: Sequence[str]) -> "AnswerResult":
                return self._tools.answer(
                    clips[number],
                    text,
                    people,
                    use_evidence=use_evidence,
                    use_identity_bias=use_identity_bias,
                    on_text=on_text,
                )

            def check_people(people: Sequence[str]) -> None:
                _check_consent(people, enrolled)
                _check_engine(people, enrolled, perceived[0])

            said = say(question, earlier, meant, [s.name for s in enrolled], views, by_model, check_people)
        finished = time.perf_counter()
        return Answer(
            answer=_noting_drawn(said.text, called_by),
            evidence=said.evidence,
            agrees_with_evidence=said.agrees,
            unknown_people=said.unknown_people,
            strangers=strangers,
            model={**perceived[0].record.models, **said.model},
            timing_s={
                "perceive": perceived_at - started,
                "identify": identified_at - perceived_at,
                **said.timing_s,
                "answer": finished - identified_at,
                "total": finished - started,
            },
        )

    def _view(self, clip: "Clip", video: Path, name: str) -> VideoView:
        """The clip as a conversation sees it: strangers are grouped once per clip."""
        kept = self._views.get(id(clip))
        if kept is None or kept[0] is not clip:
            # Read again when it is asked for: a record says what is seen, not when.
            kept = clip, view_of(clip, name, lambda: self._videos.recorded_at(video))
        remember(self._views, id(clip), kept, CLIPS_KEPT)
        return replace(kept[1], name=name)

    def check(self, question: str, subjects: Sequence[str] | None) -> None:
        """What can be told about a question without its video; see `Session.check_question`."""
        _asked(check_question(question), subjects, self._gallery.subjects())

    def clear(self) -> None:
        """Let go of the clips and videos in memory."""
        self._videos.clear()
        self._clips.clear()
        self._views.clear()

    def _clip(self, perceived: PerceivedVideo, enrolled: Sequence[StoredSubject], video: Path) -> "Clip":
        """The clip the model answers from: the same object for every question while nothing changes."""
        said = self._gallery.said(perceived.record.video.sha256, perceived.vectors.face_model)
        entries = self._gallery.entries(enrolled, perceived.vectors.face_model, said.faces)
        # One video may lie at several places, and go from some of them.
        place = (perceived.record.video.sha256, str(video))
        fine_tuned = self._gallery.adapter_ids(enrolled, entries)
        people = (*(subject.id for subject in enrolled), *(e.name for e in entries))
        key = (*place, *people, *fine_tuned.values(), *said.ids)
        clip = self._clips.get(key)
        if clip is None:
            decisions = self._gallery.decide(perceived.record, perceived.vectors, entries, said)
            clip = self._tools.clip(perceived.record, perceived.vectors, decisions, entries, video, fine_tuned)
        remember(self._clips, key, clip, CLIPS_KEPT)
        return clip

    def _strangers(self, perceived: PerceivedVideo) -> tuple[Stranger, ...]:
        """The unknown people of the video who have a number, by first appearance."""
        numbers = self._unknown.numbers_in(perceived.record)
        tracks: dict[tuple[int, str], list[Track]] = {}
        for track in perceived.record.tracks:
            if track.id in numbers:
                tracks.setdefault(numbers[track.id], []).append(track)
        found = [Stranger.of(number, person_id, mine) for (number, person_id), mine in tracks.items()]
        return tuple(sorted(found, key=lambda one: (one.spans, one.number)))

    def _drop_forgotten(self, enrolled: Sequence[StoredSubject]) -> None:
        """Let go of what is in memory when somebody was forgotten meanwhile, perhaps by another process."""
        ids = frozenset(subject.id for subject in enrolled)
        if not self._known_ids <= ids:
            self.clear()
            self._tools.release()
        self._known_ids = ids


def _is_told(worded: Worded, recorded: Said) -> bool:
    """Whether the model's words are borne out and tell what was asked, as far as the record tells it."""
    if not worded.agrees:
        return False
    return bool(recorded.reading.ask_back) or is_on_topic(worded.text, recorded.text, recorded.reading.topic)


def _asked(question: str, subjects: Sequence[str] | None, enrolled: Sequence[StoredSubject]) -> list[str] | None:
    """Who is asked about; None when it is nobody in particular."""
    known = [subject.name for subject in enrolled]
    asked = _named(subjects, enrolled)
    if not asked:
        asked = names.mentioned(question, known)
        stranger = None if asked else names.asked_stranger(question)
        if stranger is not None:
            raise names.unknown(stranger, known)
    _check_consent(asked, enrolled)
    return asked or None


def _named(subjects: Sequence[str] | None, enrolled: Sequence[StoredSubject]) -> list[str]:
    """The enrolled names that are asked for outside the question."""
    wanted = [subjects] if isinstance(subjects, str) else subjects or ()
    known = [subject.name for subject in enrolled]
    return list(dict.fromkeys(names.find_subject(name, known) for name in wanted))


def _check_consent(asked: Sequence[str], enrolled: Sequence[StoredSubject]) -> None:
    for subject in enrolled:
        if subject.name in asked:
            check_consent_holds(subject)


def _check_engine(asked: Sequence[str], enrolled: Sequence[StoredSubject], perceived: PerceivedVideo) -> None:
    for subject in enrolled:
        if subject.name in asked and subject.vectors.face_model != perceived.vectors.face_model:
            raise SubjectError(
                f'"{subject.name}" was enrolled with the face model {subject.vectors.face_model}, this session '
                f"uses {perceived.vectors.face_model}; open it with the other engine or enroll again"
            )


def _share_of(progress: Progress | None, number: int, count: int) -> Progress | None:
    """The progress of one of several videos as a part of the whole."""
    if progress is None or count == 1:
        return progress
    return lambda done, step: progress((number + done) / count, f"video {number + 1} of {count}: {step}")


def _noting_drawn(answer: str, videos: Sequence[tuple[str, PerceivedVideo]]) -> str:
    """The answer, with a note on those of its videos (what they are called, what was seen) that are drawn."""
    drawn = [name for name, perceived in videos if perceived.record.drawn]
    return " ".join([answer, *(f"{name} looks drawn; I only know real faces." for name in drawn)])
