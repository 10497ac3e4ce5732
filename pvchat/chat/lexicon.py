"""The closed vocabulary of answers: which words claim a colour, a place, an action, and what they claim.

Shared by the agreement check, the decoding constraint and the training questions, so that the three mean the same by
a word. All keys are lower case.
"""

import re

from pvchat.perception.record import COLOURS, DISTANCES, PLACES
from pvchat.perception.words import DOINGS, GARMENTS, HAIR_COLOURS, PATTERNS, SCENE_WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COLOUR_WORDS: dict[str, str] = {
    **{colour: colour for colour in COLOURS},
    "grey": "gray",
    "silver": "gray",
    "cream": "beige",
    "tan": "beige",
    "navy": "blue",
    "turquoise": "blue",
    "teal": "blue",
    "cyan": "blue",
    "violet": "purple",
    "lilac": "purple",
    "maroon": "red",
    "crimson": "red",
    "scarlet": "red",
    "magenta": "pink",
    "olive": "green",
    "golden": "yellow",
}
"""Word -> colour of the record."""

PLACE_WORDS: dict[str, str] = {
    **{place: place for place in PLACES},
    "center": "middle",
    "centre": "middle",
    "leftmost": "left",
    "rightmost": "right",
}
"""Word -> place of the record."""

DISTANCE_WORDS: dict[str, str] = {
    **{distance: distance for distance in DISTANCES},
    "close": "near",
    "nearby": "near",
    "foreground": "near",
    "distant": "far",
    "background": "far",
}
"""Word -> distance of the record."""

_MOVING = frozenset(a for a in DOINGS if a.startswith("moving"))
_ARMS = frozenset(a for a in DOINGS if a.endswith("arms"))
_HEAD = frozenset(a for a in DOINGS if a.endswith("head"))
_STILL = frozenset({"keeping still"})

ACTION_WORDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("talking", "talks", "talk", "speaking", "speaks", "speak", "chatting", "chat"), frozenset({"talking"})
    ),
    **dict.fromkeys(("smiling", "smiles", "smile", "grinning", "grins", "grin"), frozenset({"smiling"})),
    **dict.fromkeys(("nodding", "nods"), frozenset({"nodding"})),
    **dict.fromkeys(("shaking", "shakes"), frozenset({"shaking the head"})),
    **dict.fromkeys(("turning", "turns"), frozenset({"turning the head"})),
    "head": _HEAD,
    **dict.fromkeys(("closing", "closes", "closed", "shut"), frozenset({"closing the eyes"})),
    **dict.fromkeys(("waving", "waves"), frozenset({"waving"})),
    **dict.fromkeys(("clapping", "claps"), frozenset({"clapping"})),
    **dict.fromkeys(("touching", "touches"), frozenset({"touching the face"})),
    **dict.fromkeys(("gesturing", "gestures"), frozenset({"gesturing"})),
    **dict.fromkeys(("dancing", "dances"), frozenset({"dancing"})),
    **dict.fromkeys(("falling", "falls"), frozenset({"falling"})),
    **dict.fromkeys(("walking", "walks"), frozenset({"walking"})),
    **dict.fromkeys(("closer", "approaching", "approaches"), frozenset({"coming closer"})),
    "leaving": frozenset({"going away"}),
    **dict.fromkeys(("sitting", "sits", "seated"), frozenset({"sitting"})),
    **dict.fromkeys(("lying", "lies"), frozenset({"lying"})),
    **dict.fromkeys(("bending", "bends"), frozenset({"bending"})),
    **dict.fromkeys(("moving", "moves"), _MOVING),
    **dict.fromkeys(("arms", "arm"), _ARMS),
    **dict.fromkeys(("raising", "raises", "raised"), frozenset({"raising the arms"})),
    **dict.fromkeys(("standing", "stands"), frozenset({"standing"})),
    **dict.fromkeys(("keeping", "keeps", "still", "motionless"), _STILL),
}
"""Word -> the actions that make it true (any of them)."""

AWAY_AFTER: dict[str, str] = {
    **dict.fromkeys(("looking", "looks"), "looking away"),
    **dict.fromkeys(("going", "goes"), "going away"),
}
"""What stands before "away" -> the action that it is then."""

HAIR_WORDS: dict[str, str] = {
    **{colour: colour for colour in HAIR_COLOURS},
    "grey": "gray",
    "blonde": "blond",
    "brunette": "brown",
    "ginger": "red",
}
"""Word -> colour of hair of the record."""

HAIR_LENGTH_WORDS: dict[str, str] = {"long": "long", "short": "short"}
"""Word -> length of hair of the record, which never tells that hair is short."""

GARMENT_WORDS: dict[str, str] = {
    **{garment.split()[0]: garment for garment in GARMENTS},
    "jumper": "sweater",
    "pullover": "sweater",
    "gown": "dress",
}
"""Word -> kind of upper clothing of the record."""

LOOSE_GARMENTS: frozenset[str] = _words("coat sweater jumper pullover")
"""What people call any top in passing: "her sweater is red" does not claim that it is a sweater."""

