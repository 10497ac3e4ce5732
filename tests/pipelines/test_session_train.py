"""Training in a session: real clips, a real training loop and a tiny nano, over stand-in perception."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.session import Session
from pvchat.errors import ConsentError, SubjectError, TrainingCancelledError, TrainingError
from pvchat.evaluation.assessment import Assessment, Counts
from storage import adapters
from storage.schema import ConsentRow, now
from storage.store import Store
from tests.training_bases import SMALL, tiny_base, tiny_training

pytestmark = pytest.mark.usefixtures("one_thread")

Video = Callable[..., Path]
CONSENT = {"consent_by": "Ann", "purpose": "door"}
MARIA = {"face": 1, "every": 0.5}
STRANGER = {"face": 7, "every": 0.5, "x": 0.8}


@pytest.fixture
def maria(session: Session, video: Video, tools: Any) -> Path:
    """Maria is enrolled, and somebody else's video is known; her video."""
    tools.trainer = tiny_training
    file = video("first.mp4", MARIA)
    session.enroll("Maria", file, **CONSENT)
    session.perceive(video("street.mp4", STRANGER))
    return file


def adapter_ids(home: Path, base: str = "nano") -> list[str]:
    with Store.open(home) as store, store.read() as found:
        return list(adapters.ids(found, base).values())


def training_files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "training").rglob("*") if path.is_file())


def test_a_trained_adapter_answers_the_next_question_also_in_another_process(
    session: Session, maria: Path, video: Video, tools: Any, home: Path
) -> None:
    clip = video("c.mp4", MARIA)
    session.ask(clip, "Is Maria here?")
    assert tools.clips[-1].adapters == {}
    steps: list[Any] = []
    result = session.train("maria", **SMALL, on_step=steps.append)
    assert (result.subject, result.base, result.published) == ("Maria", "nano", True)
    assert result.asked > 0
    assert result.asked == sum(asked for asked, _, _ in result.by_kind.values())
    assert result.steps == len(steps) > 0
    assert {record.stage for record in steps} == {1, 2}
    (adapter_id,) = adapter_ids(home)
    session.ask(clip, "Is Maria here?")
    assert tools.clips[-1].adapters == {"Maria": adapter_id}
    adapter = tools.load_adapter(adapter_id)
    assert adapter.config.base == "nano"
    assert len(adapter.report["steps"]) == result.steps
    with Session(Store.open(home), tools) as other:
        other.ask(clip, "Is Maria here?")
        assert tools.clips[-1].adapters == {"Maria": adapter_id}
    assert training_files(home) == ["training.html", "training.png"]
    assert "Maria" not in result.report[1].read_text()


def test_training_again_gives_a_new_adapter_and_keeps_the_old_one(
    session: Session, maria: Path, tools: Any, home: Path
) -> None:
    session.train("Maria", **SMALL, stages="1", routing="dense")
    (before,) = adapter_ids(home)
    session.train("Maria", **SMALL, stages="1", routing="moh", hae=False, spr=False)
    (after,) = adapter_ids(home)
    assert before != after
    assert tools.load_adapter(before) is not None
    assert tools.load_adapter(after).config.routing.routing == "moh"


def test_an_adapter_that_makes_more_errors_is_not_stored(
    session: Session, maria: Path, tools: Any, home: Path, tmp_path: Path
) -> None:
    made = tiny_training()
    made.compare = lambda *_: Assessment({"existence": Counts(4, 1, 2)})
    tools.trainer = lambda: made
    result = session.train("Maria", **SMALL, report_folder=tmp_path / "report")
    assert not result.published
    assert (result.asked, result.instant_errors, result.trained_errors) == (4, 1, 2)
    assert adapter_ids(home) == []
    assert training_files(home) == []
    assert {path.name for path in result.report} == {path.name for path in (tmp_path / "report").iterdir()}


def test_a_stopped_training_goes_on_where_it_stopped(session: Session, maria: Path, home: Path) -> None:
    steps: list[Any] = []
    with pytest.raises(TrainingCancelledError, match="start it again"):
        session.train("Maria", **SMALL, on_step=steps.append, cancelled=lambda: len(steps) == 3)
    assert [name.partition("-")[0] for name in training_files(home)] == ["checkpoint"]
    again: list[Any] = []
    result = session.train("Maria", **SMALL, on_step=again.append)
    assert (again[0].stage, again[0].step) == (2, steps[-1].step + 1)
    assert result.steps == len(steps) + len(again)
    assert not any(name.startswith("checkpoint") for name in training_files(home))


def test_other_settings_begin_anew_and_say_so(session: Session, maria: Path) -> None:
    steps: list[Any] = []
    with pytest.raises(TrainingCancelledError):
        session.train("Maria", **SMALL, on_step=steps.append, cancelled=lambda: len(steps) == 1)
    again: list[Any] = []
    result = session.train("Maria", **SMALL, stages="1", on_step=again.append)
    assert again[0].step == 1
    assert "given up" in result.warnings[-1]


