"""A run in words, within 80 columns. After `x` stands ours by theirs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from benchmarks.peers.facts import DONE, MEANING, SAID
from benchmarks.peers.metrics import Compared, Spread

_NAME: Final = 19


def figure_lines(figure: Compared) -> Iterator[str]:
    """Return the lines of one figure: each side, and how many times theirs ours is."""
    better = "more" if figure.metric.is_more_better else "less"
    yield f"{figure.metric.title}, {figure.metric.unit} ({better} is better)"
    for side in figure.values:
        spread, ratio = figure.spread(side), figure.ratio(side)
        line = f"  {side:<{_NAME}}{short(spread.median):>9}  {_ends(spread):<18}"
        if ratio is not None:
            line += f"  x {short(ratio.median)} {_ends(ratio)}"
        yield line.rstrip()


def floor_line(floor_s: float, payload: int) -> str:
    """Return the line of what a bad link takes for the bags as zstd alone packs them."""
    return (
        f"  beside {floor_s:.2f} s for a handshake, one request, and the bags as zstd"
        f" alone packs\n  them ({payload} B), with nothing lost"
    )


def facts_lines(sides: Sequence[str]) -> Iterator[str]:
    """Return what each side does and does not do."""
    columns = [["", *DONE]]
    columns += [[side, *SAID[side].values()] for side in sides]
    widths = [max(map(len, column)) + 2 for column in columns]
    yield "What they do with a record as they run here:"
    for row in zip(*columns, strict=True):
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {''.join(cells)}".rstrip()
    yield ""
    for thing, meaning in MEANING.items():
        yield f"  {thing}: {meaning}"


def missing_lines(missing: Mapping[str, str]) -> Iterator[str]:
    """Return a line for each side that could not be run."""
    for side, reason in missing.items():
        yield f"NOT MEASURED: {side}: {reason}"


def short(value: float) -> str:
    """Return a number with three digits, or all of them before the point."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _ends(spread: Spread) -> str:
    if spread.least == spread.most:
        return ""
    return f"{short(spread.least)} to {short(spread.most)}"
