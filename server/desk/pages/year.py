"""The year page: what an organisation, or all of them, have to tell of a year."""

from collections.abc import Sequence
from typing import Any, Final

from server.access.projects import projects
from server.access.rights import Right
from server.desk.frame import Asked, Desk, DeskPage, Download
from server.desk.paging import whole_number
from server.errors import RefusedError, refuse
from server.figures.year import members_year, organisation_year
from server.report.year import YearPage, members_page, organisation_page
from server.report.year_page import digest_of, render_year
from server.report.year_pdf import draw_year

#: What stands for all organisations.
_ALL: Final = "*"
_FIRST_YEAR: Final = 1900
_COMMAND: Final = "permille-server stocks year --organisation CODE --year YEAR"


async def show(desk: Desk, asked: Asked) -> DeskPage:
    """Show the year page that is asked for, and which others there are."""
    named = asked.query.get("organisation", "")
    facts: dict[str, Any] = {
        "organisations": await _organisations(desk, asked),
        "everywhere": asked.held.may(Right.FIGURES),
        "is_all": _ALL,
        "named": named,
        "year": _year(desk, asked),
        "page": None,
        "waiting": 0,
    }
    if named:
        found, page = await _found(desk, asked)
        facts |= {"page": page, "waiting": found["waiting"]}
    return DeskPage("year.html.j2", _COMMAND, facts)


async def pdf(desk: Desk, asked: Asked) -> Download:
    """Write the year page as PDF."""
    await desk.store.note_hand_out()
    found, page = await _found(desk, asked)
    is_wide = asked.query.get("organisation") == _ALL
    written = draw_year(page, digest_of(found), _now(desk), is_wide=is_wide)
    return Download(f"{_name(desk, asked)}.pdf", "application/pdf", written)


async def html(desk: Desk, asked: Asked) -> Download:
    """Write the year page as one document that loads nothing."""
    await desk.store.note_hand_out()
    found, page = await _found(desk, asked)
    written = render_year(page, digest_of(found), _now(desk))
    return Download(f"{_name(desk, asked)}.html", "text/html", written.encode())


async def _found(desk: Desk, asked: Asked) -> tuple[dict[str, Any], YearPage]:
    """Return the figures of a year and their page.

    Raises
    ------
    RequestError
        403 where it has projects that they may not know.
    NotFoundError
        If there is no such organisation.
    """
    named, year = asked.query.get("organisation", ""), _year(desk, asked)
    if named == _ALL:
        if not asked.held.may(Right.FIGURES):
            raise refuse("not_allowed", Right.FIGURES.value)
        found = await members_year(desk.store, year)
        return found, members_page(found)
    # What they may not know is refused as what is not there.
    if named not in await _organisations(desk, asked):
        raise refuse("no_such_organisation", named)
    found = await organisation_year(desk.store, named, year)
    return found, organisation_page(found)


async def _organisations(desk: Desk, asked: Asked) -> Sequence[str]:
    """Return the codes of organisations of whose projects they may see each."""
    own = {one.id for one in asked.projects}
    of: dict[str, set[str]] = {}
    for one in await projects(desk.store):
        if one["organisation"]:
            of.setdefault(one["organisation"], set()).add(one["id"])
    return sorted(code for code, ids in of.items() if ids <= own)


def _year(desk: Desk, asked: Asked) -> int:
    """Return the year that is asked for, or the last whole one."""
    last = int(desk.clock.stamp()[:4])
    said = whole_number(asked, "year", last - 1)
    if not _FIRST_YEAR <= said <= last:
        raise RefusedError(
            f"{said} is no year", [], f"write one from {_FIRST_YEAR} to {last}"
        )
    return said


def _name(desk: Desk, asked: Asked) -> str:
    named = asked.query.get("organisation", "")
    safe = "".join(one if one.isalnum() else "-" for one in named if one.isascii())
    return f"permille-{safe.strip('-') or 'all'}-{_year(desk, asked)}"


def _now(desk: Desk) -> str:
    return f"{desk.clock.stamp()[:16].replace('T', ' ')} UTC"
