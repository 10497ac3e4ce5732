"""What an enrollment report says in words: names of figures, and what to do next."""

from typing import TYPE_CHECKING

from pvchat.chat.questions import QuestionType
from pvchat.evaluation.assessment import Group

if TYPE_CHECKING:
    from pvchat.evaluation.enrollment_report import EnrollmentReport

GROUP_WORDS: dict[Group, tuple[str, str]] = {
    "present": ("Recognised when there", "asked “is this person here?” where their face is seen"),
    "covered": ("Recognised without a face", "the same question with all faces covered on purpose"),
    "absent": ("“No” when not there", "the same question where they are not, with faces and without"),
    "look_alike": ("Nearest others told apart", "not there, but one of those known who are most like them is"),
}
"""Title and explanation of each group."""

TYPE_WORDS: dict[QuestionType, tuple[str, str]] = {
    "existence": ("Existence", "is the person there, who else is?"),
    "appearance": ("Appearance", "what do they look like, what do they wear?"),
    "action": ("Action", "what are they doing?"),
    "location": ("Location", "where are they, and when?"),
}
"""Title and explanation of each type of question."""

SOURCE_WORDS: dict[str, str] = {
    "own": "The person, as filmed",
    "hidden": "The person with the face covered",
    "elsewhere": "The person's face over pictures of others",
    "stand_in": "The person's face in scenes of other videos",
    "other": "Other people, as filmed",
    "other_hidden": "Other people with their faces covered",
    "intruder": "Somebody else's face over the person's pictures",
    "simulated": "Simulated scenes",
}

OTHERS_WORDS: dict[str, str] = {
    "somebody enrolled": "Enrolled people",
    "somebody unknown": "People in other videos",
    "in the same video": "Others in the same video",
    "group photo": "A photo of six people",
    "look-alike": "Look-alikes of the corpus",
    "corpus": "Other people of the corpus",
}
"""What negatives show, by the kind that is noted with them."""

COVERAGE: dict[str, tuple[str, str]] = {
    "faces": ("Usable faces", "more is better; 20 and more are good"),
    "templates": ("Different views", "poses and expressions kept apart"),
    "spread": ("Variety of views", "0 is always the same view"),
    "reliability": ("Reliability", "1 is best"),
    "seconds": ("Time in view", ""),
    "face_px": ("Height of the face", "pixels; 60 and more are good"),
    "other_people": ("Other people", "in the same video"),
    "views_front": ("Seen from the front", "of up to nine moments"),
    "views_left": ("Turned to the left", "of the same moments, as the person sees it"),
    "views_right": ("Turned to the right", "of the same moments, as the person sees it"),
    "light": ("Brightness of the face", "0 is black, 1 is white"),
    "light_range": ("Range of brightness", "near 0 there is one light only"),
}
"""Title and explanation of each figure of the coverage."""


def first_sentence(published: bool, label: str) -> str:
    """What the verdict means, in one line."""
    if published:
        return f"Training is in use: questions about {label} are answered with what was learned."
    return f"Training was put aside: questions about {label} are answered as right after the upload."


def advice(report: "EnrollmentReport") -> list[tuple[str, str]]:
    """What the person can do next: a short title and a sentence each, most useful first."""
    label, published = report.subject_label, report.verdict.published
    found = [
        (
            f"Ask about {label}",
            "Upload any video and ask. "
            + (
                "What was learned is used already."
                if published
                else "Nothing got worse: the instant answers are in use."
            ),
        )
    ]
    if report.warnings:
        found.append(
            (
                "Film once more",
                "A few seconds close to the camera, in good light, with the head turning slowly, help more than any "
                "training. Enroll again from that video.",
            )
        )
    if report.look_alikes:
        found.append(
            (
                "Look twice where somebody similar may be",
                f"Another enrolled person resembles {label}. Open an answer's evidence and see who is in it.",
            )
        )
    groups = report.assessment.by_group if report.assessment is not None else {}
    mistaken = [c for group, c in groups.items() if group in ("absent", "look_alike") and c.trained_errors]
    if mistaken or not _others(report):
        found.append(
            (
                "Show more people",
                "Ask about a few videos of other people and train again: they teach who is not meant.",
            )
        )
    if not published:
        found.append(
            (
                "Train again later",
                "A longer video and more videos of other people give a new training something to learn.",
            )
        )
    found.append(
        (
            "Delete at any time",
            f"Forgetting {label} deletes the video, these pictures and what was learned. A copy of this page that you "
            "saved is yours to delete.",
        )
    )
    return found


def _others(report: "EnrollmentReport") -> bool:
    """Whether anybody else's video was trained on, as far as is known."""
    return report.material is None or any(
        not source.present and source.source != "simulated" for source in report.material.sources
    )
