"""The year page as PDF, A4: upright for one organisation, wide for all of them."""

from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from io import BytesIO
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    KeepInFrame,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Table as PdfGrid

from schemas.pdf_text import PLAIN, face, printable
from server.report.year import YearPage, YearTable

_MARGIN: Final = 12 * mm
#: The foot takes so much of the lower margin.
_FOOT_PT: Final = 7.0
_GREEN: Final = HexColor("#01665e")
_GREY: Final = HexColor("#56605b")
_LINE: Final = HexColor("#9aa39d")


def draw_year(
    page: YearPage, digest: str, written_at: str = "", *, is_wide: bool = False
) -> bytes:
    """Return the PDF; the same figures give the same bytes.

    The page of one organisation is one sheet: what would not fit is drawn smaller. The wide
    one goes on over as many sheets as it takes.
    """
    size = landscape(A4) if is_wide else A4
    drawn = BytesIO()
    document = SimpleDocTemplate(
        drawn,
        pagesize=size,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=page.title,
        author="Permille",
        invariant=True,
    )
    width, height = document.width - 12, document.height - 12
    parts = [*_parts(page, width)]
    if not is_wide:
        parts = [KeepInFrame(width, height, parts, mode="shrink")]
    foot = f"Permille, figures {digest[:16]}{written_at and ', written '}{written_at}"
    draw_foot = partial(_draw_foot, foot)
    document.build(parts, onFirstPage=draw_foot, onLaterPages=draw_foot)
    return drawn.getvalue()


def _parts(page: YearPage, width_pt: float) -> Iterator[Any]:
    yield _said(page.title, 15.0, color=_GREEN, after=1.0)
    yield _said(page.under, 8.5, color=_GREY, after=4.0)
    for sentence in page.result:
        yield _said(sentence, 9.5, after=2.0)
    for table in page.tables:
        if table.rows:
            alike = [each for each in page.tables if each.heads[1:] == table.heads[1:]]
            yield _said(table.caption, 10.0, color=_GREEN, before=6.0, after=2.0)
            yield _grid(table, _widths(alike, width_pt))
            if table.note:
                yield _said(table.note, 7.5, color=_GREY)
    for heading, sentences in page.sections:
        if sentences:
            yield _said(heading, 10.0, color=_GREEN, before=6.0, after=1.0)
            for sentence in sentences:
                yield _said(sentence, 8.0, after=1.0, indent=8.0)
    yield Spacer(1, 2)


def _said(
    text: str,
    size_pt: float,
    *,
    color: Any = None,  # noqa: ANN401 - untyped
    before: float = 0.0,
    after: float = 0.0,
    indent: float = 0.0,
) -> Any:  # noqa: ANN401 - untyped
    plain = printable(text)
    style = ParagraphStyle(
        "year",
        fontName=face(plain, PLAIN),
        fontSize=size_pt,
        leading=size_pt * 1.25,
        spaceBefore=before,
        spaceAfter=after,
        leftIndent=indent,
        bulletIndent=0.0,
        **({} if color is None else {"textColor": color}),
    )
    bullet = "\u2022" if indent else None
    return Paragraph(escape(plain), style, bulletText=bullet)


def _grid(table: YearTable, widths_pt: Sequence[float]) -> Any:  # noqa: ANN401 - untyped
    cells = [[_said(cell, 7.5) for cell in row] for row in (table.heads, *table.rows)]
    return PdfGrid(
        cells,
        colWidths=widths_pt,
        repeatRows=1,
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 1.0, _LINE),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, _LINE),
                ("TOPPADDING", (0, 0), (-1, -1), 1.0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
                ("LEFTPADDING", (0, 0), (-1, -1), 2.0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2.0),
            ]
        ),
    )


def _widths(tables: Sequence[YearTable], width_pt: float) -> Sequence[float]:
    """Return the widths of columns: each as its longest cell asks, within bounds.

    Tables with the same columns have them below each other.
    """
    rows = [row for table in tables for row in (table.heads, *table.rows)]
    columns = zip(*rows, strict=True)
    asked = [min(max(6, *map(len, column)), 34) for column in columns]
    return [width_pt * each / sum(asked) for each in asked]


def _draw_foot(foot: str, canvas: Any, _document: Any) -> None:  # noqa: ANN401 - untyped
    canvas.setFont(PLAIN, _FOOT_PT)
    canvas.setFillColor(_GREY)
    canvas.drawString(_MARGIN, _MARGIN / 2, foot)
