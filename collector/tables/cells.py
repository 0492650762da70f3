"""Read single cells: numbers, depths, sampling times."""

import re
from datetime import date, datetime
from typing import Final

from collector.tables.mapping import DateRule, DepthRule
from collector.tables.values import CellError, Cells, Spec, columns, evaluate
from schemas.typed import Notation, read_number

_LABEL: Final = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:-|\u2013|\u2014|to|_)\s*(\d+(?:[.,]\d+)?)"
)
_DATE_LABEL: Final = re.compile(
    r"\d{1,2}[-./ ]{1,2}[A-Za-z]{3,}\.?|[A-Za-z]{3,}\.?[-./ ]\d{1,4}"
    r"|\d{4}-\d{2}-\d{2}.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
)
DECIMALS: Final = 6  # 10 nm: below it are only the traces of float arithmetic


def number(text: str, notation: Notation, spec: Spec) -> float:
    """Read a number with its decimal sign.

    Raises
    ------
    CellError
        If it is none.
    """
    value = read_number(text, notation)
    if isinstance(value, str):
        raise not_a_number(text, notation, spec)
    return value


def not_a_number(text: str, notation: Notation, spec: Spec) -> CellError:
    """Return the error of a cell that holds no number."""
    hint = f"write it as 12{notation.decimal}5, without a unit"
    return CellError(", ".join(columns(spec)), text, "not a number", hint)


def sampling_time(
    rules: tuple[DateRule, ...], cells: Cells, year: int | None
) -> tuple[date, str, str]:
    """Return the day, the instant and how exactly it is known.

    Raises
    ------
    CellError
        If no rule can read a date.
    """
    tried: list[tuple[str, str]] = []
    for rule in rules:
        if rule.years and year not in rule.years:
            continue
        text = evaluate(rule.value, cells, year)
        if text is None:
            continue
        tried.append((", ".join(columns(rule.value)), str(text)))
        timestamp = _parsed(str(text), rule)
        if timestamp is not None:
            return timestamp.date(), _instant(timestamp, rule), rule.precision
    if not tried:
        every = (c for rule in rules for c in columns(rule.value))
        column = ", ".join(dict.fromkeys(every))
        raise CellError(column, "", "no sampling date", "give the date")
    column, text = tried[0]
    forms = " or ".join(form for rule in rules for form in rule.formats)
    raise CellError(column, text, "not a date", f"write it as {forms}")


def _parsed(text: str, rule: DateRule) -> datetime | None:
    for form in rule.formats:
        whole, whole_form = text, form
        if "%d" not in form:
            # The mapping says which day stands for the month or year.
            month_day = rule.month_day
            whole = f"{text} {month_day[3:] if '%m' in form else month_day}"
            whole_form = f"{form} {'%d' if '%m' in form else '%m-%d'}"
        try:
            return datetime.strptime(whole, whole_form)  # noqa: DTZ007 - offset is the rule's
        except ValueError:
            continue
    return None


def _instant(timestamp: datetime, rule: DateRule) -> str:
    if rule.precision != "instant":
        return f"{timestamp.date().isoformat()}T12:00:00{rule.offset or '+00:00'}"
    return f"{timestamp.isoformat(timespec='seconds')}{rule.offset}"


def depths(
    rule: DepthRule, cells: Cells, year: int | None, notation: Notation
) -> tuple[float, float]:
    """Return top and bottom in cm, counted downward from the surface.

    Raises
    ------
    CellError
        If a depth is missing or cannot be read.
    """
    if rule.label is not None:
        first, second = _label(rule.label, cells, year)
    elif rule.centre is not None and rule.thickness is not None:
        centre = _depth(rule.centre, cells, year, notation)
        half = _depth(rule.thickness, cells, year, notation) / 2 * rule.sign
        first, second = centre - half, centre + half
    else:
        assert rule.top is not None
        assert rule.bottom is not None
        first = _depth(rule.top, cells, year, notation)
        second = _depth(rule.bottom, cells, year, notation)
    scale = rule.scale * rule.sign
    # Adding 0.0 makes the -0.0 of a negated surface the 0.0 that people expect.
    return (
        round(first * scale, DECIMALS) + 0.0,
        round(second * scale, DECIMALS) + 0.0,
    )


def _depth(spec: Spec, cells: Cells, year: int | None, notation: Notation) -> float:
    value = evaluate(spec, cells, year)
    if value is None:
        raise CellError(", ".join(columns(spec)), "", "no depth", "give the depth")
    if isinstance(value, str):
        return number(value, notation, spec)
    return float(value)


def _label(spec: Spec, cells: Cells, year: int | None) -> tuple[float, float]:
    text, column = evaluate(spec, cells, year), ", ".join(columns(spec))
    if text is None:
        raise CellError(column, "", "no depth", "give the depth, such as 0-23")
    text = str(text)
    found = _LABEL.fullmatch(text.removesuffix("cm").strip())
    if found:
        first, second = (float(part.replace(",", ".")) for part in found.groups())
        return first, second
    if _DATE_LABEL.fullmatch(text):
        raise CellError(
            column,
            text,
            "a spreadsheet made a date of the depth",
            "10-May was 5-10: restore it from the original, format the column as text",
        )
    raise CellError(column, text, "not a depth", "write it as 0-23")
