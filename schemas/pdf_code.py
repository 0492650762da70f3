"""Codes for scanners in PDFs: QR, drawn as one path."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import segno
from reportlab.pdfgen.pathobject import PDFPathObject

#: Light modules around a code, by ISO/IEC 18004.
_QUIET: Final = 4


def draw_code(
    canvas: Any,  # noqa: ANN401 - untyped
    text: str,
    at_pt: tuple[float, float],
    side_pt: float,
    *,
    has_light_pt: float = 0.0,
    error: str = "h",
) -> None:
    """Draw a QR code as one path in a square, with the quiet zone that it needs.

    Parameters
    ----------
    canvas
        Of reportlab.
    text
        What the code says.
    at_pt
        The left lower corner of the square.
    side_pt
        Its side.
    has_light_pt
        How much light there is around the square already.
    error
        How much of the code may be lost: "m" is 15 %, "h" is 30 %.
    """
    qr = segno.make_qr(text, error=error, boost_error=False)
    modules = qr.symbol_size(border=0)[0]
    module = side_pt / (modules + 2 * _QUIET)
    quiet = max(0.0, _QUIET * module - has_light_pt)
    module = (side_pt - 2 * quiet) / modules
    # Whole modules, from the left upper corner down: a third of the time and of the bytes.
    path = PDFPathObject(code=["n", *_runs(qr.matrix)])
    canvas.saveState()
    canvas.translate(at_pt[0] + quiet, at_pt[1] + side_pt - quiet)
    canvas.scale(module, -module)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


def _runs(matrix: Sequence[Sequence[int]]) -> Iterator[str]:
    """Return the dark modules that follow each other in a row, each run as a rectangle."""
    for row, line in enumerate(matrix):
        place = 0
        for is_dark, some in groupby(line):
            length = len(list(some))
            if is_dark:
                yield f"{place} {row} {length} 1 re"
            place += length
