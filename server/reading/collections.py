"""What is read: one collection for each table of an export, with its columns. Pure.

Columns, names beside ids and their order are those of the exports (schemas.export); samples
and results have the time of their core besides.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas.export.frozen import known_columns
from schemas.export.meanings import meaning_of
from schemas.export.shape import DERIVED, RECORDS, kinds_of
from schemas.export.views import VIEWS
from schemas.fields import Day, Flag, Instant, PlainField
from schemas.records import TYPES


class ColumnKind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    DAY = "day"
    INSTANT = "instant"


class Shape(StrEnum):
    """What the places of a collection are."""

    NONE = "none"
    POINT = "point"
    AREA = "area"  # a polygon, or several


class ReadColumn(NamedTuple):
    """One column: its name, its kind and what it means."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    says: str = ""


class Source(NamedTuple):
    """Where rows come from: a view `v`, what is joined to it, place and time of a row.

    `plot` is the id of the plot of a row that has a place.
    """

    view: str
    joins: str = ""
    place: tuple[str, ...] = ()
    times: tuple[str, str] | None = None
    plot: str = ""


class Collection(NamedTuple):
    """One collection; `number` stands for it in the copy and stays.

    `called` names the columns by which people call a row.
    """

    name: str
    number: int
    title: str
    shape: Shape
    columns: tuple[ReadColumn, ...]
    called: tuple[str, ...]
    source: Source

    @property
    def filters(self) -> Mapping[str, ReadColumn]:
        """Return the columns that may be asked for by their value."""
        return {c.name: c for c in self.columns if c.name not in _NOT_ASKED_FOR}


#: Whole values as JSON, which nobody types.
_NOT_ASKED_FOR: Final = frozenset({"geometry", "row"})
_SAMPLED_AT: Final = ReadColumn(
    "sampled_at", ColumnKind.INSTANT, "when its core was taken"
)
_DAYS: Final = frozenset({"from_date", "to_date", "date"})


def _joined(table: str, key: str, alias: str, other: str = "v") -> str:
    return (
        f" LEFT JOIN {table} AS {alias} ON {alias}.project_id = {other}.project_id"
        f" AND {alias}.id = {other}.{key}"
    )


