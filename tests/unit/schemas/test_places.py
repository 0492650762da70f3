"""Files of places in their formats: what is read, guessed, matched, refused and given back."""

import json
from datetime import UTC, datetime

import pytest

from schemas import limits
from schemas.ids import uuid7
from schemas.places import outcome
from schemas.places.check import PlacesSaid, check
from schemas.places.geojson import read_geojson
from schemas.places_files import read_places
from schemas.plausibility.records import Records
from schemas.tables.differing import Differing
from schemas.tables.refusal import TableError
from tests.corpus import over

PROJECT = uuid7(1, 1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEEP, REPLACE = Differing.KEEP, Differing.REPLACE


def square(lon=2.35, lat=48.85, side=0.002):
    corners = [(0, 0), (side, 0), (side, side), (0, side), (0, 0)]
    return [[round(lon + x, 6), round(lat + y, 6)] for x, y in corners]


def polygon(*rings, lon=2.35):
    return {"type": "Polygon", "coordinates": list(rings) or [square(lon)]}


def point(*place):
    return {"type": "Point", "coordinates": list(place)}


def feature(shape, **said):
    return {"type": "Feature", "geometry": shape, "properties": said}


def collection(*features, **more):
    found = {"type": "FeatureCollection", "features": list(features), **more}
    return json.dumps(found, ensure_ascii=False)


def plot(code, number=1, **fields):
    return ("plot", uuid7(2, number), {"code": code, **fields})


def planned(code, number=1, plot_number=1, **fields):
    fields = {"plot_id": uuid7(2, plot_number), "code": code, **fields}
    return ("point", uuid7(3, number), fields)


@pytest.fixture
def judged(tmp_path):
    """Judge a text as a file, beside records that are here."""

    def run(text, *records, name="places.geojson", layer=None, crs=None, **said):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        file = read_places(path, layer, crs)
        return check(file, Records(records), PROJECT, PlacesSaid(**said), None)

    return run


def outcomes(found):
    return [(line.kind, line.name, str(line.standing)) for line in found.lines]


def added(found, how=KEEP):
    return [dict(addition.fields) for _, addition in found.wanted(how)]


def refusal(judged, text, *records, **more):
    with pytest.raises(TableError) as error:
        judged(text, *records, **more)
    return f"{error.value.refusal.reason}; {error.value.refusal.hint}"


def test_a_collection_holds_plots_and_the_points_on_them(judged):
    found = judged(
        collection(
            feature(point(2.351, 48.851, 112.0), point="1"),
            feature(polygon(), plot="HF", name="Highfield"),
        )
    )
    assert outcomes(found) == [("plot", "HF", "new"), ("point", "HF/1", "new")]
    first, second = added(found)
    assert (first["code"], first["name"]) == ("HF", "Highfield")
    # 222 m by 146 m; the boundary says the area where nothing else does.
    assert first["area_ha"] == pytest.approx(3.25, abs=0.02)
    assert second == {
        "plot_id": found.lines[0].new_id,
        "code": "1",
        "lon": 2.351,
        "lat": 48.851,
    }


@pytest.mark.parametrize(
    ("columns", "code", "name", "area"),
    [
        (["id", "code"], "code", None, None),
        (["id", "name"], "id", "name", None),
        (["Feldnummer", "Feldname", "Fläche [ha]"], *("Feldnummer", "Feldname"), 2),
        (["fid", "Schlag_Nr", "Bezeichnung"], "Schlag_Nr", "Bezeichnung", None),
        (["PARCEL_ID", "Shape_Area", "area_m2"], "PARCEL_ID", None, 2),
        (["parcelle", "nom", "superficie_ha"], "parcelle", "nom", 2),
        (["gid", "name"], "name", None, None),
        (["OBJECTID", "owner"], "OBJECTID", None, None),
        (["lote", "area"], "lote", None, None),
    ],
)
def test_columns_are_guessed_in_the_words_of_the_field(
    judged, columns, code, name, area
):
    said = {column: f"{n}7" for n, column in enumerate(columns, start=1)}
    meant = judged(collection(feature(polygon(), **said))).columns["plot"]
    expected = columns[area] if area else None
    assert (meant.code, meant.name, meant.area) == (code, name, expected)


def test_of_columns_that_may_be_the_code_the_one_that_is_known_here_wins(judged):
    text = collection(
        feature(polygon(), field="North", name="P1", id=1),
        feature(polygon(lon=2.36), field="North", name="P2", id=2),
    )
    assert judged(text).columns["plot"].code == "id"
    assert judged(text, plot("P1")).columns["plot"].code == "name"
    assert judged(text, code="field").columns["plot"].code == "field"


def test_what_is_here_is_told_from_what_differs_and_what_is_filled_in(judged):
    same = plot("A", 1, geometry=polygon(square()[::-1]), area_ha=3.2)
    moved = plot("B", 2, geometry=polygon(lon=2.3601), area_ha=3.2)
    bare = plot("C", 3, name="Low field")
    text = collection(
        feature(polygon(), code="A"),
        feature(polygon(lon=2.36), code="B"),
        feature(polygon(lon=2.37), code="C"),
    )
    found = judged(text, same, moved, bare)
    assert outcomes(found) == [
        ("plot", "A", "already here"),
        ("plot", "B", "differs"),
        ("plot", "C", "fills in"),
    ]
    (filled,) = added(found)
    assert set(filled) == {"geometry", "area_ha"}
    assert [set(fields) for fields in added(found, REPLACE)] == [
        {"geometry"},
        {"geometry", "area_ha"},
    ]
    assert "with 4 corners (7.3 m away) in the file" in found.lines[1].why


def test_an_area_that_came_from_the_boundary_follows_it(judged):
    text = collection(feature(polygon(), code="A"))
    (first,) = added(judged(text))
    here = plot("A", geometry=first["geometry"], area_ha=first["area_ha"])
    larger = collection(feature(polygon(square(side=0.003)), code="A"))
    (patch,) = added(judged(larger, here), REPLACE)
    assert patch["area_ha"] == pytest.approx(7.32, abs=0.02)


def test_values_of_a_name_and_an_area_are_compared(judged):
    here = plot("A", geometry=polygon(), area_ha=3.25, name="Upper")
    text = collection(feature(polygon(), code="A", name="Lower", area_m2=33000))
    (line,) = judged(text, here).lines
    assert [each.field for each in line.differences] == ["name", "area-ha"]
    assert str(line.differences[1]) == "area-ha is 3.25 here, 3.3 in the file"


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (polygon([*square()[:-1], [2.3501, 48.85]]), "the ring does not close"),
        (polygon([[2, 48], [2, 48]]), "a ring of four positions or more"),
        (polygon([[2, 48], [3, 49], [2, 48], [3, 49], [2, 48]]), "encloses no area"),
        (polygon(square(lon=652000, lat=6862000)), "off the Earth"),
        (polygon([[y, x] for x, y in square(lat=-20, lon=130)]), "be exchanged"),
        (polygon([["2", "48"]] * 4), "positions are numbers"),
        ({"type": "LineString", "coordinates": square()}, "it is a line"),
        ({"type": "Polygon", "coordinates": []}, "it is empty"),
        ({"type": "Polygon", "coordinates": 7}, "a list of rings"),
        ({"type": "Sphere", "coordinates": [1]}, "it is of another kind"),
        ({"type": ["x"], "coordinates": [1]}, "neither a boundary nor a point"),
        ({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, "several points"),
        (
            {"type": "GeometryCollection", "geometries": [polygon(), point(2, 48)]},
            "a mixture",
        ),
        (None, "it has no geometry"),
        (polygon([[2 + n / 1e5, 48] for n in range(4000)]), "4000 positions"),
        (point(95, 190), "off the Earth"),
        (point(40, 120), "seem to be exchanged"),
        (point(), "it is empty"),
        (point("a", "b"), "not two numbers"),
    ],
)
def test_a_shape_that_cannot_be_used_is_refused_by_number_and_name(judged, shape, why):
    found = judged(collection(feature(polygon(), code="A"), feature(shape, code="B")))
    (line,) = [line for line in found.lines if line.feature.number == 2]
    assert (str(line.standing), line.name) == ("refused", "B"), line
    assert why in line.why
    assert ("plot", "A", "new") in outcomes(found)


