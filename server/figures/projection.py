"""What would come if the measured rate went on: no finding, and only when asked for."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from server.stocks.aggregate import Aggregate
from server.stocks.comparison import DAYS_PER_YEAR
from server.stocks.verdicts import ZeroVerdict

Row = dict[str, Any]

HORIZON: Final = date(2050, 12, 31)
CONDITION: Final = "if the measured rate went on"


def project_on(found: Aggregate, sampled: Sequence[tuple[float, str]]) -> Row:
    """Carry the measured rate on to the horizon, with its interval or not at all.

    ``gain = annual change * years``, and so its interval; years from the mean last
    sampling day, weighted by area, given as pairs of area in ha and day.
    """
    row: Row = {"condition": CONDITION, "to_date": HORIZON.isoformat()}
    figures: Row = {
        "from_date": None,
        "years": None,
        "gain_t_ha": None,
        "gain_ci95_t_ha": None,
        "total_c_t": None,
        "total_c_ci95_t": None,
        "total_co2e_t": None,
        "total_co2e_ci95_t": None,
    }
    why = _why_not(found)
    if why is None:
        area = sum(share for share, _ in sampled)
        day = sum(a * date.fromisoformat(day).toordinal() for a, day in sampled) / area
        years = (HORIZON.toordinal() - day) / DAYS_PER_YEAR
        figures["from_date"] = date.fromordinal(round(day)).isoformat()
        figures["years"] = years
        if years > 0.0:
            figures |= _carried(found, years)
        else:
            why = "sampled after the horizon"
    return {**row, **figures, "reason": why}


def _why_not(found: Aggregate) -> str | None:
    if found.annual_t_ha.ci95 is None:
        return "the measured rate has no interval"
    if found.verdict_zero is ZeroVerdict.NOT_ASSESSABLE:
        return "the measured rate cannot be judged"
    return None


def _carried(found: Aggregate, years: float) -> Row:
    row: Row = {}
    for value, ends, estimate in (
        ("gain_t_ha", "gain_ci95_t_ha", found.annual_t_ha),
        ("total_c_t", "total_c_ci95_t", found.total_c_t_year),
        ("total_co2e_t", "total_co2e_ci95_t", found.total_co2e_t_year),
    ):
        assert estimate.value is not None
        assert estimate.ci95 is not None
        row[value] = estimate.value * years
        row[ends] = [end * years for end in estimate.ci95]
    return row
