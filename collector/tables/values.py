"""How a mapping says where a value comes from.

In TOML a value is one of

- ``"HF"``: the text itself; ``"{block}"`` the cell of that column; ``"WB{block}"``
  both. ``{year:int}`` reads 1948.000 as 1948, ``:upper`` and ``:lower`` change case.
- ``30``, ``true``: the value itself.
- ``{ first = ["{plot}.{sub}", "{plot}"] }``: the first one whose cells are filled.
- ``{ value = "{Unit}", map = { "g/kg" = "g_kg", "%" = "pct" } }``: what stands in the table,
  by what is meant.
- ``{ by_year = [{ until = 1987, value = "tinsley" }, { from = 2000, value = "other" }] }``:
  the first rule that the year of the row fits (`from`, `until`, `years`).

A template with an empty cell gives no value.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.typed import read_whole

_HOLE: Final = re.compile(r"\{([^{}]+)\}")
_HOWS: Final = ("int", "upper", "lower")

#: One row: column -> cell without its blanks; None where it is missing.
Cells = Mapping[str, str | None]


class SpecError(ValueError):
    """A value of a mapping cannot be understood."""


class CellError(ValueError):
    """A cell does not hold what the mapping says."""

    def __init__(self, column: str, value: str, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason, self.hint = column, value, reason, hint


@dataclass(frozen=True, slots=True)
class Constant:
    """The value itself."""

    value: Any


@dataclass(frozen=True, slots=True)
class Template:
    """Text with holes for cells; each hole stands behind the text of its place."""

    texts: tuple[str, ...]  # one more than holes
    holes: tuple[tuple[str, str], ...]  # column, how


@dataclass(frozen=True, slots=True)
class First:
    """The first option that gives a value."""

    options: tuple["Spec", ...]


@dataclass(frozen=True, slots=True)
class YearRule:
    """A value for some years."""

    value: "Spec"
    first: int | None = None
    last: int | None = None
    years: frozenset[int] = frozenset()

    def fits(self, year: int | None) -> bool:
        """Return whether the rule is for this year."""
        if year is None:
            return False
        return (
            (self.first is None or year >= self.first)
            and (self.last is None or year <= self.last)
            and (not self.years or year in self.years)
        )


@dataclass(frozen=True, slots=True)
class ByYear:
    """The value of the first rule that fits the year."""

    rules: tuple[YearRule, ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """What is meant by the texts of a column."""

    value: "Spec"
    meant: Mapping[str, Any]


Spec = Constant | Template | First | ByYear | Mapped


def read_spec(raw: object) -> Spec:
    """Read a value of a mapping; raise `SpecError` for none of the forms."""
    match raw:
        case str():
            return _template(raw)
        case bool() | int() | float() | list():
            return Constant(raw)
        case {"first": list(options), **rest} if not rest:
            return First(tuple(read_spec(option) for option in options))
        case {"by_year": list(rules), **rest} if not rest:
            return ByYear(tuple(_year_rule(rule) for rule in rules))
        case {"value": value, "map": dict(meant), **rest} if not rest and meant:
            return Mapped(read_spec(value), meant)
        case _:
            raise SpecError(
                f"{raw!r} is no value: give a text, a number, first, by_year or map"
            )


def evaluate(spec: Spec, cells: Cells, year: int | None) -> Any:  # noqa: ANN401 - TOML
    """Return the value for one row, or None; raise `CellError` for a cell unlike its hole."""
    match spec:
        case Constant(value):
            return value
        case Template():
            return _fill(spec, cells)
        case First(options):
            found = (evaluate(option, cells, year) for option in options)
            return next((value for value in found if value is not None), None)
        case ByYear(rules):
            fitting = next((rule for rule in rules if rule.fits(year)), None)
            return evaluate(fitting.value, cells, year) if fitting else None
        case Mapped():
            return _meant(spec, cells, year)


def _meant(spec: Mapped, cells: Cells, year: int | None) -> Any:  # noqa: ANN401 - TOML
    text = evaluate(spec.value, cells, year)
    if text is None:
        return None
    plain = {name.casefold(): meant for name, meant in spec.meant.items()}
    if str(text).casefold() not in plain:
        raise CellError(
            ", ".join(columns(spec)),
            str(text),
            f"not in the map; it has: {', '.join(spec.meant)}",
            "correct the cell, or add it to the map",
        )
    return plain[str(text).casefold()]


def columns(spec: Spec) -> Iterator[str]:
    """Return the columns that a value reads."""
    match spec:
        case Constant():
            return
        case Template(_, holes):
            yield from (column for column, _ in holes)
        case First(options):
            for option in options:
                yield from columns(option)
        case ByYear(rules):
            for rule in rules:
                yield from columns(rule.value)
        case Mapped(value, _):
            yield from columns(value)


def _template(text: str) -> Spec:
    holes = []
    texts = _HOLE.split(text)
    for found in texts[1::2]:
        column, colon, how = found.rpartition(":")
        if colon and how in _HOWS:
            holes.append((column, how))
        else:
            holes.append((found, ""))
    return Template(tuple(texts[::2]), tuple(holes)) if holes else Constant(text)


def _year_rule(raw: object) -> YearRule:
    match raw:
        case {"value": value, **rest} if not set(rest) - {"from", "until", "years"}:
            first, last = _year(rest.get("from")), _year(rest.get("until"))
            years = frozenset(_years(rest.get("years", [])))
            return YearRule(read_spec(value), first, last, years)
    raise SpecError(f"{raw!r} is no rule: value, and from, until or years")


def _year(raw: object) -> int | None:
    if raw is None or (isinstance(raw, int) and not isinstance(raw, bool)):
        return raw
    raise SpecError(f"{raw!r} is no year")


def _years(raw: object) -> Iterator[int]:
    for one in raw if isinstance(raw, list) else [raw]:
        if (year := _year(one)) is not None:
            yield year


def _fill(template: Template, cells: Cells) -> str | None:
    filled = [template.texts[0]]
    for (column, how), text in zip(template.holes, template.texts[1:], strict=True):
        cell = cells.get(column)
        if cell is None:
            return None
        filled += _as(how, column, cell), text
    return "".join(filled)


def _as(how: str, column: str, cell: str) -> str:
    match how:
        case "int":
            return _whole(column, cell)
        case "upper":
            return cell.upper()
        case "lower":
            return cell.lower()
        case _:
            return cell


def _whole(column: str, cell: str) -> str:
    number = read_whole(cell)
    if isinstance(number, int):
        return str(number)
    raise CellError(column, cell, "not a whole number", "correct the cell")
