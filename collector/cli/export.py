"""export: records for R, QGIS, Excel and other programs."""

from pathlib import Path
from typing import Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, say
from collector.errors import Exit
from collector.record import names

KINDS: Final = (
    *("csv", "xlsx", "sqlite", "geojson", "gpkg", "parquet", "attachments"),
)


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("target", type=click.Path(path_type=Path))
@project_option
@click.option(
    "--since",
    metavar="EXPORT",
    type=click.Path(exists=True, path_type=Path),
    help="Only what changed since an export of everything: its csv folder, sqlite or xlsx.",
)
@json_option
@pass_app
def export(
    app: App,
    kind: str,
    target: Path,
    project: str | None,
    since: Path | None,
    as_json: bool,
) -> int:
    """Write the records that are here, with the stocks that came back, for other programs.

    csv and parquet make a folder with one table for each type of record, flat tables of
    layers and the tables that reports ask for; xlsx one workbook with these tables;
    geojson a folder with plots, points and cores; gpkg one GeoPackage with these and the
    layers; sqlite one plain database with the same tables; attachments a folder with the
    attached files that are here, and whose they are. gpkg needs the extra geo, parquet
    the extra parquet. The manifest has the rows and SHA-256 of each file. Nothing is
    written over.

    \b
    Example:
      permille export csv tables
      permille export sqlite hf.db --project HF
      permille export geojson places
      permille export csv june --since tables
    """
    from collector.record.exporting import export_records
    from schemas.export.run import ExportKind

    def told(table: str, rows: int) -> None:
        say(f"{table}: {rows}", err=True)

    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        done = export_records(laptop, ExportKind(kind), target, project_id, since, told)
    if as_json:
        emit_json(done.as_data())
        return Exit.DONE
    for line in done.lines():
        say(line)
    return Exit.DONE
