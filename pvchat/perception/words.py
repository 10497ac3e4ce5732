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

BARE: Mapping[str, str] = {
    "talking": "talk",
    "smiling": "smile",
    "nodding": "nod",
    "shaking the head": "shake the head",
    "looking away": "look away",
    "closing the eyes": "close the eyes",
    "turning the head": "turn the head",
    "waving": "wave",
    "clapping": "clap",
    "touching the face": "touch the face",
    "raising the arms": "raise the arms",
    "gesturing": "gesture",
    "moving the arms": "move the arms",
    "dancing": "dance",
    "falling": "fall",
    "walking": "walk",
    "coming closer": "come closer",
    "going away": "move away",
    "moving left": "move left",
    "moving right": "move right",
    "sitting": "sit",
    "lying": "lie down",
    "bending": "bend",
    "standing": "stand",
    "keeping still": "keep still",
}
"""The same as it stands behind "does"."""

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

SCENE_PLACES: Mapping[str, str] = {
    "mountains": "in the mountains",
    "water": "by the water",
    "stage": "on a stage",
    "restaurant": "in a restaurant",
    "shop": "in a shop",
    "church": "at a church",
    "library": "in a library",
    "prison": "in a prison",
    "cinema": "in a cinema",
    "street": "on a street",
    "bridge": "by a bridge",
    "garden": "in a garden",
}
"""What kind of place a picture shows -> how one says that something is there."""
SCENE_THINGS = tuple(
    "car bus lorry bicycle motorcycle train plane boat dog cat bird horse guitar piano drum violin microphone ball "
    "phone computer television bottle cup book umbrella flowers fruit food".split()
)
"""Things in a picture that the record has words for."""
SCENE_WORDS = (*SCENE_PLACES, *SCENE_THINGS)
"""Places and things, in the order of nano's scene token."""


def doings(attributes: Sequence[Attribute]) -> dict[str, tuple[Attribute, ...]]:
    """The words that attributes mean, each with the attributes that mean it."""
    found = {word: tuple(a for a in attributes if (a.name, a.value) in meanings) for word, meanings in DOINGS.items()}
    return {word: mine for word, mine in found.items() if mine}
