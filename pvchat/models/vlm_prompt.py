"""How a clip, its people and a question become one sequence for a vision-language model.

    HEAD [frames] \nPerson NAME: <personal> ... \nNotes: EVIDENCE \nHow to answer | \nQUESTION TAIL | ANSWER END

HEAD, TAIL and END are those of the base's own chat template. Everything before the first bar is the prefix, the same
for all questions about a clip. Soft tokens stand in the ids as negative placeholders, as in `pvchat.chat.prompt`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pvchat.chat.prompt import SCENE, personal

Encode = Callable[[str], list[int]]
NOBODY = -1
HOW = "\nAnswer in one or two short sentences, and call the person by name."
_MARK = "\u2063QUESTION\u2063"
_ANSWER = "\u2063ANSWER\u2063"


@dataclass(frozen=True)
class Template:
    """A base's chat template, cut where our text goes.

    Attributes:
        head: ids before the frames. after_frames: ids right behind them. tail: ids between question and answer.
        before_question, before_answer: text put there. end: id that closes an answer.
        ends: ids at which a base stops, `end` among them.
    """

    head: tuple[int, ...]
    after_frames: tuple[int, ...]
    tail: tuple[int, ...]
    before_question: str
    before_answer: str
    end: int
    ends: frozenset[int]

    def question_ids(self, encode: Encode, question: str) -> list[int]:
        """Ids of the question and the start of the answer."""
        return [*encode(f"{self.before_question}{' '.join(question.split())}"), *self.tail]

    def answer_ids(self, encode: Encode, answer: str) -> list[int]:
        """Ids of a training answer, closed."""
        return [*encode(f"{self.before_answer}{answer}"), self.end]


def template_of(tokenizer: Any, chat_template: str | None, ends: Sequence[int]) -> Template:
    """Cut a chat template.

    Args:
        tokenizer: of the base. chat_template: of its processor or tokenizer; None for a base without, which then gets
            lines that begin with "Q:" and "A:".
        ends: ids at which the base stops, at least one.
    """

    def encode(text: str) -> tuple[int, ...]:
        return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])

    closing = frozenset(int(end) for end in ends)
    if chat_template is None:
        start = () if tokenizer.bos_token_id is None else (int(tokenizer.bos_token_id),)
        return Template((), start, encode("\nA:"), "\nQ: ", " ", int(ends[0]), closing)
    head, tail, after = _cut(tokenizer, chat_template)
    following = encode(after.strip()) if after.strip() else ()
    end = following[0] if following else int(ends[0])
    return Template(encode(head), (), encode(tail), "\n", "", end, closing | {end})


def _cut(tokenizer: Any, chat_template: str) -> tuple[str, str, str]:
    """The texts before the question, between question and answer, and after the answer."""
    for wrap in (lambda text: [{"type": "text", "text": text}], lambda text: text):
        asked = {"role": "user", "content": wrap(_MARK)}
        answered = {"role": "assistant", "content": wrap(_ANSWER)}
        options = {"chat_template": chat_template, "tokenize": False}
        opened = tokenizer.apply_chat_template([asked], add_generation_prompt=True, **options)
        closed = tokenizer.apply_chat_template([asked, answered], **options)
        if opened.count(_MARK) == 1 and closed.count(_ANSWER) == 1:
            head, tail = opened.split(_MARK)
            return head, tail, closed.split(_ANSWER)[1]
    raise ValueError("the chat template does not show the user's and the assistant's words; give one that does")


@dataclass(frozen=True)
class Prompt:
    """A prefix.

    Attributes:
        ids: with placeholders. owners: for each id the subject (by its place) whose name it is part of, else NOBODY.
    """

    ids: list[int]
    owners: list[int]


def prefix(
    encode: Encode,
    template: Template,
    frames: Sequence[str | int],
    names: Sequence[str],
    evidence: str | None,
    *,
    personal_tokens: Sequence[int],
) -> Prompt:
    """Everything before the question.

    Args:
        encode: text -> ids without special tokens. template: see `Template`.
        frames: the clip's part: texts, and counts of visual tokens between them.
        names: asked subjects, in order. evidence: lines of `pvchat.chat.evidence`, or None to leave them out.
        personal_tokens: how many each subject has here; 0 for one without an adapter.
    """
    ids = list(template.head)
    for part in frames:
        ids += [SCENE] * part if isinstance(part, int) else encode(part)
    ids += template.after_frames
    owners = [NOBODY] * len(ids)
    for index, (name, count) in enumerate(zip(names, personal_tokens, strict=True)):
        for text, owner in (("\nPerson", NOBODY), (f" {name}", index), (":", NOBODY)):
            new = encode(text)
            ids += new
            owners += [owner] * len(new)
        ids += [personal(index)] * count
        owners += [NOBODY] * count
    ids += encode(f"\nNotes:\n{evidence}") if evidence else []
    ids += encode(HOW)
    owners += [NOBODY] * (len(ids) - len(owners))
    return Prompt(ids, owners)
