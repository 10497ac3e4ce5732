"""What the images are made of."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app.settings import ServiceSettings
from tests.docker.reading import ROOT, TARGETS, environment, last, lineage, seconds, stages

# System library by name, and the Debian package the image has it from; None: the base image needs it itself.
LIBRARIES: dict[str, str | None] = {
    **dict.fromkeys(("ld-linux-x86-64", "libc", "libdl", "libm", "libmvec", "libpthread", "librt", "libutil")),
    **dict.fromkeys(("libffi", "libgcc_s", "libstdc++", "libz")),
    **dict.fromkeys(("libX11", "libXau", "libXdmcp", "libbsd", "libmd", "libxcb"), "libx11-6"),
    **dict.fromkeys(("libglib-2.0", "libgthread-2.0", "libpcre2-8"), "libglib2.0-0"),
    "libGL": "libgl1",
    "libGLX": "libglx0",
    "libGLdispatch": "libglvnd0",
}
# The libraries that a process has loaded, one a line, without those of Python and of installed packages.
LOADED = """
def loaded():
    paths = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
    return {path for path in paths if not {"site-packages", "lib-dynload"} & set(path.split("/"))}

import bz2, ctypes, hashlib, lzma, sqlite3, ssl, uuid, zlib
before = loaded()
IMPORTS
print(*(loaded() - before), sep="\\n")
"""


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_base_image_is_pinned_to_a_version() -> None:
    bases = {stage.base for stage in stages().values()} - set(stages())
    assert bases
    assert [
        base for base in bases if not re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+(@sha256:[0-9a-f]{64})?", base)
    ] == []
    assert re.match(r"# syntax=docker/dockerfile:1\.\d+\n", _text("docker/Dockerfile"))


def test_the_default_image_is_the_one_for_a_cpu() -> None:
    assert list(stages())[-1] == "cpu"


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_runs_as_root(target: str) -> None:
    assert last(target, "USER").rest == "10001:10001"


@pytest.mark.parametrize("target", TARGETS)
def test_data_and_weights_are_volumes_that_belong_to_the_user(target: str) -> None:
    folders = [environment(target)[name] for name in ("PVCHAT_HOME", "PVCHAT_CACHE")]
    assert last(target, "VOLUME").words == folders
    made = " ".join(instruction.rest for instruction in lineage(target) if instruction.name == "RUN")
    assert f"install -d -o pvchat -g pvchat -m 0700 {' '.join(folders)}" in made
    # What changes a folder after VOLUME is lost.
    names = [instruction.name for instruction in lineage(target)]
    assert "install -d" not in " ".join(i.rest for i in lineage(target)[names.index("VOLUME") :])


@pytest.mark.parametrize("target", TARGETS)
def test_the_command_is_one_that_the_program_knows(target: str) -> None:
    entry = last(target, "ENTRYPOINT").words
    command = last(target, "CMD").words
    assert entry[: entry.index("--")] == ["tini", "-e", "143"]
    assert entry[-1] in tomllib.loads(_text("pyproject.toml"))["project"]["scripts"]
    script = "import sys; from app.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Serve the API" in done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_the_port_is_the_services_own(target: str) -> None:
    port = str(ServiceSettings().port)
    assert last(target, "EXPOSE").rest == port
    assert environment(target)["PVCHAT_PORT"] == port


@pytest.mark.parametrize("target", TARGETS)
def test_a_health_check_that_fails_is_over_before_the_engine_ends_it(target: str) -> None:
    check = last(target, "HEALTHCHECK")
    own = re.search(r"timeout=(\d+)", check.words[-1])
    assert own
    assert int(own[1]) < seconds(check.flags["timeout"])
    assert seconds(check.flags["start-period"]) >= 300


def test_only_the_cuda_image_asks_for_a_driver() -> None:
    assert environment("cuda")["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert set(environment("cuda")["NVIDIA_DRIVER_CAPABILITIES"].split(",")) == {"compute", "utility"}
    assert not [name for name in environment("cpu") if name.startswith("NVIDIA")]


def _arguments(stage: str) -> list[str]:
    return [instruction.rest for instruction in stages()[stage].instructions if instruction.name == "ARG"]


def test_each_image_takes_the_torch_of_its_kind() -> None:
    assert _arguments("torch-cpu") == ["TORCH", "TORCH_INDEX=https://download.pytorch.org/whl/cpu"]
    assert _arguments("torch-cuda") == ["TORCH", "TORCH_INDEX="]
    for target in TARGETS:
        sources = [i.flags["from"] for i in stages()[target].instructions if i.name == "COPY"]
        assert sources == [f"torch-{target}", "project"]


def test_torch_has_one_version_everywhere() -> None:
    said = {
        "docker/Dockerfile": re.findall(r"^ARG TORCH=(\S+)$", _text("docker/Dockerfile"), re.MULTILINE),
        "Makefile": re.findall(r"^TORCH \?= (\S+)$", _text("Makefile"), re.MULTILINE),
        "pyproject.toml": [
            word
            for word in tomllib.loads(_text("pyproject.toml"))["project"]["dependencies"]
            if word.startswith("torch=")
        ],
    }
    assert len({tuple(found) for found in said.values()}) == 1, said
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+", *said["Makefile"])


def test_the_lock_is_made_for_the_base_images_python() -> None:
    (base,) = {stage.base for stage in stages().values()} - set(stages())
    minor = ".".join(base.partition(":")[2].split(".")[:2])
    assert re.findall(r"--python-version (\S+)", _text("Makefile")) == [minor]
    assert tomllib.loads(_text("pyproject.toml"))["project"]["requires-python"] == f">={minor}"


def test_no_other_host_is_named_than_the_one_of_torchs_cpu_build() -> None:
    hosts = {
        host
        for name in ("docker/Dockerfile", "docker/compose.yaml", ".dockerignore")
        for host in re.findall(r"[a-z]+://([^/\s\"']+)", _text(name))
    }
    assert hosts == {"download.pytorch.org"}


@pytest.mark.parametrize("stage", list(stages()))
def test_no_layer_keeps_a_cache_or_takes_a_secret(stage: str) -> None:
    instructions = stages()[stage].instructions
    for instruction in instructions:
        if "apt-get update" in instruction.rest:
            assert instruction.rest.endswith("rm -rf /var/lib/apt/lists/*")
        assert not re.search(r"(?i)(password|secret|token|api_?key|credential)", instruction.rest)
    if any(" -m pip " in instruction.rest for instruction in instructions):
        inherited = " ".join(instruction.rest for instruction in lineage(stage) if instruction.name == "ENV")
        assert "PIP_NO_CACHE_DIR=1" in inherited


def _installed() -> set[str]:
    """Debian packages that apt-get installs or downloads in any stage."""
    runs = " && ".join(i.rest for stage in stages().values() for i in stage.instructions if i.name == "RUN")
    found = re.findall(r"apt-get (?:install|download) ([^&]+)", runs)
    return {word for words in found for word in words.split() if not word.startswith("-")}


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux")
def test_the_image_has_every_system_library_that_is_loaded() -> None:
    check = next(i for i in stages()["service"].instructions if i.name == "RUN" and i.rest.startswith("["))
    script = LOADED.replace("IMPORTS", check.words[2])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names = {Path(line).name.partition(".so")[0] for line in done.stdout.splitlines()}
    assert names - set(LIBRARIES) == set()
    packages = {package for name in names if (package := LIBRARIES[name]) is not None}
    assert packages
    assert packages - _installed() == set()
