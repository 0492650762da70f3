"""The map: plots coloured by their rate, without tiles and without a network."""

from collections.abc import Iterable, Iterator, Sequence
from math import floor, log10
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrow, PathPatch, Rectangle
from matplotlib.path import Path

from server.report.colours import FAINT, INK, LINE_PERMILLE, UNKNOWN, Scale, scale_for
from server.report.drawing import RIM, Picture, axes_in, canvas, finish
from server.report.findings import Finding, Findings
from server.report.geometry import Box, Plane, PlotShape, Point, area, project
from server.report.values import counted, fixed, one_line

# As wide as a phone shows with letters that can be read.
_WIDTH_IN: Final = 4.5
_STRIP_IN: Final = 0.95
_TALLEST_IN: Final = 4.6
_LOWEST_IN: Final = 1.8
_FEW_PLOTS: Final = 3  # need no tall map
_MARGIN: Final = 0.06  # of the larger side, so that no boundary touches the frame
_SMALLEST_M: Final = 50.0
# A boundary smaller than this on paper is drawn as a dot.
_DOT_IN: Final = 0.1
_LETTER_IN: Final = 0.062
_LINE_IN: Final = 0.125


def draw_map(findings: Findings) -> Picture | None:
    """Draw the plots that have a boundary; None where none has one."""
    plane = project([finding.plot for finding in findings.plots])
    if plane is None:
        return None
    by_code = {finding.plot.code: finding for finding in findings.plots}
    drawn = [by_code[shape.code] for shape in plane.shapes]
    scale = scale_for(each.rate for each in drawn if each.rate is not None)
    frame, height = _frame(plane.box, len(plane.shapes))
    with canvas(_WIDTH_IN, height + _STRIP_IN) as figure:
        axes = axes_in(figure, 0.02, _STRIP_IN, _WIDTH_IN - 0.04, height - 0.02)
        _set_frame(axes, frame)
        inch = frame.size[0] / (_WIDTH_IN - 0.04)
        for shape in plane.shapes:
            _draw_shape(axes, shape, scale.colour(by_code[shape.code].rate), inch)
        hidden = _label(axes, plane, frame, inch)
        strip = axes_in(figure, 0.0, 0.0, _WIDTH_IN, _STRIP_IN)
        strip.set(xlim=(0.0, _WIDTH_IN), ylim=(0.0, _STRIP_IN))
        strip.axis("off")
        _draw_scale_bar(strip, inch)
        _draw_north(strip)
        _draw_classes(strip, scale)
        return finish(
            figure,
            key="map",
            title="Map of the plots, coloured by the rate of their stock change",
            summary=_summary(drawn, plane, hidden),
        )


def _summary(drawn: Sequence[Finding], plane: Plane, hidden: int) -> str:
    grey = sum(finding.rate is None for finding in drawn)
    rates = [finding.rate for finding in drawn if finding.rate is not None]
    some = f", {grey} of them grey: not assessable" if grey else ""
    said = [f"{counted(len(drawn), 'plot')} with a boundary{some}."]
    if len(rates) > 1:
        low, high = fixed(min(rates), 1), fixed(max(rates), 1)
        said.append(f"Rates run from {low} to {high} permille a year.")
    if hidden:
        said.append(f"{counted(hidden, 'label')} left out where they would overlap.")
    said.append(f"Distances are true to scale at latitude {plane.latitude:.3f}.")
    return " ".join(said)


def _frame(box: Box, plots: int) -> tuple[Box, float]:
    """Return the rectangle to show and its height on paper, in one ratio."""
    width, height = (max(side, _SMALLEST_M) for side in box.size)
    margin = 2.0 * _MARGIN * max(width, height)
    width, height = width + margin, height + margin
    tallest = _TALLEST_IN if plots > _FEW_PLOTS else _LOWEST_IN
    tall = min(max(_WIDTH_IN * height / width, _LOWEST_IN), tallest)
    width = max(width, height * _WIDTH_IN / tall)
    height = width * tall / _WIDTH_IN
    x, y = box.middle
    half_x, half_y = width / 2.0, height / 2.0
    return Box(x - half_x, y - half_y, x + half_x, y + half_y), tall


def _set_frame(axes: Axes, frame: Box) -> None:
    axes.set(
        xlim=(frame.left, frame.right),
        ylim=(frame.bottom, frame.top),
        xticks=(),
        yticks=(),
    )
    axes.spines[["top", "right"]].set_visible(True)
    axes.spines[:].set_color(FAINT)


def _draw_shape(axes: Axes, shape: PlotShape, colour: str, inch: float) -> None:
    hatch = "//////" if colour == UNKNOWN else None
    if max(shape.box.size) < _DOT_IN * inch:
        edge = FAINT if colour == UNKNOWN else INK
        axes.plot(*shape.middle, "o", ms=6.0, mfc=colour, mec=edge, mew=0.7)
        return
    path = Path.make_compound_path(
        *(
            Path([*_turned(ring, outer=not hole), ring[0]], closed=True)
            for rings in shape.polygons
            for hole, ring in enumerate(rings)
        )
    )
    edge = FAINT if colour == UNKNOWN else INK
    axes.add_patch(
        PathPatch(path, facecolor=colour, edgecolor=edge, linewidth=0.7, hatch=hatch)
    )


