"""Command `records import`: an export of ours taken in again."""

import getpass
from pathlib import Path
from typing import Any

import click

from schemas.export.taking_in import OPEN_RECORDS
from schemas.tables.differing import Differing
from server.cli.common import (
    data_directory,
    import_of,
    json_option,
    person_option,
    print_first,
    print_json,
    say,
    tell_operation,
    told_as_table,
    with_store,
)
from server.cli.many import records
from server.config import DataDirectory


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
@person_option("imports")
@json_option
@click.pass_context
def import_records(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    export: Path,
    differing: str,
    files: Path | None,
    write: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Take the records of an export in again, under their own ids.

    EXPORT is what permille-server export or permille export has made: a folder of csv, a
    file of sqlite or xlsx. Projects that are not here are opened. Stocks are derived
    anew; open conflicts and what waits for a person are not taken over. Nothing is
    written without --write, and what is here already is left alone.

    \b
    Example:
      permille-server records import tables
      permille-server records import programme.db --write
    """
    from schemas.export.reading import read_masses, read_records
    from schemas.export.taking_in import document
    from schemas.export_files import opened_export
    from server.clock import Clock
    from server.custody.taking_in import TakingIn, keep_masses, take_in
    from server.data import plain_to_read

    replaces = Differing(differing) is Differing.REPLACE
    done, clock = import_of([export]), Clock()
    by = person or getpass.getuser()
    how = TakingIn(done, by, writes=write, takes_differing=replaces)

    def told(seen: int, kept: int) -> None:
        say(f"{seen} records looked at, {kept} kept", err=True)

    async def job(store: Any) -> Any:  # noqa: ANN401
        with opened_export(export, plain_to_read) as read:
            masses = read_masses(read.tables, are_texts=read.are_texts)
            await keep_masses(store, clock, masses if write else ())
            found = read_records(read.tables, are_texts=read.are_texts)
            taken = await take_in(store, clock, found, how, told)
            taken.notes += read.notes
        if files is not None and write:
            taken.notes.append(await _keep_files(context, store, files))
        return taken

    with told_as_table():
        taken = with_store(context, job)
    said = document(taken, done if write else None, are_differing_taken=replaces)
    _tell(said, as_json=as_json)
    context.exit(1 if said["open"] else 0)


async def _keep_files(context: click.Context, store: Any, files: Path) -> str:  # noqa: ANN401
    from schemas.export.taking_in import files_told
    from schemas.export_files import attached_files
    from server.files.disk import BlobFiles
    from server.files.taking_in import take_in_files

    data = context.find_object(DataDirectory) or data_directory(None)
    named = {one.file["sha256"] for one in await store.read(lambda tx: tx.attached())}
    return files_told(
        take_in_files(BlobFiles(data.blobs), attached_files(files), named)
    )


def _tell(said: dict[str, Any], *, as_json: bool) -> None:
    from schemas.export.taking_in import open_rows, sentences

    if as_json:
        print_json(said)
        return
    for line in sentences(said):
        say(line, "  ")
    print_first(OPEN_RECORDS, open_rows(said))
    tell_operation(said["operation"], "PROJECT")


__all__ = ["records"]
