"""Days and times of sampling in the cells of a table."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from schemas.limits import YEAR_RANGE
from schemas.tables.refusal import Refusal

#: A day as every program writes it; a time of day behind it is ignored.
ISO_DAY: Final = "%Y-%m-%d"
NO_DATE: Final = Refusal(
    "required",
    "a date is required, since rates are per year",
    "enter the day of sampling",
)
_DAY: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_YEAR_ONLY: Final = re.compile(r"[0-9]{4}(\.0+)?")
_SPELLED: Final = (("%Y", "YYYY"), ("%m", "MM"), ("%d", "DD"), ("%H:%M", "hh:mm"))


def read_date(
    text: str | None, formats: Sequence[str] = (ISO_DAY,), month_day: str = ""
) -> datetime | Refusal:
    """Read a day or time in the first of the formats that fits.

    `month_day` stands for what a format leaves out, as 07-01.

    >>> read_date("1948-12-22 00:00:00").date(), read_date("1948").code
    (datetime.date(1948, 12, 22), 'year_only')
    >>> read_date("1948", ["%Y"], "07-01").date()
    datetime.date(1948, 7, 1)
    """
    if text is None:
        return NO_DATE
    first, last = YEAR_RANGE
    for form in formats:
        found = _parse(text, form, month_day)
        if found is not None:
            if first <= found.year <= last:
                return found
            reason = f"the year is outside {first} to {last}"
            return Refusal("year_out_of_range", reason, "check the year")
    forms = " or ".join(_spell(form) for form in formats)
    if _YEAR_ONLY.fullmatch(text):
        return Refusal(
            "year_only",
            "a year alone is not a date",
            f"enter the day of sampling as {forms}; if only the year is known, choose"
            " the usual sampling day and say so in your notes",
        )
    return Refusal("not_a_date", "not a date", f"write it as {forms}")


def _parse(text: str, form: str, month_day: str) -> datetime | None:
    whole, whole_form = text, form
    if month_day and "%d" not in form:
        whole = f"{text} {month_day[3:] if '%m' in form else month_day}"
        whole_form = f"{form} {'%d' if '%m' in form else '%m-%d'}"
    try:
        if form == ISO_DAY:
            day = _DAY.fullmatch(text)
            return datetime.fromisoformat(day[1]) if day else None
        return datetime.strptime(whole, whole_form)  # noqa: DTZ007 - the caller knows the offset
    except ValueError:
        return None


def _spell(form: str) -> str:
    for code, letters in _SPELLED:
        form = form.replace(code, letters)
    return form
