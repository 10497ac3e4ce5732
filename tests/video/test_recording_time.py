"""When a recording began, out of the tags of its container."""

from pathlib import Path

import av
import numpy as np
import pytest

from pvchat.video import probe
from pvchat.video.recording_time import recording_time


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"creation_time": "2026-05-01T12:03:04.000000Z"}, "2026-05-01T12:03:04+00:00"),
        (
            {"creation_time": "2026-05-01T12:03:04Z", "com.apple.quicktime.creationdate": "2026-05-01T14:03:04+0200"},
            "2026-05-01T14:03:04+02:00",
        ),
        ({"DATE": "2026-05-01"}, None),
        ({"creation_time": "1904-01-01T00:00:00Z"}, None),
        ({"creation_time": "1970-01-01T00:00:00Z"}, None),
        ({"creation_time": "0001-01-01T00:00:00+23:59"}, None),
        ({"creation_time": "yesterday, about noon"}, None),
        ({}, None),
    ],
)
def test_a_day_and_a_time_of_day_or_nothing(tags: dict[str, str], expected: str | None) -> None:
    found = recording_time(tags)
    assert (None if found is None else found.isoformat()) == expected


def test_a_probe_tells_it(tmp_path: Path) -> None:
    for name, tags in (("dated.mp4", {"creation_time": "2026-05-01T12:03:04Z"}), ("plain.mp4", {})):
        with av.open(tmp_path / name, "w", format="mp4") as container:
            container.metadata.update(tags)
            stream = container.add_stream("libx264", rate=10)
            stream.width = stream.height = 64
            for shade in range(5):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 40 * shade, np.uint8), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    assert probe(tmp_path / "dated.mp4", untrusted=False).recorded_at == "2026-05-01T12:03:04+00:00"
    assert probe(tmp_path / "plain.mp4", untrusted=False).recorded_at == ""
