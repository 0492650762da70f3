"""Command `lab`: results of laboratories, by the label of the bag."""

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from schemas import limits
from schemas.lab.lists import EXPECTED, READINGS
from schemas.tables.differing import Differing
from schemas.told import counted
from server.cli.common import (
    json_option,
    one_line,
    print_first,
    print_json,
    print_table,
    say,
    told_as_table,
    with_store,
)
from server.errors import UsageError

if TYPE_CHECKING:
    from schemas.lab.check import LabCheck
    from schemas.lab.layout import LabHabits

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_PROJECT: Final = click.option(
    "--project", required=True, help="Code or start of the id of a project."
)


@click.group()
def lab() -> None:
    """Import what laboratories found, and see what is still expected.

    \b
    Example:
      permille-server lab import results.csv --lab "LAS Arras" --project HF
    """


@lab.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--lab", "name", required=True, help="Name of the laboratory.")
@_PROJECT
@click.option("--key", type=_FILE, help="The laboratory's numbers and our bags.")
@click.option(
    "--unit", "units", multiple=True, metavar="ANALYTE=UNIT", help="Such as soc=pct."
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="ANALYTE=METHOD",
    help="Such as soc=dry_combustion.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="HEADER=MEANING",
    help="What a column is: code, number, replicate, batch, analysed_on, ignore, or an"
    " analyte.",
)
@click.option(
    "--density-definition",
    type=click.Choice(["whole", "fine_earth_only", "fine_in_total"]),
    help="Which bulk density the laboratory reports.",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    metavar="CODE=VALUE",
    help="The certified value of a reference material, in the unit of the table.",
)
@click.option(
    "--differing",
    type=click.Choice([str(one) for one in Differing]),
    default=str(Differing.KEEP),
    show_default=True,
    help="Of values that are here otherwise: keep, replace, or add as replicates.",
)
@click.option("--write", is_flag=True, help="Keep what was found.")
@click.option(
    "--person",
    callback=one_line(limits.NAME_CHARS),
    help="Who imports; your login name when not given.",
)
@json_option
@click.pass_context
def import_results(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    files: tuple[Path, ...],
    name: str,
    project: str,
    key: Path | None,
    units: tuple[str, ...],
    methods: tuple[str, ...],
    columns: tuple[str, ...],
    density_definition: str | None,
    references: tuple[str, ...],
    differing: str,
    write: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Match the rows of a laboratory to bags by their labels, and keep their values.

    Files are CSV or XLSX, in the form the laboratory sends them. What the columns mean is
    guessed and shown first; what you say of a laboratory is kept for its next tables.
    Nothing is written without --write.

    \b
    Example:
      permille-server lab import results.xlsx --lab LAS --project HF \\
                      --method soc=dry_combustion
      permille-server lab import results.xlsx --lab LAS --project HF --write
    """
    from schemas.lab import outcome
    from schemas.lab_files import give_back
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody import lab as flow
    from server.custody.additions import save

    said = _said(columns, units, methods, density_definition, references)
    data, keys = _read(files, key)
    how, who = Differing(differing), person or getpass.getuser()

    async def job(store: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        before = await store.read(lambda tx: flow.habits(tx, name))
        habits = before.with_more(said)
        found = await store.read(
            lambda tx: flow.check_files(tx, project_id, data, keys, name, habits)
        )
        wanted = found.wanted(how)
        if write:
            additions = [addition for _, addition in wanted]
            await save(store, Clock(), project_id, additions, who)
            await flow.remember(store, name, habits)
        return found, wanted

    with told_as_table():
        found, wanted = with_store(context, job)
    taken = [line for line, _ in wanted] if write else []
    back = give_back(found, taken) if write else []
    document = outcome.document(found, how, len(taken), back, written=write)
    if as_json:
        print_json(document)
    else:
        _tell(found, document, len(wanted))
    context.exit(1 if outcome.needs_a_person(found) else 0)


def _said(*said: Any) -> "LabHabits":  # noqa: ANN401 - as the options have them
    from schemas.lab.saying import SayingError, read_saying

    try:
        return read_saying(*said)
    except SayingError as error:
        raise UsageError(error.text, error.hint) from None


def _read(
    files: Sequence[Path], key: Path | None
) -> tuple[dict[str, bytes], dict[str, str]]:
    from schemas.lab_files import read_files, read_key

    with told_as_table():
        return read_files(files), read_key(key)


def _tell(found: "LabCheck", document: dict[str, Any], to_keep: int) -> None:
    from schemas.lab import outcome

    for line in outcome.sentences(document, to_keep):
        say(line, "  ")
    print_first(READINGS, outcome.open_rows(found))


@lab.command()
@_PROJECT
@click.option("--analyte", default="soc", show_default=True, help="What is expected.")
@json_option
@click.pass_context
def expected(context: click.Context, project: str, analyte: str, as_json: bool) -> None:
    """List the bags that have no result as yet, by campaign.

    \b
    Example:
      permille-server lab expected --project HF
    """
    from schemas.lab import outcome
    from server.access.projects import find_project
    from server.custody.warnings import records_in

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        found: list[dict[str, Any]] = await store.read(
            lambda tx: list(outcome.expected(records_in(tx, project_id), analyte))
        )
        return found

    found = with_store(context, job)
    if as_json:
        print_json(found)
        return
    print_table(EXPECTED, outcome.expected_rows(found))
    click.echo(f"{counted(len(found), 'bag')} without {analyte}.")