PATTERN_WORDS: dict[str, str] = {
    **{pattern: pattern for pattern in PATTERNS},
    "stripes": "striped",
    "stripy": "striped",
    "checks": "checked",
    "chequered": "checked",
    "checkered": "checked",
    "print": "printed",
    "patterned": "patterned",
}
"""Word -> pattern of the record; "patterned" is whatever is not plain."""

SCENE_NOUNS: dict[str, str] = {
    **{word: word for word in SCENE_WORDS},
    "mountain": "mountains",
    "truck": "lorry",
    "bike": "bicycle",
    "motorbike": "motorcycle",
    "airplane": "plane",
    "flower": "flowers",
}
"""Word -> place or thing of the record."""

UNTOLD_WORDS: frozenset[str] = _words(
    "running runs jumping jumps singing sings eating "
    "eats drinking drinks reading reads writing writes laughing laughs crying cries sleeping sleeps "
    "pointing points frowning cooking driving playing holding holds kneeling climbing "
    "swimming riding carrying typing shouting kissing hugging fighting working curly wavy bald ponytail braids "
    "hat cap glasses sunglasses scarf tie shoes boots gloves beard moustache helmet mask watch necklace "
    "earrings phone dog cat car"
)
"""Words for things the record never tells; an answer may use one only to decline a question that used it."""

UPPER_NOUNS: frozenset[str] = _words(
    "top tops shirt t-shirt tshirt tee jacket sweater jumper blouse coat hoodie pullover cardigan upper vest "
    "suit dress uniform jersey robe gown"
)
LOWER_NOUNS: frozenset[str] = _words("bottoms bottom trousers pants jeans skirt shorts leggings lower slacks below")

NUMBER_WORDS: dict[str, int] = {
    word: i for i, word in enumerate("zero,one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve".split(","))
}

SENTENCE_STARTS: frozenset[str] = _words(
    "Yes No Not I The They At From There In It On Both Neither Either Only Sorry Nobody None All One Someone As For "
    "This That Of Some We You Maybe Perhaps Unfortunately And But So Here What Where When Which Who"
)
"""Capitalised words that are not names where a sentence begins."""

ANYWHERE_CAPITALS: frozenset[str] = frozenset({"I", "I'm", "I'd", "I've", "I'll", "OK"})
"""Capitalised words that are not names anywhere."""

LEXICON: frozenset[str] = frozenset(
    {
        *COLOUR_WORDS,
        *PLACE_WORDS,
        *DISTANCE_WORDS,
        *ACTION_WORDS,
        *HAIR_WORDS,
        *GARMENT_WORDS,
        *PATTERN_WORDS,
        *SCENE_NOUNS,
        *UNTOLD_WORDS,
        *UPPER_NOUNS,
        *LOWER_NOUNS,
        *NUMBER_WORDS,
        *(w.lower() for w in SENTENCE_STARTS),
        "person",
        "people",
        "unknown",
        "present",
        "absent",
        "unsure",
        "together",
        "video",
    }
)
"""Words no name of the training set may equal."""

ANSWER_WORDS: frozenset[str] = LEXICON | _words(
    "a about age ago alone along also always am among an answer appear appears are aren't around as at ate away be "
    "because been before being between born both brand but by camera can can't cannot certain change checked city "
    "clear clearly cloth clothes color colour comes cost could couldn't count day did different disappears do does "
    "doesn't doing don't dressed during each earlier else end enough enters even ever everybody eyes face feels few "
    "filmed first for found friend from further garment goes going good had hair hairstyle half halfway halves "
    "happy has have he her here him his how however if in including into is isn't it it's its job just know "
    "language last later least leaves left-hand less let like listening little lives living long longer look looked "
    "looking looks made make makes many married may me might mine minute minutes missing more most mostly much must "
    "my name nationality near nearer nearest nearly never next nor not nothing now number of off ok okay old on "
    "once only onto or other others out over own part parts pattern perhaps picture point posture probably quite "
    "rather really recognise recognised recognize rich right-hand s same say saying screen second seconds see "
    "seeing seem seems seen several share short should show shown shows side since so somebody someone something "
    "start starts stays such sure surely t tall tell than that that's the their them then there there's these they "
    "thing things thinking third this those through throughout time times to too toward towards turned twice under "
    "until up upper us vanishes very view visible visibly was wear wearing wears weather weighs were what when "
    "where whether which while who whole whose why will with within without would yet you your "
    "believes coming costs dreamt enjoys got grew heard likes paid picture said says set shot sounds studied supports "
    "talk think hand hands uses wants we woke works kind length sort"
)
"""Words an answer may have beside names, numbers and the words of its question. The training answers have no other
ones, and a word outside it is a slip of the model ("isearing")."""

WORD = re.compile(r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*")
"""One word of running text: letters of any script, inner hyphens and apostrophes."""

CLOCK = re.compile(r"\b(?:\d+:)?\d{1,2}:\d{2}\b")
"""A time as `pvchat.chat.facts.clock` writes it."""


def seconds_of(clock_text: str) -> int:
    """Seconds of a time such as "0:07" or "1:02:05"."""
    total = 0
    for part in clock_text.split(":"):
        total = total * 60 + int(part)
    return total
