"""lab: results of laboratories, by the label of the bag."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, say, table, table_of_first
from collector.cli.tables import progress_of
from collector.errors import Exit, UsageError
from collector.record import names
from schemas.lab.lists import EXPECTED, READINGS
from schemas.tables.differing import Differing
from schemas.told import counted

if TYPE_CHECKING:
    from schemas.lab.layout import LabHabits

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("lab")
def lab() -> None:
    """Import what laboratories found, and see what is still expected.

    \b
    Example:
      permille lab import results.csv --lab "LAS Arras"
      permille lab expected
    """


@lab.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--lab", "name", required=True, help="Name of the laboratory.")
@click.option(
    "--key",
    type=_FILE,
    help="A table of the laboratory's numbers and our bags, where its results have"
    " numbers only.",
)
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
    help="Of values that are here otherwise: keep them, replace them, or add those of the"
    " file as further replicates.",
)
@project_option
@click.option("--write", is_flag=True, help="Keep what was found.")
@json_option
@pass_app
def import_results(  # noqa: PLR0917 - click passes them by name
    app: App,
    files: tuple[Path, ...],
    name: str,
    key: Path | None,
    units: tuple[str, ...],
    methods: tuple[str, ...],
    columns: tuple[str, ...],
    density_definition: str | None,
    references: tuple[str, ...],
    differing: str,
    project: str | None,
    write: bool,
    as_json: bool,
) -> int:
    """Match the rows of a laboratory to bags by their labels, and keep their values.

    Files are CSV or XLSX, in the form the laboratory sends them. What the columns mean is
    guessed and shown first; what you say of a laboratory is kept for its next tables.
    Nothing is written without --write.

    \b
    Example:
      permille lab import results.csv --lab LAS --method soc=dry_combustion
      permille lab import results.csv --lab LAS --write
      permille lab import results.xlsx densities.csv --lab LAS --write
    """
    from collector.tables import lab as flow
    from collector.tables.additions import save
    from schemas.lab import outcome
    from schemas.lab_files import give_back

    how = Differing(differing)
    said = _said(columns, units, methods, density_definition, references)
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        habits = flow.habits(laptop, name).with_more(said)
        found = flow.check_files(laptop, project_id, files, key, name, habits)
        wanted = found.wanted(how)
        if write:
            with progress_of(len(wanted), "values") as progress:
                additions = [addition for _, addition in wanted]
                save(laptop, project_id, additions, progress)
            flow.remember(laptop, name, habits)
    taken = [line for line, _ in wanted] if write else []
    back = give_back(found, taken) if write else []
    data = outcome.document(found, how, len(taken), back, written=write)
    if as_json:
        emit_json(data)
        return Exit.ATTENTION if outcome.needs_a_person(found) else Exit.DONE
    for line in outcome.sentences(data, len(wanted)):
        say(line, "  ")
    table_of_first(READINGS, outcome.open_rows(found))
    return Exit.ATTENTION if outcome.needs_a_person(found) else Exit.DONE


@lab.command()
@click.option("--analyte", default="soc", show_default=True, help="What is expected.")
@project_option
@json_option
@pass_app
def expected(app: App, analyte: str, project: str | None, as_json: bool) -> int:
    """List the bags that have no result as yet, by campaign.

    \b
    Example:
      permille lab expected
      permille lab expected --analyte total_nitrogen --json
    """
    from collector.record.neighbours import records_of
    from schemas.lab import outcome

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = list(outcome.expected(records_of(laptop, project_id), analyte))
    if as_json:
        emit_json(found)
        return Exit.DONE
    table(EXPECTED, outcome.expected_rows(found))
    say(f"{counted(len(found), 'bag')} without {analyte}")
    return Exit.DONE


def _said(
    columns: Sequence[str],
    units: Sequence[str],
    methods: Sequence[str],
    density_definition: str | None,
    references: Sequence[str],
) -> "LabHabits":
    from schemas.lab.saying import SayingError, read_saying

    try:
        return read_saying(columns, units, methods, density_definition, references)
    except SayingError as error:
        raise UsageError(error.text, error.hint) from None
