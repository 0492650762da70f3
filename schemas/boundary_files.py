"""The boundary of one plot: of a file of places, or of a text that somebody pasted."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.places.corners import are_corners, read_corners
from schemas.places.feature import PlacesFile, Shape, refuse
from schemas.places.shapes import kind_of, placed
from schemas.places.wkt import read_wkt, srid_of
from schemas.places_files import crossings, read_contents

_WKT: Final = re.compile(
    r"\s*(SRID\s*=\s*\d+\s*;)?\s*[A-Za-z]+\s*(Z|M|ZM)?\s*\(", re.ASCII
)
#: What well-known text in WGS84 says of its system.
_WGS84: Final = frozenset({None, "EPSG:4326"})
_FORMS: Final = (
    "give GeoJSON, well-known text such as POLYGON ((2.35 48.85, ...)),"
    " or one corner on each line, longitude before latitude"
)


def read_boundary(data: bytes, *, latitude_first: bool = False) -> Mapping[str, Any]:
    """Return the one boundary of a file or of a pasted text, as GeoJSON in WGS84.

    `latitude_first` is about corners that are listed one on a line.

    Raises
    ------
    TableError
        If it holds no boundary, or several; the reason says what there is.
    """
    shape = _shape(data, latitude_first=latitude_first)
    try:
        found = placed(shape)
    except ValueError as error:
        raise refuse("not_a_polygon", str(error), _FORMS) from None
    if found.kind != "plot":
        raise refuse("not_a_polygon", "it is a point, not a boundary", _FORMS)
    boundary: Mapping[str, Any] = found.fields["geometry"]
    look = crossings()
    if look and (crossed := look(boundary)):
        raise refuse("crosses_itself", crossed, "correct the order of its corners")
    return boundary


def _shape(data: bytes, *, latitude_first: bool) -> Shape:
    text = _text(data)
    try:
        if text is not None and _WKT.match(text):
            return _well_known(text)
        if text is not None and are_corners(text):
            return read_corners(text, latitude_first=latitude_first)
    except ValueError as error:
        if hasattr(error, "refusal"):
            raise
        raise refuse("not_a_polygon", str(error), _FORMS) from None
    return _only(read_contents(data))


def _well_known(text: str) -> Shape:
    if (system := srid_of(text)) not in _WGS84:
        reason = f"it is in {system}, and a boundary is kept in WGS84"
        raise refuse(
            "unknown_crs", reason, "import it as a file of GIS, which is converted"
        )
    return read_wkt(text)


def _only(file: PlacesFile) -> Shape:
    """Return the one boundary of a file; points beside it are left out."""
    found = list(_boundaries(file))
    if len(found) == 1:
        return found[0]
    if found:
        reason = f"the {file.kind} holds {len(found)} boundaries, and a plot has one"
        raise refuse(
            "several", reason, "save this plot alone; all: permille import places"
        )
    faults = [each.fault for each in file.features if each.fault]
    why = f": {faults[0]}" if faults else ""
    raise refuse("not_a_polygon", f"the {file.kind} holds no boundary{why}", _FORMS)


def _boundaries(file: PlacesFile) -> Iterator[Shape]:
    for each in file.features:
        if each.shape is not None and kind_of(each.shape) == "plot":
            yield each.shape


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
