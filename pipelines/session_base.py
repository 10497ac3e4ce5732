"""What every part of a session stands on: the data folder, the tools, and what is kept in memory."""

import threading
from types import TracebackType
from typing import Self

from pipelines import names
from pipelines.asking import Asker
from pipelines.enrolling import Enroller
from pipelines.feedback import SessionFeedback
from pipelines.gallery import Gallery
from pipelines.results import Person
from pipelines.retention import Swept
from pipelines.tools import Tools
from pipelines.unknown_people import UnknownPeople
from pipelines.videos import PerceivedVideos
from storage.people import StoredSubject
from storage.store import Store


class SessionBase:
    """An open data folder, without its verbs; see `pipelines.session.Session`.

    Args:
        store: the open data folder.
        tools: perception, identity and the model.
    """

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store = store
        self._tools = tools
        # One model and one cache of clips: questions are answered one after the other. Looking at videos goes on
        # meanwhile, under a lock of its own.
        self._lock = threading.RLock()
        self._gallery = Gallery(store, tools)
        self._videos = PerceivedVideos(store, tools)
        self._enroller = Enroller(
            store, tools, self._videos, self._lock, lambda model: self._gallery.entries(self._subjects(), model)
        )
        self._unknown = UnknownPeople(store, tools, self._gallery, self._lock, self._let_go)
        self._asker = Asker(tools, self._videos, self._gallery, self._unknown, self._lock)
        tools.adapters_from(self._gallery.adapter)

    @property
    def tools(self) -> Tools:
        """Perception, identity and the base."""
        return self._tools

    @property
    def feedback(self) -> SessionFeedback:
        """Saying who a track of a video is, or is not."""
        return SessionFeedback(self._store, self._videos)

    @property
    def videos(self) -> PerceivedVideos:
        """Videos as perceived, each looked at once."""
        return self._videos

    @property
    def unknown(self) -> UnknownPeople:
        """People in the videos who are nobody enrolled."""
        return self._unknown

    def sweep(self, hours: int | None = None) -> Swept:
        """Take away vectors of unknown people that are kept no longer; see `Retention.sweep`."""
        swept = self._unknown.retention.sweep(hours)
        if self._videos.drop_expired() or swept.records:
            with self._lock:
                self._let_go()
        return swept

    def find(self, name: str) -> str:
        """The enrolled name meant by `name`, whatever its case. Raises SubjectError."""
        return names.find_subject(name, [subject.name for subject in self._subjects()])

    def people(self) -> list[Person]:
        """Everybody enrolled, in the order of enrollment."""
        return [
            Person(
                name=subject.name,
                enrolled_at=subject.created_at,
                consent_by=subject.consent.given_by,
                purpose=subject.consent.purpose,
                expires_at=subject.consent.expires_at,
                withdrawn_at=subject.consent.withdrawn_at,
                face_model=subject.vectors.face_model,
                templates=len(subject.vectors.templates),
                coverage=subject.coverage,
            )
            for subject in self._subjects()
        ]

    def warm_up(self) -> None:
        """Load the models now, not with the first question.

        Raises:
            WeightsError, ModelError: one is missing or does not fit.
        """
        self._tools.warm_up()

    def _let_go(self) -> None:
        """Forget what is in memory about videos and people."""
        self._asker.clear()
        self._tools.release()

    def close(self) -> None:
        """Close the data folder. The session cannot be used any more."""
        with self._lock:
            self._asker.clear()
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _subjects(self) -> list[StoredSubject]:
        return self._gallery.subjects()