def test_heights_stay_where_every_one_is_possible(judged):
    def kept(*heights):
        every = zip(square(), heights, strict=True)
        ring = [[*place, z] if z is not None else place for place, z in every]
        (fields,) = added(judged(collection(feature(polygon(ring), code="A"))))
        return [len(place) for place in fields["geometry"]["coordinates"][0]]

    assert kept(100, 101, 102, 101, 100) == [3] * 5
    # Programs write 0 or a number for "none" where they have no height.
    assert kept(0, 0, 0, 0, 0) == [2] * 5
    assert kept(100, -9999999, 102, 101, 100) == [2] * 5
    assert kept(100, None, 102, 101, 100) == [2] * 5


def test_holes_and_parts_stay_with_their_plot(judged):
    hole = square(2.3505, 48.8505, 0.0005)
    parts = {"type": "MultiPolygon", "coordinates": [[square(), hole], [square(2.36)]]}
    single = {"type": "MultiPolygon", "coordinates": [[square(2.38)]]}
    text = collection(feature(parts, code="A"), feature(single, code="B"))
    first, second = added(judged(text))
    assert first["geometry"]["type"] == "MultiPolygon"
    assert first["area_ha"] == pytest.approx(2 * 3.255 - 0.203, abs=0.01)
    assert second["geometry"]["type"] == "Polygon"


