"""Files of places on the disk: known by what is in them, read whole, given back."""

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

from schemas.durable_files import write_beside
from schemas.gis import reading
from schemas.gis.crossing import can_look, crossing
from schemas.gis.transform import is_wgs84, to_wgs84
from schemas.places.check import Crossing
from schemas.places.feature import PlacesFile, refuse
from schemas.places.geojson import read_geojson
from schemas.places.gpx import read_gpx
from schemas.places.kml import read_kml
from schemas.places.rows import read_rows
from schemas.places.safe_xml import read_xml
from schemas.tables.lines import check_size

_GEOPACKAGE: Final = b"SQLite format 3\0"
_ZIP: Final = b"PK\x03\x04"
_SHAPE: Final = b"\x00\x00\x27\x0a"
#: The first that is read leads; GDAL finds the others by its name.
_PARTS: Final[tuple[str, ...]] = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MOST_MEMBERS: Final = 10_000
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
#: Formats that are in WGS84 by their standard.
_ALWAYS_WGS84: Final = frozenset({"KML", "GPX"})


def read_places(path: Path, layer: str | None, crs: str | None) -> PlacesFile:
    """Return the features of a file in WGS84; `crs` is the system of a file that has none.

    Raises
    ------
    TableError
        If the file cannot be used.
    """
    return _in_wgs84(_read(path, layer), crs)


def read_contents(data: bytes) -> PlacesFile:
    """Return the features, in WGS84, of the content of one file.

    Raises
    ------
    TableError
        If it cannot be used.
    """
    check_size(len(data))
    if data.startswith(_ZIP):
        return _in_wgs84(_zipped(data, None), None)
    if data.startswith(_GEOPACKAGE):
        return _in_wgs84(reading.read_geopackage(data, None), None)
    if data.startswith(_SHAPE):
        reason = "a Shapefile is several files, and this is one of them"
        raise refuse("not_whole", reason, "choose the zip of all of them")
    return _in_wgs84(_text(data), None)


def _in_wgs84(found: PlacesFile, crs: str | None) -> PlacesFile:
    if not found.features:
        extra = f"; there are {', '.join(found.not_read)}" if found.not_read else ""
        reason = f"the {found.kind} holds no places{extra}"
        raise refuse("no_places", reason, "export plots as polygons, points as points")
    features, name = to_wgs84(found.features, _system(found, crs))
    return replace(found, features=features, crs=name)


def crossings() -> Crossing | None:
    """Return what finds boundaries that cross themselves, where it is installed."""
    return crossing if can_look() else None


def give_back(path: Path, data: bytes) -> str | None:
    """Write the features that were not taken beside their file; return where, if any."""
    if not data:
        return None
    ending = ".geojson" if data.startswith(b"{") else ".csv"
    return str(write_beside(path.with_name(f"{path.stem}.rejected{ending}"), data))


def _system(found: PlacesFile, said: str | None) -> str:
    """Return the coordinate system of a file: its own, or what a person says of it."""
    own = "WGS84" if found.kind in _ALWAYS_WGS84 else found.crs
    if own is not None:
        if said is not None and said != own and not (is_wgs84(own) and is_wgs84(said)):
            reason = "the file says itself which coordinate system it is in"
            raise refuse("crs_known", reason, "leave out --crs")
        return own
    if said is not None:
        return said
    if found.kind in {"Shapefile", "GeoPackage"}:
        missing = (
            " (its .prj is missing, or says nothing)"
            if found.kind == "Shapefile"
            else ""
        )
        reason = f"the {found.kind} does not say its coordinate system{missing}"
        hint = "say which: --crs EPSG:4326 for longitude and latitude, or such as EPSG:2154"
        raise refuse("crs_missing", reason, hint)
    return "WGS84"


def _read(path: Path, layer: str | None) -> PlacesFile:
    if path.is_dir():
        return _folder(path, layer)
    data = _bytes(path)
    if data.startswith(_ZIP):
        return _zipped(data, layer)
    if data.startswith(_SHAPE) or path.suffix.lower() in {".shx", ".dbf", ".prj"}:
        return _beside(path)
    if data.startswith(_GEOPACKAGE):
        return reading.read_geopackage(data, layer)
    if layer is not None:
        reason = "the file has no layers"
        raise refuse("no_layer", reason, "leave out --layer")
    return _text(data)


