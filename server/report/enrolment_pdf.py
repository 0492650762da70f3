"""Sheets of enrolment codes as PDF, A4: one card for each laptop, to cut and hand out."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from schemas.pdf_code import draw_code
from schemas.pdf_text import BOLD, PLAIN, draw_text, printable, size_that_fits, wrapped

_COLUMNS: Final = 2
_ROWS: Final = 5
_MARGIN: Final = 10 * mm
_PADDING: Final = 4 * mm
#: A camera reads it at arm's length.
_CODE: Final = 34 * mm
_CODE_PT: Final = (22.0, 9.0)
_LINE_PT: Final = 8.0
_LEADING: Final = 1.3
#: Of lines below the code; more are cut and say so.
_MOST_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class EnrolmentCard:
    """One card: the code, what a person types, and the lines that tell what it is for."""

    code: str
    command: str
    lines: Sequence[str]


def draw_cards(cards: Sequence[EnrolmentCard], *, with_qr: bool) -> bytes:
    """Return the PDF of cards, ten on a page; a QR code says what a person types."""
    written = BytesIO()
    canvas = Canvas(written, A4, invariant=1, pageCompression=1)
    canvas.setTitle("Enrolment codes")
    canvas.setCreator("permille")
    width = (A4[0] - 2 * _MARGIN) / _COLUMNS
    height = (A4[1] - 2 * _MARGIN) / _ROWS
    for number, card in enumerate(cards):
        place = number % (_COLUMNS * _ROWS)
        if number and place == 0:
            canvas.showPage()
        row, column = divmod(place, _COLUMNS)
        left = _MARGIN + column * width
        bottom = A4[1] - _MARGIN - (row + 1) * height
        canvas.rect(left, bottom, width, height)
        _draw_card(canvas, card, (left, bottom, width, height), with_qr=with_qr)
    canvas.showPage()
    canvas.save()
    return written.getvalue()


def _draw_card(
    canvas: Any,  # noqa: ANN401 - untyped
    card: EnrolmentCard,
    box: tuple[float, float, float, float],
    *,
    with_qr: bool,
) -> None:
    left, bottom, width, height = box
    left, width, top = left + _PADDING, width - 2 * _PADDING, bottom + height - _PADDING
    if with_qr:
        # Without a margin of letters: what a scanner reads is what is typed.
        draw_code(canvas, card.command, (left, top - _CODE), _CODE, error="m")
        left, width = left + _CODE + _PADDING, width - _CODE - _PADDING
    size = size_that_fits(card.code, BOLD, width, *_CODE_PT)
    top -= size
    draw_text(canvas, (left, top), printable(card.code), BOLD, size)
    for line in card.lines:
        for part in wrapped(line, PLAIN, _LINE_PT, width, _MOST_LINES):
            top -= _LINE_PT * _LEADING
            draw_text(canvas, (left, top), part, PLAIN, _LINE_PT)
    foot = bottom + _PADDING
    whole = box[2] - 2 * _PADDING
    size = size_that_fits(card.command, PLAIN, whole, _LINE_PT, 4.0)
    draw_text(canvas, (box[0] + _PADDING, foot), printable(card.command), PLAIN, size)