def test_one_code_twice_takes_neither(judged):
    text = collection(
        feature(polygon(), code="A"),
        feature(polygon(lon=2.36), code="A"),
        feature(polygon(lon=2.37), code=None),
    )
    found = judged(text)
    assert added(found) == []
    assert "2 features are called A" in found.lines[0].why
    assert "no code in code" in found.lines[2].why


def test_a_point_is_of_the_plot_that_it_says_else_of_the_one_that_holds_it(judged):
    here = [
        plot("A", 1, geometry=polygon()),
        plot("B", 2, geometry=polygon(lon=2.3515)),
        plot("C", 3),
    ]
    text = collection(
        feature(point(2.3502, 48.851), code="1"),
        feature(point(2.3518, 48.851), code="2"),
        feature(point(2.3518, 48.851), code="3", plot="a"),
        feature(point(2.3518, 48.851), code="4", plot="C"),
        feature(point(2.4, 48.851), code="5"),
        feature(point(2.3505, 48.8525), code="6"),
        feature(point(2.35, 48.85), code="7", plot="Z"),
    )
    found = judged(text, *here)
    assert outcomes(found) == [
        ("point", "A/1", "new"),
        ("point", "2", "several plots"),
        ("point", "A/3", "new"),
        ("point", "C/4", "new"),
        ("point", "5", "refused"),
        ("point", "6", "refused"),
        ("point", "7", "refused"),
    ]
    assert "it lies in several plots: A, B" in found.lines[1].why
    assert found.lines[2].spelled == "a"
    assert found.lines[5].why == "it lies in no plot; A is 56 m away"
    assert "there is no plot Z" in found.lines[6].why


def test_points_are_new_here_or_elsewhere_in_their_plot(judged):
    here = [
        plot("A", 1),
        plot("B", 2),
        planned("1", 1, lon=2.35, lat=48.85),
        planned("2", 2, lon=2.35, lat=48.85),
        planned("3", 3),
    ]
    rows = "plot,point,lon,lat\nA,1,2.35,48.85\nA,2,2.351,48.85\nA,3,2.35,48.85\n"
    found = judged(f"{rows}B,1,2.35,48.85\n", *here, name="points.csv")
    assert outcomes(found) == [
        ("point", "A/1", "already here"),
        ("point", "A/2", "differs"),
        ("point", "A/3", "fills in"),
        ("point", "B/1", "new"),
    ]
    assert "(73.2 m away)" in found.lines[1].why
    assert added(found, REPLACE)[0] == {"lon": 2.351, "lat": 48.85}


def test_the_column_of_the_codes_of_plots_says_nothing_of_points(judged):
    text = collection(
        feature(polygon(), Kuerzel="A", name="Upper"),
        feature(point(2.351, 48.851), name="1"),
    )
    assert outcomes(judged(text, code="Kuerzel")) == [
        ("plot", "A", "new"),
        ("point", "A/1", "new"),
    ]