def _text(data: bytes) -> PlacesFile:
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_xml = start.startswith(b"<") or (data[:2] in _UTF_16 and b"<" in data[2:6])
    if is_xml:
        root = read_xml(data)
        if root.tag == "kml":
            return read_kml(root)
        if root.tag == "gpx":
            return read_gpx(root)
        reason = f"the file is XML, but neither KML nor GPX ({root.tag[:40]})"
        raise refuse("not_places", reason, "export it as GeoJSON, KML or GPX")
    if start.startswith((b"{", b"[")):
        return read_geojson(data)
    return read_rows(data)


def _bytes(path: Path) -> bytes:
    check_size(path.stat().st_size)
    return path.read_bytes()


def _folder(path: Path, layer: str | None) -> PlacesFile:
    shapes = {
        each.stem: each for each in sorted(path.iterdir()) if _is_shape(each.name)
    }
    if not shapes:
        reason = "the folder holds no Shapefile (.shp)"
        raise refuse("no_places", reason, "name the file itself")
    return _beside(shapes[reading.choose_layer(list(shapes), layer)])


def _beside(path: Path) -> PlacesFile:
    """Read a Shapefile from the files of one name, whatever the case of their endings."""
    by_ending = {
        each.suffix.lower(): each
        for each in path.parent.iterdir()
        if each.stem == path.stem and each.is_file()
    }
    check_size(sum(each.stat().st_size for each in by_ending.values()))
    parts = {end: by_ending[end].read_bytes() for end in _PARTS if end in by_ending}
    return _shapefile(parts, path.stem)


def _zipped(data: bytes, layer: str | None) -> PlacesFile:
    """Read the Shapefile or KML of an archive; names of members lead nowhere."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = _members(archive)
            shapes = [name[: -len(".shp")] for name in names if _is_shape(name)]
            if not shapes:
                return _kml_in(archive, names, layer)
            stems = [_stem(name) for name in shapes]
            called = stems if len(set(stems)) == len(stems) else shapes
            chosen = reading.choose_layer(called, layer)
            base = shapes[called.index(chosen)]
            parts = _parts(archive, names, base)
    except Exception as error:
        if hasattr(error, "refusal"):
            raise
        reason = "the archive cannot be read: it is damaged, or has a password"
        raise refuse("not_zip", reason, "pack it again, or unpack it first") from None
    return _shapefile(parts, chosen)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise refuse("file_too_large", "the archive has too many files", "split it")
    # What a Mac adds begins with a dot.
    return {
        each.filename: each
        for each in members
        if not PurePosixPath(each.filename).name.startswith(".")
    }


def _parts(
    archive: zipfile.ZipFile, names: Mapping[str, zipfile.ZipInfo], base: str
) -> dict[str, bytes]:
    """Return the files of a Shapefile by their endings, once their sizes are known."""
    found = {
        name[len(base) :].lower(): each
        for name, each in names.items()
        if name.startswith(base)
    }
    chosen = {end: found[end] for end in _PARTS if end in found}
    check_size(sum(each.file_size for each in chosen.values()))
    return {end: archive.read(each) for end, each in chosen.items()}


def _kml_in(
    archive: zipfile.ZipFile, names: Mapping[str, zipfile.ZipInfo], layer: str | None
) -> PlacesFile:
    found = [each for name, each in names.items() if name.lower().endswith(".kml")]
    if not found:
        reason = "the archive holds neither a Shapefile nor a KML"
        hint = "a workbook is saved as CSV; anything else is unpacked first"
        raise refuse("no_places", reason, hint)
    if layer is not None:
        raise refuse("no_layer", "the file has no layers", "leave out --layer")
    check_size(found[0].file_size)
    return _text(archive.read(found[0]))


def _shapefile(parts: Mapping[str, bytes], name: str) -> PlacesFile:
    missing = [end for end in (".shp", ".shx", ".dbf") if end not in parts]
    if missing:
        reason = f"the Shapefile {name} is not whole: {', '.join(missing)} is missing"
        raise refuse("not_whole", reason, "copy all of its files, or the zip of them")
    return reading.read_shapefile(parts, name)


def _is_shape(name: str) -> bool:
    return name.lower().endswith(".shp")


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem
