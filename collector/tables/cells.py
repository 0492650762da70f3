"""Single cells by the rules of a mapping: numbers, depths, sampling times."""

from datetime import date, datetime
from typing import Final, TypeVar

from collector.tables.mapping import DateRule, DepthRule
from collector.tables.values import CellError, Cells, Spec, columns, evaluate
from schemas.tables import cells as shared
from schemas.tables.dates import NO_DATE, read_date
from schemas.tables.refusal import Refusal
from schemas.typed import Notation

DECIMALS: Final = 6  # 10 nm: below it are only the traces of float arithmetic
_SAME_DEPTH: Final = 0.01  # in any unit: printed otherwise
_Value = TypeVar("_Value")


def taken(found: _Value | Refusal, spec: Spec, text: object) -> _Value:
    """Return what was read of a cell; raise `CellError` where it was refused."""
    if isinstance(found, Refusal):
        raise cell_error(found, "" if text is None else str(text), spec)
    return found


def cell_error(refusal: Refusal, text: str, *specs: Spec) -> CellError:
    """Return the error of a cell that is refused."""
    return CellError(column_names(*specs), text, refusal.reason, refusal.hint)


def column_names(*specs: Spec) -> str:
    """Return the columns to look at, each once."""
    return ", ".join(dict.fromkeys(name for spec in specs for name in columns(spec)))


def sampling_time(
    rules: tuple[DateRule, ...], cells: Cells, year: int | None
) -> tuple[date, str, str]:
    """Return day, instant and how exactly it is known; raise `CellError` for none."""
    errors: list[CellError] = []
    for rule in rules:
        if rule.years and year not in rule.years:
            continue
        text = evaluate(rule.value, cells, year)
        if text is None:
            continue
        found = read_date(str(text), rule.formats, rule.month_day)
        if isinstance(found, datetime):
            return found.date(), _instant(found, rule), rule.precision
        errors.append(cell_error(found, str(text), rule.value))
    if not errors:
        raise cell_error(NO_DATE, "", *(rule.value for rule in rules))
    first = errors[0]
    hints = dict.fromkeys(e.hint for e in errors if e.reason == first.reason)
    raise CellError(first.column, first.value, first.reason, "; or ".join(hints))


def _instant(timestamp: datetime, rule: DateRule) -> str:
    if rule.precision != "instant":
        return f"{timestamp.date().isoformat()}T12:00:00{rule.offset or '+00:00'}"
    return f"{timestamp.isoformat(timespec='seconds')}{rule.offset}"


def depths(
    rule: DepthRule, cells: Cells, year: int | None, notation: Notation
) -> tuple[float, float]:
    """Return top and bottom in cm, downward from the surface; raise `CellError`."""

    def read(spec: Spec | None) -> float:
        assert spec is not None
        value = evaluate(spec, cells, year)
        text = None if value is None else str(value)
        return taken(shared.read_depth(text, notation), spec, value)

    if rule.label is not None:
        text = evaluate(rule.label, cells, year)
        label = None if text is None else str(text)
        first, second = taken(shared.read_depths(label, notation), rule.label, text)
    elif rule.centre is not None:
        centre, half = read(rule.centre), read(rule.thickness) / 2 * rule.sign
        first, second = centre - half, centre + half
    else:
        first, second = read(rule.top), read(rule.bottom)
        thickness = rule.thickness
        if thickness is not None and evaluate(thickness, cells, year) is not None:
            _check_thickness(read(thickness), abs(second - first), thickness)
    scale = rule.scale * rule.sign
    # Adding 0.0 makes the -0.0 of a negated surface the 0.0 that people expect.
    top = round(first * scale, DECIMALS) + 0.0
    bottom = round(second * scale, DECIMALS) + 0.0
    for depth in (top, bottom):
        if refused := shared.refuse_depth(depth):
            raise cell_error(refused, f"{depth:g} cm", *rule.specs)
    return top, bottom


def _check_thickness(said: float, found: float, spec: Spec) -> None:
    """Raise `CellError` where a thickness is not what lies between the depths."""
    if abs(said - found) > _SAME_DEPTH:
        reason = f"the thickness is not bottom minus top, which is {found:g}"
        hint = "correct one of them, or leave thickness out of [depth]"
        raise cell_error(Refusal("other_thickness", reason, hint), f"{said:g}", spec)