def test_somebody_who_is_forgotten_while_being_trained_leaves_nothing(
    session: Session, maria: Path, home: Path, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.train._LOOK_AGAIN_S", -1.0)

    def forget(_record: object) -> None:
        with Session(Store.open(home), tools) as other:
            other.forget("Maria")

    with pytest.raises(SubjectError, match="forgotten meanwhile"):
        session.train("Maria", **SMALL, on_step=forget)
    assert not (home / "training").exists()
    assert adapter_ids(home) == []


def test_forgetting_takes_adapter_and_training_folder(session: Session, maria: Path, home: Path, tools: Any) -> None:
    session.train("Maria", **SMALL)
    (adapter_id,) = adapter_ids(home)
    # The database cuts what is long into pages, so a piece that is short enough to lie on one.
    name = tools.load_adapter(adapter_id).tensors["name"].numpy().astype("<f4").tobytes()
    pieces = [name[at : at + 32] for at in range(0, len(name), 32)]

    def found() -> bool:
        content = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
        return any(piece in content for piece in pieces)

    assert found()
    assert session.preview_forgetting(session._subjects()[0].id).adapters == 1
    assert session.forget("Maria").adapters == 1
    assert not found()
    assert not (home / "training").exists()
    assert tools.load_adapter(adapter_id) is None


def test_enrolling_anew_drops_the_adapter(session: Session, video: Video, tools: Any, home: Path, maria: Path) -> None:
    session.train("Maria", **SMALL)
    subject_id = session._subjects()[0].id
    session.enroll_subject(subject_id, maria)
    assert len(adapter_ids(home)) == 1
    session.enroll_subject(subject_id, video("second.mp4", MARIA))
    assert adapter_ids(home) == []
    assert not (home / "training").exists()


def test_a_video_that_moved_has_to_be_named(session: Session, maria: Path, video: Video) -> None:
    moved = maria.rename(maria.with_name("moved.mp4"))
    with pytest.raises(TrainingError, match=r"first\.mp4.*--video"):
        session.train("Maria", **SMALL)
    with pytest.raises(TrainingError, match="is not the video"):
        session.train("Maria", **SMALL, video=video("wrong.mp4", MARIA))
    assert session.train("Maria", **SMALL, stages="1", video=moved).steps
    # From now on it is known where it lies.
    assert session.train("Maria", **SMALL, stages="1").steps


def test_without_anybody_elses_video_it_trains_and_says_what_is_missing(
    session: Session, video: Video, tools: Any
) -> None:
    tools.trainer = tiny_training
    session.enroll("Maria", video("both.mp4", MARIA, STRANGER), pick=1, **CONSENT)
    result = session.train("Maria", **SMALL, stages="1")
    assert "stock pictures" in result.warnings[0]


@pytest.mark.parametrize(
    ("people", "words"), [([{"face": 1}], "0 usable frames|1 usable frames"), ([{"face": 1, "every": 9.0}], "usable")]
)
def test_too_few_frames_are_refused(
    session: Session, video: Video, tools: Any, people: list[dict[str, Any]], words: str
) -> None:
    tools.trainer = tiny_training
    session.enroll("Maria", video("short.mp4", *people), **CONSENT)
    with pytest.raises(TrainingError, match=words):
        session.train("Maria", **SMALL)


def test_what_cannot_be_trained_is_refused_in_one_line(
    session: Session, maria: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SubjectError, match="nobody called"):
        session.train("Bob")
    with pytest.raises(TrainingError, match="nothing to train on"):
        session.train("Maria", questions=0)
    with pytest.raises(TrainingError, match="too few"):
        session.train("Maria", questions=2, stills=4, clips=4)
    monkeypatch.setattr("storage.training_folder.TrainingFolder.free_bytes", lambda _self: 1 << 20)
    with pytest.raises(TrainingError, match=r"1 MB are free.*make room"):
        session.train("Maria", **SMALL)
    monkeypatch.undo()
    with Store.open(home) as store, store.write() as database:
        database.query(ConsentRow).one().withdrawn_at = now()
    with pytest.raises(ConsentError, match="withdrawn"):
        session.train("Maria", **SMALL)


def test_a_full_disk_in_the_middle_is_one_clear_line(
    session: Session, maria: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pvchat.training.fine_tuning.save_checkpoint", full)
    with pytest.raises(TrainingError, match=r"No space left.*make room"):
        session.train("Maria", **SMALL)


def test_an_adapter_of_another_version_is_told_about_and_not_worn(maria: Path, session: Session, tools: Any) -> None:
    from pvchat.chat.lazy_adapters import LazyAdapters, told
    from pvchat.models.nano_adapters import NanoAdapters

    session.train("Maria", **SMALL, stages="1")
    session.ask(maria, "Is Maria here?")
    for sha256, words in (("0" * 64, ""), ("1" * 64, "Maria: the adapter was trained on another version")):
        worn = NanoAdapters(tiny_base(sha256))
        lazy = LazyAdapters(lambda worn=worn: worn, tools.load_adapter)
        for _ in range(2):
            line = told(lazy.attach(tools.clips[-1].adapters)).get("adapters_skipped", "")
            assert line.startswith(words)
            assert bool(line) == bool(words)
        assert len(worn.attached) == (0 if words else 1)
