"""What a project or an organisation contributes, in its own terms.

Every plot brings the change of one span of its own. Plots that were not measured are
never filled: figures are of the measured area, and its share of all area stands beside
them. Plots that were drawn out of many stand for all the land they were drawn from, in
every group that holds that land whole; in other groups they stand for themselves.
4 permille a year is an illustration; an organisation's own target is tested in the same
way.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.selection import drawn_stratum
from server.access.projects import find_project, known_projects
from server.derivation.controls import controls_of, group_against_controls
from server.errors import NotFoundError
from server.figures.choices import By, CampaignSpan
from server.figures.groups import (
    GroupMember,
    ProjectScope,
    is_used,
    notes_of_drawn,
    strata_of,
)
from server.figures.projection import project_on
from server.figures.queries import choose_span, whole
from server.figures.targets import against_target
from server.merge.model import Record
from server.stocks.aggregate import Aggregate, aggregate
from server.stocks.choices import Lonely
from server.stocks.crediting_rows import Crediting, area_crediting_row
from server.stocks.rows import aggregate_row, estimate_of
from server.stocks.units import stratum_of
from server.store.port import Store, Transaction

Row = dict[str, Any]

ILLUSTRATION_PERMILLE_YEAR: Final = 4.0


@dataclass(frozen=True, slots=True)
class PortfolioScope:
    """Whose plots: one project or one organisation, by code or id; else all."""

    project: str | None = None
    organisation: str | None = None

    @property
    def level(self) -> str:
        """Name what the total is of."""
        if self.project is not None:
            return "project"
        return "all" if self.organisation is None else "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person may choose about a portfolio.

    With `until`, a day such as "2026-12-31", nothing that was sampled later counts.
    """

    by: tuple[By, ...] = (By.PROJECT,)
    span: CampaignSpan = CampaignSpan.LONGEST
    lonely: Lonely = Lonely.FAIL
    projection: bool = False
    crediting: Crediting | None = None
    until: str | None = None


async def portfolio(
    store: Store, scope: PortfolioScope, choices: Choices
) -> tuple[Row, int]:
    """Return what the plots of a scope came to, and how many plots still wait.

    Raises
    ------
    NotFoundError
        If there is no such project or organisation.
    RefusedError
        If numbers were derived before their errors were stored.
    """
    project_id = None
    if scope.project is not None:
        project_id = (await find_project(store, scope.project))["id"]
    return await store.read(
        lambda tx: (
            _document(tx, _holdings(tx, scope, project_id), scope, choices),
            len(tx.waiting_jobs()),
        )
    )


def _document(
    tx: Transaction,
    holdings: Sequence[ProjectScope],
    scope: PortfolioScope,
    choices: Choices,
) -> Row:
    members = [member for each in holdings for member in _members(tx, each, choices)]
    name = scope.project or scope.organisation
    return {
        "scope": {"level": scope.level, "name": name},
        "span": choices.span.value,
        "lonely": choices.lonely.value,
        "illustration_permille_year": ILLUSTRATION_PERMILLE_YEAR,
        "projects": [_project_row(each) for each in holdings],
        "total": _group_row(scope.level, (None, None, name), members, choices),
        "groups": [
            _group_row(by.value, group, chosen, choices)
            for by in choices.by
            for group, chosen in _grouped(by, members)
        ],
        "plots": [_plot_row(member) for member in members],
        "notes": list(_notes(choices.by, holdings, members)),
    }


def _holdings(
    tx: Transaction, scope: PortfolioScope, project_id: str | None
) -> list[ProjectScope]:
    if project_id is not None:
        names = {found["id"]: found["name"] for found in known_projects(tx)}
        return [_holding(tx, project_id, names[project_id])]
    every = [_holding(tx, found["id"], found["name"]) for found in known_projects(tx)]
    if scope.organisation is None:
        return every
    found = [
        each
        for each in every
        if scope.organisation
        in {each.organisation.get("id"), each.organisation.get("code")}
    ]
    if not found:
        known = sorted({e.organisation["code"] for e in every if e.organisation})
        raise NotFoundError(
            f"no project is run by an organisation {scope.organisation}",
            f"organisations with projects: {', '.join(known) or 'none'}",
        )
    return found


def _holding(tx: Transaction, project_id: str, name: str) -> ProjectScope:
    project: Row = next((r.fields for r in tx.records(project_id, "project")), {})
    if project:
        # Two projects of one code are two rows that a reader tells apart.
        project = {**project, "code": name}
    runners: dict[str | None, Row] = {
        record.id: {"id": record.id, **record.fields}
        for record in tx.records(project_id, "organisation")
    }
    return ProjectScope(
        project_id, project, runners.get(project.get("organisation_id"), {})
    )


