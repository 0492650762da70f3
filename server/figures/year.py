"""What an organisation has to tell of a year, and what all of them have.

A year tells what was known at its end: of each plot the change between campaigns that were
sampled by then. The figures are those of today's records and method, so that the year
before, beside it, differs by what was sampled and not by what was corrected since.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from server.errors import NotFoundError
from server.figures.choices import By
from server.figures.portfolio import Choices, PortfolioScope, portfolio
from server.stocks.reasons import EXPLANATIONS
from server.stocks.verdicts import ZeroVerdict
from server.store.port import Store, Transaction

Row = dict[str, Any]

#: What an organisation's figures are told by.
_OF_ONE: Final = (By.LAND_USE, By.PRACTICE)
#: What the figures of all organisations are gathered by.
_OF_ALL: Final = (By.ORGANISATION, By.COLLEGE, By.COUNTRY, By.KIND)
_NOT_JUDGED: Final = ZeroVerdict.NOT_ASSESSABLE.value
_EXPLAINED: Final = {code.value: said for code, said in EXPLANATIONS.items()}


async def organisation_year(store: Store, organisation: str, year: int) -> Row:
    """Return what an organisation, by its code or id, has to tell of a year.

    `now` and `before` are rows of `stocks portfolio` at the end of the year and of the one
    before; `by` holds both for each land use and each family of practices; `sampled` counts
    what was visited and bagged in the year; `not_assessable` what of the land has no
    verdict, and why; `waiting` how many plots are to be derived yet.

    Raises
    ------
    NotFoundError
        If no project is run by such an organisation.
    RefusedError
        If numbers were derived before their errors were stored.
    """
    scope = PortfolioScope(organisation=organisation)
    now, waiting = await portfolio(store, scope, _until(year, _OF_ONE))
    before, _ = await portfolio(store, scope, _until(year - 1, _OF_ONE))
    projects = now["projects"]
    ids = [project["id"] for project in projects]
    return {
        "year": year,
        "organisation": projects[0]["organisation"],
        "projects": projects,
        "illustration_permille_year": now["illustration_permille_year"],
        "sampled": await store.read(lambda tx: _sampled(tx, ids, year)),
        "now": now["total"],
        "before": before["total"],
        "by": {level.value: _beside(level, now, before) for level in _OF_ONE},
        "not_assessable": _not_assessable(now["plots"]),
        "notes": now["notes"],
        "waiting": waiting,
    }


async def members_year(store: Store, year: int) -> Row:
    """Return what all organisations have to tell of a year, and what may be summed of it.

    Raises
    ------
    NotFoundError
        If no organisation runs a project.
    RefusedError
        If numbers were derived before their errors were stored.
    """
    now, waiting = await portfolio(store, PortfolioScope(), _until(year, _OF_ALL))
    before, _ = await portfolio(store, PortfolioScope(), _until(year - 1, _OF_ALL))
    about = {
        run["code"]: run
        for project in now["projects"]
        if (run := project["organisation"]) is not None
    }
    if not about:
        raise NotFoundError(
            "no organisation runs a project here",
            "name it on a laptop: permille project edit CODE --organisation ORG",
        )
    members = [
        {"organisation": about.get(row["name"]), **row}
        for row in _beside(By.ORGANISATION, now, before)
    ]
    return {
        "year": year,
        "illustration_permille_year": now["illustration_permille_year"],
        "members": members,
        "sums": {
            level.value: [_summed(row) for row in _beside(level, now, before)]
            for level in (By.COLLEGE, By.COUNTRY, By.KIND)
        },
        "total": _summed(
            {"name": None, "now": now["total"], "before": before["total"]}
        ),
        "notes": now["notes"],
        "waiting": waiting,
    }


def _until(year: int, by: Sequence[By]) -> Choices:
    return Choices(by=tuple(by), until=f"{year}-12-31")


def _beside(level: By, now: Row, before: Row) -> list[Row]:
    """Return the groups of a level as they stand, each beside itself a year before."""
    earlier = {
        row["name"]: row for row in before["groups"] if row["level"] == level.value
    }
    return [
        {"name": row["name"], "now": row, "before": earlier.get(row["name"])}
        for row in now["groups"]
        if row["level"] == level.value
    ]


def _summed(row: Row) -> Row:
    """Add why the sum of a group is not to be told; None where it may be.

    Tonnes of several depths or methods are no tonnes of one thing. Where nothing of a group
    can be judged, there is nothing to sum.
    """
    now, why = row["now"], None
    for name, words in (("depths_cm", "depths"), ("methods", "methods")):
        if len(now[name]) > 1:
            listed = ", ".join(
                f"{value:g}" if name == "depths_cm" else value for value in now[name]
            )
            why = f"stocks of several {words} are not summed: {listed}"
    if now["total_c_t_year"] is None:
        why = "nothing was measured in two campaigns yet"
    elif now["verdict_zero"] == _NOT_JUDGED:
        why = "no interval: " + ", ".join(_meaning(code) for code in now["reasons"])
    return {**row, "not_summed": why}


def _sampled(tx: Transaction, project_ids: Sequence[str], year: int) -> Row:
    """Count the plots visited, the cores taken and the bags filled in a year."""
    plots, cores, bags = set[object](), 0, 0
    for project_id in project_ids:
        plot_of: dict[object, object] = {
            point.id: point.fields.get("plot_id")
            for point in tx.records(project_id, "point")
        }
        own = {
            core.id: core.fields.get("point_id")
            for core in tx.records(project_id, "core")
            if str(core.fields.get("sampled_at", ""))[:4] == str(year)
        }
        cores += len(own)
        plots |= {plot_of.get(point) for point in own.values()}
        if own:
            bags += sum(
                bag.fields.get("core_id") in own
                for bag in tx.records(project_id, "sample")
            )
    return {"plots": len(plots), "cores": cores, "bags": bags}


def _not_assessable(plots: Sequence[Row]) -> Row:
    """Return the plots without a verdict, their area, and the reasons, most plots first."""
    without = [
        plot
        for plot in plots
        if not plot["counted"] or plot["verdict_zero"] in {None, _NOT_JUDGED}
    ]
    by_reason: dict[str, list[Row]] = defaultdict(list)
    for plot in without:
        for reason in plot["reasons"] or [_why_without(plot)]:
            by_reason[reason].append(plot)
    return {
        "plots": len(without),
        "area_ha": _area(without),
        "reasons": [
            {
                "reason": reason,
                "meaning": _meaning(reason),
                "what_to_do": _EXPLAINED[reason].what_to_do
                if reason in _EXPLAINED
                else None,
                "plots": len(found),
                "area_ha": _area(found),
            }
            for reason, found in sorted(
                by_reason.items(), key=lambda item: (-len(item[1]), item[0])
            )
        ],
    }


def _why_without(plot: Row) -> str:
    """Return in words why a plot without a change counts for nothing."""
    if not plot["area_ha"]:
        return "no area is recorded"
    return "not measured in two campaigns yet"


def _meaning(reason: str) -> str:
    return _EXPLAINED[reason].meaning if reason in _EXPLAINED else reason


def _area(plots: Sequence[Row]) -> float:
    return float(sum(plot["area_ha"] or 0.0 for plot in plots))
