"""Reading a user's question, lightly: what kind it is, and whom it names.

Answers are not made from this. It serves the checks around the model: which names an answer has to contain and what
"yes" would mean.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

from pvchat.chat.beyond import asks_beyond
from pvchat.chat.claims import said_actions
from pvchat.chat.facts import SceneFacts
from pvchat.chat.lexicon import (
    ACTION_WORDS,
    COLOUR_WORDS,
    LOOSE_GARMENTS,
    LOWER_NOUNS,
    PLACE_WORDS,
    UNTOLD_WORDS,
    UPPER_NOUNS,
    WORD,
)
from pvchat.chat.looks import asked_looks, speaks_of_pattern
from pvchat.chat.worn import AskedWorn, asked_worn

QuestionKind = Literal[
    "existence",
    "appearance",
    "upper",
    "lower",
    "action",
    "location",
    "distance",
    "time",
    "first",
    "last",
    "duration",
    "count",
    "count_named",
    "relation",
    "order",
    "together",
    "earlier",
    "both",
    "either",
    "which",
    "is_place",
    "is_colour",
    "is_action",
    "hair",
    "is_hair",
    "garment",
    "is_garment",
    "pattern",
    "posture",
    "hands",
    "talks",
    "setting",
    "worn",
    "moment",
    "unanswerable",
]
QuestionType = Literal["existence", "appearance", "action", "location"]

TYPE_OF: Mapping[str, QuestionType] = {
    **dict.fromkeys(("existence", "count", "count_named", "both", "either", "which"), "existence"),
    **dict.fromkeys(("appearance", "upper", "lower", "is_colour", "unanswerable"), "appearance"),
    **dict.fromkeys(("hair", "is_hair", "garment", "is_garment", "pattern", "worn"), "appearance"),
    **dict.fromkeys(("action", "is_action", "posture", "hands", "talks", "moment"), "action"),
    **dict.fromkeys(("location", "is_place", "distance", "relation", "order", "setting"), "location"),
    **dict.fromkeys(("time", "first", "last", "duration", "together", "earlier"), "location"),
}
"""Of each kind: who is there, what they are like, what they do, where and when they are."""

NAMED_AT_MOST = 3
_UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "þ": "th", "’": "'", "æ": "ae", "œ": "oe"})

_ASKS_YES = re.compile(
    r"(?:^|[.,!] )(?:is|are|was|were|does|do|did|can|could|would|has|have|any sign|tell me (?:if|whether)|check"
    r"|please check|look for|find\b|please look)\b|\b(?:whether|if|yes or no|is that so|is that true|right or wrong)\b"
)
_SETTING = re.compile(
    r"^(?!.*#).*(?:\bwhat (?:kind|sort|type) of (?:a )?(?:place|setting|scene|surroundings|location|background)\b"
    r"|\bwhere (?:(?:is|was|were|has|does|do) )?(?:this|the|that|it|these|all)(?! (?:person|man|woman|people))\b.*"
    r"\b(?:filmed|shot|recorded|taken|made|set|happen|play|place)\b|\b(?:setting|surroundings|scenery)\b"
    r"|\bwhat(?:'s| is| else is| do you see| can you see| can be seen)? (?:there )?in the background\b"
    r"|\b(?:what|which) (?:things|objects)\b|\bwhat (?:place|location) (?:is|was|does)\b)"
)
"""Questions about the place that a video shows, whoever is in it."""
_TOPS, _LOOSE = ("|".join(sorted(words)) for words in (UPPER_NOUNS, LOOSE_GARMENTS))
_LYING = r"(?:sit|sits|sitting|stand|stands|standing|lie|lies|lying|bend|bends|bending)"
_RULES: tuple[tuple[QuestionKind, str], ...] = (
    (
        "unanswerable",
        r"^(?!.*\b(?:clos|shut)).*\beyes\b|\bholding\b|\b(?:lying|lies?) (?:to|about)\b"
        r"|^who(?:m)?\b.*\b(?:talk|speak)\w* (?:to|with)\b|\bmade of\b|^who made\b|\blabel\b|\bnew\b|\bhow much is\b"
        r"|\bpocket\b|\bat work\b|# looking for\b|\bhow did # get\b|\bwhere did # (?:get|buy)\b|\bdoes # like\b",
    ),
    ("hair", r"\bhair(?:style|ed)?\b|\bblonde?\b|\bbrunette\b|\bginger\b|\b\w+-haired\b"),
    (
        "posture",
        rf"\bposture\b|\b{_LYING}\b.*\bor\b.*\b{_LYING}\b"
        r"|\bhold(?:s|ing)? (?:his|her|their|the|#'s) body|\bon (?:his|her|their|the|#'s) feet\b",
    ),
    (
        "hands",
        r"^(?!.*\b(?:carr\w+|in (?:his|her|their|the|#'s) hands?)\b).*(?:(?<!left[ -])(?<!right[ -])\bhands?\b(?! side)"
        r"|\bgestures? (?:is|does|do|are|did|can|made|you)\b|\b(?:what|which|any|kind of|sort of) gestures?\b)",
    ),
    (
        "garment",
        r"^(?!.*\bcolou?r).*(?:\bpattern(?:s|ed)?\b|\bstrip(?:es|ed|y)\b|\bche(?:ck|qu|cke)(?:s|ed|ered)\b|\bprint(?:ed)?\b"
        r"|\bplain\b|\bgarments?\b|\b(?:suit|uniform|robe|jersey|gown)\b|\ba dress\b|\blab coat\b"
        rf"|\b(?:kind|sort|type) of (?:{_TOPS})\b|\b(?:wear|wears|wearing|in|on|has|have|got) an? (?:{_LOOSE})\b)",
    ),
    ("talks", r"# .*\b(?:talk|speak)(?:s|ing)? (?:to|with) (?:#|each other|one another)|# and # .*\bin conversation\b"),
    ("count_named", r"\bhow many of\b|#.*\bhow many (?!people|persons)|\bnumber of #"),
    ("duration", r"\bhow long\b|how many seconds|how much (?:of|time|screen)|screen time|total time|length of time"),
    (
        "count",
        r"\bhow many\b|\bcount\b|\bnumber of (?:people|persons)|number of different"
        r"|\b(?:any|some)(?:body|one) else\b|\bother people\b|\bpeople other than\b|\balone\b|\bby (?:him|her)self\b",
    ),
    (
        "together",
        r"\btogether\b|same time|\bat once\b|same shot|\bmeet\b|share the screen|# (?:seen |appear |is )?with #",
    ),
    (
        "order",
        r"\b(?:who|which)\b.*\b(?:left|right)\b|# or # .*\b(?:left|right)\b|compared with|relative to|in relation to"
        r"|on wh\w+ side of #|what order|which order|the order of",
    ),
    (
        "relation",
        r"# .*\b(?:left|right)\b.*#|#'s (?:left|right)\b|\b(?:further|farther) (?:left|right)",
    ),
    (
        "earlier",
        r"\b(?:who|which of #.*|which one)\b.*\b(?:first|earlier|sooner|before)\b|# or #.*\b(?:first|earlier|sooner)\b"
        r"|# .*\b(?:before|after|(?:earlier|sooner|later) than) #",
    ),
    (
        "first",
        r"\bfirst\b|\bcomes? in(?:to)?\b|\benters?\b|\barrives?\b|when did # .*turn up|how soon|how early|from when on"
        r"|from what time",
    ),
    (
        "last",
        r"\blast\b|\bleaves?\b|\bdisappears?\b|\bvanish|\bgo(?:es)? (?:away|out)\b|what time does # go\b|until when is"
        r"|until what time|until when does|up to when|^until when|\blose (?:sight|track) of\b",
    ),
    (
        "time",
        r"\bwhen\b|what times?\b|\btimes?\b.*\b(?:visible|appears?|on[ -]screen)\b|timestamps?|\btimes of\b|timeline"
        r"|which (?:moment|point|seconds)|which times|part of (?:this|the) (?:video|clip|footage)"
        r"|(?:video|clip|footage) shows # ?\?",
    ),
    (
        "distance",
        r"\bhow (?:far|close|near)\b|\bnear or far\b|\bdistance\b|\b(?:near|far|close)\b.*(?:camera|away|from)"
        r"|foreground|close up|from near|near or|up close|close or far",
    ),
    (
        "which",
        r"\bwhich of\b|\bwho of\b|\bof #.*\b(?:who|which)\b|^(?:\w+,? )?who (?:is|do|are)\b|\bwho (?:you see|is in)",
    ),
    ("which", r"\bthose of\b|which ones"),
    (
        "location",
        r"\bwhere(?:abouts)?\b|which side|what side|which part of the (?:picture|frame)|\bposition\b"
        r"|\blocat(?:e|ion|ed)\b|part of the (?:image|picture|frame)|point (?:me|out)|left, (?:right|in the middle)",
    ),
)
_ASKS_EXISTENCE = re.compile(
    r"\bin (?:this|the|that|it|there|here|any|one|all|both|either)\b|\bhere\b|\bcheck (?:this|the|that)\b|\bany sign\b"
    r"|^\W*what\W*$|\bin(?: \S+\.\w{2,4}| (?:video|clip) \w+)?[?.! ]*$"
    r"|\b(?:is|are|was|were) (?:(?:#|he|she|they|and|or|both|all),? )*(?:there|around)\b"
    r"|\blook(?:ing)? for\b|\bturn(?:s|ed)? up\b"
    r"|\b(?:see|saw|seen|spot|spotted|find|found|notice|detect|identify|recogni[sz]e|locate)\b|\bvisible\b|\bappear"
    r"|\bshow(?:s|n|ing)? (?:up|#)|\bpresent\b|\bamong\b|\bone of\b|\bshown\b|\bfeatured?\b"
    r"|\bon (?:the )?(?:camera|screen|video|film)\b"
    r"|\b(?:filmed|recorded) (?:here|or not)\b"
    r"|\b(?:is|was|are|were) (?:that|this|it|those|these|any of (?:them|these|those)) #|\byes or no\b"
    r"|\b(?:video|clip|footage|recording|film) (?:show|ha[sv]e?|contain|feature|include)|\b(?:the|this|that) person\b"
    r"|^(?:\W*(?:and|no|sorry|what about|how about|i (?:meant?|said)|any|or|not|but"
    r"|maybe))*\W*#(?:, (?:not #|sorry|please|i mean))?[?!. ]*$"
)
"""What questions have in them that ask whether somebody is there."""
_IN_A_COLOUR = re.compile(rf"\bin (?:all |a |an )?(?:{'|'.join(COLOUR_WORDS)})\b")
_ASKS_HOW_MUCH = re.compile(r"\bhow (?!#|(?:do|does|did|is|are|was|were|can|would|he|she|they|long)\b)")
"""How warm, how thick, how many; how long is told of hair."""
_ASKS_WHAT = re.compile(r"(?<!yes) or \b|\b(?:what|which|describe|the pattern)\b")
_MOVES = re.compile(r"\bmov(?:es?|ing) (?:to the )?(?:left|right)")
_STILL_THERE = re.compile(
    r"(?:(?<=#)|(?<=\bhe)|(?<=\bshe)|(?<=\bthey)) still "
    r"(?=(?:there|here|around|in|on|visible|present|seen|shown)\b)"
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES)


def plain(text: str) -> str:
    """Lower case without accents, for comparing names and words."""
    folded = text.casefold().translate(_UNDECOMPOSED)
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def _find_names(question: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """The plain question with "#" for every name, and the names in the order in which they are first mentioned."""
    text = plain(question)
    found: list[tuple[int, str]] = []
    for name in sorted(names, key=lambda n: -len(n)):
        pattern = re.compile(rf"(?<!\w){re.escape(plain(name))}(?!\w)")
        match = pattern.search(text)
        if match:
            found.append((match.start(), name))
            # Same length, so that the places of names found later can be compared.
            text = pattern.sub(lambda m: "#".ljust(len(m.group()), "\0"), text)
    return text.replace("\0", ""), [name for _, name in sorted(found)]


def _bare(question: str, names: Sequence[str]) -> tuple[str, list[str]]:
    """As `_find_names`, without greetings and thanks, and the "still" of "still there"."""
    text, found = _find_names(question, names)
    text = re.sub(r"\b(?:i am|i'm|are we) looking (?:for|at)\b", "", text)
    text = re.sub(
        r"^\W*(?:(?:hi|hello|hey|okay|ok|so|now|and|please)\b,? )+|[ .](?:thanks|please|thank you)\.?$", "", text
    )
    # Who is still there keeps no stiller than anybody.
    text = _STILL_THERE.sub(" ", text)
    return re.sub(r"\s+", " ", text).strip(), found


def masked(question: str, names: Sequence[str]) -> str:
    """The plain question with "#" for every name it mentions."""
    return _find_names(question, names)[0]


def mentioned(question: str, names: Sequence[str]) -> list[str]:
    """The names a question mentions, in its order.

    Whole words, case and accents aside, longer names first ("Mary Ann" is not "Mary"); a possessive "'s" may follow.
    """
    return _find_names(question, names)[1]


def asked_names(question: str, scene: SceneFacts) -> tuple[str, ...]:
    """Names the answer has to contain: those mentioned, else all subjects where these are few."""
    names = [s.name for s in scene.subjects]
    found = set(mentioned(question, names))
    if found:
        return tuple(n for n in names if n in found)
    return tuple(names) if len(names) <= NAMED_AT_MOST else ()


def is_beyond(question: str, names: Sequence[str] = ()) -> bool:
    """Whether a question asks for what no video shows; `names` as in `kind_of`."""
    text = _bare(question, names)[0]
    return asked_worn(text) is None and asks_beyond(text)


def worn_asked(question: str, names: Sequence[str] = ()) -> AskedWorn | None:
    """Glasses or a hat, where a question asks whether somebody wears them; `names` as in `kind_of`."""
    return asked_worn(_bare(question, names)[0])


def kind_of(question: str, names: Sequence[str] = ()) -> QuestionKind:
    """The kind of a question by its key words; "unanswerable" where nothing fits.

    Args:
        question: as the user wrote it.
        names: of the asked people; they tell a question about one person from one about several.
    """
    text, found = _bare(question, names)
    words = WORD.findall(text)
    yes_or_no = _ASKS_YES.search(text) is not None
    several = len(found) > 1 or (not found and len(names) > 1)
    if _SETTING.search(text):
        return "setting"
    if asked_worn(text) is not None:
        return "worn"
    if asks_beyond(text):
        return "unanswerable"
    for kind, pattern in _COMPILED:
        if not pattern.search(text):
            continue
        if kind in ("together", "order", "relation", "earlier", "talks") and len(names) < 2:
            continue
        if kind in ("relation", "order", "location") and re.search(
            r"\bmov(?:es?|ing) (?:to the )?(?:left|right)", text
        ):
            continue
        if kind in ("hair", "garment", "hands"):
            return _about_looks(kind, text, words, yes_or_no)
        if kind == "time" and said_actions(text):
            return "moment"
        if kind in ("location", "distance") and not several and yes_or_no and _asks_one_place(words):
            return "is_place"
        return kind
    has = {
        "colour": any(w in COLOUR_WORDS for w in words),
        "place": any(w in PLACE_WORDS for w in words),
        "upper": any(w in UPPER_NOUNS for w in words) or "above the waist" in text,
        "lower": any(w in LOWER_NOUNS for w in words) or "the legs" in text,
        "clothes": re.search(
            r"\bwear|\bcloth|\bdress|\boutfit|\bappearance\b|\blooks?\b(?! for)|has on\b|have on\b|got on\b|describe #$"
            r"|describe #[.?! ]|colou?r",
            text,
        )
        is not None,
        "doing": re.search(
            r"\bdoing\b|what (?:do |does |did )?(?:#[# ,a-z]*|he|she|they) do\b|up to\b|\bact(?:s|ing|ions?)?\b"
            r"|\bactivit|behav|\bhow do(?:es)? #.* move|happen|going on|(?:what|everything|all) (?:that )?# does",
            text,
        )
        is not None,
    }
    acts = any(w in ACTION_WORDS for w in words) or any(actions for _, actions in said_actions(text))
    untold = any(w in UNTOLD_WORDS for w in words)
    if untold:
        return "unanswerable"
    if has["colour"] and (has["clothes"] or has["upper"] or has["lower"] or _IN_A_COLOUR.search(text)):
        return "is_colour"
    if acts and yes_or_no and not has["doing"] and not (has["place"] and not re.search(r"\bmov(?:e|ing)\b", text)):
        return "is_action"
    if has["place"] and yes_or_no:
        return "is_place"
    if has["upper"] and not has["lower"]:
        return "upper"
    if has["lower"] and not has["upper"]:
        return "lower"
    if has["doing"]:
        return "action"
    if has["clothes"] or (text.startswith("describe") and not acts):
        return "appearance"
    if not _ASKS_EXISTENCE.search(text):
        # What is asked is none of what is known of people: better to say so than to take it for something else.
        return "unanswerable"
    if several:
        return "either" if re.search(r"\b(?:any|anyone|either|or|at least one|one of)\b", text) else "both"
    return "existence"


def _about_looks(kind: QuestionKind, text: str, words: Sequence[str], yes_or_no: bool) -> QuestionKind:
    """The kind of a question about hair, hands, or what clothes are beside their colour."""
    if any(word in UNTOLD_WORDS for word in words) or _ASKS_HOW_MUCH.search(text):
        return "unanswerable"
    asks_one = yes_or_no and not _ASKS_WHAT.search(text) and bool(asked_looks(text))
    if kind == "hands":
        return kind
    if kind == "hair":
        return "is_hair" if asks_one else kind
    return "is_garment" if asks_one else "pattern" if speaks_of_pattern(text) else kind


def _asks_one_place(words: Sequence[str]) -> bool:
    return sum(1 for w in words if w in PLACE_WORDS) == 1
