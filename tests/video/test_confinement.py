"""The decoding process is bounded in time and memory, and leaves nothing behind."""

import gc
import os
import signal
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pvchat.errors import VideoError
from pvchat.evaluation.clips import write_clip
from pvchat.video import Limits, child, iter_frames, probe, read_frames
from tests.video import numbered


def children() -> set[int]:
    """Processes whose parent is this one, zombies too."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if f"\nPPid:\t{os.getpid()}\n" in text:
            found.add(int(status.parent.name))
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    gc.collect()
    before = children(), len(os.listdir("/proc/self/fd"))
    yield
    gc.collect()
    assert (children(), len(os.listdir("/proc/self/fd"))) == before


def as_worker(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let a script stand in for the decoding process."""
    monkeypatch.setattr(child, "worker_command", lambda: [sys.executable, "-s", "-c", script])


FACTS = (
    '{"kind": "facts", "duration_s": 5, "frames": 150, "width": 128, "height": 96, "fps": 30, "rotation": 0, '
    '"codec": "h264", "decoder": "%s", "reason": "r"}'
)
SEND = "import os, struct, sys, time\ndef send(text):\n os.write(1, struct.pack('>I', len(text)) + text.encode())\n"


def test_process_that_never_answers_is_killed(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_worker(monkeypatch, "import time; time.sleep(60)")
    begun = time.monotonic()
    with pytest.raises(VideoError, match=r"longer than 0\.5 s"):
        probe(clean, Limits(timeout_s=0.5))
    assert time.monotonic() - begun < 5


def test_process_that_never_reads_is_killed(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_worker(monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(VideoError, match="longer than"):
        read_frames(clean, [i / 1000 for i in range(200_000)], limits=Limits(timeout_s=0.5))


def test_trickle_of_bytes_does_not_extend_the_time(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_worker(monkeypatch, "import os, time\nfor _ in range(600):\n os.write(1, b'\\0' * 1); time.sleep(.3)")
    begun = time.monotonic()
    with pytest.raises(VideoError):
        probe(clean, Limits(timeout_s=0.5))
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("failure", ["os.kill(os.getpid(), 11)", "time.sleep(60)"], ids=["crash", "hang"])
def test_pyav_takes_over_when_decord_crashes_or_hangs(
    clean: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    script = (
        f"{SEND}import json\nrequest = json.loads(sys.stdin.buffer.read())\n"
        f"if request['decoder'] is None:\n send('''{FACTS % 'decord'}''')\n {failure}\n"
        "import io\nsys.stdin = io.TextIOWrapper(io.BytesIO(json.dumps(request).encode()))\n"
        "from pvchat.video.worker import main\nmain()\n"
    )
    as_worker(monkeypatch, script)
    frames = read_frames(clean, [1.01, 2.01], limits=Limits(timeout_s=4))
    assert frames.decoder == "pyav"
    assert [numbered.number_of(image) for image in frames.images] == [30, 60]


@pytest.mark.parametrize(
    "script",
    [
        "import os; os.write(1, b'\\xff\\xff\\xff\\xff')",
        "import os; os.write(1, b'\\0\\0\\0\\4junk')",
        f"{SEND}send('[' * 60000)",
        f"{SEND}send('[]')",
        f'{SEND}send(\'{{"kind": "frame", "bytes": 99999999999}}\')',
        f'{SEND}send(\'{{"kind": "frame", "bytes": -1}}\')',
        f'{SEND}send(\'{{"kind": "facts"}}\')',
        f'{SEND}send(\'{{"kind": "frame", "bytes": 0, "height": 9, "width": 9, "count": 1, "decoder": "x"}}\')',
        f"{SEND}send('''{(FACTS % 'pyav').replace('5', 'NaN', 1)}''')",
    ],
)
def test_nonsense_from_the_process_is_an_error(clean: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    as_worker(monkeypatch, script)
    with pytest.raises(VideoError, match="made the decoder fail"):
        read_frames(clean, [0.0], limits=Limits(timeout_s=5))


def test_words_of_the_process_become_one_short_line(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_worker(monkeypatch, f'{SEND}send(\'{{"kind": "error", "text": "a\\\\nb\\\\u001b[31m\' + "c" * 5000 + \'"}}\')')
    with pytest.raises(VideoError) as error:
        probe(clean, Limits(timeout_s=5))
    text = str(error.value)
    assert text.isprintable()
    assert len(text) <= 300


def test_worker_runs_under_its_limits(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        f"{SEND}import json, resource, signal\n"
        "from pvchat.video import worker\n"
        "from pvchat.video.limits import Limits\n"
        "request = json.loads(sys.stdin.buffer.read())\n"
        "worker.confine(Limits(**request['limits']), request['cpu_s'])\n"
        "names = ('CORE', 'FSIZE', 'AS', 'CPU')\n"
        "found = [resource.getrlimit(getattr(resource, 'RLIMIT_' + name))[0] for name in names]\n"
        "found.append(signal.getsignal(signal.SIGALRM) is signal.SIG_DFL)\n"
        "found.append('SECRET' in os.environ)\n"
        "send(json.dumps({'kind': 'error', 'text': repr(found)}))\n"
    )
    as_worker(monkeypatch, script)
    monkeypatch.setenv("SECRET", "token")
    with pytest.raises(VideoError) as error:
        probe(clean, Limits(memory_bytes=1 << 30, timeout_s=10))
    assert str(error.value) == repr([0, 0, 1 << 30, 41, True, False])


def test_worker_command_does_not_import_from_the_working_folder(
    clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert probe(clean).frames == 150


def test_memory_bomb_is_stopped(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        f"{SEND}import json\nfrom pvchat.video import worker\nfrom pvchat.video.limits import Limits\n"
        "request = json.loads(sys.stdin.buffer.read())\n"
        "worker.confine(Limits(**request['limits']), request['cpu_s'])\n"
        'try:\n bytearray(2 << 30)\nexcept MemoryError:\n send(\'{"kind": "memory"}\')\n'
    )
    as_worker(monkeypatch, script)
    with pytest.raises(VideoError, match="more than 512 MiB"):
        probe(clean, Limits(memory_bytes=512 << 20, timeout_s=10))


def test_leaving_early_ends_the_process(clean: Path) -> None:
    frames = iter_frames(clean, [i / 30 for i in range(150)])
    next(frames)
    next(frames)
    del frames


def test_error_in_the_caller_ends_the_process(clean: Path) -> None:
    def interrupted() -> None:
        for _ in iter_frames(clean, [0.0, 1.0, 2.0]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_slow_caller_is_not_a_timeout(clean: Path) -> None:
    frames = iter_frames(clean, [i / 30 for i in range(150)], limits=Limits(timeout_s=3))
    next(frames)
    # Longer than a caller waits for the process, and than the process's own alarm.
    time.sleep(4.5)
    assert len(list(frames)) == 149


def test_open_descriptor_can_be_read_without_a_name(clean: Path) -> None:
    memory = os.memfd_create("clip")
    try:
        os.write(memory, clean.read_bytes())
        found = probe(f"/dev/fd/{memory}")
        assert found.frames == 150
        assert numbered.number_of(read_frames(f"/dev/fd/{memory}", [2.0]).images[0]) == 60
    finally:
        os.close(memory)


def test_iteration_holds_few_frames(folder: Path) -> None:
    path = folder / "large.mp4"
    count, frame_bytes = 60, 1280 * 720 * 3
    write_clip(path, (np.full((720, 1280, 3), 4 * i, dtype=np.uint8) for i in range(count)), 30)
    tracemalloc.start()
    try:
        seen = sum(1 for _ in iter_frames(path, [i / 30 for i in range(count)]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == count
    assert peak < 4 * frame_bytes


def test_signal_to_the_worker_reads_as_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = numbered.write(folder / "k.mkv", 10)
    as_worker(monkeypatch, f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    with pytest.raises(VideoError, match="made the decoder fail"):
        probe(path)
