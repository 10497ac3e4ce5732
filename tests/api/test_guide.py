"""The guide's programs run as they stand, against a running service."""

import re
import subprocess
import sys
from pathlib import Path

import httpx

from tests.api.conftest import Running, enrolled, uploaded
from tests.api.scene_videos import scene_mp4, write

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
ADDRESS = "http://127.0.0.1:8000"


def programs() -> list[str]:
    """The Python blocks of the guide."""
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def run(program: str, service: Running, folder: Path, **names: str) -> str:
    """What a program prints."""
    given = "".join(f"{name} = {value!r}\n" for name, value in {"KEY": service.key, **names}.items())
    assert ADDRESS in program
    ran = subprocess.run(
        [sys.executable, "-c", given + program.replace(ADDRESS, service.url)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_python_client_enrolls_and_asks(service: Running, client: httpx.Client, tmp_path: Path) -> None:
    write(tmp_path, "holiday.mp4", {"face": 1})
    write(tmp_path, "party.mp4", {"face": 1}, {"face": 2, "x": 0.2})
    (program,) = [text for text in programs() if "import httpx" in text]
    told = run(program, service, tmp_path)
    assert told.splitlines()[0].startswith("done")
    assert "Yes, Maria. present [[0.0, 2.0]]" in told
    for subject in client.get("/v1/subjects").json()["subjects"]:
        client.delete(f"/v1/subjects/{subject['id']}")


def test_the_openai_client_asks(service: Running, client: httpx.Client, tmp_path: Path) -> None:
    enrolled(client, "Maria", scene_mp4("m", {"face": 1}))
    video = uploaded(client, scene_mp4("ask", {"face": 1}))
    (program,) = [text for text in programs() if "import OpenAI" in text]
    assert run(program, service, tmp_path, video_id=video).startswith("Yes, Maria. [{")
