"""How the containers run."""

import ast
import dataclasses
import re
from typing import Any

import pytest

from app.api import supervisor
from app.settings import PREFIX, ServiceSettings
from tests.docker.reading import ROOT, TARGETS, compose, environment, last, seconds, stages

SERVICES = {"pvchat": "cpu", "pvchat-cuda": "cuda"}
UNITS = {"m": 20, "g": 30}


def _service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"][name]
    return found


def _bytes(text: str) -> int:
    return int(text[:-1]) << UNITS[text[-1]]


def _known_variables() -> set[str]:
    found = {PREFIX + item.name.upper() for item in dataclasses.fields(ServiceSettings)}
    for package in ("app", "pipelines", "pvchat", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            found |= set(re.findall(r"environ(?:\.get\(|\[)\"(PVCHAT_[A-Z_]+)\"", path.read_text(encoding="utf-8")))
    return found


def test_each_image_has_a_service_that_builds_it() -> None:
    assert set(compose()["services"]) == set(SERVICES)
    for name, target in SERVICES.items():
        build = _service(name)["build"]
        folder = ROOT / "docker" / build["context"]
        assert folder.resolve() == ROOT
        assert (folder / build["dockerfile"]).samefile(ROOT / "docker" / "Dockerfile")
        assert build["target"] == target
    assert set(SERVICES.values()) == set(TARGETS) <= set(stages())


def test_the_gpu_is_asked_for_by_name_only() -> None:
    assert "profiles" not in _service("pvchat")
    assert "reservations" not in _service("pvchat")["deploy"]["resources"]
    assert _service("pvchat-cuda")["profiles"] == ["cuda"]
    (device,) = _service("pvchat-cuda")["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_no_more_than_it_needs(name: str) -> None:
    service = _service(name)
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "user", "network_mode", "pid", "ipc", "devices", "env_file"} & set(service)
    assert service["restart"] == "unless-stopped"
    assert service["deploy"]["resources"]["limits"]["pids"] >= 256


@pytest.mark.parametrize("name", SERVICES)
def test_the_port_is_open_to_this_machine_alone(name: str) -> None:
    inside = last(SERVICES[name], "EXPOSE").rest
    defaults = ServiceSettings()
    assert _service(name)["ports"] == [f"${{PVCHAT_HOST:-{defaults.host}}}:${{PVCHAT_PORT:-{defaults.port}}}:{inside}"]


@pytest.mark.parametrize("name", SERVICES)
def test_only_settings_that_the_code_reads_are_handed_on(name: str) -> None:
    handed = _service(name)["environment"]
    assert handed
    assert set(handed) <= _known_variables()
    # Where it listens and where its folders are is the image's; a value of the host's would break that.
    assert not {"PVCHAT_CACHE", "PVCHAT_HOME", "PVCHAT_HOST", "PVCHAT_PORT"} & set(handed)
    settings = {PREFIX + item.name.upper() for item in dataclasses.fields(ServiceSettings)}
    assert settings - set(handed) == {"PVCHAT_HOME", "PVCHAT_HOST", "PVCHAT_PORT"}
    assert set(handed.values()) == {None}


@pytest.mark.parametrize("name", SERVICES)
def test_what_has_to_last_is_in_named_volumes(name: str) -> None:
    target = SERVICES[name]
    assert _service(name)["volumes"] == ["data:/data", "weights:/weights"]
    assert {place.partition(":")[2] for place in _service(name)["volumes"]} == set(last(target, "VOLUME").words)
    assert set(compose()["volumes"]) == {"data", "weights"}


@pytest.mark.parametrize("name", SERVICES)
def test_the_scratch_folder_is_the_home_and_leaves_memory_for_the_models(name: str) -> None:
    (mount,) = _service(name)["tmpfs"]
    folder, _, options = mount.partition(":")
    size = _bytes(dict(part.partition("=")[::2] for part in options.split(","))["size"])
    assert environment(SERVICES[name])["HOME"] == folder == "/tmp"
    assert _bytes(_service(name)["deploy"]["resources"]["limits"]["memory"]) - size >= 4 << 30


@pytest.mark.parametrize("name", SERVICES)
def test_the_images_own_health_check_is_used(name: str) -> None:
    check = _service(name)["healthcheck"]
    assert set(check) == {"start_period"}
    assert seconds(check["start_period"]) >= seconds(last(SERVICES[name], "HEALTHCHECK").flags["start-period"])


def _patience_s() -> int:
    """How long the service waits for requests that are being answered."""
    tree = ast.parse((ROOT / "app" / "cli" / "serve.py").read_text(encoding="utf-8"))
    options = {node.arg: node.value for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    return int(ast.literal_eval(options["timeout_graceful_shutdown"]))


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_given_the_time_that_the_service_needs_to_end(name: str) -> None:
    needed = _patience_s() + supervisor._END_S
    assert seconds(_service(name)["stop_grace_period"]) > needed


@pytest.mark.parametrize("name", SERVICES)
def test_the_log_with_the_first_key_stays_small_and_on_this_machine(name: str) -> None:
    logging = _service(name)["logging"]
    assert logging["driver"] == "json-file"
    assert logging["options"] == {"max-size": "10m", "max-file": "3"}
