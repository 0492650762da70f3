"""Command `export`: records for R, QGIS, Excel and other programs."""

from pathlib import Path
from typing import Any, Final

import click

from server.cli.common import (
    json_option,
    print_json,
    projects_option,
    say,
    with_store,
)
from server.cli.contact import today
from server.config import DataDirectory

KINDS: Final = (
    *("csv", "xlsx", "sqlite", "geojson", "gpkg", "parquet", "attachments"),
)
#: Whose view may be written.
VEILS: Final = ("viewer", "auditor", "none")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("target", type=click.Path(path_type=Path))
@projects_option
@click.option(
    "--since",
    metavar="CURSOR",
    help="Only what changed since an export: its `snapshot`, or its manifest.json.",
)
@click.option(
    "--veil",
    type=click.Choice(VEILS),
    default="none",
    show_default=True,
    help="Write what a viewer sees (squares of about 1 km, pseudonyms, no notes), what an"
    " auditor sees (exact places, pseudonyms, no notes), or all.",
)
@json_option
@click.pass_context
def export(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    kind: str,
    target: Path,
    projects: tuple[str, ...],
    since: str | None,
    veil: str,
    as_json: bool,
) -> None:
    """Write records, stocks, changes and trends for other programs, as of one moment.

    csv and parquet make a folder with one table for each type of record, flat tables of
    layers and the tables that reports ask for; xlsx one workbook with these tables;
    geojson a folder with plots, points and cores; gpkg one GeoPackage with these and the
    layers; sqlite one plain database with the same tables, views that join names and
    full-text search; attachments a folder with the attached files and whose they are.
    gpkg needs the extra geo, parquet the extra parquet.

    The manifest has the rows and SHA-256 of each file, and the moment of all: with that,
    --since makes the next export hold what changed, and what was deleted. Nothing is
    written over.

    Without --veil names and places are written as they are, and such an export can be
    taken in again with records import; with it, it cannot.

    \b
    Example:
      permille-server export csv tables --project HF
      permille-server export sqlite programme.db
      permille-server export csv june --since tables/manifest.json
      permille-server export csv public --veil viewer
    """
    from schemas.export.run import ExportKind
    from server.access.projects import ids_of
    from server.files.disk import BlobFiles
    from server.operations.export import ExportWanted, export_projects
    from server.operations.export_cursor import told_cursor

    data = context.find_object(DataDirectory)
    assert data is not None, "the root command names the data directory"
    blobs = BlobFiles(data.blobs)
    cursor = None if since is None else told_cursor(since)

    def told(table: str, rows: int) -> None:
        say(f"{table}: {rows}", err=True)

    async def job(store: Any) -> Any:  # noqa: ANN401
        ids = await ids_of(store, projects)
        role = "" if veil == "none" else veil
        wanted = ExportWanted(ExportKind(kind), target, ids, cursor, role, today())
        return await store.read(lambda tx: export_projects(tx, wanted, blobs, told))

    done = with_store(context, job, hands_out=True)
    if as_json:
        print_json(done.as_data())
        return
    for line in done.lines():
        say(line)
    if veil == "none":
        say("names and places are written as they are; --veil viewer leaves them out")
