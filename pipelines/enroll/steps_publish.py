"""Step 12: publish the adapter if it is not worse, and write the report.

The steps before it have left all it needs, so that a report shows what was, not what would be now.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.enroll.context import JobContext, JobGoneError
from pipelines.enroll.files import (
    ASSESSMENT,
    CARD,
    CLIPS,
    HELD_OUT,
    REPORT,
    SEEN,
    TENSORS,
    Found,
    own_entry,
)
from pipelines.enroll.flow import SECONDS, StepContext
from pvchat.errors import SubjectError
from pvchat.evaluation.assessment import Assessment
from pvchat.evaluation.enrollment_report import (
    EnrollmentReport,
    Material,
    OtherPeople,
    SampleShown,
    Verdict,
    VideoFacts,
    render,
)
from pvchat.models.adapter import Adapter, parse_adapter
from pvchat.perception.archive import read_perception
from pvchat.perception.record import PerceptionRecord
from pvchat.training.clip_files import read_clips
from pvchat.training.fine_tune_config import FineTuned, StepRecord
from pvchat.training.personal import TrainingData
from storage import adapters, people

Context = StepContext[JobContext]

NEEDS = (
    "ingest",
    "perceive",
    "entry",
    "synthesize",
    "mine",
    "questions",
    "features",
    "stills",
    "clips",
    "evaluate",
)


def publish(context: Context) -> None:
    """Store the adapter as the newest version unless it makes more errors than the base alone; write the report.

    Raises:
        SubjectError: the person was enrolled anew meanwhile.
    """
    job, found, draft = context.work, context.needed, context.draft
    assessment = _assessment(found)
    adapter = _adapter(found)
    version = None if assessment.worse else _store(job, found, adapter, assessment)
    result = _result(found, assessment, version)
    draft.note("result", result)
    html = render(_report(job, found, assessment, adapter))
    (draft.folder / REPORT).write_text(html, encoding="utf-8")
    # It shows how long things took.
    draft.digest(REPORT, found["evaluate"].content)


def result_of(found: Found) -> dict[str, Any]:
    """What the job's row says when all is done, with the times that are no part of what was made."""
    return {
        **found["publish"].notes["result"],
        "instant_s": found["entry"].timings["instant_s"],
        "timing_s": _seconds(found),
    }


def _store(job: JobContext, found: Found, adapter: Adapter, assessment: Assessment) -> int:
    """Make the adapter current; when that was done before the worker died, it is left as it is. Returns its version."""
    own = own_entry(found)
    report = {**adapter.report, "comparison": vars(assessment.total)}
    card, data = replace(adapter, report=report).to_bytes()
    with job.store.write() as session:
        if not job.holds(session):
            raise JobGoneError
        subject = next((s for s in people.list_all(session) if s.id == job.subject_id), None)
        if subject is None or subject.vectors.templates.tobytes() != own.templates.tobytes():
            raise SubjectError("this person was enrolled anew meanwhile; start a new job")
        base = job.tools.base
        current = next((info for info in adapters.versions(session, subject.id, base) if info.current), None)
        if current is None or adapters.load(session, current.id) != (card, data):
            adapters.save(session, subject.id, base=base, base_sha256=adapter.config.base_sha256, card=card, data=data)
        return next(info.version for info in adapters.versions(session, subject.id, base) if info.current)


def _result(found: Found, assessment: Assessment, version: int | None) -> dict[str, Any]:
    samples = found["synthesize"].notes["samples"]
    kept = sum(bool(one["kept"]) for one in samples)
    total = assessment.total
    others = OtherPeople.of(found["mine"].notes["others"], found["mine"].notes["corpus"])
    return {
        "published": version is not None,
        "adapter_version": version,
        "asked": total.asked,
        "instant_errors": total.instant_errors,
        "trained_errors": total.trained_errors,
        "clips": found["questions"].notes["clips"],
        "questions": found["questions"].notes["questions"],
        "samples": {"kept": kept, "rejected": len(samples) - kept},
        "others": len(found["mine"].notes["others"]),
        "look_alikes": others.look_alikes,
        "licences": dict(others.licences),
        "coverage": found["entry"].notes["coverage"],
        "warnings": found["entry"].notes["warnings"],
        "report": True,
    }


def _seconds(found: Found) -> dict[str, float]:
    return {step: round(artifact.timings[SECONDS], 2) for step, artifact in found.items()}


def _report(job: JobContext, found: Found, assessment: Assessment, adapter: Adapter) -> EnrollmentReport:
    record, _ = read_perception(found["perceive"].folder / SEEN)
    folder = found["features"].folder
    clips = read_clips(folder / CLIPS)
    stills = [clip for clip in clips if clip.key.startswith("1.")]
    data = TrainingData(stills, clips[len(stills) :], read_clips(folder / HELD_OUT))
    warnings = list(found["entry"].notes["warnings"])
    alike = [line for line in warnings if "who is enrolled; answers" in line]
    return EnrollmentReport(
        subject_label=own_entry(found).name,
        verdict=Verdict.of(assessment),
        video=_video(job, record),
        coverage=found["entry"].notes["coverage"],
        warnings=[line for line in warnings if line not in alike],
        look_alikes=alike,
        samples=_samples(found),
        material=Material.of(data),
        others=OtherPeople.of(found["mine"].notes["others"], found["mine"].notes["corpus"]),
        assessment=assessment,
        training=_tuned(adapter),
        timing_s=_seconds(found),
        settings={name.replace("_", " "): value for name, value in job.options.what_is_made().items()},
        versions={"base": f"{adapter.config.base} {adapter.config.base_sha256[:12]}", **record.models},
        notes=[
            f"{way['name']}: {way['kept']} of {way['made']} samples kept; {way['why']}"
            for way in found["synthesize"].notes["ways"]
            if way["why"]
        ],
    )


def _video(job: JobContext, record: PerceptionRecord) -> VideoFacts:
    video = record.video
    enrolled = job.subject.enrolled_from
    return VideoFacts(
        enrolled or "the video", video.duration_s, video.width, video.height, video.fps, len(record.sampled_s)
    )


def _samples(found: Found) -> list[SampleShown]:
    folder = found["synthesize"].folder
    return [
        SampleShown(
            kept=bool(one["kept"]),
            reason=one["reason"] or "surely the same person",
            score=float(one["score"]),
            recipe=", ".join(one["recipe"]),
            jpeg=(folder / f"{one['number']:03}.jpg").read_bytes(),
        )
        for one in found["synthesize"].notes["samples"]
    ]


def _assessment(found: Found) -> Assessment:
    text = (found["evaluate"].folder / ASSESSMENT).read_text("utf-8")
    return Assessment.from_dict(json.loads(text))


def _adapter(found: Found) -> Adapter:
    folder: Path = found["clips"].folder
    return parse_adapter((folder / CARD).read_text("utf-8"), (folder / TENSORS).read_bytes())


def _tuned(adapter: Adapter) -> FineTuned:
    """The run as the adapter's card tells it."""
    report = adapter.report
    history = tuple(StepRecord(**record) for record in report["steps"])
    return FineTuned(history, report["held_out_loss"], tuple(report["notes"]))
