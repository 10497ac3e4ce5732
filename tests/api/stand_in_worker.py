"""The real worker over stand-in tools: `python stand_in_worker.py --home FOLDER --socket PATH`.

A scene may ask for trouble: {"slow_s": 5} looks for long, {"die": true} kills the process while it looks. How trainings
go is said in `tests/stand_in_training.py`.
"""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from app.worker import __main__ as worker  # noqa: E402
from pipelines import session as sessions  # noqa: E402
from tests import stand_in_training  # noqa: E402
from tests.api.scene_videos import scene_of  # noqa: E402
from tests.pipelines.scene_tools import SceneTools  # noqa: E402


@dataclass
class VideoTools(SceneTools):
    """Stand-in tools that find their scene behind a real video."""

    def probe(self, video: Path) -> str:
        self.calls.append("probe")
        return ""

    def scene_of(self, content: bytes) -> Any:
        scene = scene_of(content)
        self.slow_s = scene.get("slow_s", 0.0)
        marker = Path(os.environ.get("PVCHAT_TEST_DIED", "/nonexistent"))
        if scene.get("die") and not marker.exists():
            if marker.parent.is_dir():
                marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return scene

    def answer(self, clip: Any, question: str, subjects: Any, **how: Any) -> Any:
        if "kill yourself" in question:
            os.kill(os.getpid(), signal.SIGKILL)
        if "take your time" in question:
            told = how.get("on_text")
            for step in range(20):
                time.sleep(0.1)
                if told is not None:
                    told("." * step)
        return super().answer(clip, question, subjects, **how)


if __name__ == "__main__":
    stand_in_training.install()
    sessions.EmbeddedTools = lambda *_args: VideoTools()  # type: ignore[assignment,misc]
    sys.exit(worker.main())