def _members(
    tx: Transaction, holding: ProjectScope, choices: Choices
) -> Iterator[GroupMember]:
    project_id, code = holding.id, holding.project.get("code", holding.id)
    changes, stocks, practices = (
        _by_plot(tx.records(project_id, kind))
        for kind in ("change", "stock", "practice")
    )
    plots = sorted(tx.records(project_id, "plot"), key=lambda r: str(r.fields["code"]))
    fields = {plot.fields["code"]: plot.fields for plot in plots}
    rows = {
        plot.id: [
            whole({**r["change"], **r}, code)
            for r in changes[plot.id]
            if choices.until is None or r["change"]["to_date"] <= choices.until
        ]
        for plot in plots
    }
    by_code = {plot.fields["code"]: rows[plot.id] for plot in plots}
    for plot in plots:
        row, named = choose_span(rows[plot.id], choices.span)
        area = plot.fields.get("area_ha")
        estimate = None if row is None else estimate_of(row)
        controls = {}
        if row is not None:
            controls = controls_of(row, plot.fields, fields, by_code)
        yield GroupMember(
            holding=holding,
            plot={"id": plot.id, **plot.fields},
            stratum=stratum_of(str(plot.fields["code"]), area, estimate),
            change=row,
            span=named,
            provisional=_counts([row] if row else stocks[plot.id]),
            families=_families(practices[plot.id], row),
            controls=controls,
        )


def _counts(rows: Sequence[Row]) -> Row:
    """Return the counts of what waits for a person beside the rows of one plot."""
    return {
        name: max((row["provisional"][name] for row in rows), default=0)
        for name in ("conflicts", "quarantined")
    }


