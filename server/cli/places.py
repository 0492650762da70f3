"""Command `places`: plots and points of the files of other programs."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from schemas.places.lists import PLACES
from schemas.tables.differing import Differing
from server.cli.common import (
    import_of,
    json_option,
    person_option,
    print_first,
    print_json,
    required_project_option,
    say,
    tell_operation,
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
@required_project_option
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
@person_option("imports")
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
    how, clock, done = Differing(differing), Clock(), import_of([file])

    async def job(store: Any) -> "PlacesCheck":  # noqa: ANN401
        project_id = (await find_project(store, project))["id"]
        records = await store.read(lambda tx: records_in(tx, project_id))
        with in_file(str(file)):
            read = read_places(file, layer, crs)
            found = check(read, records, project_id, said, crossings())
        if write:
            additions, by = found.additions(how), person or getpass.getuser()
            await save(store, clock, project_id, additions, by, done)
        return found

    with told_as_table():
        found = with_store(context, job)
    back = give_back(file, outcome.returned(found, how)) if write else None
    count = len(found.wanted(how))
    document = outcome.document(found, how, utc(clock), count if write else None, back)
    document["operation"] = done.id if write and count else None
    _tell(found, document, how, project, as_json=as_json)
    context.exit(1 if found.open_lines(how) else 0)


def _tell(
    found: "PlacesCheck",
    document: dict[str, Any],
    how: Differing,
    project: str,
    *,
    as_json: bool,
) -> None:
    from schemas.places import outcome

    if as_json:
        print_json(document)
        return
    for line in outcome.sentences(document, len(found.wanted(how))):
        say(line, "  ")
    print_first(PLACES, outcome.open_rows(found, how))
    tell_operation(document["operation"], project)
