"""Text that a decoder has cut inside a character: tokens of a byte-level vocabulary are pieces of UTF-8."""

REPLACEMENT = "\ufffd"


def split_incomplete(raw: bytes) -> tuple[str, bytes]:
    """Text of UTF-8 bytes, and the bytes of a last character that is not complete yet.

    Raises:
        UnicodeDecodeError: the bytes are no UTF-8 even up to the last character.
    """
    for keep in range(4):
        head = raw[: len(raw) - keep]
        try:
            text = head.decode()
        except UnicodeDecodeError:
            continue
        tail = raw[len(head) :]
        if not tail or (0xC2 <= tail[0] <= 0xF4 and all(0x80 <= b < 0xC0 for b in tail[1:])):
            return text, tail
    return raw.decode(), b""


def string(text: str | bytes) -> str:
    """As text, a replacement character for what is no UTF-8."""
    return text if isinstance(text, str) else text.decode(errors="replace")


def continues(rest: str, tail: bytes) -> bool:
    """Whether the rest of a name can go on with the bytes of a character that is not complete."""
    if not tail:
        return True
    if tail == REPLACEMENT.encode():
        return bool(rest) and not rest[0].isascii()
    return rest.encode().startswith(tail)
