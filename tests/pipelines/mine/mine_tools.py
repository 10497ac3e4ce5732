"""Stand-in perception with real identity: people of a drawn world, in pictures that say by their cells who is shown."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pvchat.identity.decision import decide
from pvchat.identity.search import unit
from pvchat.perception.record import PerceptionRecord, PerceptionVectors
from pvchat.video import read_frames
from storage import corpus
from storage.corpus import NewFace, NewItem
from storage.store import Store
from tests.identity.people import MODEL, World
from tests.pipelines.scene_tools import SceneTools, numbers_of, picture_of, write_scene

Float = NDArray[np.float32]


class WorldTools(SceneTools):
    """People by number, as whitened vectors; three faces of each differ a little."""

    def __init__(self, people: dict[int, Float]) -> None:
        super().__init__(sampled_s=())
        self.people = people

    def vectors_of(self, number: int) -> Float:
        # The same each time, as for a file.
        return World(number).faces(self.people[number], 3, noise=0.2).vectors

    def perceive(
        self, video: Path, progress: Callable[[float, str], None] | None
    ) -> tuple[PerceptionRecord, PerceptionVectors]:
        if video.read_bytes()[:1] == b"{":
            return super().perceive(video, progress)
        # A clip that was made of a picture.
        shown = numbers_of(read_frames(video, [0.0]).images[0])
        scene = write_scene(video.with_suffix(".json"), *({"face": n, "x": 0.1 * i} for i, n in enumerate(shown, 1)))
        try:
            record, vectors = super().perceive(scene, progress)
        finally:
            scene.unlink()
        return record.model_copy(update={"sampled_s": (0.1,)}), vectors

    def decide(self, vectors: Any, record: Any, gallery: Sequence[Any]) -> Any:
        return decide(vectors, record, gallery)


def write_picture(path: Path, *numbers: int, white: int = 255) -> Path:
    """A picture file of these people."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture_of(*numbers, white=white)).save(path)
    return path


def face(white: Float, reliability: float = 1.0) -> NewFace:
    """A face of the corpus, as it is stored."""
    return NewFace(0.0, 0.0, 0.0, (0.1, 0.1, 0.2, 0.2), 0.9, reliability, 1, unit(white[None])[0])


def plant(store: Store, *items: Sequence[NewFace], name: str = "planted", licence: str = "CC0") -> list[int]:
    """Note pictures with these faces; ids of the items."""
    with store.write() as session:
        source = corpus.add_source(session, name=name, path=f"/nowhere/{name}", licence=licence, added_by="test")
        noted = [
            NewItem(f"/nowhere/{name}/{i}.png", f"{name}-{i}", 1, 1, "picture", "indexed", MODEL, faces=faces)
            for i, faces in enumerate(items)
        ]
        corpus.save_items(session, source, noted)
        known = corpus.known_by_path(session, {item.path for item in noted})
    return [known[item.path].id for item in noted]
