"""The house's rules that a reader relies on: imports go one way, and importing a package does no work."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ALLOWED = {
    "pvchat": {"pvchat"},
    "storage": {"storage", "pvchat"},
    "pipelines": {"pipelines", "storage", "pvchat"},
    "app": {"app", "pipelines", "storage", "pvchat"},
}
HEAVY = ("torch", "transformers", "cv2", "dlib", "decord", "gradio", "diffusers", "insightface", "ai_edge_litert")


def _sources(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_one_way(package: str) -> None:
    forbidden = ({*ALLOWED, "benchmarks", "tests"}) - ALLOWED[package]
    wrong = [
        f"{path}:{line} imports {name}"
        for path, tree in _sources(package)
        for line, name in _imported(tree)
        if name.partition(".")[0] in forbidden
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_has_an_init_file_in_every_folder_with_code(package: str) -> None:
    # Alembic runs the files of its folder as scripts; they ship as data.
    folders = {path.parent for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize(
    "module",
    ["pvchat", "pvchat.weights", "pvchat.errors", "storage", "pipelines", "app.cli", "app.api.application"],
)
def test_importing_a_package_loads_nothing_heavy_and_prints_nothing(module: str) -> None:
    script = f"import sys, {module}; sys.stderr.write(','.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


@pytest.mark.parametrize("package", ALLOWED)
def test_nothing_unpickles_runs_remote_code_or_checks_input_by_assert(package: str) -> None:
    wrong = []
    for path, tree in _sources(package):
        names = {name.partition(".")[0] for _, name in _imported(tree)}
        wrong += [f"{path} imports {name}" for name in sorted(names & {"pickle", "dill", "joblib", "torchvision"})]
        wrong += [f"{path}:{node.lineno} asserts" for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        for call, name in _calls(tree):
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if name == "torch.load" and options.get("weights_only") != "True":
                wrong.append(f"{path}:{call.lineno} loads a pickle")
            if options.get("trust_remote_code", "False") != "False":
                wrong.append(f"{path}:{call.lineno} trusts remote code")
            if "numpy" in names and name.endswith(".load") and options.get("allow_pickle", "False") != "False":
                wrong.append(f"{path}:{call.lineno} loads a pickle")
    assert wrong == []


def test_no_file_of_ours_names_a_machine_path() -> None:
    roots = ("/" + "work/", "/" + "root/", "/" + "tmp/", "file:" + "//")
    wrong = []
    for path in [
        *ROOT.glob("*.toml"),
        *ROOT.glob("*.lock"),
        *(p for top in ALLOWED for p in (ROOT / top).rglob("*.py")),
    ]:
        text = path.read_text(encoding="utf-8")
        wrong += [f"{path.relative_to(ROOT)} names {root}" for root in roots if root in text]
    assert wrong == []


def _pins(name: str) -> dict[str, list[str]]:
    pins: dict[str, list[str]] = {}
    current = ""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        word = line.strip().removesuffix("\\").strip()
        if word.startswith("--hash="):
            pins[current].append(word)
        elif word:
            current = word
            pins[current] = []
    return pins


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_pins_exact_versions_with_hashes_and_leaves_torch_out(name: str) -> None:
    pins = _pins(name)
    assert pins
    assert [pin for pin, hashes in pins.items() if "==" not in pin or not hashes] == []
    projects = {pin.partition("==")[0] for pin in pins}
    assert projects.isdisjoint({"torch", "torchvision", "opencv-python-headless"})


def test_the_lock_has_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {word.replace("==", ">=").partition(">=")[0].lower() for word in wanted} - {"torch"}
    locked = {pin.partition("==")[0] for name in ("requirements.lock", "requirements-dev.lock") for pin in _pins(name)}
    assert names - locked == set()
    assert "torch==2.13.0" in wanted
