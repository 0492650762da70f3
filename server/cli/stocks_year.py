"""Command `stocks year`: the page that an organisation gets each year."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import json_option, print_json, print_table, say, with_store
from server.errors import StorageError

if TYPE_CHECKING:
    from server.report.year import YearPage

FIGURES: Final = TableForm("year", prose("figure"), "at its end", "a year before")
GROUPS: Final = TableForm(
    "year by group",
    prose("of"),
    *("ha measured", "t C/ha/year", "95 % interval", "t CO2e/year", "change"),
    "t CO2e/year before",
)
MEMBERS: Final = TableForm(
    "year of all",
    prose("of"),
    *("ha measured", "t C/year", "t CO2e/year", "95 % of CO2e", "change"),
    *("permille/year", "own target", "t CO2e/year before"),
)
#: How a table of the page is printed, by how many columns it has.
FORMS: Final = {len(form.columns): form for form in (FIGURES, GROUPS, MEMBERS)}


@click.command()
@click.option("--organisation", help="Organisation, by code; in all its projects.")
@click.option("--all", "every", is_flag=True, help="The sheet of all organisations.")
@click.option(
    "--year",
    type=click.IntRange(1800, 9999),
    help="The year told of.  [default: the one before this]",
)
@click.option(
    "--html",
    "html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write as a page; nothing is loaded from elsewhere.",
)
@click.option(
    "--pdf",
    "pdf",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write as PDF, A4.",
)
@click.option("--stamp", is_flag=True, help="Also say when it was written.")
@json_option
@click.pass_context
def year(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    /,
    organisation: str | None,
    every: bool,
    year: int | None,
    html: Path | None,
    pdf: Path | None,
    stamp: bool,
    as_json: bool,
) -> None:
    """Write the year page of an organisation, or the sheet of all of them.

    One A4 in the organisation's own terms: what was measured on how many hectares, the
    change with its interval in t C and t CO2e, by land use and practice, against control
    plots, what cannot be assessed and why, and the year before beside it. 4 permille a year
    is an illustration, no norm. Without --html and --pdf it is printed. Exit code 1 says
    that plots still wait to be derived.

    \b
    Example:
      permille-server stocks year --organisation ROTH --year 2026 --pdf roth.pdf
      permille-server stocks year --all --year 2026 --html members.html
    """
    if every == (organisation is not None):
        raise click.UsageError("give one of --organisation and --all")
    from server.clock import Clock
    from server.figures.year import members_year, organisation_year
    from server.report.year import members_page, organisation_page
    from server.report.year_page import digest_of, render_year
    from server.report.year_pdf import draw_year

    now = Clock().stamp()
    told = int(now[:4]) - 1 if year is None else year

    work: Callable[[Any], Coroutine[Any, Any, dict[str, Any]]]
    if organisation is not None:
        work, page_of = (
            (lambda s: organisation_year(s, organisation, told)),
            organisation_page,
        )
    else:
        work, page_of = (lambda s: members_year(s, told)), members_page
    written = [path for path in (html, pdf) if path]
    found = with_store(context, work, hands_out=bool(written))
    page = page_of(found)
    digest, stamped = digest_of(found), f"{now[:16].replace('T', ' ')} UTC" * stamp
    for path, write in (
        (html, lambda: render_year(page, digest, stamped).encode()),
        (pdf, lambda: draw_year(page, digest, stamped, is_wide=every)),
    ):
        if path is not None:
            _write(path, write)
    if as_json:
        print_json(found)
    elif written:
        say(f"Wrote {' and '.join(map(str, written))}.")
    else:
        _print(page)
    if found["waiting"]:
        click.echo(
            f"{counted(found['waiting'], 'plot')} to be derived yet; a running server does"
            " that, or: permille-server stocks derive",
            err=True,
        )
        context.exit(1)


def _write(path: Path, write: Callable[[], bytes]) -> None:
    try:
        path.write_bytes(write())
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}", "choose another file"
        ) from None


def _print(page: "YearPage") -> None:
    for line in (page.title, page.under, "", *page.result):
        say(line)
    for table in page.tables:
        if table.rows:
            click.echo()
            say(table.caption)
            form = FORMS[len(table.heads)]
            print_table(form, table.rows)
            if table.note:
                say(table.note)
    for heading, sentences in page.sections:
        if sentences:
            click.echo()
            say(heading)
            for sentence in sentences:
                say(f"- {sentence}", "  ")