def _by_plot(records: Sequence[Record]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for record in records:
        rows[record.fields["plot_id"]].append(record.fields)
    return rows


def _families(practices: Sequence[Row], change: Row | None) -> frozenset[str]:
    """Return the families of what was done on a plot during its span."""
    first, last = (change["from_date"], change["to_date"]) if change else ("", "~")
    return frozenset(
        practice["family"]
        for practice in practices
        if practice.get("from_date", "") <= last
        and practice.get("to_date", "~") >= first
    )


#: Code and id of the project where the group belongs to one; the group's own name.
Group = tuple[str | None, str | None, str | None]


def _within_project(member: GroupMember, name: str | None) -> Group:
    holding = member.holding
    return holding.project.get("code"), holding.id, name


def _of_plot(name: str) -> Callable[[GroupMember], list[Group]]:
    return lambda member: [_within_project(member, member.plot.get(name))]


def _of_project(member: GroupMember) -> list[Group]:
    return [_within_project(member, member.holding.project.get("code"))]


def _of_country(member: GroupMember) -> list[Group]:
    holding = member.holding
    country = holding.project.get("country") or holding.organisation.get("country")
    return [(None, None, country)]


_GROUPS: Final[dict[By, Callable[[GroupMember], list[Group]]]] = {
    By.PLOT: _of_plot("code"),
    By.FARM: _of_plot("farm"),
    By.STRATUM: _of_plot("stratum"),
    By.PROJECT: _of_project,
    By.ORGANISATION: lambda m: [(None, None, m.holding.organisation.get("code"))],
    By.LAND_USE: lambda m: [(None, None, m.plot.get("land_use"))],
    By.PRACTICE: lambda m: [(None, None, name) for name in sorted(m.families) or [""]],
    By.COLLEGE: lambda m: [(None, None, m.holding.organisation.get("college"))],
    By.KIND: lambda m: [(None, None, m.holding.organisation.get("kind"))],
    By.COUNTRY: _of_country,
}


def _grouped(
    by: By, members: Sequence[GroupMember]
) -> Iterator[tuple[Group, Sequence[GroupMember]]]:
    groups: dict[Group, list[GroupMember]] = defaultdict(list)
    for member in members:
        for group in _GROUPS[by](member):
            groups[*group[:2], group[2] or None].append(member)
    # What is not recorded comes last.
    yield from sorted(
        groups.items(), key=lambda item: [(part is None, part) for part in item[0]]
    )


def _group_row(
    level: str, group: Group, members: Sequence[GroupMember], choices: Choices
) -> Row:
    project, _, name = group
    units = strata_of(level, members)
    found = aggregate(units, lonely=choices.lonely)
    used = [member for member in members if is_used(member.stratum)]
    changes = [member.change for member in used if member.change]
    sampled = [(m.plot["area_ha"], m.change["to_date"]) for m in used if m.change]
    return {
        **aggregate_row(level, name, found),
        "against_control": _against_control(used),
        "project": project,
        "plots_without_area": sum(not member.stratum.area_ha for member in members),
        **_common(changes),
        "spans": _spans(used),
        "provisional": _provisional(members),
        **against_target(members, units, found, choices.lonely),
        "projection": project_on(found, sampled) if choices.projection else None,
        **_credited(found, choices),
    }


def _against_control(used: Sequence[GroupMember]) -> Row | None:
    """Return what the treated plots of a group changed beyond their controls."""
    treated = [(each.change, each.controls) for each in used if each.change]
    return group_against_controls([pair for pair in treated if pair[1]])


def _credited(found: Aggregate, choices: Choices) -> Row:
    if choices.crediting is None:
        return {}
    return {"crediting": area_crediting_row(choices.crediting, found)}


def _spans(members: Sequence[GroupMember]) -> Row:
    """Count the plots by the span that stands for them."""
    counts = Counter(member.span for member in members)
    return {span.value: counts[span] for span in CampaignSpan if counts[span]}


def _common(changes: Sequence[Row]) -> Row:
    """Return the dates, depths and methods of changes."""
    return {
        "first_date": min((row["from_date"] for row in changes), default=None),
        "last_date": max((row["to_date"] for row in changes), default=None),
        "depths_cm": sorted({row["depth_cm"] for row in changes}),
        "methods": sorted({row["method_version"] for row in changes}),
    }


def _provisional(members: Sequence[GroupMember]) -> Row:
    """Add up what waits for a person; what plots share counts for each of them."""
    counts = {
        name: sum(member.provisional[name] for member in members)
        for name in ("conflicts", "quarantined")
    }
    return {
        "plots": sum(any(member.provisional.values()) for member in members),
        **counts,
    }


def _project_row(holding: ProjectScope) -> Row:
    project = ("code", "title", "country", "reference_depth_cm")
    chosen = ("plot_selection", "sampled_area_ha", "sampled_strata_ha")
    names = ("code", "name", "kind", "college", "country", "target_permille_year")
    runs = {name: holding.organisation.get(name) for name in names}
    return {
        "id": holding.id,
        **{name: holding.project.get(name) for name in project + chosen},
        "organisation": runs if holding.organisation else None,
    }


def _plot_row(member: GroupMember) -> Row:
    change = member.change or {}
    names = (
        *("from_campaign", "to_campaign", "from_date", "to_date", "years", "design"),
        *("n0", "n1", "points_sampled0", "points_sampled1", "points_sampled"),
        *("withheld", "depth_cm", "change_t_ha", "annual_t_ha", "annual_ci95_t_ha"),
        *("rate_permille_year", "verdict_4permille", "verdict_zero"),
    )
    return {
        "project": member.holding.project.get("code"),
        "plot": member.plot["code"],
        **{n: member.plot.get(n) for n in ("area_ha", "farm", "stratum", "land_use")},
        "practices": sorted(member.families),
        "drawn": drawn_stratum(member.holding.drawn, member.plot) is not None,
        "counted": is_used(member.stratum),
        "span": member.span and member.span.value,
        **{name: change.get(name) for name in names},
        "reasons": change.get("reasons", []),
        "provisional": member.provisional,
    }


def _notes(
    by: Sequence[By], holdings: Sequence[ProjectScope], members: Sequence[GroupMember]
) -> Iterator[str]:
    """Return in words what a reader must know of the figures."""
    changes = [m.change for m in members if m.change and is_used(m.stratum)]
    for name, what in (("depth_cm", "depths"), ("method_version", "methods")):
        values = sorted({str(change[name]) for change in changes})
        if len(values) > 1:
            yield f"Stocks of several {what} are added up: {', '.join(values)}."
    if By.PRACTICE in by and any(len(member.families) > 1 for member in members):
        yield "A plot with several practice families counts in each; they do not add up."
    yield from notes_of_drawn([level.value for level in by], holdings, members)
    yield from _notes_of_targets(holdings)


def _notes_of_targets(holdings: Sequence[ProjectScope]) -> Iterator[str]:
    targets: dict[str, set[float]] = defaultdict(set)
    for each in holdings:
        target = each.organisation.get("target_permille_year")
        if target is not None:
            targets[each.organisation["code"]].add(target)
    for code, recorded in targets.items():
        if len(recorded) > 1:
            listed = ", ".join(f"{target:g}" for target in sorted(recorded))
            yield f"{code} recorded several targets ({listed}), so none is tested."
