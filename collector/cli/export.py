"""export: records for R, QGIS, Excel and other programs."""

from pathlib import Path

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, say
from collector.errors import Exit
from collector.record import names


@click.command()
@click.argument("kind", type=click.Choice(["csv", "xlsx", "sqlite", "geojson", "gpkg"]))
@click.argument("target", type=click.Path(path_type=Path))
@project_option
@json_option
@pass_app
def export(
    app: App, kind: str, target: Path, project: str | None, as_json: bool
) -> int:
    """Write the records that are here, with the stocks that came back, for other programs.

    csv makes a folder with one table for each type of record, a flat table of layers, a
    description of the columns (CSVW) and the hashes of all files; xlsx one workbook with
    these tables; geojson a folder with plots, points and cores; gpkg one GeoPackage
    with these and the layers, where the extra geo is installed; sqlite one plain
    database with the same tables. Names stand beside ids. Nothing is written over.

    \b
    Example:
      permille export csv tables
      permille export sqlite hf.db --project HF
      permille export geojson places
    """
    from collector.record.exporting import export_records
    from schemas.export.run import ExportKind

    def told(table: str, rows: int) -> None:
        say(f"{table}: {rows}", err=True)

    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        done = export_records(laptop, ExportKind(kind), target, project_id, told)
    if as_json:
        emit_json(done._asdict())
    else:
        say(f"written to {done.place}")
    return Exit.DONE
