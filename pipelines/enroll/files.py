"""Which file of which step holds what, and how a later step reads it."""

from collections.abc import Mapping

from pipelines.enroll.artifacts import Artifact
from pvchat.identity.entry_files import read_entry
from pvchat.identity.gallery import GalleryEntry
from pvchat.training.footage import Footage
from pvchat.training.footage_files import read_footage

SEEN, ENTRY, SUBJECT, BESIDE = "seen.npz", "entry.npz", "subject.npz", "beside.npz"
CLIPS, HELD_OUT, PAIRS, QUESTIONS = "clips.npz", "held_out.npz", "pairs.npz", "questions.jsonl"
CHECKPOINT, CARD, TENSORS = "stills.safetensors", "adapter.json", "adapter.safetensors"
ASSESSMENT, REPORT = "assessment.json", "report.html"

Found = Mapping[str, Artifact]


def own_entry(found: Found) -> GalleryEntry:
    """The subject as enrolled."""
    return read_entry(found["entry"].folder / ENTRY)


def own_footage(found: Found) -> Footage:
    """The enrollment video with the subject's tracks."""
    return read_footage(found["entry"].folder / SUBJECT)


def beside_footage(found: Found) -> Footage | None:
    """The other people of the enrollment video, None where there are none."""
    path = found["entry"].folder / BESIDE
    return read_footage(path) if path.is_file() else None


def sample_footage(found: Found) -> list[Footage]:
    """The samples that were kept."""
    folder = found["synthesize"].folder
    return [
        read_footage(folder / f"{one['number']:03}.npz") for one in found["synthesize"].notes["samples"] if one["kept"]
    ]


def other_footage(found: Found) -> list[Footage]:
    """Other people."""
    return [read_footage(found["mine"].folder / one["file"]) for one in found["mine"].notes["others"]]
