"""The year page in words and cells: what the HTML page and the PDF both say.

`organisation_page` is one A4 about one organisation, `members_page` the sheet of all of
them. Both are made of the rows of `server.figures.year`, and of nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.stock_words import control_note
from server.report.values import DASH, counted, ends, fixed, interval, number, plain

Row = Mapping[str, Any]

#: Reasons and groups that are told one by one; the others are counted.
_MOST_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class YearTable:
    """Cells under their heads; the first column names the row, the others are figures."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class YearPage:
    """A page of one year: who, what it comes to, tables, sentences."""

    title: str
    under: str
    result: Sequence[str]
    tables: Sequence[YearTable]
    sections: Sequence[tuple[str, Sequence[str]]]


def organisation_page(found: Row) -> YearPage:
    """Return the page of one organisation (`figures.year.organisation_year`)."""
    about, now, year = found["organisation"], found["now"], found["year"]
    return YearPage(
        title=f"{about['name']}: soil carbon in {year}",
        under=", ".join(_about(about, found["projects"])),
        result=[*_result(found)],
        tables=[
            _figures(now, found["before"], year),
            *(_by(name, found["by"][name]) for name in ("land_use", "practice")),
        ],
        sections=[
            ("Against control plots", [*_controls(found)]),
            ("Not assessable", [*_not_assessable(found["not_assessable"])]),
            ("How the figures came to be", [*_method(now)]),
            ("To know", [*_notes(found)]),
        ],
    )


def members_page(found: Row) -> YearPage:
    """Return the sheet of all organisations (`figures.year.members_year`)."""
    year, members = found["year"], found["members"]
    heads = (
        *("", "ha measured", "t C/year", "t CO2e/year", "95 % of CO2e", "change"),
        *("permille/year", "own target", "t CO2e/year before"),
    )
    return YearPage(
        title=f"Soil carbon in {year}: all members and partners",
        under=f"{counted(len(members), 'organisation')} with projects on this server",
        result=[_of_all(found["total"])],
        tables=[
            YearTable("Organisations", heads, [_member_cells(row) for row in members]),
            *(
                YearTable(f"By {level}", heads, [_sum_cells(row) for row in rows])
                for level, rows in found["sums"].items()
            ),
        ],
        sections=[
            ("Not summed", [*_why_not_summed(found)]),
            ("How the figures came to be", [*_method(found["total"]["now"])]),
            ("To know", [*_notes(found)]),
        ],
    )


def _about(about: Row, projects: Sequence[Row]) -> Iterator[str]:
    yield plain(about["kind"])
    if about["college"]:
        yield f"college: {plain(about['college'])}"
    if about["country"]:
        yield str(about["country"])
    yield f"projects: {', '.join(str(project['code']) for project in projects)}"


def _result(found: Row) -> Iterator[str]:
    now, sampled, year = found["now"], found["sampled"], found["year"]
    yield (
        f"Measured in two campaigns or more by the end of {year}:"
        f" {now['measured_area_ha']:.6g} of {now['area_ha']:.6g} ha"
        f" ({counted(now['measured_plots'], 'plot')} of {now['plots']}). Sampled in {year}:"
        f" {counted(sampled['plots'], 'plot')}, {counted(sampled['cores'], 'core')},"
        f" {counted(sampled['bags'], 'bag')}."
    )
    if now["annual_t_ha"] is None:
        yield "No change of a stock is known yet."
        return
    yield (
        f"Soil organic carbon {_verdict(now)}:"
        f" {_signed(now, 'total_c_t_year')} t C a year"
        f" (95 %: {_interval(now, 'total_c_ci95_t_year')}), which is"
        f" {_signed(now, 'total_co2e_t_year')} t CO2e a year"
        f" ({_interval(now, 'total_co2e_ci95_t_year')})."
    )
    rate = fixed(number(now, "rate_permille_year"), 2)
    yield (
        f"That is {rate} permille of the first stock a year;"
        f" {_RATES[now['verdict_4permille']]} the 4 permille a year of the Initiative, which"
        " is an illustration and no norm."
    )
    target = now["target_permille_year"]
    if target is not None:
        yield f"Own target, {target:g} permille a year: {plain(now['verdict_target'])}."


