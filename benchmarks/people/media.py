"""The media the benchmark is made from: shared test data when it is there, else the demo media.

A source is a clip or a photo of one person (or of nobody enrolled). Clips are split in time: the first 40 % enrolls,
the last 40 % is asked about. Photos are split by photo.
"""

import csv
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pvchat.perception.record import Box
from pvchat.weights import demo_photo
from pvchat.weights import path as weights_path

DATA_VARIABLE = "PVCHAT_TEST_DATA"
STAGE = "STAGE"
BIKES = "BIKES"
GROUP = "GROUP"

_CLIPS = {
    "D0": "driving_d0.mp4",
    "D3": "driving_d3.mp4",
    "D10": "driving_d10.mp4",
    "D11": "driving_d11.mp4",
    "D18": "driving_d18.mp4",
    "S13": "source_s13.mp4",
    "S20": "source_s20.mp4",
}
_STILLS = {"LIN": "lin-manuel-miranda.png", "ALEX": "alex-lacamoire.png"}
_STAGE_FILE = "hamilton_two_people.mp4"

CARPHONE_LABELS = {
    "upper_any": ["black", "dark", "blue", "navy"],
    "action_any": ["talking", "turning", "looking", "mouth"],
    "action_none": ["walking", "waving", "lying", "leaving", "standing"],
}
"""Seen in the clip: a dark suit with a bow tie; he talks and looks about, sitting in a car."""

GROUP_REGIONS: dict[str, Box] = {
    "G1": (0.00, 0.22, 0.19, 0.62),
    "G2": (0.16, 0.08, 0.355, 0.42),
    "G3": (0.27, 0.22, 0.52, 0.72),
    "G4": (0.52, 0.30, 0.72, 0.72),
    "G5": (0.69, 0.00, 0.87, 0.52),
    "G6": (0.83, 0.26, 1.00, 0.78),
}
"""Regions of the group photo that show one face each, as fractions."""

GROUP_LABELS: dict[str, dict[str, list[str]]] = {
    "G1": {"upper_any": ["black"]},
    "G2": {"action_any": ["still", "standing"]},
    "G3": {"upper_any": ["gray", "black", "dark"], "action_any": ["smiling", "still", "raising the arms"]},
    "G4": {"upper_any": ["red"], "action_any": ["smiling", "still"]},
    "G5": {"upper_any": ["gray"], "action_any": ["still", "standing"]},
    "G6": {"upper_any": ["black"], "action_any": ["smiling", "still"]},
}
"""Seen in the photo, where enough of the clothes is; nobody in a still picture moves, talks or walks."""

_STILL_NONE = ["talking", "walking", "moving left", "moving right", "moving the arms", "turning the head"]


@dataclass(frozen=True)
class Source:
    """One file, or a region of one.

    Attributes:
        key: short name used in tables. path: the file. person: who it shows, None when nobody who is ever enrolled.
        kind: clip or photo. region: part of a photo that is used, as fractions.
    """

    key: str
    path: Path
    person: str | None
    kind: Literal["clip", "photo"]
    region: Box | None = None


@dataclass(frozen=True)
class Media:
    """All sources of one run.

    Attributes:
        origin: "shared" or "demo".
        sources: by key.
        labels: per source key, accepted and excluded words ("upper_any", "action_any", "action_none").
    """

    origin: Literal["shared", "demo"]
    sources: Mapping[str, Source]
    labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def labelled_here(self, key: str) -> bool:
        """Whether a source's words were written down in this file although the shared data brings its own."""
        return self.origin == "shared" and key in {*GROUP_LABELS, "CAR"}

    def same(self) -> list[Source]:
        """Sources whose person is enrolled from one part and asked about in another, in a fixed order."""
        photos = self.origin == "demo"
        return [s for s in self.sources.values() if s.person == s.key and (s.kind == "clip" or photos)]

    def singled_out(self) -> list[Source]:
        """People of the group photo, each from a region of it, where other people are the main ones."""
        return [s for s in self.sources.values() if self.origin == "shared" and s.key in GROUP_REGIONS]

    def crossed(self) -> dict[str, list[Source]]:
        """Person -> the photos of that person, for people with more than one."""
        people: dict[str, list[Source]] = {}
        for source in self.sources.values():
            if source.kind == "photo" and source.person and source.person != source.key:
                people.setdefault(source.person, []).append(source)
        return {person: photos for person, photos in people.items() if len(photos) > 1}