def test_a_point_finds_its_plot_among_small_and_very_large_ones(judged):
    large = [[-20, -20], [20, -20], [20, 20], [-20, 20], [-20, -20]]
    here = [plot("L", 1, geometry=polygon(large))]
    here += [
        plot(f"S{n}", n + 2, geometry=polygon(lon=30.04 + n / 50)) for n in range(9)
    ]
    rows = "point,lon,lat\n"
    rows += "".join(f"{n},{30.041 + n / 50},48.851\n" for n in range(9))
    found = judged(f"{rows}10,-19.9,3\n11,-20.1,-30\n", *here, name="p.csv")
    assert [line.name for line in found.lines][:10] == [
        *(f"S{n}/{n}" for n in range(9)),
        "L/10",
    ]
    assert found.lines[10].why == "it lies in no plot"


def test_all_points_may_be_of_one_plot(judged):
    rows = "name,lon,lat\n1,2.35,48.85\n2,2.36,48.85\n"
    found = judged(rows, plot("A"), plot("B", 2), name="p.csv", plot="B")
    assert [line.name for line in found.lines] == ["B/1", "B/2"]
    assert found.columns["point"].as_data() == {"code": "name", "plot of all": "B"}
    assert "--plot: C is neither a column of the file nor a plot" in refusal(
        judged, rows, plot("A"), name="p.csv", plot="C"
    )


KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>Farm</name><Folder><name>North</name>
<Placemark><name>F1</name><ExtendedData><Data name="owner"><value>Diallo</value></Data>
</ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>
 2.35,48.85,0 2.352,48.85,0 2.352,48.852,0
 2.35,48.852,0 2.35,48.85,0</coordinates></LinearRing></outerBoundaryIs>
