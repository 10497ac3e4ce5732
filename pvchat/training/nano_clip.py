"""A clip as nano reads it in fine-tuning."""

from dataclasses import dataclass

from pvchat.chat.facts import SceneFacts
from pvchat.models.nano import SubjectArrays
from pvchat.models.tokens import ClipArrays, PatchArrays


@dataclass(frozen=True)
class NanoClip:
    """What nano reads of a clip and its subject.

    Attributes:
        name: as it stands in the prompt. arrays: tokens of the clip. subject: beside it.
        patches: of its frames, or None. evidence: lines for the prompt, or None to leave them out.
        facts: what is true of it; the answers follow from them.
    """

    name: str
    arrays: ClipArrays
    subject: SubjectArrays
    patches: PatchArrays | None = None
    evidence: str | None = None
    facts: SceneFacts | None = None