def _turned(ring: Sequence[Point], *, outer: bool) -> list[Point]:
    """Turn outer rings and holes against each other, so that holes stay open."""
    points = [*ring]
    return points if (area(tuple(points)) > 0.0) is outer else points[::-1]


def _label(axes: Axes, plane: Plane, room: Box, inch: float) -> int:
    """Write each code near its plot where there is room; return how many had none."""
    taken: list[Box] = []
    ground = [_ground(shape, inch) for shape in plane.shapes]
    hidden = 0
    for number, shape in enumerate(plane.shapes):
        for place in _places(shape, inch):
            own = _inside(place, ground[number])
            others = taken if own else [*taken, *ground]
            if _inside(place, room) and not any(_meet(place, box) for box in others):
                taken.append(place)
                axes.text(
                    *place.middle,
                    one_line(shape.code),
                    ha="center",
                    va="center",
                    fontsize=7.0,
                    gid=f"{RIM}{number}",
                )
                break
        else:
            hidden += 1
    return hidden


def _places(shape: PlotShape, inch: float) -> Iterator[Box]:
    """Return where a label might stand: in the plot, below, above, right, left."""
    wide = (len(shape.code) * _LETTER_IN + 0.04) * inch
    tall = _LINE_IN * inch
    x, y = shape.middle
    across, up = (max(side, _DOT_IN * inch) for side in shape.box.size)
    right, above = (across + wide) / 2.0, (up + tall) / 2.0
    places = [(0.0, -above), (0.0, above), (right, 0.0), (-right, 0.0)]
    if wide < across and tall < up:
        places = [(0.0, 0.0), *places]
    for dx, dy in places:
        left, low = x + dx - wide / 2.0, y + dy - tall / 2.0
        yield Box(left, low, left + wide, low + tall)


def _ground(shape: PlotShape, inch: float) -> Box:
    """Return what a plot covers on paper; no other label may stand on it."""
    (x, y), box = shape.middle, shape.box
    if max(box.size) >= _DOT_IN * inch:
        return box
    half = 0.4 * _DOT_IN * inch
    return Box(x - half, y - half, x + half, y + half)


def _inside(inner: Box, outer: Box) -> bool:
    return (
        inner.left >= outer.left
        and inner.right <= outer.right
        and inner.bottom >= outer.bottom
        and inner.top <= outer.top
    )


def _meet(one: Box, other: Box) -> bool:
    return (
        one.left < other.right
        and other.left < one.right
        and one.bottom < other.top
        and other.bottom < one.top
    )


def _draw_scale_bar(strip: Axes, inch: float) -> None:
    length = round_length(1.2 * inch)
    wide = length / inch
    y = _STRIP_IN - 0.2
    strip.add_patch(Rectangle((0.1, y), wide, 0.05, facecolor=INK, edgecolor=INK))
    strip.add_patch(
        Rectangle((0.1, y), wide / 2, 0.05, facecolor="#fff", edgecolor=INK)
    )
    unit = f"{length / 1000:g} km" if length >= 1000.0 else f"{length:g} m"
    strip.text(0.1 + wide + 0.08, y + 0.025, unit, va="center")


def _draw_north(strip: Axes) -> None:
    x, y = _WIDTH_IN - 0.2, _STRIP_IN - 0.32
    strip.add_patch(
        FancyArrow(
            x,
            y,
            0.0,
            0.24,
            width=0.012,
            head_width=0.1,
            head_length=0.12,
            length_includes_head=True,
            color=INK,
        )
    )
    strip.text(x - 0.1, y + 0.1, "N", ha="right", va="center", fontsize=8.5)


def _draw_classes(strip: Axes, scale: Scale) -> None:
    """Draw the classes of the rate, grey beside them."""
    wide, low, tall = 0.36, 0.22, 0.13
    left = 0.1
    for number, colour in enumerate(scale.colours):
        corner = (left + number * wide, low)
        strip.add_patch(
            Rectangle(
                corner, wide, tall, facecolor=colour, edgecolor=INK, linewidth=0.4
            )
        )
    for number, edge in enumerate(scale.edges, 1):
        x = left + number * wide
        line = edge == LINE_PERMILLE
        if line or edge == 0.0:
            strip.plot([x, x], [low - 0.03, low + tall + 0.05], color=INK, lw=1.4)
        weight = "bold" if line or edge == 0.0 else "normal"
        strip.text(x, low - 0.05, f"{edge:g}", ha="center", va="top", weight=weight)
        if line:
            strip.text(x, low + tall + 0.07, "4 permille", ha="center", va="bottom")
    strip.text(left, low + tall + 0.07, "permille a year", va="bottom")
    grey = left + (len(scale.colours) + 0.5) * wide
    strip.add_patch(
        Rectangle(
            (grey, low),
            wide,
            tall,
            facecolor=UNKNOWN,
            edgecolor=FAINT,
            linewidth=0.4,
            hatch="//////",
        )
    )
    strip.text(grey, low - 0.05, "not assessable", va="top")


def round_length(most: float) -> float:
    """Return the largest of 1, 2, 5, 10 ... that is not above `most`.

    >>> round_length(734.0), round_length(0.3)
    (500.0, 0.2)
    """
    power = 10.0 ** floor(log10(most))
    steps: Iterable[float] = (5.0, 2.0, 1.0)
    return next((s * power for s in steps if s * power <= most), power)
