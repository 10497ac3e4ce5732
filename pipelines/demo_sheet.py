"""The demo's contact sheet: one card per question, with the frame the answer rests on and the person's box."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pvchat.perception.record import Box

CARD_WIDTH = 400
PICTURE_HEIGHT = 225
MARGIN = 14
LINE = 19
FONT_SIZE = 15
TEXT_LINES = 6
WRAP = 52
GREEN, RED, GREY, DARK, PAPER = "#1b7f3b", "#b3261e", "#5f6368", "#202124", "#ffffff"


@dataclass(frozen=True)
class Card:
    """One question on the sheet.

    Attributes:
        frame: (H, W, 3) uint8 RGB. box: of the person, as fractions of the frame; None when nobody was found.
        heading: the clip. question, answer, expected: as printed. right: whether the answer is.
    """

    frame: NDArray[np.uint8]
    box: Box | None
    heading: str
    question: str
    answer: str
    expected: str
    right: bool


def contact_sheet(cards: Sequence[Card], title: str, columns: int = 4) -> Image.Image:
    """All cards in rows under a title.

    Args:
        cards: in reading order. title: first line of the sheet. columns: cards per row.

    Returns:
        An RGB picture.
    """
    pictures = [_card(card) for card in cards]
    columns = max(1, min(columns, len(pictures)))
    rows = -(-len(pictures) // columns)
    height = PICTURE_HEIGHT + TEXT_LINES * LINE + 2 * MARGIN
    top = 2 * MARGIN + 24
    sheet = Image.new("RGB", (columns * (CARD_WIDTH + MARGIN) + MARGIN, top + rows * (height + MARGIN)), "#eceff1")
    ImageDraw.Draw(sheet).text((MARGIN, MARGIN), title, DARK, font=ImageFont.load_default(22))
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        sheet.paste(picture, (MARGIN + column * (CARD_WIDTH + MARGIN), top + row * (height + MARGIN)))
    return sheet


def save_sheet(cards: Sequence[Card], title: str, path: Path) -> None:
    """Write the contact sheet as a PNG; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(cards, title).save(path)


def _card(card: Card) -> Image.Image:
    picture = Image.new("RGB", (CARD_WIDTH, PICTURE_HEIGHT + TEXT_LINES * LINE + 2 * MARGIN), PAPER)
    frame, corner = _fitted(card.frame)
    picture.paste("#263238", (0, 0, CARD_WIDTH, PICTURE_HEIGHT))
    picture.paste(frame, corner)
    draw = ImageDraw.Draw(picture)
    colour = GREEN if card.right else RED
    if card.box is not None:
        x0, y0, x1, y1 = card.box
        left, top = corner
        draw.rectangle(
            (left + x0 * frame.width, top + y0 * frame.height, left + x1 * frame.width, top + y1 * frame.height),
            outline="#ffca28",
            width=3,
        )
    font = ImageFont.load_default(FONT_SIZE)
    y = PICTURE_HEIGHT + MARGIN
    lines = [(card.heading, GREY), *((line, DARK) for line in textwrap.wrap(card.question, WRAP)[:2])]
    lines += [(line, colour) for line in textwrap.wrap(card.answer, WRAP)[:2]]
    lines.append((textwrap.shorten(f"{'right' if card.right else 'WRONG'}; expected: {card.expected}", WRAP + 6), GREY))
    for line, ink in lines[:TEXT_LINES]:
        draw.text((MARGIN, y), line, ink, font=font)
        y += LINE
    draw.rectangle((0, 0, CARD_WIDTH - 1, picture.height - 1), outline=colour, width=2)
    return picture


def _fitted(frame: NDArray[np.uint8]) -> tuple[Image.Image, tuple[int, int]]:
    """The frame scaled into the picture's place, and where it goes."""
    image = Image.fromarray(frame)
    scale = min(CARD_WIDTH / image.width, PICTURE_HEIGHT / image.height)
    fitted = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    return fitted, ((CARD_WIDTH - fitted.width) // 2, (PICTURE_HEIGHT - fitted.height) // 2)
