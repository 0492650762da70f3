"""A sheet of labels: what it costs the processor to draw, beside bare rectangles."""

from collections.abc import Iterator
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from benchmarks.figures import Figure, in_turn, median, timed
from benchmarks.stage import World
from collector.labels.contents import empty_labels
from collector.labels.layouts import LAYOUTS
from collector.labels.sheet import draw_sheets
from schemas.labels.codes import label_code

_LABELS = 500
_TIMES = 3


def labels(world: World) -> Iterator[Figure]:  # noqa: ARG001 - as all are called
    """Draw 500 labels; then one rectangle for each of them."""
    layout = LAYOUTS["a4-3x8"]
    codes = [label_code("K7F", number) for number in range(1, _LABELS + 1)]

    def ours() -> None:
        every = empty_labels(codes, "P1 - Soil carbon of the valley")
        assert draw_sheets(every, layout)

    def bare() -> None:
        written = BytesIO()
        canvas = Canvas(written, invariant=1, pageCompression=1)
        for number in range(_LABELS):
            page, left_mm, top_mm = layout.place(number)
            if page and not number % layout.on_a_page:
                canvas.showPage()
            canvas.rect(left_mm, top_mm, *layout.label_mm)
        canvas.showPage()
        canvas.save()

    both = in_turn(lambda: timed(ours), lambda: timed(bare), times=_TIMES)
    ours_s, bare_s = ([each.cpu_s for each in side] for side in both)
    yield Figure(
        "labels",
        _LABELS,
        median(ours_s),
        "s",
        "as many rectangles drawn by reportlab",
        median(bare_s),
    )
