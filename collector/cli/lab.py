"""lab: results of laboratories, by the label of the bag."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from collector.cli.app import (
    App,
    import_of,
    json_option,
    one_line,
    pass_app,
    project_option,
    tell_operation,
)
from collector.cli.lab_expected import expected, sent
from collector.cli.output import emit_json, say, table, table_of_first
from collector.cli.tables import progress_of
from collector.errors import Exit, NotFoundError, UsageError
from collector.record import names
from schemas import limits
from schemas.lab.lists import BATCHES, READINGS
from schemas.tables.differing import Differing

if TYPE_CHECKING:
    from schemas.lab.layout import LabHabits

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("lab")
def lab() -> None:
    """Import what laboratories found, and see what is still expected.

    \b
    Example:
      permille lab import results.csv --lab "LAS Arras"
      permille lab batches --failed
      permille lab sent parcel.csv --lab "LAS Arras" --batch 2026-1
      permille lab expected
    """


lab.add_command(sent)
lab.add_command(expected)


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
    help="What a column is: code, number, replicate, batch, analysed_on, duplicate_of,"
    " certified_value, detection_limit, ignore, or an analyte.",
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
    help="The certified value of a reference material, in the unit of the table: of SOC,"
    " or of another analyte by CODE/ANALYTE=VALUE.",
)
@click.option("--batch", help="The batch of rows that name none.")
@click.option(
    "--duplicates",
    type=_FILE,
    help="A table of the labels of blind duplicates and our bags of the same soil.",
)
@click.option(
    "--differing",
    type=click.Choice([str(one) for one in Differing]),
    default=str(Differing.KEEP),
    show_default=True,
    help="Of values that are here otherwise: keep them, replace them, or add those of the"
    " file as further replicates.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="BAG",
    help="Take the rows of this bag alone, or of this number of the laboratory.",
)
@click.option(
    "--reason",
    callback=one_line(limits.NOTE_CHARS // 2),
    help="Why values are replaced or added, kept with each change: analysed again.",
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
    batch: str | None,
    duplicates: Path | None,
    differing: str,
    only: tuple[str, ...],
    reason: str | None,
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
      permille lab import results.csv --lab LAS --reference CRM-A=2.31 --write
      permille lab import again.csv --lab LAS --only P1-0004 --write \\
               --differing replace --reason "weighed wrongly"
    """
    from collector.tables import lab as flow
    from collector.tables.additions import save
    from schemas.lab import outcome
    from schemas.lab_files import Delivery, give_back_others

    how = Differing(differing)
    sent = Delivery(files, key, duplicates, batch, how, only)
    said = _said(columns, units, methods, density_definition, references)
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        habits = flow.habits(laptop, name).with_more(said)
        found = flow.check_files(laptop, project_id, name, sent, habits)
        wanted, done = found.wanted(how), import_of(laptop, files, reason)
        if write:
            additions = found.additions(how)
            with progress_of(len(additions), "values") as progress:
                save(laptop, project_id, additions, done, progress)
            flow.remember(laptop, name, habits)
    kept = give_back_others(found, how) if write else outcome.NOT_WRITTEN
    data = outcome.document(found, name, how, kept)
    data["operation"] = done.id if write and found.additions(how) else None
    needs = outcome.needs_a_person(found, data)
    if as_json:
        emit_json(data)
        return Exit.ATTENTION if needs else Exit.DONE
    for line in outcome.sentences(data, len(wanted), "permille lab decide"):
        say(line, "  ")
    table_of_first(READINGS, outcome.open_rows(found))
    tell_operation(data["operation"])
    return Exit.ATTENTION if needs else Exit.DONE


@lab.command()
@click.option("--failed", is_flag=True, help="Those whose quality control fails.")
@project_option
@json_option
@pass_app
def batches(app: App, failed: bool, project: str | None, as_json: bool) -> int:
    """List the batches of laboratories, their quality control and what was decided.

    \b
    Example:
      permille lab batches
      permille lab batches --failed
    """
    from collector.record.neighbours import records_of
    from schemas.lab.batches import listed, rows_of

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = listed(records_of(laptop, project_id))
    if failed:
        found = [one for one in found if one["verdict"] == "failed"]
    if as_json:
        emit_json(found)
    else:
        table(BATCHES, rows_of(found))
    return Exit.ATTENTION if any(one["waits"] for one in found) else Exit.DONE


@lab.command()
@click.argument("decision", type=click.Choice(["accepted", "rejected"]))
@click.option("--lab", "name", required=True, help="Name of the laboratory.")
@click.option("--batch", required=True, help="Its batch.")
@click.option(
    "--analyte", default="", help="One analyte; all that fail when not given."
)
@click.option("--reason", required=True, help="Why.")
@project_option
@json_option
@pass_app
def decide(  # noqa: PLR0917 - click passes them by name
    app: App,
    decision: str,
    name: str,
    batch: str,
    analyte: str,
    reason: str,
    project: str | None,
    as_json: bool,
) -> int:
    """Accept or reject the results of a batch whose quality control fails.

    What is accepted counts, and says so; what is rejected counts no more, and stays. A
    decision can be changed by another one.

    \b
    Example:
      permille lab decide accepted --lab LAS --batch B7 --reason "measured again"
      permille lab decide rejected --lab LAS --batch B7 --reason "oven failed"
    """
    from collector.record.neighbours import records_of
    from collector.tables.additions import save
    from schemas.lab.batches import DecisionError, decided
    from schemas.lab.quality import BatchKey

    said = {"decision": decision, "reason": reason}
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        said |= {"decided_by": laptop.person} if laptop.person else {}
        try:
            key = BatchKey(name, batch, analyte)
            found = decided(records_of(laptop, project_id), key, said)
        except DecisionError as error:
            raise NotFoundError(error.text, error.hint) from None
        additions = [one.addition for one in found]
        save(laptop, project_id, additions, None, lambda *_: None)
    analytes = [one.analyte for one in found]
    if as_json:
        emit_json({"analytes": analytes, **said})
    else:
        say(f"{said['decision']}: {', '.join(analytes)}")
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
