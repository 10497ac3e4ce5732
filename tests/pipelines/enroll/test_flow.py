"""A finished step never runs again, and never is anything made from what is damaged."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.enroll.artifacts import Artifact, ArtifactStore
from pipelines.enroll.flow import Flow, Step, StepContext


def write(context: StepContext[str]) -> None:
    """Writes what it was given and what it stands on."""
    read = [(needed.folder / "out").read_text() for needed in context.needed.values()]
    (context.draft.folder / "out").write_text(f"({context.work} {' '.join(read)})")


def step(name: str, *needs: str, version: int = 1, weight: float = 1.0) -> Step[str]:
    return Step(name, needs, write, weight, version)


FLOW = Flow([step("ingest"), step("perceive", "ingest"), step("mine"), step("train", "perceive", "mine", weight=5)])


class Job:
    """Artifacts of one job, and which steps really ran."""

    def __init__(self, root: Path, flow: Flow[str] = FLOW) -> None:
        self.artifacts = ArtifactStore(root)
        self.flow = flow
        self.told: list[tuple[float, str, str]] = []

    def ran(self, name: str, key: str = "key") -> list[str]:
        return self.run(name, key)[1]

    def run(self, name: str, key: str = "key") -> tuple[Artifact, list[str]]:
        ran: list[str] = []
        artifact = self.flow.run_step(
            name,
            self.artifacts,
            key=key,
            work="work",
            tell=lambda *told: self.told.append(told),
            on_run=lambda step: ran.append(step.name),
        )
        return artifact, ran


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path / "job")


def test_steps_run_once(job: Job) -> None:
    assert [job.ran(name) for name in FLOW.names] == [["ingest"], ["perceive"], ["mine"], ["train"]]
    assert [job.ran(name) for name in FLOW.names] == [[], [], [], []]
    assert (job.run("train")[0].folder / "out").read_text() == "(work (work (work )) (work ))"


def test_a_step_brings_about_what_it_needs(job: Job) -> None:
    assert job.ran("train") == ["ingest", "perceive", "mine", "train"]


def test_another_key_shares_nothing(job: Job) -> None:
    job.ran("train")
    assert job.ran("ingest", "other key") == ["ingest"]


def test_a_new_version_of_a_step_runs_again_and_what_it_makes_the_same_is_kept(job: Job) -> None:
    job.ran("train")
    newer = [step("ingest"), step("perceive", "ingest", version=2), step("mine"), step("train", "perceive", "mine")]
    assert Job(job.artifacts.root, Flow(newer)).ran("train") == ["perceive"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged=st.sets(st.sampled_from(FLOW.names)), wanted=st.sampled_from(FLOW.names))
def test_exactly_the_damaged_steps_below_run_again(job: Job, damaged: set[str], wanted: str) -> None:
    for name in FLOW.names:
        job.ran(name)
    for name in damaged:
        with (job.artifacts.root / name / "out").open("r+") as file:
            file.write("!")
    below = {"ingest": {"ingest"}, "perceive": {"ingest", "perceive"}, "mine": {"mine"}, "train": set(FLOW.names)}
    assert set(job.ran(wanted)) == damaged & below[wanted]
    assert job.ran(wanted) == []


def test_what_stands_on_a_changed_artifact_runs_again(tmp_path: Path) -> None:
    given = ["one"]

    def changing(context: StepContext[str]) -> None:
        (context.draft.folder / "out").write_text(given[0])

    job = Job(tmp_path, Flow([Step("ingest", (), changing, 1.0), step("perceive", "ingest"), step("mine")]))
    assert job.ran("perceive") == ["ingest", "perceive"]
    (tmp_path / "ingest" / "out").unlink()
    assert job.ran("perceive") == ["ingest"]
    (tmp_path / "ingest" / "out").unlink()
    given[0] = "two"
    assert job.ran("perceive") == ["ingest", "perceive"]


def test_progress_goes_by_weight(job: Job) -> None:
    for name in FLOW.names:
        job.run(name)
    assert [fraction for fraction, _, _ in job.told] == pytest.approx([0, 1 / 8, 1 / 8, 2 / 8, 2 / 8, 3 / 8, 3 / 8, 1])
    assert job.told[-1][1] == "train"
    assert FLOW.progress("train", 0.5) == pytest.approx(5.5 / 8)


def test_a_job_that_is_given_up_while_a_step_runs_leaves_nothing_of_it(tmp_path: Path) -> None:
    told: list[float] = []

    def tell(fraction: float, name: str, what: str) -> None:
        told.append(fraction)
        if len(told) == 2:
            raise InterruptedError

    artifacts = ArtifactStore(tmp_path)
    with pytest.raises(InterruptedError):
        FLOW.run_step("ingest", artifacts, key="key", work="work", tell=tell)
    assert list(tmp_path.glob("[!.]*")) == []


def test_steps_come_after_what_they_need_under_names_of_their_own() -> None:
    with pytest.raises(ValueError, match="two steps are called a"):
        Flow([step("a"), step("a")])
    with pytest.raises(ValueError, match="step a needs b, which no earlier step makes"):
        Flow([step("a", "b"), step("b")])
