"""What GIS programs write: GeoPackage, Shapefile, coordinate systems, crossings."""

import io
import json
import struct
import sys
import zipfile
from contextlib import suppress

import numpy as np
import pytest
import shapely
from pyogrio import raw

from schemas import limits
from schemas.gis.crossing import crossing
from schemas.places.check import PlacesSaid, check
from schemas.places_files import crossings, read_places
from schemas.plausibility.records import Records
from schemas.tables.refusal import TableError

PROJECT = "0197b7c0-1000-7000-8000-00000000000c"
#: A hectare beside the Notre-Dame in Lambert-93 (EPSG:2154), and where that is in WGS84.
HECTARE = "POLYGON ((652000 6862000, 652100 6862000, 652100 6862100, 652000 6862100, 652000 6862000))"
CORNER = (2.3458119587, 48.8562481630)
SPLIT = ("MULTIPOLYGON (((2 48, 2.001 48, 2.001 48.001, 2 48)), "
         "((2.01 48, 2.011 48, 2.011 48.001, 2.01 48)))")  # fmt: skip
SQUARE = "POLYGON ((2 48, 2.001 48, 2.001 48.001, 2 48.001, 2 48))"


def written(
    path, *shapes, crs="EPSG:4326", layer=None, kind="Unknown", append=False, **said
):
    """Write shapes as well-known text, with columns, as pyogrio does."""
    geometry = [
        None if text is None else shapely.to_wkb(shapely.from_wkt(text))
        for text in shapes
    ]
    columns = {"code": [f"P{n}" for n in range(1, len(shapes) + 1)], **said}
    values = [np.array(column, dtype=object) for column in columns.values()]
    raw.write(path, np.array(geometry, dtype=object), values, list(columns),
              crs=crs, layer=layer, geometry_type=kind, append=append)  # fmt: skip
    return path


def shapefile(folder, *shapes, kind="Polygon", **more):
    folder.mkdir(exist_ok=True)
    return written(folder / "plots.shp", *shapes, kind=kind, **more)


def zipped(folder, place="", **more):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, f"{place}{each.name}")
        for name, data in more.items():
            archive.writestr(name, data)
    path = folder.with_suffix(".zip")
    path.write_bytes(target.getvalue())
    return path


def fields_of(path, layer=None, crs=None, **said):
    file = read_places(path, layer, crs)
    found = check(file, Records([]), PROJECT, PlacesSaid(**said), crossings())
    return {line.name: line for line in found.lines}


def boundary(path, *given, **more):
    return fields_of(path, *given, **more)["P1"].addition.fields["geometry"]


def refusal(path, *given):
    with pytest.raises(TableError) as error:
        read_places(path, *given)
    return f"{error.value.refusal.reason}; {error.value.refusal.hint}"


def test_a_geopackage_is_brought_to_wgs84(tmp_path):
    path = written(tmp_path / "a.gpkg", HECTARE, SPLIT, None, crs="EPSG:2154")
    file = read_places(path, None, None)
    assert file.crs == "RGF93 v1 / Lambert-93 (EPSG:2154)"
    lines = fields_of(path)
    fields = lines["P1"].addition.fields
    assert fields["geometry"]["coordinates"][0][0] == pytest.approx(CORNER, abs=1e-7)
    # A map of Paris is larger than the ground by less than a percent.
    assert fields["area_ha"] == pytest.approx(1.0, abs=0.01)
    assert lines["P3"].why == "it has no geometry"


def test_heights_holes_and_parts_come_through(tmp_path):
    hole = "POLYGON Z ((2 48 9, 2.01 48 9, 2.01 48.01 9, 2 48 9), (2.005 48.001 9, 2.006 48.001 9, 2.006 48.002 9, 2.005 48.001 9))"
    path = written(tmp_path / "a.gpkg", hole, SPLIT, ha=[2.5, None], kept=[True, False])
    assert boundary(path)["coordinates"][1][0] == [2.005, 48.001, 9.0]
    assert fields_of(path)["P1"].addition.fields["area_ha"] == 2.5
    assert fields_of(path)["P2"].addition.fields["geometry"]["type"] == "MultiPolygon"


