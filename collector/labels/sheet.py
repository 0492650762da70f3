"""Sheets of labels as PDF: a code for scanners and the same in letters, all as paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from collector.labels.contents import Label
from collector.labels.layouts import Layout
from schemas.pdf_code import draw_code
from schemas.pdf_text import (
    BOLD,
    PLAIN,
    draw_text,
    printable,
    size_that_fits,
    wrapped,
)

#: Packed content as bytes: as letters it is a quarter longer, and slower to write.
rl_config.useA85 = 0
#: Printers do not reach the edge, and cut a little beside it.
_PADDING_MM: Final = 2.0
#: The part of a label that the code may take of its width.
_CODE_SHARE: Final = 0.45
_SHOWN_PT: Final = (28.0, 5.0)
_LINE_PT: Final = (9.0, 5.0)
_LEADING: Final = 1.15
#: More than fit on any label.
_MANY_LINES: Final = 50
#: The longest code of another system fits on so many.
_CODE_LINES: Final = 6


def draw_sheets(labels: Sequence[Label], layout: Layout, skip: int = 0) -> bytes:
    """Return the PDF of labels, the first after those of the page that are used up."""
    written = BytesIO()
    width_mm, height_mm = layout.page_mm
    size = (width_mm * mm, height_mm * mm)
    canvas = Canvas(written, size, invariant=1, pageCompression=1)
    canvas.setTitle("Labels of soil samples")
    canvas.setCreator("permille")
    last = 0
    for number, label in enumerate(labels, start=skip):
        page, left_mm, top_mm = layout.place(number)
        if page != last and number != skip:
            canvas.showPage()
        last = page
        box = _Box(
            left_mm * mm,
            (height_mm - top_mm - layout.label_mm[1]) * mm,
            layout.label_mm[0] * mm,
            layout.label_mm[1] * mm,
        )
        _draw(canvas, label, box)
    canvas.showPage()
    canvas.save()
    return written.getvalue()


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle of a page, in points from its left lower corner."""

    left: float
    bottom: float
    width: float
    height: float

    def inside(self, padding: float) -> "_Box":
        """Return what is left inside a border."""
        return _Box(
            self.left + padding,
            self.bottom + padding,
            self.width - 2 * padding,
            self.height - 2 * padding,
        )


def _draw(canvas: Any, label: Label, whole: _Box) -> None:  # noqa: ANN401 - untyped
    box = whole.inside(_PADDING_MM * mm)
    side = min(box.height, box.width * _CODE_SHARE)
    draw_code(
        canvas,
        label.code,
        (box.left, box.bottom + (box.height - side) / 2),
        side,
        has_light_pt=_PADDING_MM * mm,
    )
    left = box.left + side + _PADDING_MM * mm
    _draw_words(
        canvas, label, _Box(left, box.bottom, box.left + box.width - left, box.height)
    )


def _draw_words(canvas: Any, label: Label, box: _Box) -> None:  # noqa: ANN401 - untyped
    shown = printable(label.shown)
    most = min(_SHOWN_PT[0], box.height / 2)
    size = size_that_fits(shown, BOLD, box.width, most, _SHOWN_PT[1])
    lines = wrapped(shown, BOLD, size, box.width, _CODE_LINES)
    top = box.bottom + box.height
    for line in lines:
        top -= size
        draw_text(canvas, (box.left, top + 0.2 * size), line, BOLD, size)
    _draw_lines(
        canvas, label.lines, _Box(box.left, box.bottom, box.width, top - box.bottom)
    )


def _draw_lines(canvas: Any, lines: Sequence[str], box: _Box) -> None:  # noqa: ANN401
    """Draw lines one below the other, as large as all of them fit; the last are cut."""
    size = _LINE_PT[0]
    while size > _LINE_PT[1]:
        said = [part for line in lines for part in _parts(line, size, box.width)]
        if len(said) * size * _LEADING <= box.height:
            break
        size -= 0.5
    fit = int(box.height // (size * _LEADING))
    top = box.bottom + box.height
    for line in lines:
        parts = wrapped(line, PLAIN, size, box.width, fit) if fit else []
        fit -= len(parts)
        for part in parts:
            top -= size * _LEADING
            draw_text(canvas, (box.left, top + 0.2 * size), part, PLAIN, size)


def _parts(line: str, size: float, width: float) -> list[str]:
    return wrapped(line, PLAIN, size, width, _MANY_LINES)
