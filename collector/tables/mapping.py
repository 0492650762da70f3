"""A mapping file: what the columns of somebody's table mean.

TOML, read top to bottom::

    title = "..."                      what it is for
    create = ["campaign", "point", "core", "sample", "result", "plot"]
                                       what may be added; the rest must be here
    year = "{sample_year:int}"         year of a row, for by_year; else of its date

    [file]
    encoding = "utf-8"                 or "latin-1", "cp1252"
    delimiter = ","
    decimal = "."
    missing = ["", "*", "NA"]          cells that say nothing
    header = 5                         line of the header; else the first one that has
                                       all columns, so that a letterhead is passed over

    [[where]]                          rows to take; all must hold
    column = "block"                   with: equals = "1", in = [...], least = 1959,
    equals = "1"                       most = 2009, begins = "QC", or present = true

    [[skip]]                           rows to leave out, such as blanks and references;
    column = "sample"                  one that holds is enough; written like [[where]]
    in = ["BLANK", "CRM"]

    [[date]]                           tried in order
    value = "{sample_date}"
    formats = ["%Y-%m-%d"]
    precision = "day"                  instant (with offset = "+01:00"), day, month
    month_day = "07-01"                for formats without month and day
    years = [1959, 1971]               only for these years

    [depth]
    unit = "cm"                        cm, mm, m or inch
    top = 0                            top and bottom; or label = "{depth}" (0-23);
    bottom = 23                        and may be checked by thickness; or centre, thickness
    downward = "positive"              or "negative": depths below ground are < 0

    [plot] [point] [campaign] [core] [sample]
    code = "{block}"                   a value for each field (collector.tables.values)

    [sample]
    bulk_density_kg_m3 = "{BD}"        or bulk_density_g_cm3; kept in g/cm3

    [soil_weight]                      instead of a density of the sample
    value = "{soil_weight}"
    unit = "M_kg_ha"                   million kg/ha, t_ha or kg_m2

    [[result]]
    analyte = "soc"
    value = "{%SOC}"
    unit = "pct"                       pct, g_kg, mg_kg, g_g, fraction
    method = "tinsley"

    [attach]                           files of an archive of ODK Central, by their names
    core = "{photo}"                   to a plot, point, campaign, core or sample

A campaign gets its period from the dates of its rows, and `baseline` as purpose
when it is the earliest one of the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from collector.tables.values import Constant, Spec, SpecError, columns, read_spec
from schemas.evolve import present_name
from schemas.records import TYPES
from schemas.tables.densities import G_CM3, KG_M3, DensityUnit
from schemas.tables.lines import MISSING, FileRule

#: Types a row is made of, in the order in which they depend on each other.
CHAIN: Final = ("plot", "point", "campaign", "core", "sample")
#: Fields that the importer fills in by itself.
_FILLED: Final = frozenset(
    {"depth_top_cm", "depth_bottom_cm", "sampled_at", "sampled_precision"}
)
#: Fields that no column can fill: files are attached, warnings explained one by one.
_NOT_IN_TABLES: Final = frozenset({"attachments", "explained"})
DEPTH_UNITS: Final = {"cm": 1.0, "mm": 0.1, "m": 100.0, "inch": 2.54}
#: To g of soil per cm2 of ground.
WEIGHT_UNITS: Final = {"M_kg_ha": 10.0, "t_ha": 0.01, "kg_m2": 0.1}
#: A mass fraction is what the record types call g_g.
RESULT_UNITS: Final = {"fraction": "g_g"}
#: How a layer may say where it is; a thickness beside both depths is a check.
_DEPTHS: Final = ("top bottom", "top bottom thickness", "label", "centre thickness")
_ENCODINGS: Final = ("utf-8", "latin-1", "cp1252")
_TOP: Final = (
    "title source create year file where skip date depth soil_weight result attach"
)
#: What a density of a sample is called in another unit.
_IN_KG_M3: Final = "bulk_density_kg_m3"


class MappingError(ValueError):
    """A mapping cannot be used; carries every reason."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows are taken."""

    column: str
    equals: str | None = None
    one_of: frozenset[str] = frozenset()
    least: float | None = None
    most: float | None = None
    present: bool | None = None
    begins: str | None = None


@dataclass(frozen=True, slots=True)
class DateRule:
    """How a sampling time is read."""

    value: Spec
    formats: tuple[str, ...]
    precision: str
    month_day: str = ""
    offset: str = ""
    years: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class DepthRule:
    """How the two depths are read, in one way; a thickness beside both is a check."""

    unit: str = "cm"
    scale: float = 1.0
    sign: float = 1.0
    top: Spec | None = None
    bottom: Spec | None = None
    label: Spec | None = None
    centre: Spec | None = None
    thickness: Spec | None = None

    @property
    def specs(self) -> list[Spec]:
        """Return the values that are read."""
        every = (self.top, self.bottom, self.label, self.centre, self.thickness)
        return [spec for spec in every if spec is not None]


