"""Clock times an answer may say, by the words in front of them."""

from collections.abc import Sequence

from pvchat.chat.evidence import listed_spans, together_spans
from pvchat.chat.facts import SubjectFacts, clock


class Times:
    """The clock times that may be said, by what stands before them."""

    def __init__(self, people: list[SubjectFacts], kind: str) -> None:
        self.kind = kind
        shared = listed_spans(together_spans(people)) if len(people) > 1 else ()
        self.by_name = {p.name: listed_spans(p.spans) if p.state == "present" else () for p in people}
        if shared:
            # Seen together: the common spans come first and each person's own stay allowed unless asked "together".
            own = {} if kind == "together" else self.by_name
            self.by_name = {p.name: (*shared, *own.get(p.name, ())) for p in people}

    def clocks(self, before: Sequence[str], names: Sequence[str]) -> set[str]:
        """Clock times that fit after these words."""
        spans = [s for n in names for s in self.by_name.get(n, ())]
        ends = {clock(e) for _, e in spans}
        starts = {clock(s) for s, _ in spans}
        word = before[-1] if before else ""
        if self.kind == "first" and spans:
            return {clock(min(s for s, _ in spans))}
        if self.kind == "last" and spans:
            return {clock(max(e for _, e in spans))}
        if word in ("from", "between"):
            return starts
        previous = next((w for w in reversed(before[-3:]) if ":" in w), None)
        opened = len(before) > 2 and before[-3] in ("from", "between")
        if previous and opened and word in ("to", "until", "till", "and"):
            return {clock(e) for s, e in spans if clock(s) == previous}
        if word == "at":
            return {clock(s) for s, e in spans if clock(s) == clock(e)} or (starts | ends)
        return starts | ends
