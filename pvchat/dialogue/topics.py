"""Words by which a turn of a conversation asks for something that no single question about one video asks for."""

import re

from pvchat.dialogue.state import Topic

VIDEOS = r"(?:videos?|clips?|files?|films?|recordings?)"
"""What a video is called."""

_PATTERNS: tuple[tuple[Topic, str], ...] = (
    (
        "how_many_videos",
        rf"\bhow many(?: of (?:the|these|those|them))?(?: (?:different|other))? ?{VIDEOS}\b"
        rf"|\bhow many of (?:the |these |those )?(?:{VIDEOS}|them|these|those)\b(?!.*\bpeople\b)"
        rf"|^(?:in )?how many (?:show|have|contain|feature|do|does|is|are|was)\b",
    ),
    (
        "in_which",
        rf"\b(?:which|what|whichever) (?:of (?:the|these|those|them)(?: {VIDEOS})?|{VIDEOS}|ones?)\b"
        rf"|\bwhich (?:of the \w+ )?(?:show|have|has|contain|feature)s?\b|\bin which\b"
        rf"|\blist (?:the|all) {VIDEOS}\b",
    ),
    (
        "in_all",
        rf"\b(?:all|each|every(?: single)?|both)(?: one)?(?: of)?(?: (?:the|these|those|them))?"
        rf"(?: (?:\d+|two|three|four))?(?: {VIDEOS})\b"
        r"|\b(?:in|do|does|through) (?:all|each|every(?: single)?)(?: one)?(?: of (?:them|these|those))?\b",
    ),
    (
        "clock",
        r"\bo'? ?clock\b|\btime of (?:the )?day\b|\b(?:clock|wall|real|local|actual) time\b|\bwhat hour\b"
        r"|\bwhat (?:day|date)\b|\bwhat time (?:was|were|did)\b|\bin real life\b",
    ),
    (
        "who_else",
        r"\b(?:who|anyone|anybody|somebody|someone) else\b|\bany(?:one|body) other\b|\bother people\b",
    ),
    (
        "what_else",
        r"\b(?:what|anything|something) (?:else|more)\b|^(?:tell|say|give)(?: me)? more\b"
        r"|\b(?:say|tell me|know) (?:any ?thing )?more\b|^(?:go on|continue|more)\W*$",
    ),
    (
        "who_is",
        r"^(?:who(?:'s| is| was| were| are) (?:that|this|it|those|these|he|she)(?: (?:person|people|one))?)\W*$"
        r"|^who (?:is|was) (?:this|that) \w+\W*$",
    ),
    (
        "who",
        r"^who(?:'s| is| was| are| were| do(?: you| we)| did(?: you| we)| can(?: i| we| you)?| comes?| came"
        r"| appears?| shows?| can be| could)?\b(?!.*\b(?:first|left|right|longest|with|earlier|last)\b)",
    ),
    (
        "summary",
        r"\bwhat(?: has| all)? (?:happen(?:s|ed|ing)?|goes on|went on)\b"
        r"|\bwhat(?:'s| is| was)(?: all)? (?:happening|going on|there|in it|it about)\b"
        rf"|\bwhat(?:'s| is| was) (?:in |on |shown in )?(?:this|the|that|it)? ?(?:{VIDEOS}|it)(?: about)?\b"
        r"|\bsum(?:mari[sz]e|mary|s? (?:\w+ )?up| up)\b|\b(?:overview|recap|synopsis|gist|in short)\b"
        rf"|\b(?:describe|about|explain) (?:this|the|that) (?:{VIDEOS}|scene)\b|\bdescribe it\b"
        rf"|\bwhat (?:do|can|did) (?:you|i|we) see\b|\bwhat is in\b|\btell me what\b"
        r"|\bwhat does (?:this|the|it) .*show\b"
        r"|\bwhat(?:'s| is) to (?:be seen|see)\b|^what(?:'s| is)(?: there)?\W*$",
    ),
)
TOPICS = tuple((topic, re.compile(pattern)) for topic, pattern in _PATTERNS)
"""Of each topic the pattern that tells it; the first that matches counts."""