def data_folder() -> Path | None:
    """The shared test data: `PVCHAT_TEST_DATA`, else `../shared/data` beside the repository; None when absent."""
    named = os.environ.get(DATA_VARIABLE)
    folder = Path(named) if named else Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return folder if (folder / "real_clips").is_dir() else None


def find_media() -> Media:
    """The shared data where it is, else the demo media.

    Raises:
        WeightsError: the demo media are not cached and may not be fetched.
    """
    folder = data_folder()
    return shared_media(folder) if folder else demo_media()


def shared_media(folder: Path) -> Media:
    """Sources of the shared test data, with the carphone clip (a ninth person) and the bikes clip (nobody)."""
    clips = folder / "real_clips"
    sources = [Source(key, clips / name, key, "clip") for key, name in _CLIPS.items()]
    sources.append(Source("CAR", weights_path("demo-carphone"), "CAR", "clip"))
    sources.append(Source(STAGE, clips / _STAGE_FILE, None, "clip"))
    sources.append(Source(BIKES, weights_path("demo-bikes"), None, "clip"))
    photo = demo_photo()
    sources.append(Source(GROUP, photo, None, "photo"))
    # The first person of the group is also one of the photos' people.
    sources += [Source(key, photo, key, "photo", region) for key, region in GROUP_REGIONS.items() if key != "G1"]
    sources += [Source(f"{key}.still", clips / name, key, "photo") for key, name in _STILLS.items()]
    cross = folder / "cross"
    if (cross / "people.csv").is_file():
        with (cross / "people.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                key = f"{row['person']}.{Path(row['file']).stem.removeprefix('img')}"
                sources.append(Source(key, cross / row["file"], row["person"], "photo"))
    found = {s.key: s for s in sources if s.path.is_file()}
    return Media("shared", found, {**_group_labels(), **_shared_labels(folder), "CAR": CARPHONE_LABELS})


def demo_media() -> Media:
    """Carphone, bikes, the group photo, and single people of the group photo."""
    photo = demo_photo()
    sources = [
        Source("CAR", weights_path("demo-carphone"), "CAR", "clip"),
        Source(BIKES, weights_path("demo-bikes"), None, "clip"),
        *(Source(key, photo, key, "photo", region) for key, region in GROUP_REGIONS.items()),
    ]
    return Media("demo", {s.key: s for s in sources}, {**_group_labels(), "CAR": CARPHONE_LABELS})


def _group_labels() -> dict[str, Mapping[str, Any]]:
    return {key: {**labels, "action_none": _STILL_NONE} for key, labels in GROUP_LABELS.items()}


def _shared_labels(folder: Path) -> dict[str, Mapping[str, Any]]:
    file = folder / "labels.json"
    if not file.is_file():
        return {}
    by_file = json.loads(file.read_text(encoding="utf-8"))
    labels = {key: by_file[name] for key, name in _CLIPS.items() if name in by_file}
    stage = by_file.get(_STAGE_FILE, {})
    if stage:
        people = stage.get("people", {})
        labels[STAGE] = {
            "spans": {key: [tuple(s) for s in entry["spans"]] for key, entry in people.items()},
            "surely_visible": {key: [tuple(s) for s in entry["surely_visible"]] for key, entry in people.items()},
            "upper_any": stage.get("upper_any", {}).get("LIN"),
            "action_any": stage.get("action_any", {}).get("LIN"),
        }
    return labels
