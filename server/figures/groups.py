"""Plots with their project and their change, and the strata that they make up.

A plot is a stratum. Plots that were drawn out of many make up one stratum with all the
land they were drawn from, in every group that holds that land whole; elsewhere they
stand for themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.selection import WHOLE, beyond, drawn_areas, drawn_stratum
from server.figures.choices import CampaignSpan
from server.stocks.units import Stratum, cluster

Row = dict[str, Any]

_STRATUM: Final = "stratum"
#: Groups by what a plot is: land that nobody drew need not be like it.
_CUTS_STRATA: Final = frozenset({"plot", "farm", "land_use", "practice"})


@dataclass(frozen=True, slots=True)
class ProjectScope:
    """A project with the organisation that runs it, as their fields stand."""

    id: str
    project: Row
    organisation: Row

    @property
    def drawn(self) -> dict[str, float]:
        """The land that plots were drawn from, ha by stratum."""
        return drawn_areas(self.project)


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A plot, and the change that stands for it where it was measured.

    `controls` holds the changes of its control plots by code.
    """

    holding: ProjectScope
    plot: Row
    stratum: Stratum
    change: Row | None = None
    span: CampaignSpan | None = None
    provisional: Row = field(default_factory=dict)
    families: frozenset[str] = frozenset()
    controls: Mapping[str, Row] = field(default_factory=dict)


def strata_of(level: str, members: Sequence[GroupMember]) -> list[Stratum]:
    """Return the strata of a group; drawn plots become one where it holds all their land."""
    if level in _CUTS_STRATA:
        return [member.stratum for member in members]
    holdings = {member.holding.id: member.holding for member in members}
    by_stratum = level == _STRATUM
    # A stratum without any plot is part of the land of its project all the same.
    drawn: dict[tuple[str, str], list[Stratum]] = {
        (each.id, stratum): []
        for each in holdings.values()
        for stratum in each.drawn
        if not by_stratum
    }
    units = []
    for member in members:
        stratum = drawn_stratum(member.holding.drawn, member.plot)
        if stratum is None or (by_stratum and stratum == WHOLE):
            units.append(member.stratum)
        else:
            drawn.setdefault((member.holding.id, stratum), []).append(member.stratum)
    return units + [
        cluster(stratum, holdings[project_id].drawn[stratum], plots)
        for (project_id, stratum), plots in drawn.items()
    ]


def is_used(stratum: Stratum) -> bool:
    """Return whether figures of a group rest on this plot or stratum."""
    return bool(stratum.area_ha) and stratum.annual_t_ha is not None


def notes_of_drawn(
    levels: Sequence[str],
    holdings: Sequence[ProjectScope],
    members: Sequence[GroupMember],
) -> Iterator[str]:
    """Return what drawn plots stand for, and where they do not."""
    drawn = [each for each in holdings if each.drawn]
    cut = _cutting(levels, drawn)
    if drawn and cut:
        yield (
            f"Plots were drawn out of many; by {', '.join(cut)} they stand for themselves,"
            " since of the other land only the whole is known."
        )
    for each in drawn:
        plots = [m.plot for m in members if m.holding.id == each.id]
        yield from _notes_of_strata(each, plots)


def _cutting(levels: Sequence[str], drawn: Sequence[ProjectScope]) -> list[str]:
    """Return the levels that cut the land which plots were drawn from."""
    cut = [level for level in levels if level in _CUTS_STRATA]
    if any(WHOLE in each.drawn for each in drawn) and _STRATUM in levels:
        cut.append(_STRATUM)
    return cut


def _notes_of_strata(
    holding: ProjectScope, plots: Sequence[dict[str, Any]]
) -> Iterator[str]:
    code = holding.project.get("code", holding.id)
    alone = {
        str(plot.get("stratum") or "plots without stratum")
        for plot in plots
        if drawn_stratum(holding.drawn, plot) is None
    }
    if alone:
        yield (
            f"{code}: no sampled area is recorded for {', '.join(sorted(alone))};"
            " plots there stand for themselves."
        )
    for stratum, area in beyond(holding.drawn, plots).items():
        yield (
            f"{code}: the plots drawn{stratum and ' from '}{stratum} add up to"
            f" {area:g} ha, more than the {holding.drawn[stratum]:g} ha they stand for."
        )
