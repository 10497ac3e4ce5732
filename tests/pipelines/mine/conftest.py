"""A drawn world of people, an enrolled one among them, and a data folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.mine.add import CorpusIndexer
from pipelines.mine.config import IndexConfig
from pipelines.videos import PerceivedVideos
from pvchat.identity.gallery import GalleryEntry
from storage.store import Store
from tests.identity.people import World
from tests.pipelines.mine.mine_tools import WorldTools


@dataclass
class Place:
    """A data folder with tools. Person 1 is the subject, others are strangers."""

    store: Store
    tools: WorldTools
    videos: PerceivedVideos
    world: World
    entry: GalleryEntry

    def indexer(self, **config: float) -> CorpusIndexer:
        """What adds to the corpus."""
        return CorpusIndexer(self.store, self.tools, self.videos, IndexConfig(**config))  # type: ignore[arg-type]


@pytest.fixture
def place(home: Path) -> Iterator[Place]:
    world = World(11)
    people = {number: world.person() for number in range(1, 60)}
    tools = WorldTools(people)
    with Store.open(home) as store:
        yield Place(store, tools, PerceivedVideos(store, tools), world, world.entry("Maria", people[1]))
