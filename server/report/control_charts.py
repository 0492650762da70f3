"""Control charts: one small picture for each reference material, the blanks, the pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from server.report.colours import DIM, FAINT, GRID, INK, REFERENCE
from server.report.drawing import RIM, Picture, axes_in, canvas, finish
from server.report.values import clean, counted, fixed

_WIDTH_IN: Final = 3.1
_HEIGHT_IN: Final = 2.0
_LEFT_IN: Final = 0.45
_TOP_IN: Final = 0.2
_WIDE_IN: Final = _WIDTH_IN - _LEFT_IN - 0.12
#: Below the axes: one line of names, or names upright where they are many.
_BOTTOM_IN: Final = 0.38
_BOTTOM_UPRIGHT_IN: Final = 0.75
_NAME_CHARS: Final = 12
_CHAR_IN: Final = 0.062
_MOST_NAMES: Final = 16
_SMALL_POINTS: Final = 6.5
_WITHIN: Final = "#1b6e56"
_BEYOND: Final = "#8c510a"
#: So many names of what is beyond its limit stand in the picture; the table has all.
_MOST_LABELS: Final = 6
#: Of the width of the picture, what the name of a mark takes.
_LABEL_SHARE: Final = 0.14
_CUT_AT: Final = 4.0


@dataclass(frozen=True, slots=True)
class ControlMark:
    """One control: where it stands, what it came to, and whether that is beyond its limit.

    `place` is a number of a sequence, or a mean in g/kg; `batch` names what it is of.
    """

    place: float
    value: float
    batch: str
    is_beyond: bool


@dataclass(frozen=True, slots=True)
class ControlLine:
    """A line of a chart: steps from place to place, solid, or dashed where it only warns."""

    ends: Sequence[tuple[float, float, float]]
    is_limit: bool


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Marks against their lines; `is_sequence` where places are an order of analysis."""

    title: str
    unit: str
    centre: float
    marks: Sequence[ControlMark]
    lines: Sequence[ControlLine]
    is_sequence: bool = True
    note: str = ""
    digits: int = 1

    @property
    def beyond(self) -> list[ControlMark]:
        """Return the marks beyond their limit."""
        return [mark for mark in self.marks if mark.is_beyond]


def draw_chart(chart: ControlChart, key: str) -> Picture:
    """Draw one control chart."""
    names = _names(chart)
    widest = max((len(text) for _, text in names), default=0)
    is_upright = widest * _CHAR_IN * len(names) > _WIDE_IN
    bottom = _BOTTOM_UPRIGHT_IN if is_upright else _BOTTOM_IN
    with canvas(_WIDTH_IN, _HEIGHT_IN + _TOP_IN) as figure:
        axes = axes_in(figure, _LEFT_IN, bottom, _WIDE_IN, _HEIGHT_IN - bottom)
        _set_axes(axes, chart)
        if names:
            _draw_names(axes, names, is_upright=is_upright)
        _draw_lines(axes, chart)
        _draw_marks(axes, chart)
        return finish(
            figure,
            key=key,
            title=f"Quality control: {chart.title}",
            summary=summary_of(chart),
        )


def summary_of(chart: ControlChart) -> str:
    """Return in words what a chart shows."""
    beyond = chart.beyond
    said = [f"{counted(len(chart.marks), 'control')}, {len(beyond)} beyond the limit."]
    said += [f"{m.batch}: {fixed(m.value, chart.digits)} {chart.unit}." for m in beyond]
    return " ".join([*said, chart.note] if chart.note else said)