@dataclass(frozen=True, slots=True)
class TableMapping:
    """A whole mapping."""

    file: FileRule
    depth: DepthRule
    dates: tuple[DateRule, ...]
    records: Mapping[str, Mapping[str, Spec]]
    results: tuple[Mapping[str, Spec], ...]
    where: tuple[Condition, ...] = ()
    skip: tuple[Condition, ...] = ()
    create: frozenset[str] = frozenset()
    year: Spec | None = None
    density_unit: DensityUnit = G_CM3
    soil_weight: Spec | None = None
    weight_scale: float = 1.0
    attach: Mapping[str, Spec] = field(default_factory=dict)
    title: str = ""

    @property
    def columns(self) -> list[str]:
        """Return every column that is read, once."""
        return list(dict.fromkeys(self._columns()))

    @property
    def units(self) -> dict[str, str]:
        """Return the unit of each column that says one by itself, by our name of it."""
        found = {}
        for fields in self.results:
            unit = fields["unit"]
            for column in columns(fields["value"]):
                if isinstance(unit, Constant):
                    found[column] = str(unit.value).replace("fraction", "g_g")
        density = self.records["sample"].get("bulk_density_g_cm3")
        if density is not None:
            found |= dict.fromkeys(columns(density), self.density_unit.suffix)
        for spec in self.depth.specs:
            found |= dict.fromkeys(columns(spec), self.depth.unit)
        return found

    def _columns(self) -> Iterator[str]:
        yield from (condition.column for condition in (*self.where, *self.skip))
        specs = [self.year, self.soil_weight, *self.depth.specs]
        specs += [rule.value for rule in self.dates]
        for fields in (*self.records.values(), *self.results, self.attach):
            specs += fields.values()
        for spec in specs:
            if spec is not None:
                yield from columns(spec)


def read_mapping(raw: Mapping[str, Any]) -> TableMapping:
    """Read a mapping from its TOML; raise `MappingError` with all that is wrong."""
    return _Reader(raw).read()


