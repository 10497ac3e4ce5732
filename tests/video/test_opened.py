"""A video that is looked at first and read then, in one process."""

import time
from pathlib import Path

import pytest

from pvchat.errors import VideoError
from pvchat.video import Limits, child, opened, probe
from tests.video import numbered
from tests.video.test_confinement import FACTS, SEND, as_worker, children


@pytest.mark.parametrize("untrusted", [True, False])
def test_frames_are_chosen_by_what_the_video_is(clean: Path, untrusted: bool) -> None:
    with opened(clean, untrusted=untrusted) as clip:
        found = probe(clean)
        assert (clip.info.sha256, clip.info.frames, clip.info.duration_s) == (found.sha256, 150, found.duration_s)
        assert clip.info.decoder == "pyav"
        middles = [(k + 0.5) * clip.info.duration_s / 5 for k in range(5)]
        seen = [(time_s, numbered.number_of(rgb)) for time_s, rgb in clip.frames(reversed(middles))]
    assert seen == list(zip(middles, [15, 45, 75, 105, 135], strict=True))


def test_one_process_does_both_and_ends_with_the_block(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    command = child.worker_command()
    monkeypatch.setattr(child, "worker_command", lambda: started.append(1) or command)
    before = children()
    with opened(clean) as clip:
        assert len(children() - before) == 1
        assert len(list(clip.frames([0.5, 1.5]))) == 2
    with opened(clean) as clip:
        next(clip.frames([0.5, 1.5, 2.5]))
    with opened(clean):
        pass
    assert children() == before
    assert len(started) == 3


def test_nobody_asks_for_frames_twice(clean: Path) -> None:
    with opened(clean) as clip:
        assert len(list(clip.frames([0.5], max_side=64))) == 1
        with pytest.raises(VideoError, match="asked for before"):
            list(clip.frames([0.5]))


def test_what_is_no_video_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("not a video")
    with pytest.raises(VideoError, match="is text"), opened(tmp_path / "notes.mp4"):
        pass


def test_time_taken_before_asking_is_no_timeout_and_a_hang_after_it_is(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_worker(monkeypatch, f"{SEND}send('''{FACTS % 'pyav'}''')\nsys.stdin.readline()\ntime.sleep(60)")
    with opened(clean, Limits(timeout_s=0.5)) as clip:
        time.sleep(0.7)
        with pytest.raises(VideoError, match=r"longer than 0\.5 s"):
            list(clip.frames([0.5]))


def test_a_process_that_tells_the_facts_twice_is_no_decoder(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_worker(monkeypatch, f"{SEND}send('''{FACTS % 'pyav'}''')\nsend('''{FACTS % 'pyav'}''')\ntime.sleep(60)")
    with (
        opened(clean, Limits(timeout_s=5)) as clip,
        pytest.raises(VideoError, match="made the decoder fail"),
    ):
        list(clip.frames([0.5]))