def _names(chart: ControlChart) -> list[tuple[float, str]]:
    """Return the name of each batch, below the middle of its marks."""
    if not chart.is_sequence:
        return []
    found = []
    for name, own in groupby(chart.marks, key=lambda mark: mark.batch):
        places = [mark.place for mark in own]
        whole = clean(name)
        short = whole if len(whole) <= _NAME_CHARS else f"{whole[: _NAME_CHARS - 1]}…"
        found.append((sum(places) / len(places), short))
    step = -(-len(found) // _MOST_NAMES)
    return found[::step]


def _draw_names(
    axes: Axes, names: Sequence[tuple[float, str]], *, is_upright: bool
) -> None:
    places, texts = zip(*names, strict=True)
    rotation = 90 if is_upright else 0
    axes.set_xticks(places, texts, rotation=rotation, fontsize=_SMALL_POINTS)


def _set_axes(axes: Axes, chart: ControlChart) -> None:
    bottom, top = _reach(chart)
    axes.set_ylim(bottom, top)
    places = [mark.place for mark in chart.marks]
    if chart.is_sequence:
        axes.set_xlim(min(places) - 0.6, max(places) + 0.6)
    else:
        axes.set_xlim(0.0, 1.1 * max(places) or 1.0)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel("mean, g/kg", labelpad=1.0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y", color=GRID, lw=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=2.5, pad=2)
    axes.text(-0.05, 1.03, chart.unit, transform=axes.transAxes, color=INK, ha="right")


def _reach(chart: ControlChart) -> tuple[float, float]:
    """Return the lowest and highest value of the axis: the lines, and the marks near them.

    A mark very far off would flatten all others; it stands at the edge with its value.
    """
    lines = [height for line in chart.lines for _, _, height in line.ends]
    off = [abs(mark.value - chart.centre) for mark in chart.marks]
    spread = max((abs(height - chart.centre) for height in lines), default=max(off))
    half = 1.15 * max(spread, min(max(off), _CUT_AT * spread)) or 1.0
    is_low = min([*lines, *(mark.value for mark in chart.marks)]) < chart.centre
    return (chart.centre - half if is_low else chart.centre), chart.centre + half


def _draw_lines(axes: Axes, chart: ControlChart) -> None:
    axes.axhline(chart.centre, color=DIM, lw=0.7)
    _, edge = axes.get_xlim()
    for line in chart.lines:
        for left, right, height in line.ends:
            if left >= edge:
                continue
            axes.plot(
                [left, min(right, edge)],
                [height, height],
                color=REFERENCE if line.is_limit else FAINT,
                lw=1.0 if line.is_limit else 0.8,
                ls="-" if line.is_limit else (0, (4, 2)),
                scalex=False,
                scaley=False,
            )


def _draw_marks(axes: Axes, chart: ControlChart) -> None:
    bottom, top = axes.get_ylim()
    within = [mark for mark in chart.marks if not mark.is_beyond]
    if chart.is_sequence:
        axes.plot(
            [mark.place for mark in chart.marks],
            [min(max(mark.value, bottom), top) for mark in chart.marks],
            color=FAINT,
            lw=0.7,
        )
    axes.plot(
        [mark.place for mark in within],
        [mark.value for mark in within],
        "o",
        ms=3.2,
        mfc=_WITHIN,
        mec="none",
    )
    labelled: list[float] = []
    for mark in chart.beyond:
        height = min(max(mark.value, bottom), top)
        axes.plot(
            mark.place,
            height,
            marker="x",
            ms=5.5,
            mew=1.6,
            color=_BEYOND,
            clip_on=False,
            ls="none",
        )
        if len(labelled) < _MOST_LABELS and _has_room(axes, mark, labelled):
            labelled.append(mark.place)
            _label(axes, chart, mark, height)


def _has_room(axes: Axes, mark: ControlMark, labelled: Sequence[float]) -> bool:
    """Return whether no label stands near."""
    left, right = axes.get_xlim()
    return all(
        abs(mark.place - other) > _LABEL_SHARE * (right - left) for other in labelled
    )


def _label(axes: Axes, chart: ControlChart, mark: ControlMark, height: float) -> None:
    """Write the value of a mark beside it where there is room; above it among others."""
    left, right = axes.get_xlim()
    side = -5 if mark.place > (left + right) / 2.0 else 5
    beside = "right" if side < 0 else "left"
    is_sequence = chart.is_sequence
    text = axes.annotate(
        fixed(mark.value, chart.digits),
        (mark.place, height),
        xytext=(side, 0) if is_sequence else (0, 5),
        textcoords="offset points",
        ha=beside if is_sequence else "center",
        va="center" if is_sequence else "bottom",
        fontsize=_SMALL_POINTS,
    )
    text.set_gid(f"{RIM}{mark.place:g}{mark.value:g}")