def _verdict(row: Row) -> str:
    return _VERDICTS[str(row["verdict_zero"])]


_RATES: Final = {
    "above": "it is above",
    "below": "it is below",
    "not distinguishable": "it cannot be told from",
    "not assessable": "it cannot be judged against",
}
_VERDICTS: Final = {
    "gain": "increased",
    "loss": "decreased",
    "no detectable change": "shows no detectable change",
    "not assessable": "cannot be judged",
}


def _figures(now: Row, before: Row, year: int) -> YearTable:
    cells = (
        ("plots measured, of all", lambda r: f"{r['measured_plots']} of {r['plots']}"),
        ("ha measured", lambda r: f"{r['measured_area_ha']:.6g}"),
        ("sampled", _dates),
        ("first and last stock, t C/ha", _stocks),
        ("t C/ha/year", lambda r: fixed(number(r, "annual_t_ha"), 3)),
        ("95 % interval", lambda r: interval(ends(r, "annual_ci95_t_ha"), 3)),
        ("t C/year", lambda r: _total(r, "total_c_t_year")),
        ("t CO2e/year", lambda r: _total(r, "total_co2e_t_year")),
        ("95 % of CO2e", lambda r: _interval(r, "total_co2e_ci95_t_year")),
        ("change", lambda r: plain(r["verdict_zero"])),
        ("permille/year", lambda r: fixed(number(r, "rate_permille_year"), 2)),
    )
    rows = [(name, cell(now), cell(before)) for name, cell in cells]
    heads = ("", f"end of {year}", f"end of {year - 1}")
    return YearTable("What it comes to", heads, rows)


def _by(level: str, groups: Sequence[Row]) -> YearTable:
    heads = (
        *(plain(level), "ha measured", "t C/ha/year", "95 % interval"),
        *("t CO2e/year", "change", "t CO2e/year before"),
    )
    rows = [
        (
            plain(group["name"]) if group["name"] else "not recorded",
            f"{now['measured_area_ha']:.6g} of {now['area_ha']:.6g}",
            fixed(number(now, "annual_t_ha"), 3),
            interval(ends(now, "annual_ci95_t_ha"), 3),
            _total(now, "total_co2e_t_year"),
            plain(now["verdict_zero"]),
            _total(group["before"], "total_co2e_t_year"),
        )
        for group in groups
        if (now := group["now"])
    ]
    return YearTable(f"By {plain(level)}", heads, rows[:_MOST_ROWS], _left_out(rows))


def _left_out(rows: Sequence[object]) -> str:
    more = len(rows) - _MOST_ROWS
    return f"and {more} more: permille-server stocks portfolio" if more > 0 else ""


def _member_cells(member: Row) -> Sequence[str]:
    about = member["organisation"]
    name = "not recorded" if about is None else f"{about['code']}, {about['name']}"
    return _area_cells(name, member, shows=True)


def _sum_cells(row: Row) -> Sequence[str]:
    name = plain(row["name"]) if row["name"] else "not recorded"
    return _area_cells(name, row, shows=row["not_summed"] is None)


def _area_cells(name: str, row: Row, *, shows: bool) -> Sequence[str]:
    now = row["now"]
    area = f"{now['measured_area_ha']:.6g} of {now['area_ha']:.6g}"
    if not shows:
        return (name, area, *["not summed"] * 3, *[DASH] * 4)
    target = now["target_permille_year"]
    told = DASH if target is None else f"{plain(now['verdict_target'])} ({target:g})"
    return (
        name,
        area,
        _total(now, "total_c_t_year"),
        _total(now, "total_co2e_t_year"),
        _interval(now, "total_co2e_ci95_t_year"),
        plain(now["verdict_zero"]),
        fixed(number(now, "rate_permille_year"), 2),
        told,
        _total(row["before"], "total_co2e_t_year"),
    )


