"""import: tables of layers."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from collector.cli.app import (
    App,
    import_of,
    json_option,
    pass_app,
    person_option,
    project_option,
    tell_operation,
)
from collector.cli.output import emit_json, say
from collector.errors import Exit
from schemas.screen import raw_errors
from schemas.tables.differing import Differing
from schemas.told import counted, problem_line

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from collector.tables.importing import CheckedFile
    from collector.tables.intake import Difference
    from collector.tables.media import NotAttached
    from collector.tables.odd_rows import OddRow

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
#: Rejected rows shown on the screen; the file has them all.
SHOWN: Final = 20

_HELP: Final = """Import a table with one line per layer.

Without --write everything is checked and nothing is written. Rows that are here
already are left alone, so an import that was stopped is simply run again.

FILE is a CSV, a workbook (XLSX), of which the sheet that has the columns is read, or
the archive of submissions of ODK Central (.zip): repeats are joined with what they
stand in, and photos can be attached.

The mapping is a TOML file that says what the columns mean:

\b
  create = ["plot", "point", "campaign", "core", "sample", "result"]
  year = "{sample_year}"            the year of a row, for by_year
  [file]                            encoding, delimiter, decimal, missing, header
  [[where]]                         rows to take: column, with equals, in, least,
                                    most, begins, present
  [[skip]]                          rows to leave out, such as BLANK: the same
  [[date]]                          value, formats, precision, month_day, years
  [depth]                           top + bottom, label (0-23), or
                                    centre + thickness; unit; downward;
                                    a thickness beside top + bottom is checked
  [plot] [point] [campaign] [core] [sample]
  code = "WB{block}"                text with {column}; numbers; first; by_year;
                                    { value = "{Unit}", map = { "g/kg" = "g_kg" } }
  [sample]                          bulk_density_g_cm3 or bulk_density_kg_m3
  [soil_weight]                     value, unit = "M_kg_ha" -> bulk density
  [[result]]                        analyte, value, unit, method
  [attach]                          files of an archive of ODK Central, by name:
                                    core = "{photo}"

\b
Example:
  permille import layers soil.csv --mapping soil.toml
  permille import layers soil.csv --mapping soil.toml --write
