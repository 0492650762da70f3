"""Command `export`: records for R, QGIS, Excel and other programs."""

from pathlib import Path
from typing import Any

import click

from server.cli.common import json_option, print_json, say, with_store


@click.command()
@click.argument("kind", type=click.Choice(["csv", "xlsx", "sqlite", "geojson", "gpkg"]))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--project",
    "projects",
    multiple=True,
    help="Only this project, by code or start of its id. May be repeated.",
)
@json_option
@click.pass_context
def export(
    context: click.Context,
    kind: str,
    target: Path,
    projects: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write records, stocks, changes and trends for other programs, as of one moment.

    csv makes a folder with one table for each type of record, a flat table of layers, a
    description of the columns (CSVW) and the hashes of all files; xlsx one workbook with
    these tables; geojson a folder with plots, points and cores; gpkg one GeoPackage
    with these and the layers, where the extra geo is installed; sqlite one plain
    database with the same tables, views that join names and full-text search. Names
    stand beside ids. Nothing is written over.

    \b
    Example:
      permille-server export csv tables --project HF
      permille-server export sqlite programme.db
    """
    from schemas.export.run import ExportKind
    from server.access.projects import find_project
    from server.operations.export import export_projects

    def told(table: str, rows: int) -> None:
        say(f"{table}: {rows}", err=True)

    async def job(store: Any) -> Any:  # noqa: ANN401
        ids = [(await find_project(store, name))["id"] for name in projects]
        if not projects:
            found = await store.read(lambda tx: tx.projects())
            ids = [one.id for one in found]
        return await store.read(
            lambda tx: export_projects(tx, ExportKind(kind), target, ids, told)
        )

    done = with_store(context, job)
    if as_json:
        print_json(done._asdict())
    else:
        say(f"written to {done.place}")