def _of_all(total: Row) -> str:
    now = total["now"]
    if total["not_summed"] is not None:
        return f"There is no sum of all: {total['not_summed']}."
    return (
        f"All together, soil organic carbon {_verdict(now)}: {_signed(now, 'total_co2e_t_year')} t CO2e a year"
        f" ({_interval(now, 'total_co2e_ci95_t_year')}), measured on"
        f" {now['measured_area_ha']:.6g} of {now['area_ha']:.6g} ha."
    )


def _why_not_summed(found: Row) -> Iterator[str]:
    for level, rows in found["sums"].items():
        for row in rows:
            if row["not_summed"] is not None:
                name = plain(row["name"]) if row["name"] else "not recorded"
                yield f"{level} {name}: {row['not_summed']}."


def _controls(found: Row) -> Iterator[str]:
    """Return what treated plots changed beyond their controls; that there are none, if so."""
    named = [("all", found["now"])]
    named += [
        (f"{plain(level)} {plain(group['name'])}", group["now"])
        for level, groups in found["by"].items()
        for group in groups
    ]
    told = [
        f"{name}: {note}."
        for name, row in named
        if (note := control_note(row)) is not None
    ]
    yield from told or ["No plot has control plots to be compared with."]


def _not_assessable(found: Row) -> Iterator[str]:
    if not found["plots"]:
        yield "Every plot is assessable."
        return
    yield f"{counted(found['plots'], 'plot')}, {found['area_ha']:.6g} ha."
    reasons = found["reasons"]
    for row in reasons[:_MOST_ROWS]:
        to_do = f"; {row['what_to_do']}" if row["what_to_do"] else ""
        plots = counted(row["plots"], "plot")
        yield f"{plots}, {row['area_ha']:.6g} ha: {row['meaning']}{to_do}."
    if len(reasons) > _MOST_ROWS:
        yield f"{len(reasons) - _MOST_ROWS} more reasons: permille-server stocks portfolio"


def _method(total: Row) -> Iterator[str]:
    """Return the method in five sentences."""
    depths = (
        " and ".join(f"{depth:g} cm" for depth in total["depths_cm"]) or "no depth yet"
    )
    versions = ", ".join(total["methods"]) or "none yet"
    yield (
        "Stocks are the organic carbon of the fine soil from the surface down to"
        f" {depths}, compared as the project's method says (version {versions})."
    )
    yield (
        "Of each plot stands the longest change between two of its campaigns that can be"
        " judged, over the points that both sampled."
    )
    yield (
        "The interval of 95 % holds what differs between points and between plots, and the"
        " errors that they share."
    )
    yield (
        "Plots are added up by their area; where one was not measured, nothing stands in"
        " for it."
    )
    yield (
        "CO2e is carbon times 44/12, and 4 permille of the first stock a year is an"
        " illustration and no norm."
    )


def _notes(found: Row) -> Iterator[str]:
    yield from found["notes"]
    if found["waiting"]:
        yield f"{counted(found['waiting'], 'plot')} wait to be derived; figures may change."
    yield (
        "The year before is told with the records and the method of today, so that it"
        " differs by what was sampled since."
    )


def _dates(row: Row) -> str:
    first, last = row["first_date"], row["last_date"]
    return DASH if first is None else f"{first[:10]} to {last[:10]}"


def _stocks(row: Row) -> str:
    stocks = (fixed(number(row, name), 1) for name in ("stock0_t_ha", "stock1_t_ha"))
    return " and ".join(stocks)


def _total(row: Row | None, key: str) -> str:
    return DASH if row is None else _short(number(row, key))


def _signed(row: Row, key: str) -> str:
    value = number(row, key)
    return f"+{_short(value)}" if value is not None and value > 0 else _short(value)


def _interval(row: Row, key: str) -> str:
    found = ends(row, key)
    if found is None:
        return DASH
    return " to ".join("unbounded" if end is None else _short(end) for end in found)


def _short(value: float | None) -> str:
    """Write three digits: totals run from grams to megatonnes."""
    if value is None:
        return DASH
    return f"{value:.3g}" if abs(value) < 1000.0 else f"{value:,.0f}"