def test_one_of_several_layers_is_asked_for(tmp_path):
    path = written(tmp_path / "a.gpkg", SQUARE, layer="fields")
    written(path, "POINT (2.0005 48.0005)", layer="points", append=True)
    assert "several layers: fields, points; say which: --layer 'fields'" in refusal(
        path, None, None
    )
    assert "no layer x; it has: fields, points" in refusal(path, "x", None)
    assert boundary(path, "fields")["type"] == "Polygon"
    assert fields_of(path, "points")["P1"].kind == "point"


def test_a_column_of_row_numbers_may_be_the_code_of_a_geopackage(tmp_path):
    path = written(tmp_path / "a.gpkg", SQUARE)
    assert set(fields_of(path, code="fid")) == {"1"}


@pytest.mark.parametrize("form", ["file", "folder", "zip", "zip of a folder", "table"])
def test_a_shapefile_is_read_in_each_form(tmp_path, form):
    path = shapefile(tmp_path / "shapes", HECTARE, crs="EPSG:2154", name=["Grünfeld"])
    forms = {"file": path, "folder": path.parent, "table": path.with_suffix(".dbf")}
    if form.startswith("zip"):
        forms[form] = zipped(path.parent, "a/b/" if "folder" in form else "", **{
            "__MACOSX/._plots.shp": b"x"})  # fmt: skip
    fields = fields_of(forms[form])["P1"].addition.fields
    assert fields["geometry"]["coordinates"][0][0] == pytest.approx(CORNER, abs=1e-7)
    assert fields["name"] == "Grünfeld"


def test_a_shapefile_without_its_system_is_asked_about(tmp_path):
    path = shapefile(tmp_path / "shapes", HECTARE, crs="EPSG:2154")
    path.with_suffix(".prj").unlink()
    assert (
        "(its .prj is missing, or says nothing); say which: --crs EPSG:4326"
        in refusal(path, None, None)
    )
    assert boundary(path, None, "EPSG:2154")["coordinates"][0][0] == pytest.approx(
        CORNER, abs=1e-7
    )
    assert "coordinate system EPSG:0" in refusal(path, None, "EPSG:0")
    assert "off the Earth" in fields_of(path, None, "EPSG:4326")["P1"].why


def test_a_system_that_the_file_says_is_not_said_again(tmp_path):
    path = shapefile(tmp_path / "shapes", HECTARE, crs="EPSG:2154")
    assert "leave out --crs" in refusal(path, None, "EPSG:32631")


def test_parts_of_a_shapefile_that_are_missing_are_named(tmp_path):
    path = shapefile(tmp_path / "shapes", SQUARE)
    path.with_suffix(".dbf").unlink()
    assert ".dbf is missing" in refusal(path, None, None)
    assert ".dbf is missing" in refusal(zipped(path.parent), None, None)


def test_several_shapefiles_of_a_folder_or_archive_are_layers(tmp_path):
    path = shapefile(tmp_path / "shapes", SQUARE)
    written(path.with_name("trees.shp"), SQUARE, kind="Polygon")
    for each in (path.parent, zipped(path.parent)):
        assert "several layers: plots, trees" in refusal(each, None, None)
        assert boundary(each, "trees")["type"] == "Polygon"


def test_an_archive_writes_nothing_outside_and_is_bounded(tmp_path, monkeypatch):
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    path = shapefile(folder / "shapes", SQUARE)
    inside = {p.name for p in tmp_path.rglob("*")}
    out = zipped(path.parent, "../../../escaped-", **{"/etc/escaped.shp.txt": b"x"})
    assert boundary(out)["type"] == "Polygon"
    assert {p.name for p in tmp_path.rglob("*")} - inside == {out.name}
    bomb = bytes(limits.IMPORT_FILE_BYTES + 1)
    path.with_suffix(".cpg").write_bytes(bomb)
    large = zipped(path.parent)
    assert large.stat().st_size < 1_000_000
    assert "larger than 64 MiB" in refusal(large, None, None)


def test_an_archive_of_many_files_or_a_password_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(10_001):
            archive.writestr(str(n), b"")
    assert "too many files" in refusal(path, None, None)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.kml", "<kml/>")
    locked = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + place] |= 1
    path.write_bytes(locked)
    assert "has a password" in refusal(path, None, None)


