"""What a programme has come to at a glance: the newest change of each plot, and where it is.

A plot is judged as everywhere: above, below or not distinguishable from 4 permille a year,
which is an illustration, or not assessable, with the reasons. All is read as it was kept
when plots were derived: nothing is computed here but counts.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from statistics import fmean
from typing import Any, Final

from server.figures.pages import FIRST_PAGE, PageChoice
from server.figures.portfolio import ILLUSTRATION_PERMILLE_YEAR
from server.report.model import ReasonText
from server.report.words import meaning_of, withholding
from server.stocks.reasons import EXPLANATIONS
from server.stocks.verdicts import ChangeVerdict
from server.store.board_values import PlotPlace, PlotVerdict, VerdictCount
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction

Row = dict[str, Any]

#: A plot that was not measured in two campaigns has no verdict.
NO_CHANGE: Final = "no change"
VERDICTS: Final = (*(verdict.value for verdict in ChangeVerdict), NO_CHANGE)
_UNMEASURED: Final = "not measured in two campaigns yet"
_REASONS: Final = {code.value: ReasonText(*said) for code, said in EXPLANATIONS.items()}
#: A map has so many places along its longer side; plots nearer than that are one dot.
_PLACES_ACROSS: Final = 28
_SAID_OF_CHANGE: Final = (
    *("from_campaign", "to_campaign", "from_date", "to_date", "years", "n0", "n1"),
    *("change_t_ha", "rate_permille_year", "rate_ci95_permille_year"),
    *("rate_ci95_shape", "verdict_zero", "withheld"),
)
_SAID_OF_PLOT: Final = ("name", "farm", "stratum", "land_use", "area_ha")


async def programme_board(
    store: Store,
    projects: Mapping[str, str],
    verdict: str | None = None,
    page: PageChoice = FIRST_PAGE,
    placed: Collection[str] | None = None,
) -> Row:
    """Return the board of some projects, each id with what people call it.

    Places are told of the projects in `placed`, of all where it is None.

    `projects` counts the plots of each by verdict; `not_assessable` says how many plots
    have no verdict, reason by reason; `plots` is a page of them, those of one of `VERDICTS`
    where it is named; `map` has every plot whose place is known, degrees.

    Raises
    ------
    NotFoundError
        If there is no such page.
    """
    where = projects.keys() if placed is None else projects.keys() & placed
    return await store.read(lambda tx: _board(tx, projects, verdict, page, where))


def map_of(places: Sequence[PlotPlace]) -> Row | None:
    """Return the dots of a map, and what it reaches to, degrees; None without any place."""
    if not places:
        return None
    lons, lats = [one.lon for one in places], [one.lat for one in places]
    west, south = min(lons), min(lats)
    across = max(max(lons) - west, max(lats) - south)
    apart = across / _PLACES_ACROSS or 1.0
    near: dict[tuple[int, int], list[PlotPlace]] = defaultdict(list)
    for one in places:
        near[int((one.lon - west) / apart), int((one.lat - south) / apart)].append(one)
    return {
        "west": west,
        "south": south,
        "east": max(lons),
        "north": max(lats),
        "dots": [_dot(plots) for _, plots in sorted(near.items())],
    }


def _board(
    tx: Transaction,
    projects: Mapping[str, str],
    verdict: str | None,
    page: PageChoice,
    placed: AbstractSet[str],
) -> Row:
    ids = list(projects)
    counts, waiting = tx.verdict_counts(ids), tx.waiting_counts(ids)
    kept = "" if verdict == NO_CHANGE else verdict
    total = sum(one.plots for one in counts if kept in {None, one.verdict})
    page.check(total)
    shown = tx.plot_verdicts(ids, kept, page.skip, page.size)
    return {
        "illustration_permille_year": ILLUSTRATION_PERMILLE_YEAR,
        "projects": [
            {
                "project": name,
                **_counted(one for one in counts if one.project_id == project_id),
                "waiting": waiting.get(project_id, 0),
            }
            for project_id, name in projects.items()
        ],
        "total": _counted(counts) | {"waiting": sum(waiting.values())},
        "not_assessable": _not_assessable(counts),
        "verdict": verdict,
        "plots": list(_plot_rows(tx, shown, projects, placed)),
        "plots_found": total,
        "page": page.number,
        "pages": page.pages(total),
        "map": map_of(tx.plot_places(list(placed))),
    }


def _counted(counts: Iterable[VerdictCount]) -> Row:
    found: Counter[str] = Counter()
    for one in counts:
        found[one.verdict or NO_CHANGE] += one.plots
    by_verdict = {name.replace(" ", "_"): found[name] for name in VERDICTS}
    return {"plots": found.total(), **by_verdict}


def _not_assessable(counts: Sequence[VerdictCount]) -> list[Row]:
    """Return the reasons why plots have no verdict, most plots first."""
    plots: Counter[str] = Counter()
    for one in counts:
        if not one.verdict:
            plots[_UNMEASURED] += one.plots
        elif one.verdict == ChangeVerdict.NOT_ASSESSABLE:
            for code in withholding(one.reasons, _REASONS):
                plots[code] += one.plots
    return [
        {
            "reason": code,
            "meaning": _REASONS[code].meaning if code in _REASONS else code,
            "what_to_do": _REASONS[code].what_to_do if code in _REASONS else None,
            "plots": count,
        }
        for code, count in sorted(plots.items(), key=lambda item: (-item[1], item[0]))
    ]


def _plot_rows(
    tx: Transaction,
    plots: Sequence[PlotVerdict],
    projects: Mapping[str, str],
    placed: AbstractSet[str],
) -> Iterable[Row]:
    fields = _fields_of(tx, plots)
    for one in plots:
        plot = fields.get((one.project_id, one.plot_id), {})
        change = fields.get((one.project_id, one.change_id or ""), {})
        figures = change.get("change", {})
        reasons = figures.get("reasons", [])
        is_open = one.verdict == ChangeVerdict.NOT_ASSESSABLE
        why = withholding(reasons, _REASONS) if is_open else ()
        yield {
            "project": projects[one.project_id],
            "plot": one.code,
            **{name: plot.get(name) for name in _SAID_OF_PLOT},
            "lon": one.lon if one.project_id in placed else None,
            "lat": one.lat if one.project_id in placed else None,
            "verdict_4permille": one.verdict or None,
            **{name: figures.get(name) for name in _SAID_OF_CHANGE},
            "reasons": reasons,
            "why": [meaning_of(code, _REASONS) for code in why]
            if one.verdict
            else [_UNMEASURED],
            "provisional": change.get("provisional"),
        }


def _fields_of(
    tx: Transaction, plots: Sequence[PlotVerdict]
) -> dict[tuple[str, str], Row]:
    """Return the fields of plots and of their newest changes, by project and id."""
    ids: dict[str, set[str]] = defaultdict(set)
    for one in plots:
        ids[one.project_id] |= {one.plot_id, one.change_id or one.plot_id}
    return {
        (project_id, record.id): record.fields
        for project_id, wanted in ids.items()
        for record in tx.lookup(project_id, Wanted(record_ids=wanted)).records
    }


def _dot(plots: Sequence[PlotPlace]) -> Row:
    verdicts = Counter(one.verdict or NO_CHANGE for one in plots)
    return {
        "lon": fmean(one.lon for one in plots),
        "lat": fmean(one.lat for one in plots),
        "plots": len(plots),
        "plot": plots[0].code if len(plots) == 1 else None,
        "verdicts": {name: verdicts[name] for name in VERDICTS if verdicts[name]},
    }
