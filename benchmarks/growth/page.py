"""The table and the picture of growth."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.growth.costs import KINDS, Kind
from benchmarks.performance_page import Part, head, row, words_of

#: What every kind of work cost, by how many bags were held.
Costs = Mapping[int, Mapping[str, float]]

PART: Final = Part("growth")
_COLUMN: Final = 11
_MARKS: Final = "osD^v<>PX*hd"


def table(costs: Costs) -> str:
    """Return the costs as a table of Markdown, each with how many times the first it is."""
    sizes = sorted(costs)
    names = ["cost with so many bags", "", *(f"{size:,}" for size in sizes)]
    lines = head(names, words=2)
    for name, kind in KINDS.items():
        found = [costs[size][name] for size in sizes]
        lines.append(row([kind.title, kind.unit, *_cells(found, kind)]))
    return "\n".join(lines)


def plain(costs: Costs) -> str:
    """Return the same for a terminal of 80 columns, while that is wide enough."""
    sizes = sorted(costs)
    lines = [_line("cost with so many bags", "", [f"{size:,}" for size in sizes])]
    for name, kind in KINDS.items():
        found = [costs[size][name] for size in sizes]
        lines.append(_line(kind.title, kind.unit, [_short(one) for one in found]))
        if kind.has_ratio:
            times = [f"{one / found[0]:.2f} x" for one in found[1:]]
            lines.append(_line("", "", ["", *times]))
    return "\n".join(lines)


def picture(costs: Costs) -> str:
    """Return lines of growth as SVG: each cost by that with the fewest bags."""
    sizes = sorted(costs)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "growth"}):
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        axes = figure.add_subplot()
        drawn_kinds = {name: kind for name, kind in KINDS.items() if kind.has_ratio}
        for mark, (name, kind) in zip(_MARKS, drawn_kinds.items(), strict=True):
            times = [costs[size][name] / costs[sizes[0]][name] for size in sizes]
            line = "--" if "server" in kind.title else "-"
            axes.plot(sizes, times, line + mark, markersize=4, label=kind.title)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0.0, top=max(2.0, axes.get_ylim()[1]))
        axes.grid(axis="y", color="0.9", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("bags held")
        axes.set_ylabel(f"times the cost with {sizes[0]:,} bags")
        axes.axhline(1.0, color="0.5", linewidth=0.8, zorder=0)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines()) + "\n"


def write(page: Path, costs: Costs, when: Mapping[str, Any]) -> None:
    """Write table and picture."""
    PART.write(page, f"{words_of(when)}\n\n{table(costs)}")
    page.with_suffix(".svg").write_text(picture(costs), encoding="utf-8")


def _cells(found: Sequence[float], kind: Kind) -> list[str]:
    if not kind.has_ratio:
        return [_short(one) for one in found]
    first = found[0]
    later = [f"{_short(one)} ({one / first:.2f} x)" for one in found[1:]]
    return [_short(first), *later]


def _line(title: str, unit: str, cells: Sequence[str]) -> str:
    columns = "".join(f"{cell:>{_COLUMN}}" for cell in cells)
    return f"{title:<28}{unit:<8}{columns}".rstrip()


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
