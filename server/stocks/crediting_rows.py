"""What crediting programmes would count, as rows of plain values."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from server.stocks.aggregate import Aggregate
from server.stocks.change import CO2_PER_C, ChangeEstimate
from server.stocks.choices import Programme
from server.stocks.crediting import (
    AUSTRALIA_PERMANENCE,
    AUSTRALIA_WITHHELD,
    Australia2021,
    GoldStandard402,
    australia_2021,
    australia_2021_of,
    gold_standard_402,
    gold_standard_402_of,
    vm0042_adjusted,
    vm0042_uncertainty,
)
from server.stocks.rows import Row
from server.stocks.verdicts import ZeroVerdict

_SOURCES: Final = {
    Programme.VM0042: "VM0042 v2.2",
    Programme.GOLD_STANDARD_402: "Gold Standard SOC framework 402",
    Programme.AUSTRALIA_2021: "Australian soil carbon method of 2021",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crediting:
    """A programme, and what it asks beside the figures.

    The last two are of the Australian method alone: the years for which the carbon is
    kept, 25 or 100, and whether the later campaign is not the first after the baseline.
    """

    programme: Programme
    permanence_years: int = 25
    later_sampling: bool = False


def crediting_row(asked: Crediting, estimate: ChangeEstimate) -> Row:
    """Return what a programme would credit of a change; null without a verdict."""
    judged = estimate.verdict_zero is not ZeroVerdict.NOT_ASSESSABLE
    parts = _PARTS_OF_PLOT[asked.programme](estimate, asked, judged=judged)
    return _credited(asked, parts, judged=judged, why="the change is zero")


def area_crediting_row(asked: Crediting, found: Aggregate) -> Row:
    """Return what a programme would credit of an area; null without a verdict.

    The same equations as of one plot, with the standard errors and degrees of freedom
    of the area: over strata, between drawn plots. VM0042 and the Australian method
    count a year's change, the Gold Standard that between the campaigns.
    """
    judged = found.verdict_zero is not ZeroVerdict.NOT_ASSESSABLE
    parts = _PARTS_OF_AREA[asked.programme](found, asked, judged=judged)
    why = "the change is zero, or a campaign has no standard error"
    return _credited(asked, parts, judged=judged, why=why)


_Figures = tuple[float | None, float | None, float | None]
_UNKNOWN: Final[_Figures] = (None, None, None)


def _credited(
    asked: Crediting, parts: dict[str, Any], *, judged: bool, why: str
) -> Row:
    head: Row = {
        "profile": asked.programme.value,
        "source": _SOURCES[asked.programme],
    }
    if asked.programme is Programme.AUSTRALIA_2021:
        head |= {
            "permanence_years": asked.permanence_years,
            "first_sampling": not asked.later_sampling,
        }
    nothing = why if all(value is None for value in parts.values()) else None
    reason = nothing if judged else "the change has no verdict"
    return {**head, **parts, "reason": reason}


def _parts(kind: type[Any], counted: Any) -> dict[str, Any]:  # noqa: ANN401 - any of them
    """Return the parts of what is counted, null where nothing is."""
    if counted is None:
        return dict.fromkeys(field.name for field in fields(kind))
    return asdict(counted)


def _total(counted_t_ha: float | None, found: Aggregate) -> float | None:
    """Return t of CO2e of the area that figures speak of."""
    if counted_t_ha is None:
        return None
    return counted_t_ha * found.represented_ha * CO2_PER_C


def _vm0042(found: _Figures) -> dict[str, Any]:
    change, error, df = found
    uncertainty = adjusted = None
    if change is not None and error is not None and df is not None:
        uncertainty = vm0042_uncertainty(change, error, df)
    if change is not None and uncertainty is not None:
        adjusted = vm0042_adjusted(change, uncertainty, worse=change < 0.0)
    return {"uncertainty": uncertainty, "adjusted_change_t_ha": adjusted}


def _vm0042_of_plot(
    estimate: ChangeEstimate, _asked: Crediting, *, judged: bool
) -> dict[str, Any]:
    found = estimate.change_t_ha, estimate.se_t_ha, estimate.df
    return _vm0042(found if judged else _UNKNOWN)


def _gold_standard_of_plot(
    estimate: ChangeEstimate, _asked: Crediting, *, judged: bool
) -> dict[str, Any]:
    counted = gold_standard_402(estimate) if judged else None
    return _parts(GoldStandard402, counted)


def _australia_of_plot(
    estimate: ChangeEstimate, asked: Crediting, *, judged: bool
) -> dict[str, Any]:
    counted = australia_2021(
        estimate,
        first_sampling=not asked.later_sampling,
        permanence_years=asked.permanence_years,
    )
    return _parts(Australia2021, counted if judged else None)


def _vm0042_of_area(
    found: Aggregate, _asked: Crediting, *, judged: bool
) -> dict[str, Any]:
    counted = _vm0042(_yearly(found) if judged else _UNKNOWN)
    adjusted = counted["adjusted_change_t_ha"]
    return {
        "uncertainty": counted["uncertainty"],
        "adjusted_annual_t_ha": adjusted,
        "adjusted_total_co2e_t_year": _total(adjusted, found),
    }


def _gold_standard_of_area(
    found: Aggregate, _asked: Crediting, *, judged: bool
) -> dict[str, Any]:
    counted = None
    early, late = found.stock0_t_ha, found.stock1_t_ha
    known = early.value is not None and late.value is not None
    if judged and known and early.df and late.df:
        assert early.value is not None
        assert late.value is not None
        assert early.se is not None
        assert late.se is not None
        counted = gold_standard_402_of(
            late.value - early.value, (early.se, early.df), (late.se, late.df)
        )
    parts = _parts(GoldStandard402, counted)
    return parts | {"creditable_total_co2e_t": _total(parts["creditable_t_ha"], found)}


def _australia_of_area(
    found: Aggregate, asked: Crediting, *, judged: bool
) -> dict[str, Any]:
    change, error, df = _yearly(found) if judged else _UNKNOWN
    counted = None
    if change is not None and error is not None and df is not None:
        counted = australia_2021_of(
            change,
            (error, df),
            withheld=0.0 if asked.later_sampling else AUSTRALIA_WITHHELD,
            permanence=AUSTRALIA_PERMANENCE[asked.permanence_years],
        )
    parts = _parts(Australia2021, counted)
    total = _total(parts["creditable_t_ha"], found)
    return parts | {"creditable_total_co2e_t_year": total}


def _yearly(found: Aggregate) -> _Figures:
    annual = found.annual_t_ha
    return annual.value, annual.se, annual.df


_PARTS_OF_PLOT: Final = {
    Programme.VM0042: _vm0042_of_plot,
    Programme.GOLD_STANDARD_402: _gold_standard_of_plot,
    Programme.AUSTRALIA_2021: _australia_of_plot,
}
_PARTS_OF_AREA: Final = {
    Programme.VM0042: _vm0042_of_area,
    Programme.GOLD_STANDARD_402: _gold_standard_of_area,
    Programme.AUSTRALIA_2021: _australia_of_area,
}
