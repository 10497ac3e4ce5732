"""Errors a person can act on.

Every error the library raises on purpose derives from `PVChatError`: its text is one line that names the value at
fault and the way out. The command line prints that line and exits with `exit_code`.
"""

from collections.abc import Sequence
from typing import ClassVar


class PVChatError(Exception):
    """Base of all expected failures. The message is a single line."""

    exit_code: ClassVar[int] = 2


class WeightsError(PVChatError):
    """A weight file is missing, corrupt or cannot be fetched."""


class VideoError(PVChatError):
    """A media file cannot be read as video, or is outside the limits."""


class PictureError(PVChatError):
    """A file cannot be read as a picture, or is outside the limits."""


class PerceptionError(PVChatError):
    """Nothing usable could be perceived (for example, no face at enrollment)."""


class NoFaceError(PerceptionError):
    """The enrollment video shows no face that can be described."""


class AmbiguousSubjectError(PerceptionError):
    """Several people are equally likely to be the subject; the caller has to pick one.

    Args:
        message: one line that lists the candidates.
        candidates: number, place and first time of each candidate, in the order `--pick` counts (from 1).
    """

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class SubjectError(PVChatError):
    """A subject's name is unknown, taken or not usable."""


class ConsentError(PVChatError):
    """Consent is missing, withdrawn or expired."""


class FeedbackError(PVChatError):
    """Nobody can be told who is meant by "this is X" or "this is not X", or there is no such feedback."""


class FeedbackConflictError(FeedbackError):
    """Feedback contradicts what was said before."""


class QuestionError(PVChatError):
    """A question is empty or too long."""


class QuestionFileError(PVChatError):
    """A file of questions and answers for training cannot be read; the message says which line or entry."""


class ModelError(PVChatError):
    """A model checkpoint does not fit what it is used with."""


class SynthesisError(PVChatError):
    """Nothing new can be made of a subject's shots, or the way of making it is unknown."""


class TrainingError(PVChatError):
    """Fine-tuning cannot start or go on: too little data, values that are not finite, no memory."""


class CorpusError(PVChatError):
    """A folder or file cannot be added to the corpus, or there is no such source."""


class TrainingCancelledError(PVChatError):
    """Fine-tuning was told to stop; its newest checkpoint is kept, and it goes on from there."""

    exit_code: ClassVar[int] = 130
