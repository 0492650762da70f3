"""records import: an export of ours taken in again."""

from pathlib import Path

import click

from collector.cli.app import (
    App,
    import_of,
    json_option,
    pass_app,
    person_option,
    tell_operation,
)
from collector.cli.many import records
from collector.cli.output import emit_json, say, table_of_first
from collector.errors import Exit, RefusedError
from schemas.export.taking_in import OPEN_RECORDS
from schemas.tables.differing import Differing


@records.command("import")
@click.argument("export", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--differing",
    type=click.Choice([str(Differing.KEEP), str(Differing.REPLACE)]),
    default=str(Differing.KEEP),
    show_default=True,
    help="Of records that are here otherwise, or deleted: keep what is here, or take what"
    " the export says.",
)
@click.option(
    "--files",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of attachments, also exported: with --write its files are kept, where"
    " records name them.",
)
@click.option("--write", is_flag=True, help="Keep what was found.")
@person_option
@json_option
@pass_app
def import_records(
    app: App,
    export: Path,
    differing: str,
    files: Path | None,
    write: bool,
    as_json: bool,
) -> int:
    """Take the records of an export in again, under their own ids.

    EXPORT is what permille export or permille-server export has made: a folder of csv, a
    file of sqlite or xlsx. Nothing is written without --write, and what is here already
    is left alone.

    \b
    Example:
      permille records import tables
      permille records import hf.db --write
    """
    from collector.files.taking_in import take_in_files
    from collector.record.taking_in import take_in
    from collector.store.plain import plain_to_read
    from schemas.export.reading import read_records
    from schemas.export.taking_in import document, files_told, open_rows, sentences
    from schemas.export_files import attached_files, opened_export
    from schemas.tables.refusal import TableError

    def told(seen: int, kept: int) -> None:
        say(f"{seen} records looked at, {kept} kept", err=True)

    replaces = Differing(differing) is Differing.REPLACE
    try:
        with app.laptop() as laptop, opened_export(export, plain_to_read) as read:
            done = import_of(laptop, [export]) if write else None
            found = read_records(read.tables, are_texts=read.are_texts)
            taken = take_in(laptop, found, done, told, takes_differing=replaces)
            taken.notes += read.notes
            if files is not None and write:
                found_files = take_in_files(laptop, attached_files(files))
                taken.notes.append(files_told(found_files))
    except TableError as error:
        raise RefusedError(
            error.refusal.reason, error.refusal.hint, code="bad_table"
        ) from None
    said = document(taken, done, are_differing_taken=replaces)
    if as_json:
        emit_json(said)
    else:
        for line in sentences(said):
            say(line, "  ")
        table_of_first(OPEN_RECORDS, open_rows(said))
        tell_operation(said["operation"])
    return Exit.ATTENTION if said["open"] else Exit.DONE


__all__ = ["records"]
