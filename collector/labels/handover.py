"""A list of bags that two people sign when bags change hands, as PDF."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from collector.labels.writing import BOLD, PLAIN, draw_text, face, printable, wrapped
from schemas.told import counted

_MARGIN_MM: Final = 18.0
_WIDTH_MM: Final = 210.0 - 2 * _MARGIN_MM
_TITLE: Final = ParagraphStyle("title", fontName=BOLD, fontSize=18, leading=23)
_TEXT: Final = ParagraphStyle("text", fontName=PLAIN, fontSize=11, leading=14)
_CELL: Final = ParagraphStyle(
    "cell", fontName=PLAIN, fontSize=9.5, leading=12, splitLongWords=1
)
_CODE: Final = ParagraphStyle("code", parent=_CELL, fontName=BOLD, fontSize=10.5)
_HEAD: Final = ParagraphStyle("head", parent=_CELL, fontName=BOLD)
_COLUMNS_MM: Final = (12.0, 44.0, 28.0, 62.0, 28.0)
_HEADS: Final = ("No.", "bag", "box", "plot / point / campaign / core", "depth")
#: Room to sign in, and to write a name beside it.
_SIGN_MM: Final = 22.0
_APART_MM: Final = 10.0
_FOOT_PT: Final = 9.0


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """One bag of the list."""

    code: str
    box: str
    core: str
    depth: str


@dataclass(frozen=True, slots=True)
class Handover:
    """Who hands over to whom, when, and what."""

    project: str
    who: str
    to_whom: str
    at: str
    lines: Sequence[HandoverLine]

    @property
    def boxes(self) -> list[str]:
        """Return the boxes, in the order of the list."""
        return list(dict.fromkeys(line.box for line in self.lines if line.box))

    @property
    def texts(self) -> list[str]:
        """Return all that is printed of it."""
        own = [self.project, self.who, self.to_whom, self.at]
        return [*own, *(text for line in self.lines for text in astuple(line))]


def draw_handover(handover: Handover) -> bytes:
    """Return the PDF of a list to sign."""
    written = BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=_MARGIN_MM * mm,
        rightMargin=_MARGIN_MM * mm,
        topMargin=_MARGIN_MM * mm,
        bottomMargin=_MARGIN_MM * mm,
        title="Handover of soil samples",
        creator="permille",
        invariant=1,
    )
    document.build(list(_story(handover)), canvasmaker=_numbered(handover))
    return written.getvalue()


def _story(handover: Handover) -> list[Flowable]:
    return [
        Paragraph("Handover of soil samples", _TITLE),
        Spacer(0, 3 * mm),
        _facts(handover),
        Spacer(0, 6 * mm),
        _table(handover.lines),
        Spacer(0, 8 * mm),
        KeepTogether(_signatures(handover)),
    ]


def _facts(handover: Handover) -> Flowable:
    boxes = handover.boxes
    in_boxes = f" in {counted(len(boxes), 'box', 'boxes')}: {', '.join(boxes)}"
    loose = sum(not line.box for line in handover.lines)
    without = f"; {loose} without a box" if boxes and loose else ""
    bags = counted(len(handover.lines), "bag")
    facts = (
        ("project", handover.project),
        ("from", handover.who),
        ("to", handover.to_whom),
        ("at", handover.at),
        ("what", f"{bags}{in_boxes if boxes else ''}{without}"),
    )
    rows = [[_paragraph(name, _TEXT), _paragraph(text, _TEXT)] for name, text in facts]
    table = Table(rows, colWidths=[24 * mm, (_WIDTH_MM - 24) * mm], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
        )
    )
    return table


def _table(lines: Sequence[HandoverLine]) -> Flowable:
    rows = [[_paragraph(head, _HEAD) for head in _HEADS]]
    for number, line in enumerate(lines, start=1):
        rows.append(
            [
                _paragraph(str(number), _CELL),
                _paragraph(line.code, _CODE),
                _paragraph(line.box, _CELL),
                _paragraph(line.core, _CELL),
                _paragraph(line.depth, _CELL),
            ]
        )
    widths = [width * mm for width in _COLUMNS_MM]
    table = LongTable(rows, colWidths=widths, repeatRows=1, splitByRow=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 1.2, colors.black),
                ("LINEBELOW", (0, 1), (-1, -1), 0.3, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
            ]
        )
    )
    return table


def _signatures(handover: Handover) -> list[Flowable]:
    left, right = (
        _paragraph(f"{what}: {name}", _TEXT)
        for what, name in (
            ("handed over by", handover.who),
            ("taken over by", handover.to_whom),
        )
    )
    below = _paragraph("name in full, day and time, signature", _CELL)
    rows = [[left, "", right], ["", "", ""], [below, "", below]]
    half = (_WIDTH_MM - _APART_MM) / 2 * mm
    table = Table(
        rows,
        colWidths=[half, _APART_MM * mm, half],
        rowHeights=[None, _SIGN_MM * mm, None],
    )
    line = ("LINEBELOW", (0, 1), (0, 1), 0.8, colors.black)
    other = ("LINEBELOW", (2, 1), (2, 1), 0.8, colors.black)
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), line, other]))
    return [table]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    said = printable(text)
    drawn_in = face(said, style.fontName)
    if drawn_in != style.fontName:
        style = ParagraphStyle(drawn_in, parent=style, fontName=drawn_in)
    return Paragraph(escape(said), style)


def _numbered(handover: Handover) -> type[Canvas]:
    """Return the class of a canvas that says on each page which of how many it is."""

    class NumberedCanvas(Canvas):  # type: ignore[misc]  # untyped library
        """Keeps the pages until it knows how many there are."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                _draw_foot(self, handover, f"page {number} of {len(self._pages)}")
                super().showPage()
            super().save()

    return NumberedCanvas


def _draw_foot(canvas: Any, handover: Handover, page: str) -> None:  # noqa: ANN401
    count = counted(len(handover.lines), "bag")
    said = f"{count} to {handover.to_whom}, {handover.at}"
    (line,) = wrapped(said, PLAIN, _FOOT_PT, (_WIDTH_MM - 30) * mm, 1)
    draw_text(canvas, (_MARGIN_MM * mm, 10 * mm), line, PLAIN, _FOOT_PT)
    canvas.setFont(PLAIN, _FOOT_PT)
    canvas.drawRightString((_MARGIN_MM + _WIDTH_MM) * mm, 10 * mm, page)