_OF_CORE: Final = _joined("points", "point_id", "po", "c")
_HERE: Final = ("coalesce(c.lon, po.lon)", "coalesce(c.lat, po.lat)")
_WHEN: Final = ("c.sampled_at", "c.sampled_at")
_OF_SAMPLE: Final = _joined("cores", "core_id", "c") + _OF_CORE
_OF_PLOT: Final = (
    " LEFT JOIN plots AS pl ON pl.project_id = v.project_id AND pl.code = v.plot"
)
_SOURCES: Final[Mapping[str, Source]] = {
    "plots": Source("plots_named", place=("v.geometry",), plot="v.id"),
    "practices": Source("practices_named", times=("v.from_date", "v.to_date")),
    "points": Source("points_named", place=("v.lon", "v.lat"), plot="v.plot_id"),
    "designs": Source("designs_named"),
    "campaigns": Source(
        "campaigns_named", times=("v.start_date", "coalesce(v.end_date, v.start_date)")
    ),
    "cores": Source(
        "cores_named",
        _joined("points", "point_id", "po"),
        ("coalesce(v.lon, po.lon)", "coalesce(v.lat, po.lat)"),
        ("v.sampled_at", "v.sampled_at"),
        "po.plot_id",
    ),
    "samples": Source("samples_timed", _OF_SAMPLE, _HERE, _WHEN, "po.plot_id"),
    "skips": Source("skips_named", times=("v.decided_on", "v.decided_on")),
    "custody_events": Source("custody_events_named", times=("v.at", "v.at")),
    "results": Source(
        "results_timed",
        _joined("samples", "sample_id", "s")
        + _joined("cores", "core_id", "c", "s")
        + _OF_CORE,
        _HERE,
        _WHEN,
        "po.plot_id",
    ),
    "layers": Source(
        "layers_keyed",
        _joined("samples", "id", "s") + _joined("cores", "core_id", "c", "s"),
        ("v.lon", "v.lat"),
        _WHEN,
        "v.plot_id",
    ),
    "stocks": Source(
        "stocks_named",
        f"{_OF_PLOT} LEFT JOIN points AS po ON po.project_id = v.project_id"
        " AND po.plot_id = pl.id AND po.code = v.point"
        " LEFT JOIN campaigns AS ca ON ca.project_id = v.project_id"
        " AND ca.name = v.campaign",
        ("po.lon", "po.lat"),
        ("ca.start_date", "coalesce(ca.end_date, ca.start_date)"),
        "pl.id",
    ),
    "changes": Source(
        "changes_named",
        _OF_PLOT,
        ("pl.geometry",),
        ("v.from_date", "v.to_date"),
        "pl.id",
    ),
    "trends": Source("trends_named", _OF_PLOT, ("pl.geometry",), plot="pl.id"),
}
_TITLES: Final = {
    "stocks": "Carbon stocks of points",
    "changes": "Stock changes of plots",
    "trends": "Trends of plots",
    "layers": "Layers: one flat row for each bag",
}
_CALLED: Final = {
    "points": ("plot", "code"),
    "practices": ("plot", "what"),
    "designs": ("plot", "number"),
    "question_forms": ("asked_of", "number"),
    "answers": ("plot", "point", "campaign", "core_number", "sample_code", "question"),
    "skips": ("plot", "point", "campaign"),
    "custody_events": ("sample_code", "step", "at"),
    "cores": ("plot", "point", "campaign", "number"),
    "results": ("sample_code", "analyte", "replicate"),
    "stocks": ("plot", "campaign", "point"),
    "changes": ("plot", "from_campaign", "to_campaign"),
    "trends": ("plot",),
    "layers": ("sample_code",),
    "samples": ("sample_code",),
    "campaigns": ("name",),
    "lab_controls": ("lab", "lab_batch", "kind", "code"),
    "lab_batches": ("lab", "lab_batch", "analyte"),
}
_BY_TYPE: Final = {
    str: ColumnKind.TEXT,
    float: ColumnKind.NUMBER,
    int: ColumnKind.WHOLE,
}


def _kind(name: str, field: PlainField | None, plain: type) -> ColumnKind:
    if isinstance(field, Flag):
        return ColumnKind.FLAG
    if isinstance(field, Instant):
        return ColumnKind.INSTANT
    if isinstance(field, Day) or (field is None and name in _DAYS):
        return ColumnKind.DAY
    return _BY_TYPE[plain]


def _column(table: str, name: str) -> ReadColumn:
    record_type = next((t.record_type for t in RECORDS if t.name == table), "")
    field = TYPES[record_type].fields.get(name) if record_type else None
    kind = _kind(name, field, kinds_of(table).get(name, str))
    return ReadColumn(name, kind, field.help if field else meaning_of(table, name))


def _columns(table: str) -> tuple[ReadColumn, ...]:
    columns = tuple(_column(table, name) for name in known_columns(table))
    if table == "layers":
        # A layer is that of one bag, and has its id.
        return (ReadColumn("id", says="id of the bag"), *columns)
    return (*columns, *([_SAMPLED_AT] if table in {"samples", "results"} else []))


def _shape(source: Source) -> Shape:
    return (Shape.NONE, Shape.AREA, Shape.POINT)[len(source.place)]


def _collection(number: int, name: str) -> Collection:
    named = f"{name}_named"
    source = _SOURCES.get(name) or Source(named if named in VIEWS else name)
    return Collection(
        name,
        number,
        _TITLES.get(name, name.replace("_", " ").capitalize()),
        _shape(source),
        _columns(name),
        _CALLED.get(name, ("code",)),
        source,
    )


#: The tables that the copy holds; what waits for a person is not read by others.
TABLES: Final = (*RECORDS, *DERIVED)
#: Every collection by its name, in the order in which people meet them.
COLLECTIONS: Final[Mapping[str, Collection]] = MappingProxyType(
    {
        name: _collection(number, name)
        for number, name in enumerate((*(t.name for t in TABLES), "layers"), start=1)
    }
)
