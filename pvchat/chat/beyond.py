"""Questions that go beyond what a video can show of somebody: "Does # smoke?", "Is # in love?", "Who taught # that?".

A list of such topics never ends. What is seen of people is little, so the words for it are listed here, by the place
in a question where they stand: the verb of "does # …", what "is # …" says of somebody, what "what …" asks for. A
word in such a place that is none of them asks for something else, and the answer is that it cannot be told.
"""

import re

from pvchat.chat.lexicon import (
    ACTION_WORDS,
    COLOUR_WORDS,
    DISTANCE_WORDS,
    LOWER_NOUNS,
    NUMBER_WORDS,
    PLACE_WORDS,
    UNTOLD_WORDS,
    UPPER_NOUNS,
    WORD,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WHO = r"(?:#|he|she|they|him|her|them)"
# Possessive: "can # and # be seen" must not be tried again as "can #".
_PEOPLE = rf"{_WHO}(?:(?:,? (?:and|or|nor) |, ){_WHO})*+"

_STEMS = _words(
    "appear show turn pop come go leave enter exit arrive return vanish disappear stay remain keep stand sit lie lay "
    "bend fall walk run move step approach dance jump wave clap point nod shake raise lift lower hold gesture "
    "gesticulate talk speak chat smile grin laugh frown blink close open look watch face glance stare gaze wear dress "
    "do act behave perform happen be see spot find occur begin start stop end finish last share meet join touch carry "
    "put take sway lean rise rest pause spend engage locate place position compare wander drift stroll cross pass "
    "feature star figure film record catch capture pick hang make use"
)
_IRREGULAR = _words(
    "came went gone left stood sat lay lain bent fell fallen ran shook shaken held spoke spoken wore worn did done "
    "seen saw found began begun met took taken rose hung hid hidden been being is was are were has had have having "
    "got get gets getting caught kept shown shone"
)


def _forms(stem: str) -> frozenset[str]:
    base = stem[:-1] if stem.endswith("e") else stem
    doubled = base + base[-1] if re.fullmatch(r".*[^aeiou][aeiou][^aeiouwy]", base) else base
    third = stem + ("es" if stem.endswith(("s", "sh", "ch", "x", "o")) else "s")
    return frozenset({stem, third, f"{base}ing", f"{base}ed", f"{doubled}ing", f"{doubled}ed"})


SEEN_VERBS = frozenset().union(*map(_forms, _STEMS)) | _IRREGULAR
"""Verbs for what a video shows of somebody, in all forms."""

_ADVERBS = _words(
    "ever really actually also still just even only first last once at any all now then there here again mostly "
    "usually mainly currently clearly visibly maybe perhaps possibly somewhere anywhere both already not never n't "
    "while together alone either too yet in fact by chance please quite very generally suddenly quickly "
    "slowly briefly finally initially"
)
_PREDICATES = (
    _words(
        "in on at to compared relative relation among amongst with by near next behind beside between around within "
        "inside outside from of part one two there here present absent visible invisible seen shown filmed recorded "
        "featured captured caught pictured recognisable recognizable identifiable detected spotted found the a an "
        "herself himself themselves that this it who what where when which whom how doing up wearing dressed clad "
        "standing still moving looking facing looked off out away together alone or and nor but nowhere somewhere "
        "anywhere everywhere gone left hidden hiding missing more less closest nearest furthest farthest closer "
        "nearer further farther half first last before after earlier later sooner having going coming being anybody "
        "anyone somebody someone always throughout during as like active inactive busy idle motionless frontal "
        "upright seated blond blonde bald dark light bright long short brunette red-haired dark-haired fair-haired "
        "long-haired short-haired checked striped plain patterned my your his her their our him me you right-most "
        "left-most centred centered sharp blurred clear unclear known unknown hair hairstyle posture pose hands"
    )
    | SEEN_VERBS
    | ACTION_WORDS.keys()
    | COLOUR_WORDS.keys()
    | PLACE_WORDS.keys()
    | DISTANCE_WORDS.keys()
    | UNTOLD_WORDS
    | NUMBER_WORDS.keys()
    | UPPER_NOUNS
    | LOWER_NOUNS
    | _ADVERBS
)
_PLAINLY_SEEN = COLOUR_WORDS.keys() | PLACE_WORDS.keys() | DISTANCE_WORDS.keys() | ACTION_WORDS.keys()
# What follows "is # in", "is # at", "is # on".
_IN = (
    _words(
        "relation once this that the it there here any one all both either these those my your our which what a an "
        "view frame shot sight picture scene video videos clip clips film footage recording image focus front between "
        "company some every each fact motion movement his her their total profile jeans camera screen"
    )
    | COLOUR_WORDS.keys()
    | PLACE_WORDS.keys()
    | UPPER_NOUNS
    | LOWER_NOUNS
    | NUMBER_WORDS.keys()
)
_IN_THE = (
    _words(
        "video videos clip clips film footage recording recordings movie image images picture pictures frame frames "
        "shot shots scene scenes view screen foreground background first second third last other same beginning start "
        "end very one upper lower whole entire part left-hand right-hand corner half group crowd file back front side "
        "move room feet above following latest new next previous newer older earlier later current uploaded camera"
    )
    | COLOUR_WORDS.keys()
    | PLACE_WORDS.keys()
    | UPPER_NOUNS
    | LOWER_NOUNS
)
_ASKED_FOR = (
    _words(
        "number amount is are was were do does did has have had can could would will about i you we he she they it "
        "that this these those # happens happened time times moment moments second seconds minute minutes point "
        "points part parts side more less colour colours color colors kind kinds sort type style clothes clothing "
        "garment garments outfit top thing things action actions activity activities gesture gestures posture pose "
        "position place spot distance direction order way length hair hairstyle hairdo haircut pattern shade people "
        "person persons one ones of video videos clip clips frame frames face faces area corner half section stretch "
        "spans span timestamp timestamps other else people's movement movements might may shall should does's all "
        "exactly in on at to from kinda up comes goes going appears shows o'clock then and or"
    )
    | UPPER_NOUNS
    | LOWER_NOUNS
    | UNTOLD_WORDS
)
_HAS = (
    _words(
        "on a an any the some his her their it hair got been to up no long short dark light curly straight blond "
        "blonde something anything what in time much many more most less kind sort type clothes clothing outfit arms "
        "arm hands hand head eyes eye stripes pattern patterned striped checked plain floral spotted checkered "
        "coloured colored printed lab"
    )
    | COLOUR_WORDS.keys()
    | UPPER_NOUNS
    | LOWER_NOUNS
    | UNTOLD_WORDS
    | SEEN_VERBS
    | _ADVERBS
)
# What of somebody's can be asked about.
_OWN = (
    UPPER_NOUNS
    | LOWER_NOUNS
    | COLOUR_WORDS.keys()
    | _words(
        "hair hairstyle hairdo haircut clothes clothing outfit dress wear look looks appearance appearances actions "
        "action activity behaviour behavior position location place spot side part whereabouts distance time times "
        "presence timestamps screen first last left right colour color colours colors garment garments pattern "
        "posture pose hands hand arms arm head eyes gestures gesture face faces body movements movement name legs "
        "attire entrance exit arrival upper lower total visible on-screen onscreen"
    )
)

# What of "… of #" can be asked about, and what leads there by other ways.
_OF_SOMEBODY = (
    _words(
        "front side left right top middle instead out sight view sign trace part piece one two all any some none each "
        "both most either neither which who what because ahead picture pictures image images shot shots frame frames "
        "footage clip clips video videos recording face look looks description summary outline kind sort colour color "
        "position location place whereabouts appearance appearances clothes clothing outfit hair hairstyle hands arms "
        "head actions activity activities movements movement gestures posture pose behaviour behavior presence "
        "entrance exit glimpse mention evidence first last beginning end rest lot number amount count hand-side "
        "left-hand right-hand times time moments list many anyone anybody those these timestamps order them us you "
        "sense recognition identification seconds minutes track back portrait"
    )
    | UPPER_NOUNS
    | LOWER_NOUNS
)
_TOPICS = _words(
    "age birthday birthplace childhood youth born sibling siblings brother brothers sister sisters cousin cousins "
    "mother mum mom father dad parent parents child children kid kids son sons daughter daughters husband wife spouse "
    "girlfriend boyfriend fiance fiancee married marriage divorced divorce widow couple twins related ancestors "
    "colleague colleagues boss employer employee salary wage wages income money rich poor bank debt debts tax taxes "
    "rent mortgage pay pays paid paying buy buys bought cost costs price expensive cheap worth afford earn earns "
    "earned owned profession occupation career hobby hobbies religion religious politics political vote votes voted "
    "nationality citizen citizenship passport visa country homeland accent dialect language languages voice sounds "
    "song songs lyrics music melody joke smell smells perfume taste tastes temperature fever ill illness sick disease "
    "diagnosis allergic allergy medicine medication pregnant hungry thirsty sleepy drunk sober healthy health "
    "thoughts opinion opinions plans intend intends intention intentions dream dreams loves loved hates prefer "
    "prefers afraid angry lonely proud jealous honest liar guilty crime criminal prison arrested lawyer school "
    "university college degree diploma exam grade iq intelligent smart clever stupid talented address street email "
    "e-mail password pin username account surname nickname zodiac horoscope personality character favourite favorite "
    "memories secrets promise promised teach taught study studied studies learn learned learnt vegetarian vegan diet "
    "breakfast lunch dinner supper weigh weighs weight height"
)
_ALWAYS = re.compile(
    r"\bhow (?:old|tall|heavy|much does|rich)\b|\bbrands?\b|\bjob\b|\bfor a living\b|\blast name\b|\bphone\b|\bcity\b"
    r"|\bfeel(?:s|ing)?\b|\bthinking\b|\bsaying\b|\btalking about\b|\bhappy\b|\brich\b|\bfriend\b|\bweather\b"
    r"|\beat\b|\bdo (?:before|next)\b|\bwhat day\b|\blive\b|\bcome from\b|\blistening\b|\bwhere was .*filmed\b"
    r"|\b(?:yesterday|tomorrow|tonight|whose|why|how come|what for|used to|usually|often)\b"
    r"|\b(?:last|next|this) (?:week|month|year|night|summer|winter|christmas)\b|\b(?:what|which) year\b"
    r"|\b(?:hour|day|week|month|year|decade)s? (?:before|after|ago|later|earlier|from)\b"
    r"|\b(?:before|after) (?:this|the|that) (?:video|clip|recording|footage|film)\b"
    r"|\bonce the (?:video|clip) (?:is|was) over\b"
    rf"|\b(?:would|should|shall|must|might|may) {_PEOPLE} (?!be\b)|\bwill {_PEOPLE} "
    rf"|\b(?:can|could) {_PEOPLE} (?!be\b|appear\b|show\b)"
    rf"|\bhow (?:is|are|was|were) {_PEOPLE} ?\?*$"
    rf"|\b(?:is|are|was|were) {_PEOPLE} (?:going|about|planning|hoping) to\b"
    r"|\bspeak(?:s|ing)? (?!(?:to|with|or|and|at|in|into|on|now|here|much|while|during|up|a lot)\b)\w"
    r"|\bhow many (?!(?:people|persons|humans|men|women|faces|individuals|of|seconds|minutes|times|appearances|moments"
    r"|videos|clips|frames|different|unknown|other|more|strangers|are|were|is|can|do|does|did|appears?|shows?)\b|#)"
)
_VERB = re.compile(rf"\b(?:do|does|did|don't|doesn't|didn't) {_PEOPLE},? ((?:[\w'-]+ ?){{1,4}})")
_PARTICIPLE = re.compile(rf"\b(?:has|have|had|hasn't|haven't) {_PEOPLE} ((?:[\w'-]+ ?){{1,3}})")
_OF = re.compile(r"([\w'-]+) of #(?!(?:(?:,| and) #)*'s)")
_IS = re.compile(rf"\b(?:is|are|was|were|isn't|aren't|wasn't) {_PEOPLE},? ((?:[\w'-]+ ?){{1,4}})")
# "… if # is", "… whether # has", "… that # does".
_CLAUSE = re.compile(
    rf"\b(?:if|whether|that) {_PEOPLE},? (?P<verb>(?:is|are|was|were|can|could|will|would)?(?:n't)? ?)"
    r"(?P<rest>(?:[\w'-]+ ?){1,4})"
)
_WHAT = re.compile(r"\b(?:what|which) ([\w'-]+|#)")
_WHO_DOES = re.compile(rf"^(?:and |so )?(?:who|whom) ((?:[\w'-]+ ?){{1,3}}?){_WHO}\b")
_POSSESSED = re.compile(r"#'s? (?:(?:own|real|full|favou?rite) )?([\w-]+)")
_FAVOURITE = re.compile(r"#'s? (?:own|real|full|favou?rite|actual|first name|last name|middle name) ?\w*")


def asks_beyond(text: str) -> bool:
    """Whether a question asks for what no video shows of somebody.

    Args:
        text: the question in lower case, with "#" for every name of somebody asked about.
    """
    return (
        _ALWAYS.search(text) is not None
        or _FAVOURITE.search(text) is not None
        or any(word in _TOPICS for word in WORD.findall(text))
        or any(noun not in _OF_SOMEBODY for noun in _OF.findall(text))
        or any(noun not in _OWN for noun in _POSSESSED.findall(text))
        or any(_unseen_verb(phrase) for phrase in _VERB.findall(text))
        or any(_unseen_participle(phrase) for phrase in _PARTICIPLE.findall(text))
        or any(_unseen_state(phrase) for phrase in _IS.findall(text))
        or any(_unseen_clause(verb, rest) for verb, rest in _CLAUSE.findall(text))
        or any(noun not in _ASKED_FOR for noun in _WHAT.findall(text) if not noun.isdigit())
        or any(_unseen_verb(phrase) for phrase in _WHO_DOES.findall(text))
    )


def _first(phrase: str) -> tuple[str, list[str]]:
    """The first word that is no adverb, and what follows it; "" where there is none."""
    words = phrase.removeprefix("happen to ").split()
    while words and words[0] in _ADVERBS and words[0] not in ("in", "at", "to"):
        words.pop(0)
    return (words[0], words[1:]) if words else ("", [])


def _unseen_verb(phrase: str) -> bool:
    verb, rest = _first(phrase)
    if verb in ("have", "has", "had"):
        return _unseen_possession(" ".join(rest))
    return verb != "" and verb not in SEEN_VERBS and verb not in _PREDICATES


def _unseen_possession(phrase: str) -> bool:
    thing, rest = _first(phrase)
    while thing in ("a", "an", "any", "the", "some", "his", "her", "their"):
        thing, rest = _first(" ".join(rest))
    return thing != "" and thing not in _HAS


def _unseen_participle(phrase: str) -> bool:
    verb, rest = _first(phrase)
    if verb == "been":
        place, further = _first(" ".join(rest))
        return place == "to" or (place != "" and place not in _PREDICATES) or (place == "a" and bool(further))
    if verb in ("got", "any", "a", "an", "the", "some"):
        return _unseen_possession(phrase.removeprefix("got "))
    return verb != "" and verb not in SEEN_VERBS and verb not in _HAS


def _unseen_clause(verb: str, rest: str) -> bool:
    is_state = verb.startswith(("is", "are", "was", "were"))
    return _unseen_state(rest) if is_state else _unseen_verb(rest)


def _unseen_state(phrase: str) -> bool:
    if any(word in _PLAINLY_SEEN for word in phrase.split()):
        return False
    state, rest = _first(phrase)
    if state == "" or not rest:
        return state != "" and state not in _PREDICATES
    if state in ("in", "on", "at"):
        if rest[0] == "the":
            return len(rest) > 1 and not any(word in _IN_THE for word in rest[1:])
        return rest[0] not in _IN
    if state in ("a", "an"):
        return rest[0] not in ("person", "part", "few", "bit", "second")
    return state not in _PREDICATES
