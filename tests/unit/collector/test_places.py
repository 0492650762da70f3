"""Plots and points of a file on the laptop: shown first, kept when asked to."""

import json

import pytest

from collector.store.sqlite import LaptopStore

pytestmark = pytest.mark.slow


def square(lon=2.35, lat=48.85, side=0.002):
    corners = [(0, 0), (side, 0), (side, side), (0, side), (0, 0)]
    return [[round(lon + x, 6), round(lat + y, 6)] for x, y in corners]


def plot(code, ring=None, **said):
    shape = {"type": "Polygon", "coordinates": [ring or square()]}
    return {"type": "Feature", "geometry": shape, "properties": {"code": code, **said}}


def point(code, lon=2.351, lat=48.851, **said):
    shape = {"type": "Point", "coordinates": [lon, lat, 117.5]}
    return {"type": "Feature", "geometry": shape, "properties": {"code": code, **said}}


@pytest.fixture
def places(permille, tmp_path):
    """Import features as GeoJSON; what it says is its JSON document."""
    path = tmp_path / "fields.geojson"

    def run(features, *more, code=0):
        text = {"type": "FeatureCollection", "features": features}
        path.write_text(json.dumps(text), "utf-8")
        return permille.json("import", "places", path, *more, code=code)

    run.permille, run.path = permille, path
    return run


def test_nothing_is_written_before_it_is_asked_for(places):
    found = places([plot("A"), point("1"), point("2", lat=50)], code=1)
    assert (found["written"], found["kept"]) == (False, 0)
    assert found["counts"]["plot"]["new"] == 1
    assert places.permille.json("plot", "list") == []
    assert not places.path.with_name("fields.rejected.geojson").exists()


def test_plots_and_the_points_on_them_are_kept(places):
    found = places(
        [point("1"), plot("A", name="Upper"), point("2", lat=50)], "--write", code=1
    )
    assert found["kept"] == 2
    fields = places.permille.json("plot", "show", "A")["fields"]
    assert (fields["name"], fields["geometry"]["coordinates"]) == ("Upper", [square()])
    assert fields["area_ha"] == pytest.approx(3.254, abs=0.001)
    fields = places.permille.json("point", "show", "A/1")["fields"]
    assert (fields["lon"], fields["lat"]) == (2.351, 48.851)
    back = places.path.with_name("fields.rejected.geojson")
    assert found["rejected_file"] == str(back)
    (left,) = json.loads(back.read_text("utf-8"))["features"]
    assert "it lies in no plot" in left["properties"]["reason"]


def test_importing_again_changes_nothing(places):
    features = [plot("A"), point("1")]
    places(features, "--write")
    waits = places.permille.json("status")
    again = places(features, "--write")
    assert again["kept"] == 0
    assert {each["outcome"] for each in again["features"]} == {"already here"}
    assert places.permille.json("status") == waits


def test_a_plot_that_was_deleted_comes_back_as_a_new_one_with_its_points(places):
    features = [plot("A"), point("1")]
    places([plot("A")], "--write")
    places.permille("plot", "delete", "A", "--yes")
    assert places(features, "--write")["kept"] == 2
    assert places.permille.json("point", "show", "A/1")["fields"]["lat"] == 48.851


def test_a_boundary_goes_to_a_plot_that_has_none(places):
    places.permille("plot", "add", "--code", "A", "--land-use", "cropland")
    assert places([plot("A")], "--write")["counts"]["plot"]["fills in"] == 1
    fields = places.permille.json("plot", "show", "A")["fields"]
    assert (fields["land_use"], fields["geometry"]["type"]) == ("cropland", "Polygon")