@dataclass(slots=True)
class _Reader:
    raw: Mapping[str, Any]
    reasons: list[str] = field(default_factory=list)

    def read(self) -> TableMapping:
        unknown = set(self.raw) - {*_TOP.split(), *CHAIN}
        self.reasons += [f"unknown: {name}" for name in sorted(unknown)]
        weight = self._table("soil_weight")
        found = TableMapping(
            file=self._file(),
            depth=self._depth(),
            dates=tuple(self._date(one) for one in self._tables("date")),
            records={kind: self._fields(kind, self._table(kind)) for kind in CHAIN},
            results=tuple(self._result(one) for one in self._tables("result")),
            where=tuple(self._condition(one, "where") for one in self._tables("where")),
            skip=tuple(self._condition(one, "skip") for one in self._tables("skip")),
            create=self._create(),
            year=self._spec("year", self.raw.get("year")),
            density_unit=KG_M3 if _IN_KG_M3 in self._table("sample") else G_CM3,
            soil_weight=self._spec("soil_weight", weight.get("value")),
            weight_scale=self._choice("soil_weight.unit", weight, WEIGHT_UNITS),
            attach=self._attach(),
            title=str(self.raw.get("title", "")),
        )
        self._check_complete(found)
        if self.reasons:
            raise MappingError(list(dict.fromkeys(self.reasons)))
        return found

    def _check_complete(self, found: TableMapping) -> None:
        needed = {"plot": "code", "point": "code", "campaign": "name"}
        for kind, name in {**needed, "sample": "sample_code"}.items():
            if name not in found.records[kind]:
                self.reasons.append(f"[{kind}] needs {name}")
        if not found.dates:
            self.reasons.append("[[date]] is needed: when was it sampled?")

    def _table(self, name: str) -> Mapping[str, Any]:
        table = self.raw.get(name, {})
        if isinstance(table, Mapping):
            return table
        self.reasons.append(f"{name} is a table: [{name}]")
        return {}

    def _tables(self, name: str) -> list[Mapping[str, Any]]:
        tables = self.raw.get(name, [])
        if isinstance(tables, list) and all(isinstance(t, Mapping) for t in tables):
            return tables
        self.reasons.append(f"{name} is a list of tables: [[{name}]]")
        return []

    def _known(self, where: str, table: Mapping[str, Any], names: str) -> None:
        for name in sorted(set(table) - set(names.split())):
            self.reasons.append(f"{where} has no {name}; known: {names}")

    def _spec(self, where: str, raw: object) -> Spec | None:
        if raw is None:
            return None
        try:
            return read_spec(raw)
        except SpecError as error:
            self.reasons.append(f"{where}: {error}")
            return None

    def _choice(
        self, where: str, table: Mapping[str, Any], choices: Mapping[str, float]
    ) -> float:
        unit = table.get("unit", next(iter(choices)))
        if isinstance(unit, str) and unit in choices:
            return choices[unit]
        self.reasons.append(f"{where} = {unit!r}; one of: {', '.join(choices)}")
        return 1.0

    def _create(self) -> frozenset[str]:
        names = self.raw.get("create", [])
        known = {*CHAIN, "result"}
        if isinstance(names, list) and all(name in known for name in names):
            return frozenset(names)
        self.reasons.append(f"create lists some of: {', '.join(sorted(known))}")
        return frozenset()

    def _file(self) -> FileRule:
        table = self._table("file")
        self._known("[file]", table, "encoding delimiter decimal missing header")
        header = table.get("header")
        rule = FileRule(
            str(table.get("encoding", "utf-8")).lower(),
            str(table.get("delimiter", ",")),
            str(table.get("decimal", ".")),
            frozenset(str(text) for text in table.get("missing", MISSING)) | {""},
            header if isinstance(header, int) else None,
        )
        if rule.encoding not in _ENCODINGS:
            self.reasons.append(f"file.encoding is one of: {', '.join(_ENCODINGS)}")
        if len(rule.delimiter) != 1 or rule.decimal not in {".", ","}:
            self.reasons.append("file.delimiter is one character, decimal . or ,")
        if header is not None and (not isinstance(header, int) or header < 1):
            self.reasons.append("file.header is the number of a line, such as 5")
        return rule

    def _condition(self, table: Mapping[str, Any], name: str) -> Condition:
        known = "column equals in least most present begins"
        self._known(f"[[{name}]]", table, known)
        if not isinstance(table.get("column"), str):
            self.reasons.append(f"[[{name}]] needs column")
        if not set(table) - {"column"}:
            self.reasons.append(f"[[{name}]] needs one of: {known.partition(' ')[2]}")
        for bound in ("least", "most"):
            if not isinstance(table.get(bound, 0), int | float):
                self.reasons.append(f"{name}.{bound} is a number")
        equals, begins = table.get("equals"), table.get("begins")
        return Condition(
            str(table.get("column", "")),
            None if equals is None else str(equals),
            frozenset(str(value) for value in table.get("in", [])),
            table.get("least"),
            table.get("most"),
            table.get("present"),
            None if begins is None else str(begins),
        )

    def _date(self, table: Mapping[str, Any]) -> DateRule:
        names = "value formats precision month_day offset years"
        self._known("[[date]]", table, names)
        spec = self._spec("date.value", table.get("value"))
        rule = DateRule(
            spec or read_spec(""),
            tuple(str(text) for text in table.get("formats", ["%Y-%m-%d"])),
            str(table.get("precision", "day")),
            str(table.get("month_day", "")),
            str(table.get("offset", "")),
            frozenset(table.get("years", [])),
        )
        if spec is None:
            self.reasons.append("[[date]] needs value")
        if rule.precision not in {"instant", "day", "month", "year"}:
            self.reasons.append("date.precision is instant, day, month or year")
        if rule.precision == "instant" and not rule.offset:
            self.reasons.append("date.offset is needed for instants, such as +01:00")
        if not rule.month_day and any("%d" not in f for f in rule.formats):
            self.reasons.append("date.month_day is needed where a format has no day")
        return rule

    def _depth(self) -> DepthRule:
        table = self._table("depth")
        names = "unit downward top bottom label centre thickness"
        self._known("[depth]", table, names)
        specs = {
            name: self._spec(f"depth.{name}", table.get(name))
            for name in ("top", "bottom", "label", "centre", "thickness")
        }
        given = {name for name, spec in specs.items() if spec is not None}
        if given not in [set(way.split()) for way in _DEPTHS]:
            self.reasons.append(
                "[depth] needs top and bottom, or label, or centre and thickness"
            )
        downward = table.get("downward", "positive")
        if downward not in {"positive", "negative"}:
            self.reasons.append("depth.downward is positive or negative")
        return DepthRule(
            str(table.get("unit", "cm")),
            self._choice("depth.unit", table, DEPTH_UNITS),
            -1.0 if downward == "negative" else 1.0,
            **specs,
        )

    def _fields(self, kind: str, table: Mapping[str, Any]) -> dict[str, Spec]:
        known = set(TYPES[kind].fields) - set(TYPES[kind].references)
        known -= _FILLED | _NOT_IN_TABLES
        found = dict[str, Spec]()
        for written, raw in table.items():
            name = present_name(kind, written)
            if (kind, name) == ("sample", _IN_KG_M3):
                name = "bulk_density_g_cm3"
            if name in found:
                self.reasons.append(f"[{kind}] gives {name} twice")
            elif name not in known:
                self.reasons.append(
                    f"[{kind}] has no {name}; known: {', '.join(sorted(known))}"
                )
            elif (spec := self._spec(f"{kind}.{name}", raw)) is not None:
                found[name] = spec
        return found

    def _attach(self) -> dict[str, Spec]:
        table = self._table("attach")
        self._known("[attach]", table, " ".join(CHAIN))
        specs = {kind: self._spec(f"attach.{kind}", table.get(kind)) for kind in CHAIN}
        return {kind: spec for kind, spec in specs.items() if spec is not None}

    def _result(self, table: Mapping[str, Any]) -> dict[str, Spec]:
        found = self._fields("result", table)
        for name in ("analyte", "value", "unit", "method"):
            if name not in found:
                self.reasons.append(f"[[result]] needs {name}")
        return found