<innerBoundaryIs><LinearRing><coordinates>2.3505,48.8505 2.351,48.8505 2.351,48.851
2.3505,48.8505</coordinates></LinearRing></innerBoundaryIs></Polygon></Placemark>
<Placemark><name>F2</name><MultiGeometry>
<Polygon><outerBoundaryIs><LinearRing><coordinates>2.36,48.85 2.361,48.85 2.361,48.851
2.36,48.85</coordinates></LinearRing></outerBoundaryIs></Polygon>
<Polygon><outerBoundaryIs><LinearRing><coordinates>2.37,48.85 2.371,48.85 2.371,48.851
2.37,48.85</coordinates></LinearRing></outerBoundaryIs></Polygon></MultiGeometry>
</Placemark></Folder>
<Placemark><name>P7</name><Point><coordinates>2.3515, 48.8515, 0</coordinates></Point>
</Placemark>
<Placemark><name>way</name><LineString><coordinates>2,48 3,49</coordinates></LineString>
</Placemark>
<Placemark><name>walk</name><gx:Track/></Placemark>
<GroundOverlay><name>photo</name></GroundOverlay></Document></kml>
"""


def test_kml_of_google_earth_is_read(judged):
    found = judged(KML, name="farm.kml")
    assert outcomes(found) == [
        ("", "way", "refused"),
        ("", "walk", "refused"),
        ("plot", "F1", "new"),
        ("plot", "F2", "new"),
        ("point", "F1/P7", "new"),
    ]
    first, second, third = added(found)
    assert len(first["geometry"]["coordinates"]) == 2
    assert first["geometry"]["coordinates"][0][0] == [2.35, 48.85]
    assert second["geometry"]["type"] == "MultiPolygon"
    assert (third["lon"], third["lat"]) == (2.3515, 48.8515)
    assert {"owner", "folder", "1 GroundOverlay"} <= set(
        outcome.document(found, KEEP, NOW, None, None)["not_read"]
    )


def test_a_ring_of_kml_is_a_boundary(judged):
    ring = " ".join(f"{x},{y}" for x, y in square())
    mark = f"<LinearRing><coordinates>{ring}</coordinates></LinearRing>"
    text = f"<kml><Placemark><name>A</name>{mark}</Placemark></kml>"
    assert outcomes(judged(text)) == [("plot", "A", "new")]


def test_a_folder_of_kml_may_be_the_plot_of_its_points(judged):
    text = KML.replace("<Folder><name>North", "<Folder><name>A").replace(
        "</Folder>", ""
    )
    text = text.replace("<GroundOverlay>", "</Folder><GroundOverlay>")
    found = judged(text, plot("A"), name="a.kml", plot="folder", kind="point")
    assert ("point", "A/P7", "new") in outcomes(found)
    assert found.left_out == 2


GPX = """<?xml version="1.0"?>
<gpx version="1.1" creator="eTrex" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="48.8511" lon="2.3512"><ele>112.3</ele><name>HF-01</name><sym>Flag</sym></wpt>
<wpt lat="48.8512" lon="2.3513"><ele>112.4</ele><name>HF-02</name></wpt>
<wpt lat="north" lon="2.3513"><name>HF-03</name></wpt>
<wpt lat="nan" lon="2.3513"><name>HF-04</name></wpt>
<trk><name>walk</name><trkseg><trkpt lat="48" lon="2"/></trkseg></trk></gpx>
"""


def test_waypoints_of_a_receiver_are_points(judged):
    found = judged(GPX, plot("HF", geometry=polygon()), name="walk.gpx")
    assert outcomes(found)[2:] == [
        ("point", "HF/HF-01", "new"),
        ("point", "HF/HF-02", "new"),
    ]
    assert [line.name for line in found.lines[:2]] == ["HF-03", "HF-04"]
    assert "1 track" in found.file.not_read


@pytest.mark.parametrize(
    "table",
    [
        "code,lon,lat,note\nA,2.351,48.851,x\n",
        "code;Längengrad;Breitengrad\nA;2,351;48,851\n",
        "\ufeffpoint;X;Y\nA;2.351;48.851\n",
        "sep=;\npoint;lon;lat\nA;2,351;48,851\n",
        "point\tlon\tlat\nA\t2.351\t48.851\n",
        'code,wkt\nA,"POINT (2.351 48.851)"\n',
        'code,geom\nA,"SRID=4326;POINT Z(2.351 48.851 12)"\n',
        "code,the_geom\nA,MULTIPOINT ((2.351 48.851))\n",
    ],
)
def test_tables_say_where_points_are_in_their_ways(judged, table):
    found = judged(table, plot("HF", geometry=polygon()), name="p.csv")
    (fields,) = added(found)
    assert (fields["code"], fields["lon"], fields["lat"]) == ("A", 2.351, 48.851)


def test_a_table_of_well_known_text_has_plots(judged):
    ring = ", ".join(f"{x} {y}" for x, y in square())
    table = f'plot;geometry\nA;"POLYGON (({ring}))"\nB;POLYGON EMPTY\nC;POLYGON ((1 2\n'
    found = judged(f"{table}D;GEOM(1 2)\n1,00E+05;'(\n", name="p.csv")
    lines = {line.name: line for line in found.lines}
    assert str(lines["A"].standing) == "new"
    assert "it is empty" in lines["B"].why
    assert "breaks off" in lines["C"].why
    assert "no point or polygon" in lines["D"].why


def test_a_code_that_a_spreadsheet_changed_is_refused_in_tables(judged):
    table = "point,lon,lat\n1.00E+05,2.351,48.851\n10-May,2.3511,48.851\n"
    found = judged(table, plot("HF", geometry=polygon()), name="p.csv")
    assert {str(line.standing) for line in found.lines} == {"refused"}
    assert "a spreadsheet changed this code" in found.lines[0].why


def test_warnings_are_those_of_every_record(judged):
    here = [plot("P1", 1, geometry=polygon()), plot("P2", 2, geometry=polygon())]
    text = collection(
        feature(polygon(lon=2.37), code="p1", area_ha=9),
        feature(polygon([[y, x] for x, y in square(2.36)]), code="P3"),
    )
    found = judged(text, *here)
    said = {(where, odd.code) for where, odd in outcome.warnings(found, KEEP, NOW)}
    assert ("feature 1, plot p1", "looks_alike") in said
    assert ("feature 1, plot p1", "area_differs") in said
    assert ("feature 2, plot P3", "position_exchanged") in said


def test_what_was_not_taken_comes_back_and_may_be_imported_again(judged):
    text = collection(feature(polygon(square()[:-1]), code="A", crop="rye"))
    back = json.loads(outcome.returned(judged(text), KEEP))
    (line,) = back["features"]
    assert line["properties"]["crop"] == "rye"
    assert "does not close" in line["properties"]["reason"]
    line["geometry"]["coordinates"][0].append(square()[0])
    assert outcomes(judged(json.dumps(back))) == [("plot", "A", "new")]


def test_rows_of_a_table_come_back_as_a_table(judged):
    table = "plot;point;lon;lat;note\nA;1;2,35;48,85;=1+1\nB;1;2,35;48,85;x\n"
    found = judged(table, plot("B"), name="p.csv")
    back = outcome.returned(found, KEEP).decode("utf-8-sig").splitlines()
    assert back[0] == "plot;point;lon;lat;note;line;reason"
    assert back[1].startswith("A;1;2,35;48,85;'=1+1;2;\"refused: there is no plot A")
    assert len(back) == 2
    again = "\n".join(back).replace("A;", "B;").replace(";1;2,35", ";2;2,35")
    assert outcomes(judged(again, plot("B"), name="p.csv")) == [("point", "B/2", "new")]


BOMB = '<!DOCTYPE k [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]><kml>&b;</kml>'
OUTSIDE = '<!DOCTYPE k SYSTEM "file:///etc/passwd"><gpx/>'
WHOLE_FILES = {
    "entities": (BOMB, "DOCTYPE"),
    "entities in UTF-16": (BOMB.encode("utf-16"), "DOCTYPE"),
    "another file": (OUTSIDE, "DOCTYPE"),
    "deep XML": ("<kml>" * 10_000, "nested too deeply"),
    "XML of another kind": ("<svg/>", "neither KML nor GPX"),
    "XML that breaks off": ("<kml><Document>", "breaks off"),
    "XML of an unknown encoding": ('<?xml version="1.0" encoding="x"?><kml/>', "XML"),
    "KML without places": ("<kml><Document/></kml>", "holds no places"),
    "a walk": ("<gpx><trk/></gpx>", "there are 1 track"),
    "deep JSON": ("[" * 100_000, "nested too deeply"),
    "a name twice": ('{"type": "Feature", "type": "x"}', "stands twice"),
    "JSON that breaks off": ('{"type": "FeatureColl', "not JSON"),
    "a list": ("[1, 2]", "not GeoJSON"),
    "no features": ('{"type": "FeatureCollection", "features": 1}', "not GeoJSON"),
    "a type that is none": ('{"type": [1]}', "not GeoJSON"),
    "an empty collection": (collection(), "holds no places"),
    "TopoJSON": ('{"type": "Topology"}', "TopoJSON"),
    "Esri": ('{"features": [{"attributes": {}}]}', "JSON of Esri"),
    "no codes": (collection(feature(polygon(), owner="x")), "--code COLUMN"),
    "nothing said": (json.dumps(polygon()), "says nothing of its features"),
    "a table without places": ("a,b\n1,2\n", "where anything is"),
    "an empty file": ("", "empty"),
    "bytes": (b"\x00\x01\x02", "binary"),
    "a strange crs": (
        collection(feature(polygon()), crs={"type": "x"}),
        "not understood",
    ),
    "an unpacked crs": (
        collection(
            feature(polygon(), code="A"),
            crs={"type": "name", "properties": {"name": "EPSG:99999999"}},
        ),
        "nothing is known of the coordinate system EPSG:99999999",
    ),
    "a zip that is none": (b"PK\x03\x04 and so on", "archive cannot be read"),
}


@over(list(WHOLE_FILES))
def test_a_file_that_cannot_be_used_is_refused_in_words(case, judged):
    data, words = WHOLE_FILES[case]
    assert words in refusal(judged, data)


def test_a_file_that_is_too_large_is_not_read(judged, tmp_path):
    path = tmp_path / "large.geojson"
    with path.open("wb") as file:
        file.truncate(limits.IMPORT_FILE_BYTES + 1)
    with pytest.raises(TableError, match="larger than 64 MiB"):
        read_places(path, None, None)


def test_a_column_or_layer_that_is_not_there_is_told(judged):
    text = collection(feature(polygon(), code="A"))
    assert "no column x; it has: code" in refusal(judged, text, area="x")
    assert "leave out --layer" in refusal(judged, text, layer="x")


def test_a_feature_of_any_junk_costs_itself_alone(judged):
    junk = [7, None, {}, {"type": "Feature"}, feature([]), feature({}), feature("x")]
    junk += [{"type": "Feature", "geometry": polygon(), "properties": [1]}]
    junk += [
        feature(polygon(), code=value) for value in ({}, [], True, 1e400, "x" * 90)
    ]
    junk += [feature(polygon(), code=value) for value in ("a\nb", "\u202eA", " ")]
    text = collection(feature(polygon(), code="A"), *junk).replace("Infinity", "1")
    found = judged(text)
    taken = {line.name for line in found.lines if str(line.standing) == "new"}
    assert taken == {"A", "1"}
    assert outcome.returned(found, KEEP)
    assert len(found.lines) == len(junk) + 1


JUNK = (None, True, -1, 1e300, 2**70, "", "x\x00", [], {}, [[1, 2]], polygon())


def places_in(value, path=()):
    """Return the way to every value in nested lists and objects."""
    yield path
    if isinstance(value, list):
        value = dict(enumerate(value))
    for name, part in value.items() if isinstance(value, dict) else ():
        yield from places_in(part, (*path, name))


def with_junk(whole, path, junk):
    if not path:
        return junk
    found = dict(whole) if isinstance(whole, dict) else list(whole)
    found[path[0]] = with_junk(whole[path[0]], path[1:], junk)
    return found


def test_junk_anywhere_is_refused_in_words_or_told_by_number():
    named = {"type": "name", "properties": {"name": "EPSG:4326"}}
    hole = square(2.3505, 48.8505, 0.0005)
    several = {"type": "GeometryCollection", "geometries": [polygon(lon=2.37)]}
    whole = json.loads(
        collection(
            feature(point(2.351, 48.851, 1.0), point="1", plot="A"),
            feature(polygon(square(), hole), plot="A", area_ha=2.5),
            feature(several, plot="B"),
            crs=named,
        )
    )
    here = Records([plot("A", 1, name="x"), planned("1")])
    outcomes_of = set()
    for path in places_in(whole):
        for junk in JUNK:
            text = json.dumps(with_junk(whole, path, junk)).encode()
            try:
                file = read_geojson(text)
                found = check(file, here, PROJECT, PlacesSaid(), None)
            except TableError as error:
                outcomes_of.add("file" if error.refusal.hint else "no hint")
                continue
            said = outcome.document(found, REPLACE, NOW, None, None)
            assert list(outcome.sentences(said, 1))
            outcome.returned(found, KEEP)
            outcomes_of |= {one["outcome"] for one in said["features"]}
    assert "no hint" not in outcomes_of
    assert outcomes_of >= {"file", "new", "refused", "fills in"}


ENTITIES = """__id,label,geometry,area_ha,__createdAt,__creatorId,__creatorName,__version
{id}1,HF,{land},4.1,2026-05-01T10:00:00.000Z,7,Ada,1
{id}2,WB,,2.0,2026-05-01T10:00:00.000Z,7,Ada,1
"""
LAND = "48.85 2.35 0 0;48.85 2.352 0 0;48.852 2.352 0 0;48.852 2.35 0 0;48.85 2.35 0 0"


def test_entities_of_odk_central_are_plots_with_the_label_as_code(judged):
    table = ENTITIES.format(id="0190a2b1-7c3d-7e44-9b1f-2f6f0a3c9d1", land=LAND)
    found = judged(table, name="plots.csv")
    assert found.columns["plot"].code == "label"
    assert ("plot", "HF", "new") in outcomes(found)
    (kept,) = [each for each in found.additions(KEEP) if each.fields["code"] == "HF"]
    assert kept.fields["geometry"] == polygon()
    assert kept.fields["area_ha"] == 4.1


def test_points_that_odk_took_have_latitude_first(judged):
    table = "__id,label,plot,location\nx,1,HF,48.851 2.351 120.5 4.2\n"
    found = judged(table, plot("HF"), name="p.csv")
    (kept,) = found.additions(KEEP)
    assert (kept.fields["lon"], kept.fields["lat"]) == (2.351, 48.851)
