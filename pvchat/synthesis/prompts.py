"""What a diffusers pipeline is asked to show: scene, action, clothes and light, dealt like cards.

A prompt says nothing of the person's looks, age, origin or gender: those come from the face alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Part = Literal["clothes", "action", "scene", "light"]

# In the order in which they stand in a prompt.
PARTS: tuple[Part, ...] = get_args(Part)

# The decks differ in size, so that the same cards seldom meet again.
CARDS: dict[Part, tuple[str, ...]] = {
    "clothes": (
        "in a plain white shirt",
        "in a dark green sweater",
        "in a red jacket",
        "in a grey hooded top",
        "in a navy blue coat",
        "in a denim jacket",
        "in a yellow raincoat",
        "in a black T-shirt",
        "in a checked shirt",
        "in a light brown cardigan",
        "in a striped pullover",
    ),
    "action": (
        "looking into the camera",
        "talking to somebody beside the camera",
        "reading a book",
        "drinking from a cup",
        "typing on a laptop",
        "speaking on the phone",
        "walking slowly towards the camera",
        "laughing",
        "nodding and listening",
        "waving a hand",
        "eating an apple",
        "writing in a notebook",
        "turning the head from side to side",
    ),
    "scene": (
        "in a kitchen",
        "in an office",
        "on a quiet street",
        "in a park with trees",
        "in a library",
        "in a café",
        "on a beach",
        "at a railway station",
        "in a living room with a sofa",
        "in a garden",
        "in a workshop",
        "in a supermarket",
        "in a stairwell",
        "beside a window",
        "in a car park",
        "on a balcony above a city",
        "in front of a brick wall",
    ),
    "light": (
        "in soft daylight",
        "in bright sunlight",
        "in the evening sun",
        "under an overcast sky",
        "under the light of a lamp",
        "at dusk",
        "in cool indoor light",
    ),
}

NEGATIVE = (
    "drawing, painting, cartoon, doll, several people, second face, hidden face, deformed face, deformed hands, "
    "extra fingers, blurred, overexposed, text, watermark, frame"
)


@dataclass(frozen=True)
class Prompt:
    """What one sample is to show.

    Attributes:
        text: the prompt. parts: what was dealt, each with the name of its deck.
    """

    text: str
    parts: tuple[str, ...]


def deal(seed: int, index: int, *, medium: str, parts: Sequence[Part] = PARTS) -> Prompt:
    """The prompt of a sample: as many samples as a deck has cards get all its cards.

    Args:
        seed: of the job. index: of the sample. medium: what it is, "a photo" for example. parts: what is said of it.
    """
    dealt = [(part, _card(part, seed, index)) for part in PARTS if part in parts]
    text = ", ".join([f"{medium} of a person", *(card for _, card in dealt)])
    return Prompt(text, tuple(f"{part}: {card}" for part, card in dealt))


def _card(part: Part, seed: int, index: int) -> str:
    cards = CARDS[part]
    turn, number = divmod(index, len(cards))
    return random.Random(f"prompts {part} {seed} {turn}").sample(cards, len(cards))[number]