def test_a_kmz_is_the_kml_in_it(tmp_path):
    mark = "<Placemark><name>P1</name><Point><coordinates>2,48</coordinates></Point></Placemark>"
    path = tmp_path / "a.kmz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("files/icon.png", b"x")
        archive.writestr("doc.kml", f"<kml>{mark}</kml>")
    assert read_places(path, None, None).kind == "KML"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", b"x")
    assert "a workbook is saved as CSV" in refusal(path, None, None)


@pytest.mark.parametrize("cut", [20, 100, 5000, -1])
def test_damaged_files_are_refused_in_words(tmp_path, cut):
    path = written(tmp_path / "a.gpkg", SQUARE)
    data = path.read_bytes()
    damaged = data[:cut] if cut > 0 else data[:16] + b"\xff" * (len(data) - 16)
    path.write_bytes(damaged)
    assert "GeoPackage cannot be read" in refusal(path, None, None)


def test_a_damaged_shapefile_costs_its_shapes_and_no_more(tmp_path):
    path = shapefile(tmp_path / "shapes", SQUARE, SQUARE)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 300)
    assert {line.why for line in fields_of(path).values()} == {"it has no geometry"}
    path.write_bytes(whole)
    for ending in (".shx", ".dbf", ".prj", ".cpg"):
        part = path.with_suffix(ending)
        kept = part.read_bytes()
        for junk in (b"", b"\xff" * 300, kept[:7]):
            part.write_bytes(junk)
            with suppress(TableError):
                assert fields_of(path)
        part.write_bytes(kept)


def test_geojson_of_another_system_is_brought_to_wgs84(tmp_path):
    shape = json.loads(shapely.to_geojson(shapely.from_wkt(HECTARE)))
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    text = {"type": "Feature", "properties": {"code": "P1"}, "geometry": shape}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(text | {"crs": named}))
    assert boundary(path)["coordinates"][0][0] == pytest.approx(CORNER, abs=1e-7)
    path.write_text(json.dumps(text))
    assert "off the Earth" in fields_of(path)["P1"].why
    assert boundary(path, None, "EPSG:2154")["coordinates"][0][0] == pytest.approx(
        CORNER, abs=1e-7
    )


def test_a_table_of_a_map_is_brought_to_wgs84(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f'code,wkt\nP1,"{HECTARE}"\nP2,"SRID=2154;{HECTARE}"\n')
    # The texts that name a system speak for the column, if it is one.
    assert boundary(path)["coordinates"][0][0] == pytest.approx(CORNER, abs=1e-7)
    path.write_text(f"code,wkt\nP1,SRID=2154;{HECTARE[:20]}\nP2,SRID=4326;POINT(1 2)\n")
    assert "several coordinate systems: EPSG:2154, EPSG:4326" in refusal(
        path, None, None
    )
    path.write_text("plot,point,x,y\nP1,1,448251.8,5411932.7\nP1,2,9e11,9e11\n")
    first, second = read_places(path, None, "EPSG:32631").features
    assert first.shape["coordinates"] == pytest.approx([2.2945, 48.8582], abs=1e-4)
    assert second.fault == "its position lies outside its coordinate system"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("POLYGON ((0 0, 2 2, 2 0, 0 1, 0 0))", "crosses itself, or its parts overlap, near 0.6666667, 0.6666667"),
        ("MULTIPOLYGON (((0 0, 2 0, 2 2, 0 0)), ((1 0, 3 0, 3 2, 1 0)))", "parts overlap, near"),
        ("POLYGON ((0 0, 2 0, 2 2, 0 0), (5 5, 6 5, 6 6, 5 5))", "a hole of its boundary lies outside"),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 3 1, 3 3, 1 1), (2 1.2, 2.5 1.2, 2.5 1.5, 2 1.2))", "lies in another one"),
        ("POLYGON ((0 0, 4 0, 4 4, 0 0))", ""),
        ("POLYGON ((0 0, 2 1, 4 0, 4 4, 2 1, 0 4, 0 0))", ""),
    ],
)  # fmt: skip
def test_a_boundary_that_crosses_itself_is_told_with_the_place(text, words):
    found = crossing(json.loads(shapely.to_geojson(shapely.from_wkt(text))))
    assert words in found if words else not found


