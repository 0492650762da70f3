"""Plots and points of a file, kept on the laptop."""

from pathlib import Path

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record.neighbours import records_of
from schemas.places.check import PlacesCheck, PlacesSaid, check
from schemas.places_files import crossings, read_places
from schemas.tables.refusal import TableError, in_file


def check_file(
    laptop: Laptop,
    project_id: str,
    path: Path,
    said: PlacesSaid,
    layer: str | None,
    crs: str | None,
) -> PlacesCheck:
    """Judge the features of a file; nothing is written.

    Raises
    ------
    RefusedError
        If the file as a whole cannot be used.
    """
    try:
        with in_file(str(path)):
            file = read_places(path, layer, crs)
            return check(
                file, records_of(laptop, project_id), project_id, said, crossings()
            )
    except TableError as error:
        found = error.refusal
        code = "too_large" if found.code == "file_too_large" else found.code
        raise RefusedError(found.reason, found.hint, code=code) from None
