"""Read values out of rows, and write them for people; what is not known is a dash."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from math import floor, isfinite, log10
from typing import Final

from schemas.stock_words import compared_text
from server.report.model import Row

#: Ends of an interval; None lies at infinity.
Ends = tuple[float | None, float | None]

DASH: Final = "\u2013"
_SMALLEST_P: Final = 1e-4
# Neither HTML nor XML can hold these, escaped or not.
_UNPRINTABLE: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
)
#: What is smaller is the rounding of a computer, not a figure.
_NOTHING: Final = 1e-9


def number(row: Row, key: str) -> float | None:
    """Return a number; None for whatever is not a finite one."""
    return _finite(row.get(key))


def text(row: Row, key: str) -> str:
    """Return text; empty where there is none."""
    value = row.get(key)
    return "" if value is None else str(value)


def ends(row: Row, key: str) -> Ends | None:
    """Return the ends of an interval; None where there is no interval."""
    value = row.get(key)
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return None
    return _finite(value[0]), _finite(value[1])


def codes(row: Row) -> tuple[str, ...]:
    """Return the reason codes beside a figure."""
    value = row.get("reasons")
    return tuple(str(code) for code in value) if isinstance(value, list | tuple) else ()


def day(value: object) -> date | None:
    """Return the day of an ISO date or time; None where it is not one."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def fixed(value: float | None, digits: int) -> str:
    """Write a number with so many decimals; never a minus before zero.

    A number that those decimals would swallow keeps two significant digits.

    >>> fixed(-1e-12, 2), fixed(1234.5, 1), fixed(None, 1) == DASH
    ('0.00', '1234.5', True)
    >>> fixed(0.04, 1), fixed(-0.00123, 2)
    ('0.040', '-0.0012')
    """
    if value is None:
        return DASH
    if _NOTHING < abs(value) < 10.0**-digits:
        digits = 1 - floor(log10(abs(value)))
    shown = f"{value:z.{digits}f}"
    return shown.removeprefix("-") if float(shown) == 0.0 else shown


def interval(given: Ends | None, digits: int, shape: str = "") -> str:
    """Write an interval.

    >>> interval((None, 3.25), 1), interval((1.0, 2.0), 0, "disjoint")
    ('unbounded to 3.2', '1 to 2 and beyond')
    """
    if given is None:
        return DASH
    low, high = ("unbounded" if end is None else fixed(end, digits) for end in given)
    return f"{low} to {high}" + (" and beyond" if shape == "disjoint" else "")


def p_value(value: float | None) -> str:
    """Write a p value.

    >>> p_value(0.00001), p_value(0.035)
    ('<0.0001', '0.0350')
    """
    if value is not None and value < _SMALLEST_P:
        return "<0.0001"
    return fixed(value, 4)


def plain(value: object) -> str:
    """Write any value of a setting."""
    if value is None or value == "":
        return DASH
    if isinstance(value, float):
        return f"{value:g}" if isfinite(value) else DASH
    return str(value).replace("_", " ")


def counted(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "plot"), counted(2, "plot")
    ('1 plot', '2 plots')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(words: Iterable[str]) -> str:
    """Write words as a list.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def n_of_points(row: Row) -> str:
    """Return how many points are compared, of how many that were sampled.

    >>> n_of_points({"n0": 5, "n1": 5, "points_sampled0": 6, "points_sampled1": 6})
    'n 5 of 6'
    """
    known = row.get("n0") is not None or row.get("n1") is not None
    return f"n {compared_text(row)}" if known else ""


def n_of_plots(row: Row) -> str:
    """Return how many plots of an area have a result, of how many there are.

    >>> n_of_plots({"measured_plots": 4, "plots": 5})
    'n 4 of 5 plots'
    """
    measured, plots = row.get("measured_plots"), row.get("plots")
    if not isinstance(measured, int) or not isinstance(plots, int):
        return ""
    return f"n {measured} of {counted(plots, 'plot')}"


def clean(words: str) -> str:
    r"""Replace what no document can hold.

    >>> clean("a\x00b")
    'a\ufffdb'
    """
    return _UNPRINTABLE.sub("\ufffd", words)


def one_line(words: str) -> str:
    r"""Return text for one line of a picture.

    >>> one_line(" a\n b")
    'a b'
    """
    return " ".join(clean(words).split())


def natural(code: str) -> tuple[tuple[int, int, str], ...]:
    """Return the key that sorts P2 before P10.

    >>> sorted(["P10", "P2"], key=natural)
    ['P2', 'P10']
    """
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold())
        for part in re.split(r"(\d+)", code)
        if part
    )


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None
