"""Layer tables: a plain CSV of one line per layer, as `stocks compute` reads it.

Required columns: plot, campaign, date, point, top_cm, bottom_cm, one of soc_pct and
soc_g_kg, and one bulk density. A file is taken whole or not at all; every cell that is
wrong is reported, not only the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.tables.cells import read_limit
from schemas.tables.lines import check_size, decode, read_lines, rule_of
from schemas.tables.refusal import Refusal, TableError
from server.stocks.points import Layer
from server.stocks.reasons import Reason
from server.stocks.shared_density import RingError
from server.tables.columns import CODES, KNOWN, REQUIRED, SOC, check_columns
from server.tables.density import read_density
from server.tables.line_reader import LineReader


@dataclass(frozen=True, slots=True)
class LayerTable:
    """Layers by plot, in order of the file; empty where there are problems."""

    plots: Mapping[str, tuple[Layer, ...]]
    problems: tuple[Refusal, ...] = ()
    ignored_columns: tuple[str, ...] = ()


def read_layers(path: Path) -> LayerTable:
    """Read a layer table; what is wrong comes back as problems, never as an error."""
    try:
        check_size(path.stat().st_size)
        text = decode(path.read_bytes())
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or 'unknown cause'}"
        hint = "check its path and permissions"
        return LayerTable({}, (Refusal("unreadable_file", reason, hint),))
    except TableError as error:
        return LayerTable({}, (error.refusal,))
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
    reading = _TableReading()
    try:
        reading.read(text)
    except TableError as error:
        reading.problems.append(error.refusal)
    ignored = tuple(name for name in reading.header if name and name not in KNOWN)
    if reading.problems:
        return LayerTable({}, tuple(reading.problems), ignored)
    return LayerTable(_by_plot(reading.layers), (), ignored)


@dataclass(slots=True)
class _TableReading:
    """The layers and problems of a file so far."""

    header: Sequence[str] = ()
    layers: list[tuple[str, Layer]] = field(default_factory=list)
    problems: list[Refusal] = field(default_factory=list)
    rings: dict[tuple[str, str], tuple[int, RingError]] = field(default_factory=dict)

    def read(self, text: str) -> None:
        """Read every line."""
        rule = rule_of(text)
        head, rows = read_lines(text, rule, REQUIRED)
        self.header = head.names
        self.problems += check_columns(head, rule.delimiter)
        if self.problems:
            return
        for row in rows:
            if row.refusal is None:
                line = LineReader(row, self.header, rule.notation, self.problems)
                self._read_line(line)
            else:
                self.problems.append(row.refusal)
        if not self.layers and not self.problems:
            reason = "the table has a header and no layers"
            self.problems.append(Refusal("no_layers", reason, "add one line per layer"))

    def _read_line(self, line: LineReader) -> None:
        plot, campaign, point = (line.code(name) for name in CODES)
        day, depths = line.day(), line.depths()
        soc, censored = _read_soc(line)
        density, rings = read_density(line)
        if plot is None or campaign is None or point is None:
            return
        if rings is not None:
            self._compare_rings(line, (plot, campaign), rings)
        if day is None or depths is None:
            return
        layer = Layer(
            campaign,
            point,
            day,
            *depths,
            soc,
            density.bd_fine_g_cm3,
            pairing=line.text("revisits_point"),
            core=line.text("core") or "",
            soc_method=line.text("soc_method"),
            bd_method=line.text("bd_method"),
            reasons=(*censored, *density.reasons),
            bd_given_g_cm3=density.bd_given_g_cm3,
            shared_density=None if density.bd_fine_g_cm3 is None else rings,
        )
        self.layers.append((plot, layer))

    def _compare_rings(
        self, line: LineReader, campaign: tuple[str, str], rings: RingError
    ) -> None:
        """Refuse rings that differ from those of another line of plot and campaign."""
        first, known = self.rings.setdefault(campaign, (line.row.line, rings))
        if known != rings:
            reason = (
                f"rings differ from those of line {first}, of this plot and campaign"
            )
            hint = (
                "give one bd_rings and bd_rings_cv_pct for all layers: the fewest rings"
                " of a layer, and their variation in all layers together"
            )
            line.refuse(Refusal("rings_differ", reason, hint), "bd_rings")


def _read_soc(line: LineReader) -> tuple[float | None, tuple[Reason, ...]]:
    """Read the SOC; a value below the detection limit counts as half of the limit."""
    column = next(name for name in SOC if name in line.header)
    bounds, factor = SOC[column]
    text = line.text(column)
    if text is not None and text.startswith("<"):
        limit = line.taken(read_limit(text, line.notation, bounds), column)
        return (None if limit is None else limit / 2 * factor), (Reason.CENSORED,)
    value = line.number(column, bounds)
    return (None if value is None else value * factor), ()


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
