"""The worker processes of tests: all twelve steps for real, over stand-in perception and a tiny nano."""

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.enroll.crash_worker import serve
from tests.pipelines.scene_tools import SceneTools
from tests.training_bases import tiny_training


def tiny(pipe: Connection, home: Path, url: str | None) -> None:
    """See `benchmarks.enroll.crash_worker.embedded`."""
    tools: Any = SceneTools(sampled_s=(), trainer=tiny_training)
    serve(pipe, home, url, tools, threads=1, beat_s=0.2, dead_after_s=5.0)
