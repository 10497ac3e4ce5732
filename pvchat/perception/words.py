"""Words for what people do and how they look, and which attributes of a record mean them.

The record says what was measured, under names of their own ("posture: sitting", "eyes: closed"). Facts, questions,
answers and nano's tokens use the words below, so that the four mean the same by a word.
"""

from collections.abc import Mapping, Sequence

from pvchat.perception.record import RICH_WORDS, Attribute, AttributeName

Meaning = tuple[AttributeName, str]

DOINGS: Mapping[str, tuple[Meaning, ...]] = {
    "talking": (("action", "talking"),),
    "smiling": (("action", "smiling"),),
    "nodding": (("head", "nodding"),),
    "shaking the head": (("head", "shaking the head"),),
    "looking away": (("head", "looking away"),),
    "closing the eyes": (("eyes", "closed"),),
    "turning the head": (("action", "turning the head"),),
    "waving": (("gesture", "waving"),),
    "clapping": (("gesture", "clapping"),),
    "touching the face": (("gesture", "hand to face"),),
    "raising the arms": (("action", "raising the arms"), ("gesture", "arms raised")),
    "gesturing": (("gesture", "gesturing"),),
    "moving the arms": (("action", "moving the arms"),),
    "dancing": (("motion", "dancing"),),
    "falling": (("motion", "falling"),),
    "walking": (("motion", "walking"),),
    "coming closer": (("motion", "approaching"),),
    "going away": (("motion", "leaving"),),
    "moving left": (("action", "moving left"),),
    "moving right": (("action", "moving right"),),
    "sitting": (("posture", "sitting"),),
    "lying": (("posture", "lying"),),
    "bending": (("posture", "bending"),),
    "standing": (("action", "standing"), ("posture", "standing")),
    "keeping still": (("action", "keeping still"),),
}
"""What somebody does -> the attributes that mean it, telling ones before those that say less."""

POSTURES = ("sitting", "lying", "bending", "standing")
HANDS = ("waving", "clapping", "touching the face", "raising the arms", "gesturing", "moving the arms")
"""What hands do, by the questions that ask for it."""

GENERAL: Mapping[str, frozenset[str]] = {
    "moving the arms": frozenset({"waving", "clapping", "gesturing", "raising the arms", "dancing"}),
    "gesturing": frozenset({"waving", "clapping"}),
    "turning the head": frozenset({"nodding", "shaking the head", "looking away"}),
}
"""A word that goes without saying where one of those behind it is said."""

HAIR_COLOURS = RICH_WORDS["hair_colour"]
HAIR_LENGTHS = RICH_WORDS["hair_length"]
GARMENTS = RICH_WORDS["upper_garment"]
PATTERNS = RICH_WORDS["pattern"]
LOOKS: tuple[Meaning, ...] = tuple(
    (name, word) for name in ("hair_colour", "hair_length", "upper_garment", "pattern") for word in RICH_WORDS[name]
)
"""What is said of hair and clothes beside their colours, in the order of nano's tokens."""


def doings(attributes: Sequence[Attribute]) -> dict[str, tuple[Attribute, ...]]:
    """The words that attributes mean, each with the attributes that mean it."""
    found = {word: tuple(a for a in attributes if (a.name, a.value) in meanings) for word, meanings in DOINGS.items()}
    return {word: mine for word, mine in found.items() if mine}
