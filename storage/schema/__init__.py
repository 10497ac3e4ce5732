"""Tables, as typed SQLAlchemy models.

One rule shapes them: a subject cannot exist without a consent row, and everything derived from a face hangs on a
subject or on a perception record by a foreign key, so that one DELETE takes all of it.
"""

from storage.schema.base import Base, UtcDateTime, now
from storage.schema.corpus import CorpusFaceRow, CorpusItemRow, CorpusKind, CorpusSourceRow, CorpusState
from storage.schema.feedback import FeedbackRow, FeedbackVectorRow, FeedbackVerdict
from storage.schema.jobs import JobCropRow, JobKind, JobRow, JobState, MediaRow, WorkerRow
from storage.schema.keys import KeyRow
from storage.schema.people import (
    AdapterRow,
    ConsentRow,
    PerceptionRow,
    SubjectRow,
    UnknownPersonRow,
    UnknownTrackRow,
    VectorRow,
    VideoRow,
)

__all__ = [
    "AdapterRow",
    "Base",
    "ConsentRow",
    "CorpusFaceRow",
    "CorpusItemRow",
    "CorpusKind",
    "CorpusSourceRow",
    "CorpusState",
    "FeedbackRow",
    "FeedbackVectorRow",
    "FeedbackVerdict",
    "JobCropRow",
    "JobKind",
    "JobRow",
    "JobState",
    "KeyRow",
    "MediaRow",
    "PerceptionRow",
    "SubjectRow",
    "UnknownPersonRow",
    "UnknownTrackRow",
    "UtcDateTime",
    "VectorRow",
    "VideoRow",
    "WorkerRow",
    "now",
]
