"""SOC by depth: the mean of each layer as steps, two campaigns of a plot in a picture."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from server.report.colours import GRID, INK, REFERENCE
from server.report.drawing import RIM, Picture, axes_in, canvas, finish
from server.report.findings import Finding, Findings
from server.report.model import ReportPage, Row
from server.report.values import codes, fixed, listed, number, one_line, text
from server.stocks.reasons import Reason

_WIDTH_IN: Final = 3.1
_HEIGHT_IN: Final = 2.5
_LEFT_IN: Final = 0.45
_BOTTOM_IN: Final = 0.4
_TOP_IN: Final = 0.36
# A plot of peat or a deep pit would squeeze the others against an edge.
_FURTHEST_OF_MEDIAN: Final = 3.0
_LONGEST_NAME: Final = 30
_LOWEST_NAME: Final = 0.88
_STEPS: Final = [1, 2, 5, 10]


@dataclass(frozen=True, slots=True)
class Step:
    """The mean SOC between two depths, and of how many points sampled there."""

    top_cm: float
    bottom_cm: float
    soc_g_kg: float
    n: int
    sampled: int


@dataclass(frozen=True, slots=True)
class DepthCurve:
    """The layers of one campaign, from the surface down."""

    campaign: str
    steps: tuple[Step, ...]

    @property
    def n(self) -> str:
        """Return how many points the means are of: one count, or from fewest to most."""
        counts = sorted({(step.n, step.sampled) for step in self.steps})
        if len(counts) == 1:
            return f"n {counts[0][0]} of {counts[0][1]}"
        fewest, most = min(n for n, _ in counts), max(n for n, _ in counts)
        some = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        return f"n {some} of {max(sampled for _, sampled in counts)}"


@dataclass(frozen=True, slots=True)
class DepthPlot:
    """What one picture shows: the campaigns of the change that a plot is judged by."""

    key: str
    title: str
    curves: tuple[DepthCurve, ...]
    other_method: bool
    reference_cm: float


@dataclass(frozen=True, slots=True)
class DepthFrame:
    """What all pictures share, where none goes far beyond the others."""

    deepest_cm: float | None
    highest_g_kg: float | None


def depth_plots(report: ReportPage, findings: Findings) -> dict[str, DepthPlot]:
    """Return for each plot with SOC the first campaign and the last that is compared."""
    curves = _curves(report.layers)
    days = {campaign.name: campaign.date for campaign in report.campaigns}
    found = {}
    for finding in findings.plots:
        own = curves.get(finding.plot.code)
        if own:
            plot = finding.plot
            found[plot.code] = DepthPlot(
                plot.code,
                f"{plot.code} {plot.name}" if plot.name else plot.code,
                tuple(own[name] for name in _compared(finding, own, days)),
                finding.change is not None
                and Reason.METHOD_CHANGED in codes(finding.change),
                report.project.depth_cm,
            )
    return found


def _curves(rows: Sequence[Row]) -> Mapping[str, dict[str, DepthCurve]]:
    steps = defaultdict(list)
    for row in rows:
        ends = number(row, "top_cm"), number(row, "bottom_cm")
        soc = number(row, "soc_g_kg")
        if soc is not None and ends[0] is not None and ends[1] is not None:
            n, sampled = (int(number(row, key) or 0) for key in ("n", "sampled"))
            steps[text(row, "plot"), text(row, "campaign")].append(
                Step(ends[0], ends[1], soc, n, max(n, sampled))
            )
    curves: dict[str, dict[str, DepthCurve]] = defaultdict(dict)
    for (plot, campaign), own in steps.items():
        layers = tuple(sorted(own, key=lambda step: step.top_cm))
        curves[plot][campaign] = DepthCurve(campaign, layers)
    return curves


def _compared(
    finding: Finding, own: Mapping[str, DepthCurve], days: Mapping[str, str]
) -> list[str]:
    """Choose two campaigns: those of the change, else the first and the last."""
    row = finding.change
    if row is not None:
        ends = [text(row, "from_campaign"), text(row, "to_campaign")]
        if all(name in own for name in ends):
            return ends
    order = sorted(own, key=lambda name: (days.get(name, ""), name))
    return order if len(order) < 3 else [order[0], order[-1]]


def depth_frame(plots: Sequence[DepthPlot]) -> DepthFrame:
    """Choose the depth and the width that make the pictures comparable."""
    deepest, highest = [], []
    for plot in plots:
        deepest.append(_deepest(plot))
        highest.append(_highest(plot))
    return DepthFrame(_shared(deepest), _shared(highest))


def _shared(values: Sequence[float]) -> float | None:
    largest = max(values)
    return largest if largest <= _FURTHEST_OF_MEDIAN * median(values) else None


def _deepest(plot: DepthPlot) -> float:
    ends = [step.bottom_cm for curve in plot.curves for step in curve.steps]
    return max(plot.reference_cm, *ends)


def _highest(plot: DepthPlot) -> float:
    return max(step.soc_g_kg for curve in plot.curves for step in curve.steps)


#: Colour, dashes and width of the first campaign and of the last.
_LINES: Final = (("#8c510a", (0, (4, 1.6)), 1.5), ("#01665e", "solid", 1.5))


def draw_depth(plot: DepthPlot, frame: DepthFrame, key: str) -> Picture:
    """Draw the layers of both campaigns as steps, the reference depth across them."""
    with canvas(_WIDTH_IN, _HEIGHT_IN + _TOP_IN) as figure:
        wide = _WIDTH_IN - _LEFT_IN - 0.12
        axes = axes_in(figure, _LEFT_IN, _BOTTOM_IN, wide, _HEIGHT_IN - _BOTTOM_IN)
        _set_axes(axes, plot, frame)
        # One campaign alone is drawn as the last one.
        styles = _LINES[-len(plot.curves) :]
        for row, (curve, (colour, dashes, width)) in enumerate(
            zip(plot.curves, styles, strict=True)
        ):
            line: dict[str, Any] = {"color": colour, "ls": dashes, "lw": width}
            for depths, values in _runs(curve):
                axes.plot(values, depths, solid_capstyle="butt", **line)
            _draw_name(axes, curve, len(plot.curves) - 1 - row, line)
        _draw_reference(axes, plot.reference_cm)
        return finish(
            figure,
            key=key,
            title=f"SOC by depth: {plot.title}",
            summary=_summary(plot),
        )


def _set_axes(axes: Axes, plot: DepthPlot, frame: DepthFrame) -> None:
    deepest = frame.deepest_cm or _deepest(plot)
    highest = frame.highest_g_kg or _highest(plot)
    axes.set(xlim=(0.0, 1.08 * (highest or 1.0)), ylim=(1.04 * deepest, 0.0))
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
    axes.grid(axis="x", color=GRID, lw=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=2.5, pad=2)
    axes.set_xlabel("SOC g/kg", labelpad=2)
    axes.set_ylabel("depth cm", labelpad=2)


def _runs(curve: DepthCurve) -> list[tuple[list[float], list[float]]]:
    """Return the depths and values of the lines to draw; a gap between layers stays open."""
    runs: list[tuple[list[float], list[float]]] = []
    for step in curve.steps:
        if not runs or runs[-1][0][-1] < step.top_cm:
            runs.append(([], []))
        depths, values = runs[-1]
        depths += [step.top_cm, step.bottom_cm]
        values += [step.soc_g_kg, step.soc_g_kg]
    return runs


def _draw_name(axes: Axes, curve: DepthCurve, row: int, line: dict[str, Any]) -> None:
    """Write the name of a campaign and its count above the axes, beside its line."""
    tall = (_HEIGHT_IN - _BOTTOM_IN) * 72.0
    y = 1.0 + (7.0 + 11.0 * row) / tall
    axes.plot((0.0, 0.1), (y, y), transform=axes.transAxes, clip_on=False, **line)
    name = one_line(curve.campaign)
    name = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\u2026"
    axes.text(
        0.13, y, f"{name}, {curve.n}", transform=axes.transAxes, va="center_baseline"
    )


def _draw_reference(axes: Axes, depth_cm: float) -> None:
    """Draw the reference depth; its name stands where the axis leaves room."""
    below = depth_cm < _LOWEST_NAME * axes.get_ylim()[0]
    axes.axhline(depth_cm, color=REFERENCE, lw=1.0, ls=(0, (1, 1.5)))
    axes.annotate(
        f"reference depth {depth_cm:g} cm",
        (float(below), depth_cm),
        (-2.0, -3.0) if below else (4.0, 3.0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right" if below else "left",
        va="top" if below else "bottom",
        color=INK,
        gid=f"{RIM}reference",
    )


def _summary(plot: DepthPlot) -> str:
    said = [f"Reference depth {plot.reference_cm:g} cm."]
    for curve in plot.curves:
        layers = (
            f"{step.top_cm:g} to {step.bottom_cm:g} cm {fixed(step.soc_g_kg, 1)} g/kg"
            f" (n {step.n} of {step.sampled})"
            for step in curve.steps
        )
        said.append(f"{curve.campaign}: {listed(layers)}.")
    if plot.other_method:
        said.append("The laboratory method changed between the campaigns.")
    return " ".join(said)