def test_a_crossing_boundary_is_refused_by_name(tmp_path):
    path = written(
        tmp_path / "a.gpkg", "POLYGON ((2 48, 2.002 48.002, 2.002 48, 2 48.001, 2 48))"
    )
    line = fields_of(path)["P1"]
    assert (str(line.standing), line.addition) == ("refused", None)
    assert "its boundary crosses itself" in line.why


@pytest.mark.parametrize(
    ("package", "form"),
    [("pyogrio", "gpkg"), ("shapely", "gpkg"), ("pyogrio", "shp"), ("pyproj", "gpkg")],
)
def test_without_the_extra_its_name_is_told(tmp_path, monkeypatch, package, form):
    if form == "gpkg":
        path = written(tmp_path / "a.gpkg", HECTARE, crs="EPSG:2154")
    else:
        path = shapefile(tmp_path / "shapes", HECTARE, crs="EPSG:2154")
    monkeypatch.setitem(sys.modules, package, None)
    said = refusal(path, None, None)
    assert f"{package} is missing" in said
    assert "pip install 'permille[geo]'" in said


def test_without_shapely_it_is_said_that_nobody_looked_for_crossings(
    tmp_path, monkeypatch
):
    path = tmp_path / "a.csv"
    path.write_text(
        'code,wkt\nP1,"POLYGON ((2 48, 2.002 48.002, 2.002 48, 2 48.001, 2 48))"\n'
    )
    monkeypatch.setitem(sys.modules, "shapely", None)
    found = check(
        read_places(path, None, None), Records([]), PROJECT, PlacesSaid(), crossings()
    )
    assert not found.looked_for_crossings
    assert str(found.lines[0].standing) == "new"


def test_a_kmz_that_unpacks_to_more_than_a_file_may_be_is_refused(tmp_path):
    path = tmp_path / "a.kmz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", bytes(limits.IMPORT_FILE_BYTES + 1))
    assert path.stat().st_size < 1_000_000
    assert "larger than 64 MiB" in refusal(path, None, None)


@pytest.mark.parametrize(
    ("name", "is_degrees"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("urn:ogc:def:crs:EPSG::4326", True),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", True),
        ("EPSG:4979", True),
        ("EPSG:43260", False),
        ("EPSG:2154", False),
    ],
)
def test_wgs84_is_known_by_its_many_names_without_the_extra(
    tmp_path, monkeypatch, name, is_degrees
):
    monkeypatch.setitem(sys.modules, "pyproj", None)
    named = {"type": "name", "properties": {"name": name}}
    shape = {"type": "Point", "coordinates": [2, 48]}
    text = {"type": "Feature", "properties": {}, "geometry": shape, "crs": named}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(text))
    if is_degrees:
        assert read_places(path, None, None).crs == "WGS84"
    else:
        assert f"bringing positions from {name} to WGS84" in refusal(path, None, None)


def test_measures_are_left_out(tmp_path):
    """pyogrio writes none: a Shapefile of one point with a height and a measure, by hand."""
    record = struct.pack("<i4d", 11, 2, 48, 5, 7)
    bounds = struct.pack("<2i8d", 1000, 11, 2, 48, 2, 48, 0, 0, 0, 0)

    def whole(body):
        head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, (100 + len(body)) // 2)
        return head + bounds + body

    number = struct.pack(">2i", 1, len(record) // 2)
    where = struct.pack(">2i", 50, len(record) // 2)
    column = struct.pack("<11sc4xBB14x", b"code", b"C", 4, 0)
    table = struct.pack("<4BIHH20x", 3, 26, 1, 1, 1, 65, 5) + column + b"\r P1  \x1a"
    path = tmp_path / "a.shp"
    path.write_bytes(whole(number + record))
    path.with_suffix(".shx").write_bytes(whole(where))
    path.with_suffix(".dbf").write_bytes(table)
    (found,) = read_places(path, None, "EPSG:4326").features
    assert (found.shape["coordinates"], found.properties) == (
        [2, 48, 5],
        {"code": "P1"},
    )
