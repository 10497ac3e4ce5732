"""A tracklet while it is being watched: its sightings with what is kept of its pictures."""

import math
from dataclasses import dataclass, field

from pvchat.perception.faces import CropKeeper
from pvchat.perception.geometry import FloatArray
from pvchat.perception.glancing import Glances
from pvchat.perception.observation import BodySeen, ClothingSeen, HairSeen, HeadSeen, Texture
from pvchat.perception.torsos import TorsoCrop
from pvchat.perception.tracks import DescribedFaces, Tracklet


@dataclass
class Piece:
    """A tracklet with what is kept of its pictures.

    Attributes:
        tracklet: the sightings.
        crops: candidate face crops; emptied when they are described.
        upper, lower: clothing looks.
        torsos: crops of the torso; emptied when they are described.
        faces: the described faces.
        appearance: (time, vector) of the described torsos.
        changes: per sighting time, how much the whole picture changed since the sample before.
        look_every_s, last_look_s: how often and when the clothes were looked at.
        body, body_s: the body as last measured, and when.
        glances: what was seen between the samples.
        hair: looks at the hair. heads: looks at what is worn on the head.
        labels, cloth: what the described torsos are called and how they are drawn, with their times.
    """

    tracklet: Tracklet
    crops: CropKeeper
    upper: list[ClothingSeen] = field(default_factory=list)
    lower: list[ClothingSeen] = field(default_factory=list)
    torsos: list[TorsoCrop] = field(default_factory=list)
    faces: DescribedFaces | None = None
    appearance: list[tuple[float, FloatArray]] = field(default_factory=list)
    changes: dict[float, float] = field(default_factory=dict)
    look_every_s: float = 1.0
    last_look_s: float = -math.inf
    body: BodySeen | None = None
    body_s: float = -math.inf
    glances: Glances = field(default_factory=Glances)
    hair: list[HairSeen] = field(default_factory=list)
    heads: list[HeadSeen] = field(default_factory=list)
    labels: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    cloth: list[tuple[float, Texture]] = field(default_factory=list)

    def keep_torso(self, torso: TorsoCrop | None, wanted: int) -> None:
        """Keep one more torso, of which so many will be described."""
        self.torsos += [torso] if torso is not None else []
        if len(self.torsos) > 2 * wanted:
            # Drops every second one, so that what is left is spread over the whole tracklet.
            self.torsos = self.torsos[::2]
