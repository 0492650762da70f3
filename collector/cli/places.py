"""import places: plots and points of the files of other programs."""

from pathlib import Path
from typing import Final

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
from collector.cli.output import emit_json, say, table_of_first
from collector.cli.tables import progress_of
from collector.errors import Exit
from collector.record import names
from schemas.places.lists import PLACES
from schemas.tables.differing import Differing

_FILE: Final = click.Path(exists=True, path_type=Path)


@click.command("places")
@click.argument("file", type=_FILE)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["plots", "points"]),
    help="Take these alone; both when not given, polygons as plots.",
)
@click.option("--code", metavar="COLUMN", help="Where the codes are.")
@click.option(
    "--plot",
    metavar="COLUMN|CODE",
    help="Where points say their plot, or the code of the plot that all are of.",
)
@click.option("--name", metavar="COLUMN", help="Where plots have their names.")
@click.option("--area", metavar="COLUMN", help="Where plots have their areas, in ha.")
@click.option("--layer", metavar="NAME", help="Layer of a GeoPackage or an archive.")
@click.option(
    "--crs",
    metavar="EPSG:NUMBER",
    help="Coordinate system of a file that does not say it.",
)
@click.option(
    "--differing",
    type=click.Choice([str(Differing.KEEP), str(Differing.REPLACE)]),
    default=str(Differing.KEEP),
    show_default=True,
    help="Of places that are here otherwise: keep them, or replace what differs by the"
    " file.",
)
@project_option
@click.option("--write", is_flag=True, help="Keep what was found.")
@person_option
@json_option
@pass_app
def places(  # noqa: PLR0917 - click passes them by name
    app: App,
    file: Path,
    kind: str | None,
    code: str | None,
    plot: str | None,
    name: str | None,
    area: str | None,
    layer: str | None,
    crs: str | None,
    differing: str,
    project: str | None,
    write: bool,
    as_json: bool,
) -> int:
    """Import plots and points that others drew or walked.

    GeoJSON, KML, GPX waypoints and CSV (a column wkt, or lon and lat); GeoPackage and
    Shapefile (a zip or a folder) with: pip install 'permille[geo]'. What the columns mean
    is guessed and shown first. Points are of the plot that their column says, else of the
    one whose boundary holds them. Nothing is written without --write.

    \b
    Example:
      permille import places plots.geojson
      permille import places plots.geojson --code Feldnummer --write
      permille import places points.gpx --plot HF --write
      permille import places farm.gpkg --layer fields --crs EPSG:2154
    """
    from collector.tables import places as flow
    from collector.tables.additions import save
    from schemas.places import outcome
    from schemas.places.check import PlacesSaid
    from schemas.places_files import give_back

    how = Differing(differing)
    said = PlacesSaid(kind and kind.removesuffix("s"), code, plot, name, area)
    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = flow.check_file(laptop, project_id, file, said, layer, crs)
        wanted = found.wanted(how)
        now, done = laptop.clock.now(), import_of(laptop, [file])
        if write:
            with progress_of(len(wanted), "places") as progress:
                save(laptop, project_id, found.additions(how), done, progress)
    back = give_back(file, outcome.returned(found, how)) if write else None
    data = outcome.document(found, how, now, len(wanted) if write else None, back)
    data["operation"] = done.id if write and wanted else None
    if as_json:
        emit_json(data)
    else:
        for line in outcome.sentences(data, len(wanted)):
            say(line, "  ")
        table_of_first(PLACES, outcome.open_rows(found, how))
        tell_operation(data["operation"])
    return Exit.ATTENTION if found.open_lines(how) else Exit.DONE
