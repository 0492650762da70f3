"""Layer tables: a plain CSV of one line per layer, as `stocks compute` reads it.

Required columns: plot, campaign, date, point, top_cm, bottom_cm, one of soc_pct and
soc_g_kg, and one bulk density (see `Column`). A file is taken whole or not at all;
every cell that is wrong is reported, not only the first.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from schemas import limits
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.tables.cells import (
    MISSING,
    Bounds,
    Refusal,
    read_day,
    read_depth,
    read_limit,
    read_number,
)
from server.tables.density import DENSITY_COLUMNS, CellDensity, fine_density

CODES: Final = ("plot", "campaign", "point")
REQUIRED: Final = (*CODES, "date", "top_cm", "bottom_cm")
SOC_COLUMNS: Final = ("soc_pct", "soc_g_kg")
BD_COLUMNS: Final = ("bd_fine_g_cm3", "bd_whole_g_cm3", "bd_fine_earth_g_cm3")
TEXTS: Final = ("core", "soc_method", "bd_method", "revisits_point")
KNOWN: Final = frozenset({*REQUIRED, *SOC_COLUMNS, *DENSITY_COLUMNS, *TEXTS})

_DEPTH: Final = Bounds(0.0, limits.DEPTH_MAX_CM, "cm")
_SOC: Final = {
    "soc_g_kg": (Bounds(0.0, limits.SOC_MAX_G_KG, "g/kg"), 1.0),
    "soc_pct": (Bounds(0.0, limits.SOC_MAX_G_KG / 10.0, "%"), 10.0),
}


@dataclass(frozen=True, slots=True)
class TableProblem:
    """One thing that is wrong with a file; line 1 is the header."""

    code: str
    reason: str
    hint: str
    line: int | None = None
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class LayerTable:
    """Layers by plot, in order of the file; empty where there are problems."""

    plots: Mapping[str, tuple[Layer, ...]]
    problems: tuple[TableProblem, ...] = ()
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _TableLine:
    number: int
    cells: Mapping[str, str]
    decimal_comma: bool

    def text(self, column: str) -> str | None:
        """Return the stripped text of a cell, None where missing."""
        text = self.cells.get(column, "").strip()
        return None if text in MISSING else text


class _Collector:
    """Gathers the problems of one file while its values are read."""

    def __init__(self) -> None:
        self.problems: list[TableProblem] = []

    def refuse(self, refusal: Refusal, line: _TableLine, column: str) -> None:
        """Note one refused cell."""
        self.problems.append(
            TableProblem(
                refusal.code,
                refusal.reason,
                refusal.hint,
                line.number,
                column,
                line.cells.get(column, ""),
            )
        )

    def number(self, line: _TableLine, column: str, bounds: Bounds) -> float | None:
        """Read a number that may be missing."""
        text = line.cells.get(column, "")
        value = read_number(text, bounds, decimal_comma=line.decimal_comma)
        if isinstance(value, Refusal):
            self.refuse(value, line, column)
            return None
        return value

    def limit(self, line: _TableLine, column: str, bounds: Bounds) -> float | None:
        """Read the detection limit of a cell such as `<0.5`; None where it is none."""
        text = line.cells.get(column, "")
        limit = read_limit(text, bounds, decimal_comma=line.decimal_comma)
        if isinstance(limit, Refusal):
            self.refuse(limit, line, column)
            return None
        return limit

    def depth(self, line: _TableLine, column: str) -> float | None:
        """Read a depth; None where it was refused."""
        text = line.cells.get(column, "")
        value = read_depth(text, _DEPTH, decimal_comma=line.decimal_comma)
        if isinstance(value, Refusal):
            self.refuse(value, line, column)
            return None
        return value

    def day(self, line: _TableLine) -> date | None:
        """Read the date; None where it was refused."""
        value = read_day(line.cells.get("date", ""))
        if isinstance(value, Refusal):
            self.refuse(value, line, "date")
            return None
        return value

    def code(self, line: _TableLine, column: str) -> str | None:
        """Read a code that names something; None where it was refused."""
        text = line.text(column)
        if text is None:
            hint = f"name the {column} of this layer"
            refusal = Refusal("required", f"a {column} is required", hint)
            self.refuse(refusal, line, column)
        elif len(text) > limits.NAME_CHARS:
            refusal = Refusal("too_long", "the name is too long", "shorten it")
            self.refuse(refusal, line, column)
            return None
        return text


def read_layers(path: Path) -> LayerTable:
    """Read a layer table; what is wrong comes back as problems, never as an error."""
    text = _read_text(path)
    if isinstance(text, TableProblem):
        return LayerTable({}, (text,))
    return parse_layers(text)


def parse_layers(text: str) -> LayerTable:
    r"""Read the text of a layer table.

    >>> table = parse_layers(
    ...     "plot,campaign,date,point,top_cm,bottom_cm,soc_pct,bd_fine_g_cm3\n"
    ...     "P1,2020,2020-09-01,A,0,30,1.6,1.25\n"
    ... )
    >>> table.plots["P1"][0].soc_g_kg, table.problems
    (16.0, ())
    """
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = ";" if header_line.count(";") > header_line.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = ((reader.line_num, cells) for cells in reader if any(map(str.strip, cells)))
    try:
        _, first = next(lines, (0, None))
        if first is None:
            hint = "export the table again, with its header line"
            return LayerTable(
                {}, (TableProblem("empty_file", "the file is empty", hint),)
            )
        header = [name.strip() for name in first]
        problems = _check_header(header)
        if problems:
            return LayerTable({}, tuple(problems))
        return _read_lines(lines, header, decimal_comma=delimiter == ";")
    except csv.Error as error:
        hint = "check the quotation marks around this line"
        problem = TableProblem(
            "not_csv", f"not a CSV table: {error}", hint, reader.line_num
        )
        return LayerTable({}, (problem,))


def _read_text(path: Path) -> str | TableProblem:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= limits.IMPORT_FILE_BYTES else b""
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or 'unknown cause'}"
        return TableProblem("unreadable_file", reason, "check its path and permissions")
    if size > limits.IMPORT_FILE_BYTES:
        megabytes = limits.IMPORT_FILE_BYTES // 1024**2
        reason = f"the file is larger than {megabytes} MiB"
        return TableProblem("file_too_large", reason, "split it by plot")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save it as CSV UTF-8; older spreadsheets write Latin-1 or UTF-16"
        return TableProblem("not_utf8", "the file is not UTF-8 text", hint, line)
    if "\0" in text:
        hint = "export it as CSV; a spreadsheet file is not a CSV file"
        return TableProblem("not_csv", "the file holds binary data", hint)
    return text


def _check_header(header: list[str]) -> list[TableProblem]:
    problems = [
        TableProblem(
            "missing_column",
            f"the column {name} is missing",
            "add it; names are in small letters, with the unit at the end",
            1,
            name,
        )
        for name in REQUIRED
        if name not in header
    ]
    problems += [
        TableProblem("repeated_column", "the column comes twice", "keep one", 1, name)
        for name in sorted(KNOWN)
        if header.count(name) > 1
    ]
    if sum(name in header for name in SOC_COLUMNS) != 1:
        reason = "exactly one of the columns soc_pct and soc_g_kg is needed"
        problems.append(
            TableProblem("soc_column", reason, "keep the one you measured", 1)
        )
    if not any(name in header for name in BD_COLUMNS):
        reason = f"a bulk density is needed: one of {', '.join(BD_COLUMNS)}"
        hint = (
            "say which density it is: fine soil per total volume, whole soil, or fine"
            " earth only; a plain bulk density is not enough"
        )
        problems.append(TableProblem("bd_column", reason, hint, 1))
    return problems


def _read_lines(
    lines: Iterator[tuple[int, list[str]]], header: list[str], *, decimal_comma: bool
) -> LayerTable:
    collector = _Collector()
    layers: list[tuple[str, Layer]] = []
    count = 0
    for number, cells in lines:
        count += 1
        if len(cells) != len(header):
            collector.problems.append(_wrong_length(number, len(cells), len(header)))
            continue
        line = _TableLine(number, dict(zip(header, cells, strict=True)), decimal_comma)
        plot_layer = _read_line(collector, line)
        if plot_layer is not None:
            layers.append(plot_layer)
    if not count:
        hint = "add one line per layer"
        problem = TableProblem(
            "no_layers", "the table has a header and no layers", hint
        )
        collector.problems.append(problem)
    ignored = tuple(name for name in header if name and name not in KNOWN)
    if collector.problems:
        return LayerTable({}, tuple(collector.problems), ignored)
    return LayerTable(_by_plot(layers), (), ignored)


def _wrong_length(number: int, found: int, wanted: int) -> TableProblem:
    reason = f"the line has {found} cells, the header has {wanted}"
    hint = "check for a separator inside a cell or a missing one"
    return TableProblem("wrong_length", reason, hint, number)


def _read_line(collector: _Collector, line: _TableLine) -> tuple[str, Layer] | None:
    """Read one layer; None where a required cell was refused."""
    plot, campaign, point = (collector.code(line, name) for name in CODES)
    day = collector.day(line)
    top, bottom = collector.depth(line, "top_cm"), collector.depth(line, "bottom_cm")
    soc, censored = _read_soc(collector, line)
    density = _read_density(collector, line)
    if top is not None and bottom is not None and top >= bottom:
        reason = f"the layer begins at {top:g} cm and ends at {bottom:g} cm"
        hint = "top_cm is the upper depth, bottom_cm the lower one"
        collector.refuse(Refusal("top_not_above", reason, hint), line, "bottom_cm")
    if plot is None or campaign is None or point is None:
        return None
    if day is None or top is None or bottom is None:
        return None
    return plot, Layer(
        campaign=campaign,
        point=point,
        date=day,
        top_cm=top,
        bottom_cm=bottom,
        soc_g_kg=soc,
        bd_fine_g_cm3=density.bd_fine_g_cm3,
        pairing=line.text("revisits_point"),
        core=line.text("core") or "",
        soc_method=line.text("soc_method"),
        bd_method=line.text("bd_method"),
        reasons=(*censored, *density.reasons),
    )


def _read_soc(
    collector: _Collector, line: _TableLine
) -> tuple[float | None, tuple[Reason, ...]]:
    """Read the SOC; a value below the detection limit counts as half of the limit."""
    column = "soc_pct" if "soc_pct" in line.cells else "soc_g_kg"
    bounds, factor = _SOC[column]
    if line.cells[column].strip().startswith("<"):
        limit = collector.limit(line, column, bounds)
        return (None if limit is None else limit / 2 * factor), (Reason.CENSORED,)
    value = collector.number(line, column, bounds)
    return (None if value is None else value * factor), ()


def _read_density(collector: _Collector, line: _TableLine) -> CellDensity:
    values = {
        column: collector.number(line, column, bounds)
        for column, bounds in DENSITY_COLUMNS.items()
        if bounds is not None
    }
    basis = line.text("coarse_basis")
    if basis not in {None, "mass", "volume"}:
        hint = "write mass or volume; leave it empty if nobody knows"
        refusal = Refusal("not_in_list", "an unknown basis", hint)
        collector.refuse(refusal, line, "coarse_basis")
    return fine_density(values, basis)


def _by_plot(layers: list[tuple[str, Layer]]) -> dict[str, tuple[Layer, ...]]:
    plots: dict[str, list[Layer]] = {}
    for plot, layer in layers:
        plots.setdefault(plot, []).append(layer)
    return {plot: _pair(members) for plot, members in plots.items()}


def _pair(layers: list[Layer]) -> tuple[Layer, ...]:
    """Follow what each point revisits back to its first visit.

    Points of the same name are the same place without further words.
    """
    earlier = {
        layer.point: layer.pairing
        for layer in layers
        if layer.pairing is not None and layer.pairing != layer.point
    }
    return tuple(
        layer._replace(pairing=first_visit(layer.pairing or layer.point, earlier))
        for layer in layers
    )


def first_visit(point: str, earlier: Mapping[str, str]) -> str:
    """Follow what a point revisits to the first visit: the name of the place.

    >>> first_visit("c", {"c": "b", "b": "a"}), first_visit("x", {"x": "y", "y": "x"})
    ('a', 'y')
    """
    seen = {point}
    while (target := earlier.get(point)) is not None and target not in seen:
        seen.add(target)
        point = target
    return point
