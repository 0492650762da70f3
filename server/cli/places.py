"""Command `places`: plots and points of the files of other programs."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schemas import limits
from schemas.places.lists import PLACES
from schemas.tables.differing import Differing
from server.cli.common import (
    json_option,
    one_line,
    print_first,
    print_json,
    say,
    told_as_table,
    with_store,
)

if TYPE_CHECKING:
    from schemas.places.check import PlacesCheck


@click.group()
def places() -> None:
    """Import plots and points that others drew or walked.

    \b
    Example:
      permille-server places import plots.geojson --project HF
    """


@places.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--project", required=True, help="Code or start of the id of a project.")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["plots", "points"]),
    help="Take one kind alone; both when not given.",
)
@click.option("--code", metavar="COLUMN", help="Column of the codes.")
@click.option(
    "--plot",
    metavar="COLUMN|CODE",
    help="Column of points with their plot, or one plot.",
)
@click.option("--name", metavar="COLUMN", help="Column of the names of plots.")
@click.option("--area", metavar="COLUMN", help="Column of the areas of plots, in ha.")
@click.option("--layer", metavar="NAME", help="Which layer, where there are several.")
@click.option("--crs", metavar="EPSG:NUMBER", help="System of a file that has none.")
@click.option(
    "--differing",
    type=click.Choice([str(Differing.KEEP), str(Differing.REPLACE)]),
    default=str(Differing.KEEP),
    show_default=True,
    help="Of places that are here otherwise: keep, or replace what differs.",
)
@click.option("--write", is_flag=True, help="Keep what was found.")
@click.option(
    "--person",
    callback=one_line(limits.NAME_CHARS),
    help="Who imports; your login name when not given.",
)
@json_option
@click.pass_context
def import_places(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    file: Path,
    project: str,
    kind: str | None,
    code: str | None,
    plot: str | None,
    name: str | None,
    area: str | None,
    layer: str | None,
    crs: str | None,
    differing: str,
    write: bool,
    person: str | None,
    as_json: bool,
) -> None:
    """Take plots and points from GeoJSON, KML, GPX, CSV, GeoPackage or Shapefile.

    What is read, guessed and compared is as with permille import places. What is kept
    travels to laptops like any other change. Nothing is written without --write.

    \b
    Example:
      permille-server places import plots.geojson --project HF
      permille-server places import farm.gpkg --layer fields --project HF --write
    """
    from schemas.places import outcome
    from schemas.places.check import PlacesSaid, check
    from schemas.places_files import crossings, give_back, read_places
    from schemas.tables.refusal import in_file
    from server.access.projects import find_project
    from server.clock import Clock
    from server.custody.additions import save
    from server.custody.warnings import records_in, utc

    said = PlacesSaid(kind and kind.removesuffix("s"), code, plot, name, area)
    how, clock = Differing(differing), Clock()

    async def job(store: Any) -> "PlacesCheck":  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        records = await store.read(lambda tx: records_in(tx, project_id))
        with in_file(str(file)):
            read = read_places(file, layer, crs)
            found = check(read, records, project_id, said, crossings())
        if write:
            additions = [addition for _, addition in found.wanted(how)]
            await save(store, clock, project_id, additions, person or getpass.getuser())
        return found

    with told_as_table():
        found = with_store(context, job)
    back = give_back(file, outcome.returned(found, how)) if write else None
    count = len(found.wanted(how))
    document = outcome.document(found, how, utc(clock), count if write else None, back)
    if as_json:
        print_json(document)
    else:
        _tell(found, document, how, count)
    context.exit(1 if found.open_lines(how) else 0)


def _tell(
    found: "PlacesCheck", document: dict[str, Any], how: Differing, to_keep: int
) -> None:
    from schemas.places import outcome

    for line in outcome.sentences(document, to_keep):
        say(line, "  ")
    print_first(PLACES, outcome.open_rows(found, how))
