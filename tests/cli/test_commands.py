"""Each command as a person meets it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Video = Callable[..., Path]
CONSENT = ("--consent-by", "Ann", "--purpose", "door")


@pytest.fixture
def maria(run: Run, video: Video, tools: Any) -> Path:
    """Maria is enrolled; the path of a clip with her and a stranger."""
    assert run("enroll", "Maria", video("m.mp4", {"face": 1}), *CONSENT).code == 0
    return video("c.mp4", {"face": 1, "spans": [[2, 9]]}, {"face": 7})


def test_enroll_says_what_it_saw(run: Run, video: Video, tools: Any) -> None:
    ran = run("enroll", "Ana María", video("a.mp4", {"face": 1}), *CONSENT)
    assert ran.code == 0
    assert ran.out.startswith("Ana María is enrolled")
    assert "faces: 3" in ran.out


def test_look_alikes_are_warned_about_on_stderr(run: Run, maria: Path, video: Video) -> None:
    ran = run("enroll", "Eva", video("e.mp4", {"face": 1}), *CONSENT)
    assert ran.code == 0
    assert "Maria looks like Eva" in ran.err
    assert "looks like" not in ran.out


def test_ask_prints_answer_and_evidence(run: Run, maria: Path) -> None:
    ran = run("ask", maria, "Is Maria here?")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "Yes, Maria."
    assert "0:02-0:09" in ran.out
    assert "present" in ran.out
    assert "1 unknown person" in ran.out
    assert ran.err == ""


def test_json_is_one_line_and_the_last_on_stdout(run: Run, maria: Path) -> None:
    ran = run("ask", maria, "Who is here?", "--json", "--subject", "MARIA")
    assert ran.code == 0
    assert ran.out.count("\n") == 1
    data = json.loads(ran.out)
    assert data["answer"] == "Yes, Maria."
    assert [item["subject"] for item in data["evidence"]] == ["Maria"]
    assert data["evidence"][0]["spans"] == [[2.0, 9.0]]


def test_whatever_the_work_prints_stays_off_stdout(run: Run, maria: Path, tools: Any) -> None:
    tools.on_perceive = lambda: sys.stdout.write("chatter of a library\n")
    ran = run("ask", maria, "Is Maria here?", "--json")
    assert "chatter" in ran.err
    assert json.loads(ran.out)["answer"] == "Yes, Maria."


def test_several_subjects_keep_their_order(run: Run, maria: Path, video: Video) -> None:
    assert run("enroll", "Bob", video("b.mp4", {"face": 2}), *CONSENT).code == 0
    ran = run("ask", maria, "Who is here?", "--subject", "Bob", "--subject", "Maria", "--json")
    assert [(e["subject"], e["state"]) for e in json.loads(ran.out)["evidence"]] == [
        ("Bob", "absent"),
        ("Maria", "present"),
    ]


def test_switches_reach_the_model(run: Run, maria: Path, tools: Any) -> None:
    assert run("ask", maria, "Is Maria here?", "--no-evidence", "--no-identity-bias").code == 0
    assert tools.asked[-1][2:] == (False, False)


def test_markup_in_names_and_answers_is_text(run: Run, video: Video, tools: Any, maria: Path) -> None:
    ran = run("ask", maria, "Is Maria [red]here[/red]?")
    assert ran.code == 0
    ran = run("enroll", "Bob", video("b.mp4", {"face": 2}), "--consent-by", "[bold]Bob[/bold]", "--purpose", "x")
    assert ran.code == 0
    assert "[bold]Bob[/bold]" in run("people").out.replace("\n", "")


def test_people_lists_consent(run: Run, maria: Path) -> None:
    ran = run("people")
    assert ran.code == 0
    for word in ("Maria", "Ann", "door", "given"):
        assert word in ran.out
    (person,) = json.loads(run("people", "--json").out)
    assert (person["name"], person["consent_by"], person["consent"]) == ("Maria", "Ann", "given")


def test_people_of_an_empty_folder_says_how_to_begin(run: Run) -> None:
    ran = run("people")
    assert ran.code == 0
    assert "pvchat enroll" in ran.out


def test_forget_reports_what_went(run: Run, maria: Path) -> None:
    run("ask", maria, "Is Maria here?")
    ran = run("forget", "maria", "--yes")
    assert ran.code == 0
    assert "Maria is forgotten" in ran.out
    assert "c.mp4" in ran.out
    assert "Maria" not in run("people").out


def test_forget_does_nothing_without_being_confirmed(run: Run, maria: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    ran = run("forget", "Maria")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert "Maria" in run("people").out


def test_demo_passes_its_exit_code_on(run: Run, tools: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from types import ModuleType

    stand_in = ModuleType("pipelines.demo")
    stand_in.run = lambda out_dir, console, base: 3 if out_dir == tmp_path else 0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pipelines.demo", stand_in)
    assert run("demo", "--out", tmp_path).code == 3
    assert run("demo").code == 0


def test_a_published_face_adapter_is_converted_and_anything_else_is_not(run: Run, tmp_path: Path) -> None:
    import torch

    projection = {"proj.0.weight": torch.ones(4, 512), "proj.2.weight": torch.ones(8, 4), "norm.weight": torch.ones(2)}
    torch.save({"image_proj": projection, "ip_adapter": {"1.to_k_ip.weight": torch.ones(2, 2)}}, tmp_path / "a.bin")
    ran = run("weights", "convert-faceid", tmp_path / "a.bin", tmp_path / "a.safetensors")
    assert (ran.code, ran.out) == (0, "a.safetensors holds 4 tensors.\n")
    (tmp_path / "b.bin").write_text("no weights")
    ran = run("weights", "convert-faceid", tmp_path / "b.bin", tmp_path / "b.safetensors")
    assert (ran.code, ran.out) == (2, "")
    assert "b.bin cannot be read as tensors alone" in ran.err
    assert not (tmp_path / "b.safetensors").exists()


def test_version_and_help_end_well(run: Run) -> None:
    assert run("--version").out.startswith("pvchat ")
    ran = run("--help")
    assert ran.code == 0
    for verb in ("enroll", "ask", "people", "forget", "weights", "pretrain", "demo"):
        assert verb in ran.out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from app.cli import main; main(['--help']); "
        "print(sorted({'torch', 'transformers', 'sqlalchemy', 'numpy', 'cv2'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", [["people"], ["ask", "a.mp4", "Who?"], ["serve"], ["demo"]])
def test_a_base_is_chosen_by_option_or_environment(
    run: Any, home: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr("app.cli.needs.fetch_missing_weights", lambda *_args: None)
    monkeypatch.setattr("pipelines.demo.build_media", lambda _folder: None)
    by_option = run(*command, "--base", "no base")
    monkeypatch.setenv("PVCHAT_BASE", "no base")
    by_environment = run(*command)
    assert by_option == by_environment
    assert by_option.code == 2
    assert 'there is no base model "no base"' in by_option.err
