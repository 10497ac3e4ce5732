"""An artifact is whole, or it is not there."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.enroll.artifacts import MANIFEST, Artifact, ArtifactStore, DiskFullError
from pipelines.enroll.processes import Process

INPUTS = "a" * 64


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "job")


def make(artifacts: ArtifactStore, *, inputs: str = INPUTS, text: str = "faces", seconds: float = 1.5) -> Artifact:
    with artifacts.making("perceive", inputs) as draft:
        (draft.folder / "faces.txt").write_text(text)
        (draft.folder / "crops" / "of").mkdir(parents=True)
        (draft.folder / "crops" / "of" / "one.bin").write_bytes(bytes(range(64)))
        draft.note("people", 2)
        draft.timings["seconds"] = seconds
    found = artifacts.find("perceive", inputs)
    assert found is not None
    return found


def hidden(artifacts: ArtifactStore) -> list[str]:
    return sorted(path.name for path in artifacts.root.iterdir() if path.name.startswith("."))


def test_what_a_step_left_is_found_again(artifacts: ArtifactStore) -> None:
    made = make(artifacts)
    assert made.files == ("crops/of/one.bin", "faces.txt")
    assert (made.folder / "faces.txt").read_text() == "faces"
    assert (made.notes, made.timings) == ({"people": 2}, {"seconds": 1.5})
    assert ArtifactStore(artifacts.root).find("perceive", INPUTS) == made
    assert hidden(artifacts) == []


def test_nothing_is_there_before_a_step_has_run(artifacts: ArtifactStore) -> None:
    assert artifacts.find("perceive", INPUTS) is None


def test_the_content_is_the_files_and_the_notes_but_no_timing(artifacts: ArtifactStore) -> None:
    content = make(artifacts).content
    assert make(artifacts, seconds=9.0).content == content
    assert make(artifacts, inputs="b" * 64).content == content
    assert make(artifacts, text="other").content != content


def test_a_file_can_say_what_it_is_beside_its_bytes(artifacts: ArtifactStore) -> None:
    def content(written: str, weights: str) -> str:
        with artifacts.making("train", INPUTS) as draft:
            (draft.folder / "checkpoint").write_text(f"{weights} {written}")
            draft.digest("checkpoint", weights)
        found = artifacts.find("train", INPUTS)
        assert found is not None
        return found.content

    assert content("monday", "w1") == content("tuesday", "w1")
    assert content("monday", "w2") != content("monday", "w1")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_of_any_file_is_found(artifacts: ArtifactStore, data: st.DataObject) -> None:
    made = make(artifacts)
    name = data.draw(st.sampled_from([*made.files, MANIFEST]))
    content = bytearray((made.folder / name).read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    (made.folder / name).write_bytes(content)
    assert artifacts.find("perceive", INPUTS) is None
    assert not made.folder.exists()


@pytest.mark.parametrize("damage", ["cut short", "missing", "another file", "a link", "no manifest", "no folder"])
def test_what_is_not_whole_is_dropped(artifacts: ArtifactStore, damage: str) -> None:
    made = make(artifacts)
    file = made.folder / "faces.txt"
    if damage == "cut short":
        os.truncate(file, 2)
    elif damage == "missing":
        file.unlink()
    elif damage == "another file":
        (made.folder / "crops" / "more").touch()
    elif damage == "a link":
        file.rename(artifacts.root / "faces.txt")
        file.symlink_to(artifacts.root / "faces.txt")
    elif damage == "no manifest":
        (made.folder / MANIFEST).unlink()
    else:
        shutil.rmtree(made.folder)
        made.folder.touch()
    assert artifacts.find("perceive", INPUTS) is None
    assert not made.folder.exists()
    assert hidden(artifacts) == []


def test_an_artifact_of_other_inputs_is_none(artifacts: ArtifactStore) -> None:
    make(artifacts)
    assert artifacts.find("perceive", "b" * 64) is None


def fail(artifacts: ArtifactStore, step: str = "perceive", error: Exception | None = None) -> bool:
    """A step that fails; whether it found what it had put by."""
    found = False
    with pytest.raises(type(error or RuntimeError())), artifacts.making(step, INPUTS) as draft:  # noqa: PT012
        (draft.folder / "half").touch()
        found = (draft.workplace / "checkpoint").exists()
        (draft.workplace / "checkpoint").touch()
        raise error or RuntimeError
    return found


def drafts(artifacts: ArtifactStore) -> list[str]:
    return [name for name in hidden(artifacts) if "draft" in name]


def test_a_step_that_fails_leaves_what_was_there(artifacts: ArtifactStore) -> None:
    made = make(artifacts)
    fail(artifacts)
    assert artifacts.find("perceive", INPUTS) == made
    assert drafts(artifacts) == []


def write_to_a_full_disk(artifacts: ArtifactStore) -> None:
    with artifacts.making("perceive", INPUTS) as draft, Path("/dev/full").open("w") as full:
        (draft.folder / "half").write_text("half")
        full.write("x")
        full.flush()


def write_by_a_library_to_a_full_disk(artifacts: ArtifactStore) -> None:
    with artifacts.making("perceive", INPUTS):
        raise RuntimeError(f"I/O error: {os.strerror(errno.ENOSPC)} (os error 28)")


@pytest.mark.parametrize("write", [write_to_a_full_disk, write_by_a_library_to_a_full_disk])
def test_a_full_disk_is_told_with_a_way_out_and_leaves_nothing(
    artifacts: ArtifactStore, write: Callable[[ArtifactStore], None]
) -> None:
    with pytest.raises(DiskFullError, match=r"full \(\d+ MB free\); make room"):
        write(artifacts)
    assert artifacts.find("perceive", INPUTS) is None
    assert drafts(artifacts) == []


def leave(artifacts: ArtifactStore, fault: str) -> None:
    with artifacts.making("perceive", INPUTS) as draft:
        if fault == "a link":
            (draft.folder / "link").symlink_to("/")
        elif fault == "the manifest's name":
            (draft.folder / MANIFEST).touch()
        else:
            draft.digest("nothing", "c" * 64)


@pytest.mark.parametrize("fault", ["a link", "the manifest's name", "a digest of nothing"])
def test_a_step_may_leave_plain_files_only(artifacts: ArtifactStore, fault: str) -> None:
    with pytest.raises(ValueError, match="step perceive"):
        leave(artifacts, fault)


@pytest.mark.parametrize("name", ["", "..", "A", "a/b", ".a", "a~b"])
def test_a_step_needs_a_plain_name(artifacts: ArtifactStore, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a step"):
        artifacts.find(name, INPUTS)


def test_a_workplace_outlives_failures_and_goes_with_success_or_other_inputs(artifacts: ArtifactStore) -> None:
    assert not fail(artifacts, "train")
    artifacts.sweep()
    assert fail(artifacts, "train")
    with artifacts.making("train", "b" * 64) as draft:
        assert not (draft.workplace / "checkpoint").exists()
    assert hidden(artifacts) == []


def test_a_workplace_that_a_crash_left_beside_its_artifact_is_swept(artifacts: ArtifactStore) -> None:
    make(artifacts)
    (artifacts.root / ".work~perceive~0000000000000000").mkdir()
    (artifacts.root / ".work~train~0000000000000000").mkdir()
    artifacts.sweep()
    assert hidden(artifacts) == [".work~train~0000000000000000"]


def test_only_what_dead_processes_were_writing_is_swept(artifacts: ArtifactStore) -> None:
    script = (
        "import os, sys; from pathlib import Path; from pipelines.enroll.artifacts import ArtifactStore\n"
        "with ArtifactStore(Path(sys.argv[1])).making('train', 'a' * 64) as draft:\n"
        "    (draft.folder / 'half').touch(); print('writing', flush=True); sys.stdin.read(); os._exit(1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(artifacts.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        artifacts.sweep()
        assert drafts(artifacts) != []
        other.kill()
    artifacts.sweep()
    assert drafts(artifacts) == []


def test_what_another_host_writes_is_kept_unless_it_is_known_to_be_dead(artifacts: ArtifactStore) -> None:
    other = Process("elsewhere", 1, 2.0)
    draft = artifacts.root / f".draft~{other.token}~train~00000000"
    draft.mkdir(parents=True)
    artifacts.sweep()
    artifacts.sweep(live=(other.token,))
    assert draft.exists()
    artifacts.sweep(live=(Process.this().token,))
    assert not draft.exists()
