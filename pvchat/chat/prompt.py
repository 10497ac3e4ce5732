"""How a clip, its people and a question become one sequence for the language model.

    <scene> \nPerson NAME: <personal> ... \nNotes: EVIDENCE \nQ: QUESTION \nA: ANSWER

Soft tokens stand in the id sequence as negative placeholders, so that training (many questions behind one prefix) and
answering (one cached prefix, many questions) build the same text from the same two functions.
"""

from collections.abc import Callable, Sequence

SCENE = -1
_FIRST_SUBJECT = -2

Encode = Callable[[str], list[int]]


def personal(subject: int) -> int:
    """Placeholder id of one personal soft token of the subject at this position of the prompt."""
    return _FIRST_SUBJECT - subject


def subject_of(placeholder: int) -> int:
    """Inverse of `personal`."""
    return _FIRST_SUBJECT - placeholder


def prefix_ids(
    encode: Encode,
    names: Sequence[str],
    evidence: str | None,
    *,
    scene_tokens: int,
    personal_tokens: int,
) -> list[int]:
    """Ids of everything before the question; placeholders are negative.

    Args:
        encode: text -> ids without special tokens.
        names: asked subjects, in order. evidence: lines of `pvchat.chat.evidence`, or None to leave them out.
        scene_tokens, personal_tokens: how many soft tokens the clip and each subject have.
    """
    ids = [SCENE] * scene_tokens
    for index, name in enumerate(names):
        ids += encode(f"\nPerson {name}:")
        ids += [personal(index)] * personal_tokens
    if evidence:
        ids += encode(f"\nNotes:\n{evidence}")
    return ids


def name_places(encode: Encode, names: Sequence[str], *, scene_tokens: int, personal_tokens: int) -> list[range]:
    """Where the words of each subject's name stand in `prefix_ids`, with the colon behind them.

    Args:
        encode, names, scene_tokens, personal_tokens: as for `prefix_ids`.
    """
    places = []
    at = scene_tokens
    before = len(encode("\nPerson"))
    for name in names:
        length = len(encode(f"\nPerson {name}:"))
        places.append(range(at + min(before, length - 1), at + length))
        at += length + personal_tokens
    return places


def question_ids(encode: Encode, question: str) -> list[int]:
    """Ids of the question and the start of the answer's line."""
    return encode(f"\nQ: {' '.join(question.split())}\nA:")


def answer_ids(encode: Encode, answer: str, end_id: int) -> list[int]:
    """Ids of a training answer, closed by the end-of-turn token."""
    return [*encode(f" {answer}"), end_id]