def test_what_differs_stays_until_it_is_to_be_replaced(places):
    places([plot("A"), point("1")], "--write")
    moved = [plot("A", square(2.3501)), point("1", lon=2.3511)]
    kept = places(moved, "--write", code=1)
    assert (kept["kept"], kept["counts"]["point"]["differs"]) == (0, 1)
    assert "--differing replace" in kept["features"][0]["hint"]
    taken = places(moved, "--write", "--differing", "replace")
    assert (taken["kept"], taken["rejected_file"]) == (2, None)
    assert places.permille.json("point", "show", "A/1")["fields"]["lon"] == 2.3511


def test_warnings_are_shown_before_and_stay_with_the_record(places):
    found = places([plot("P1"), plot("p1", area_ha=9)], "--write")
    codes = {each["code"] for each in found["warnings"]}
    assert {"looks_alike", "area_differs"} <= codes
    kept = places.permille.json("warnings", code=None)
    assert "looks_alike" in json.dumps(kept)


def test_one_kind_may_be_taken_alone(places):
    found = places([plot("A"), point("1")], "--as", "plots", "--write")
    assert (found["kept"], found["left_out"]) == (1, 1)
    found = places([plot("A"), point("1")], "--as", "points", "--write")
    assert found["kept"] == 1


def test_the_words_say_what_the_columns_were_taken_for(places, tmp_path):
    path = tmp_path / "p.csv"
    ring = ", ".join(f"{x} {y}" for x, y in square())
    path.write_text(
        f"Feldnummer;Flaeche_ha;Sorte;wkt\n12;2,512;Rye;POLYGON(({ring}))\n"
        f"13;2,5;Rye;LINESTRING({ring})\n"
    )
    said = places.permille("import", "places", path, code=1).out
    assert "CSV; coordinate system: WGS84" in said
    assert "plots: code = Feldnummer, area = Flaeche_ha" in said
    assert "not read: Sorte\n" in said
    assert "the boundary holds 3.25 ha" in said
    assert "it is a line, neither a boundary nor a point" in said
    assert "to keep 1 place add: --write" in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'<!DOCTYPE kml [<!ENTITY a "b">]><kml>&a;</kml>', "DOCTYPE"),
        (b"[" * 5000, "nested too deeply"),
        (b"", "empty"),
        (b'{"type": "Point", "coordinates": [2, 48]}', "--code COLUMN"),
        (b"SQLite format 3\0", "GeoPackage cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(places, data, said):
    places.path.write_bytes(data)
    error = places.permille.json("import", "places", places.path, code=4)["error"]
    assert said in error["text"] + error["hint"]


def test_a_folder_without_shapes_is_told(places, tmp_path):
    error = places.permille.json("import", "places", tmp_path, code=4)["error"]
    assert "no Shapefile" in error["text"]


@pytest.fixture
def asked(monkeypatch):
    """Return the questions to the database from now on."""
    found, real = [], LaptopStore._read

    def read(self, sql, *values):
        found.append(sql)
        return real(self, sql, *values)

    monkeypatch.setattr(LaptopStore, "_read", read)
    return found


def test_more_places_ask_the_database_no_more_questions(places, asked):
    places([plot("A")], "--write")
    counts = []
    for first, many in ((0, 2), (2, 40)):
        new = [point(f"P{n}", lon=2.35 + n / 1e5) for n in range(first, first + many)]
        asked.clear()
        places(new, "--plot", "A", "--write", code=None)
        counts.append(len(asked))
    assert len(places.permille.json("point", "list")) == 42
    assert counts[0] == counts[1]


def test_more_records_of_an_export_ask_the_database_no_more_questions(
    places, asked, tmp_path
):
    places([plot("A")], "--write")
    counts = []
    for many in (2, 40):
        new = [point(f"P{n}", lon=2.35 + n / 1e5) for n in range(many)]
        places(new, "--plot", "A", "--write", code=None)
        folder = tmp_path / f"of-{many}"
        places.permille("export", "csv", folder)
        asked.clear()
        taken = places.permille.json("records", "import", folder)
        assert taken["records"]["point"] == {"already here": many}
        counts.append(len(asked))
    assert counts[0] == counts[1]
