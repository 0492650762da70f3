"""Changes against zero and 4 permille a year: one line each, with its interval."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from server.report.bars import Limits, Outside, bar_of
from server.report.colours import DIM, FAINT, GRID, INK, LINE_PERMILLE, MARKS, REFERENCE
from server.report.drawing import RIM, Picture, axes_in, canvas, finish
from server.report.forest_lines import Line, limits_of
from server.report.values import counted, listed, one_line
from server.stocks.verdicts import ChangeVerdict

Side = Literal["left", "center", "right"]

# A figure of so many lines fits on one printed page below its heading.
_LINES_PER_FIGURE: Final = 22
# As wide as a phone shows with letters that can be read: words stand above their bar.
_WIDTH_IN: Final = 4.5
_SIDE_IN: Final = 0.1
_LINE_IN: Final = 0.33
_TOP_IN: Final = 0.5
_BOTTOM_IN: Final = 0.42
# Where in the height of a line its words and its bar stand.
_WORDS_AT: Final = -0.2
_BAR_AT: Final = 0.24
# On a longer axis the heads of the two lines would run into each other.
_CLOSE_PERMILLE: Final = 30.0
_LONGEST_NAME: Final = 17
_LONGEST_AREA: Final = 30
# Size and width of letters, points.
_LETTERS: Final = 7.5
_LETTER_POINTS: Final = 4.3
_BOLD_POINTS: Final = 5.0


def draw_forest(lines: Sequence[Line]) -> Iterator[Picture]:
    """Draw the lines, so many to a figure, all on one scale."""
    limits = limits_of(lines)
    starts = range(0, len(lines), _LINES_PER_FIGURE)
    for page, start in enumerate(starts, 1):
        some = lines[start : start + _LINES_PER_FIGURE]
        title = "Rates of stock change against 4 permille a year"
        if len(starts) > 1:
            title += f", part {page} of {len(starts)}"
        with canvas(_WIDTH_IN, _TOP_IN + _BOTTOM_IN + _LINE_IN * len(some)) as figure:
            _draw(figure, some, limits)
            yield finish(
                figure, key=f"forest{page}", title=title, summary=_summary(some, limits)
            )


def _summary(lines: Sequence[Line], limits: Limits) -> str:
    said = [f"{_counted(lines)}, from top to bottom."]
    for line in lines:
        name = f"{line.name}, {line.span}" if line.span else line.name
        outside = line.outside(limits)
        beyond = f"; {outside.words}" if outside else ""
        said.append(f"{name}: {line.figures}, {line.verdict.value}{beyond}.")
    return " ".join(said)


def _counted(lines: Iterable[Line]) -> str:
    areas = [line.area for line in lines]
    parts = ((sum(areas), "area"), (len(areas) - sum(areas), "change"))
    return listed(counted(count, noun) for count, noun in parts if count)


def _draw(figure: Figure, lines: Sequence[Line], limits: Limits) -> None:
    height = _LINE_IN * len(lines)
    axes = axes_in(figure, _SIDE_IN, _BOTTOM_IN, _WIDTH_IN - 2.0 * _SIDE_IN, height)
    axes.set(xlim=limits, ylim=(len(lines) - 0.5, -0.5), yticks=())
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.tick_params(length=2.5, pad=2)
    axes.grid(axis="x", color=GRID, lw=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel("permille of the baseline stock a year")
    axes.axvline(0.0, color=INK, lw=0.9)
    axes.axvline(LINE_PERMILLE, color=REFERENCE, lw=1.1, ls=(0, (4, 2)))
    _draw_heads(axes, limits)
    names = max((len(_name(each)) for each in lines if not each.area), default=0)
    previous = ""
    for place, line in enumerate(lines):
        _draw_words(axes, place, line, names, repeated=line.name == previous)
        _draw_line(axes, place, line, limits)
        previous = line.name


def _draw_heads(axes: Axes, limits: Limits) -> None:
    close = limits[1] - limits[0] > _CLOSE_PERMILLE
    heads: tuple[tuple[float, str, str, Side], ...] = (
        (0.0, "0", INK, "right" if close else "center"),
        (LINE_PERMILLE, "4 permille", REFERENCE, "left" if close else "center"),
    )
    for x, head, colour, side in heads:
        _write_above(axes, head, (x, 3.0), side, colour)
    head = "rate (95 % interval), n of points or plots"
    _write_above(axes, head, (limits[1], 15.0), "right", INK)


def _write_above(
    axes: Axes, words: str, place: tuple[float, float], side: Side, colour: str
) -> None:
    """Write above the axes, at a rate and so many points up."""
    axes.annotate(
        words,
        (place[0], 1.0),
        (0.0, place[1]),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha=side,
        va="bottom",
        color=colour,
    )


def _draw_words(
    axes: Axes, place: int, line: Line, names: int, *, repeated: bool
) -> None:
    """Write what a line says above its bar: all of it, in smaller letters if it is long."""
    span = 0.0 if line.area else names * _BOLD_POINTS + 6.0
    begins = span + len(line.span) * _LETTER_POINTS
    begins = max(begins, len(_name(line)) * _BOLD_POINTS) + 6.0
    room = 72.0 * (_WIDTH_IN - 2.0 * _SIDE_IN) - begins
    size = min(1.0, room / (len(line.figures) * _LETTER_POINTS)) * _LETTERS
    for words, side, start in (
        ("" if repeated else _name(line), "left", 0.0),
        (line.span, "left", span),
        (line.figures, "right", 0.0),
    ):
        axes.annotate(
            one_line(words),
            (float(side == "right"), place + _WORDS_AT),
            (start, 0.0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha=side,
            va="center_baseline",
            fontsize=size if side == "right" else _LETTERS,
            weight="bold" if line.main or line.area else "normal",
            color=DIM if line.verdict is ChangeVerdict.NOT_ASSESSABLE else INK,
            gid=f"{RIM}{place}{side}",
        )


def _draw_line(axes: Axes, place: int, line: Line, limits: Limits) -> None:
    y, colour = place + _BAR_AT, MARKS[line.verdict].colour
    bar = line.bar(limits)
    arrows = set[tuple[float, str]]()
    if bar is not None:
        arrows.update(bar.arrows)
        if bar.span is not None:
            axes.plot(bar.span, (y, y), color=colour, lw=1.2)
        for end in bar.ends:
            axes.plot(end, y, "|", ms=4.5, color=colour)
    if line.rate is not None and limits[0] <= line.rate <= limits[1]:
        _draw_mark(axes, line.rate, y, line)
    elif line.rate is not None:
        arrows.update(bar_of((line.rate, line.rate), limits).arrows)
    for edge, arrow in sorted(arrows):
        axes.plot(edge, y, arrow, ms=4.5, color=colour, clip_on=False)
    outside = line.outside(limits)
    if outside is not None:
        _draw_outside(axes, y, outside)


def _draw_mark(axes: Axes, rate: float, y: float, line: Line) -> None:
    mark = MARKS[line.verdict]
    axes.plot(
        rate,
        y,
        "D" if line.area else mark.shape,
        ms=6.0 if line.main or line.area else 5.0,
        mfc=mark.fill,
        mec=mark.colour if mark.fill != "#ffffff" else FAINT,
        mew=1.0,
        clip_on=False,
    )


def _draw_outside(axes: Axes, y: float, outside: Outside) -> None:
    """Write in the place of a bar where it is."""
    inwards = 7.0 if outside is Outside.LEFT else -7.0
    axes.annotate(
        outside.words,
        (float(outside is Outside.RIGHT), y),
        (inwards, 0.0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha=outside.value,
        va="center_baseline",
        color=DIM,
        gid=f"{RIM}{y}",
    )


def _name(line: Line) -> str:
    return shortened(line.name, _LONGEST_AREA if line.area else _LONGEST_NAME)


def shortened(name: str, most: int = _LONGEST_NAME) -> str:
    """Cut a long name.

    >>> shortened("a very long name of a plot")
    'a very long name…'
    """
    name = one_line(name)
    return name if len(name) <= most else name[: most - 1] + "\u2026"
