"""GeoPackage and Shapefile through GDAL; alone imports pyogrio.

GDAL is given copies in a folder of their own, under names of ours: it opens nothing that a
name or a neighbour of the file leads to.
"""

import logging
import math
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from schemas.gis.extra import needed_for
from schemas.places.feature import Feature, PlacesFile, check_count, refuse

_NAME: Final = "places"
#: What GDAL says of a file goes to the refusal, not raw to a screen.
logging.getLogger("pyogrio").addHandler(logging.NullHandler())


def read_geopackage(data: bytes, layer: str | None) -> PlacesFile:
    """Return the features of a layer of a GeoPackage.

    Raises
    ------
    TableError
        If it cannot be read, or has several layers and none was named.
    """
    with _copies({".gpkg": data}) as path, _told("GeoPackage"):
        import pyogrio  # noqa: PLC0415 - of an extra

        found = [
            str(name) for name, shape in pyogrio.list_layers(path) if shape is not None
        ]
        chosen = choose_layer(found, layer)
        return _read(path, "GeoPackage", chosen, row_ids="fid")


def read_shapefile(parts: Mapping[str, bytes], layer: str) -> PlacesFile:
    """Return the features of a Shapefile, from its files by their endings.

    Raises
    ------
    TableError
        If it cannot be read.
    """
    with _copies(parts) as path, _told("Shapefile"):
        found = _read(path, "Shapefile", _NAME)
    return PlacesFile(found.kind, found.features, found.crs, layer)


def choose_layer(found: Sequence[str], layer: str | None) -> str:
    """Return the layer that is named, or the only one.

    Raises
    ------
    TableError
        If there is none, no such, or several.
    """
    if layer in found:
        return str(layer)
    named = ", ".join(found)
    if not found:
        reason = "the file has no layer with shapes"
        raise refuse("no_places", reason, "export the layer again")
    if layer is not None:
        raise refuse("no_layer", f"there is no layer {layer}", f"it has: {named}")
    if len(found) > 1:
        reason = f"the file has several layers: {named}"
        raise refuse("several_layers", reason, f"say which: --layer '{found[0]}'")
    return found[0]


@contextmanager
def _copies(parts: Mapping[str, bytes]) -> Iterator[Path]:
    """Write the parts of a file to a folder that goes when it was read; yield the first."""
    with tempfile.TemporaryDirectory(prefix="permille-") as folder:
        path = Path(folder) / _NAME
        for ending, data in parts.items():
            path.with_suffix(ending).write_bytes(data)
        yield path.with_suffix(next(iter(parts)))


@contextmanager
def _told(kind: str) -> Iterator[None]:
    """Say what is missing, or that GDAL cannot read the file."""
    with needed_for(f"reading {kind}"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (ModuleNotFoundError, MemoryError):
            raise
        except Exception as error:
            if hasattr(error, "refusal"):
                raise
            reason = f"the {kind} cannot be read: it is damaged or not whole"
            hint = "export it again, or as GeoJSON"
            raise refuse("not_readable", reason, hint) from None


def _read(path: Path, kind: str, layer: str, row_ids: str = "") -> PlacesFile:
    import pyogrio  # noqa: PLC0415 - of an extra
    import shapely  # noqa: PLC0415 - of an extra
    from pyogrio import raw  # noqa: PLC0415 - of an extra

    check_count(int(pyogrio.read_info(path, layer=layer)["features"]))
    meta, fids, shapes, cells = raw.read(
        path, layer=layer, return_fids=True, datetime_as_string=True
    )
    names = [str(name) for name in meta["fields"]]
    features = []
    for number, fid in enumerate(fids, start=1):
        properties = {
            name: _plain(column[number - 1])
            for name, column in zip(names, cells, strict=True)
        }
        if row_ids:
            properties.setdefault(row_ids, int(fid))
        found = None if shapes is None else shapes[number - 1]
        shape = None if found is None else _shape(shapely.from_wkb(found))
        fault = "" if shape else "it has no geometry"
        features.append(Feature(number, shape, properties, fault))
    return PlacesFile(kind, features, meta["crs"], layer)


def _shape(found: Any) -> dict[str, Any]:  # noqa: ANN401 - shapely has no types
    from shapely.geometry import mapping  # noqa: PLC0415 - of an extra

    return dict(_lists(mapping(found)))


def _lists(value: Any) -> Any:  # noqa: ANN401 - as deep as it comes
    """Return tuples as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {name: _lists(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(part) for part in value]
    # What is no number comes back as none, and is refused in its turn.
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever a column holds
    """Return a cell as JSON has it; what JSON cannot say is nothing."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return plain if isinstance(plain, str | int | float | bool) else None