"""


@click.command("layers", help=_HELP)
@click.argument("file", type=_FILE)
@click.option("--mapping", type=_FILE, required=True, help="What the columns mean.")
@project_option
@click.option("--write", is_flag=True, help="Keep the good rows.")
@click.option("--dry-run", is_flag=True, help="Only check; this is the default.")
@click.option(
    "--differing",
    type=click.Choice([str(one) for one in Differing]),
    default="keep",
    show_default=True,
    help="Of records that are here with other values: keep them, replace them by those of"
    " the file, or add results of the file as further replicates.",
)
@click.option(
    "--rejected",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rows go that were not taken; FILE.rejected.csv beside FILE when not given.",
)
@person_option
@json_option
@pass_app
def layers(  # noqa: PLR0917 - click passes them by name
    app: App,
    file: Path,
    mapping: Path,
    project: str | None,
    write: bool,
    dry_run: bool,
    differing: str,
    rejected: Path | None,
    as_json: bool,
) -> int:
    """Import a table with one line per layer."""
    from collector.record import names
    from collector.tables import importing
    from collector.tables.returned import write_returned

    if write and dry_run:
        raise click.UsageError("--write and --dry-run exclude each other")
    done = ImportOutcome()
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        checked = importing.check(laptop, project_id, file, mapping)
        if write:
            done = _write(laptop, checked, Differing(differing))
    back = importing.returned(checked, done.taken)
    place = None
    if write and back:
        place = write_returned(checked.source, checked.table.head, back, rejected)
    if as_json:
        emit_json(_data(checked, done, place, write=write))
    else:
        _tell(checked, done.kept, place, write=write)
        _tell_done(done, differing)
    return Exit.ATTENTION if back or done.not_attached else Exit.DONE


class ImportOutcome(NamedTuple):
    """What an import has written: layers, differing records, files; and its operation."""

    kept: int = 0
    taken: Sequence["Difference"] = ()
    attached: int = 0
    not_attached: Sequence["NotAttached"] = ()
    operation: str | None = None


def _write(
    laptop: "Laptop", checked: "CheckedFile", differing: Differing
) -> ImportOutcome:
    from collector.tables import importing
    from collector.tables.differing import take
    from collector.tables.media import attach_media

    done = import_of(laptop, [checked.source.path])
    with progress_of(len(checked.new), "layers") as progress:
        kept = importing.save(laptop, checked, done, progress)
    taken = take(laptop, checked.differing, differing, done)
    attached, lost = attach_media(laptop, checked, done)
    is_any = kept or taken or attached
    return ImportOutcome(kept, taken, attached, lost, done.id if is_any else None)


def _tell_done(done: ImportOutcome, differing: str) -> None:
    if done.taken:
        click.echo(f"{len(done.taken)} records that differed were taken: {differing}")
    if done.attached:
        click.echo(f"attached {counted(done.attached, 'file')}")
    for lost in done.not_attached[:SHOWN]:
        said = f"line {lost.line}: {lost.name} was not attached: {lost.why}"
        say(said, "  ", err=True)
    tell_operation(done.operation)


@contextmanager
def progress_of(total: int, what: str) -> Iterator[Callable[[int, int], None]]:
    """Show what is on disk: a bar on a terminal, else one line per batch."""
    if not sys.stderr.isatty() or not total:
        yield lambda done, every: _progress_line(done, every, what)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(
        console=Console(file=raw_errors()),
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        task = bar.add_task("kept", total=total)
        yield lambda done, _total: bar.update(task, completed=done)


def _progress_line(done: int, total: int, what: str) -> None:
    click.echo(f"kept {done} of {total} {what}", err=True)
    sys.stderr.flush()


def _data(
    checked: "CheckedFile", done: ImportOutcome, place: Path | None, *, write: bool
) -> dict[str, Any]:
    return {
        "written": write,
        "rows": len(checked.table.rows),
        "left_out": checked.table.left_out,
        "new": len(checked.new),
        "kept": done.kept,
        "taken": len(done.taken),
        "attached": done.attached,
        "not_attached": [one._asdict() for one in done.not_attached],
        "operation": done.operation,
        "already_here": checked.here,
        "differing": checked.differing_rows,
        "rejected": len(checked.rejected_rows),
        "records": checked.counts(),
        "warnings": [
            {"line": odd.line or None, "name": odd.name, **odd.warning.as_data()}
            for odd in checked.warnings
        ],
        "rejections": [asdict(one) for one in checked.rejections],
        "differences": [asdict(one) for one in checked.differing],
        "rejected_file": str(place) if place else None,
    }


def _tell_lines(checked: "CheckedFile") -> None:
    from collector.tables.returned import in_words

    for one in checked.rejections[:SHOWN]:
        where = f", column {one.column}" if one.column else ""
        value = f" = {one.value!r}" if one.value else ""
        click.echo(f"line {one.line}{where}{value}: {one.reason}; {one.hint}", err=True)
    for other in checked.differing[:SHOWN]:
        click.echo(f"line {other.line}: {in_words(other)}", err=True)
    lists = (checked.rejections, checked.differing)
    if hidden := sum(max(len(each) - SHOWN, 0) for each in lists):
        click.echo(f"and {hidden} more; --json lists them all", err=True)


def _tell_warnings(checked: "CheckedFile") -> None:
    """Show each kind of warning once, with how many there are and where the first is."""
    by_code: dict[str, list[OddRow]] = {}
    for odd in checked.warnings:
        by_code.setdefault(odd.warning.code, []).append(odd)
    for found in by_code.values():
        first = found[0]
        place = f"line {first.line}, {first.name}" if first.line else first.name
        many = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        said = problem_line(first.warning)
        say(f"warning: {place}{many}: {said}", "  ", err=True)
    if by_code:
        click.echo("they are kept with the records; see: permille warnings", err=True)


def _tell(
    checked: "CheckedFile", kept: int, place: Path | None, *, write: bool
) -> None:
    counts = ", ".join(f"{n} {kind}" for kind, n in checked.counts().items())
    done = f"kept {kept}" if write else f"{len(checked.new)} to add"
    click.echo(
        f"{done} layers ({counts or 'no new records'}); {checked.here} already here;"
        f" {checked.differing_rows} differing; {len(checked.rejected_rows)} rejected;"
        f" {checked.table.left_out} left out by the mapping"
    )
    _tell_lines(checked)
    _tell_warnings(checked)
    if place:
        click.echo(f"the rows that were not taken are in {place}")
    if not write and checked.new:
        click.echo("nothing was written; to keep the good rows add: --write")
