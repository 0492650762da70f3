"""Plots and points of a file on the server: written as changes that laptops hear of."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main


def square(lon=2.35, lat=48.85, side=0.002):
    corners = [(0, 0), (side, 0), (side, side), (0, side), (0, 0)]
    return [[round(lon + x, 6), round(lat + y, 6)] for x, y in corners]


def feature(kind, coordinates, **said):
    shape = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": shape, "properties": said}


PLOT = feature("Polygon", [square()], code="A")
POINT = feature("Point", [2.351, 48.851], code="1")
FAR = feature("Point", [9.351, 48.851], code="2")


@pytest.fixture
async def north(server):
    laptop = await server.laptop("north")
    laptop.add("plot", {"code": "B", "land_use": "cropland"})
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    return laptop


@pytest.fixture
def imported(server, tmp_path):
    path = tmp_path / "fields.geojson"

    async def run(features, *more, code=0, data=None):
        text = json.dumps({"type": "FeatureCollection", "features": features})
        path.write_bytes(data or text.encode())
        given = [
            "--data",
            server.data.path,
            "places",
            "import",
            path,
            "--project",
            "HF",
        ]
        given += ["--json", "--person", "Bo", *more]
        words = [str(word) for word in given]
        done = await asyncio.to_thread(CliRunner().invoke, main, words)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    return run


def rows_of(reply, kind):
    return [row["f"] for row in reply.rows if row["t"] == kind]


async def test_plots_and_points_of_the_server_reach_laptops(north, imported):
    shown = await imported([POINT, PLOT, FAR], code=1)
    assert (shown["written"], shown["counts"]["plot"]["new"]) == (False, 1)
    assert (await north.sync()).rows == []
    found = await imported([POINT, PLOT, FAR], "--write", code=1)
    assert (found["kept"], found["counts"]["point"]["refused"]) == (2, 1)
    assert found["rejected_file"].endswith("fields.rejected.geojson")
    reply = await north.sync()
    (plot,), (point,) = rows_of(reply, "plot"), rows_of(reply, "point")
    assert (plot["code"], plot["geometry"]["coordinates"]) == ("A", [square()])
    assert (point["code"], point["lon"]) == ("1", 2.351)
    again = await imported([POINT, PLOT], "--write")
    assert again["kept"] == 0
    assert (await north.sync()).rows == []


async def test_a_boundary_goes_to_the_plot_that_a_laptop_recorded(north, imported):
    own = feature("Polygon", [square(2.36)], code="B")
    point = feature("Point", [2.361, 48.851], code="1")
    found = await imported([own, point], "--write")
    assert found["counts"]["plot"]["fills in"] == 1
    reply = await north.sync()
    (plot,) = rows_of(reply, "plot")
    assert (plot["land_use"], plot["geometry"]["type"]) == ("cropland", "Polygon")
    assert len(rows_of(reply, "point")) == 1


async def test_points_follow_a_plot_whose_id_was_used_up(north, imported):
    await imported([PLOT], "--write")
    (row,) = (await north.sync()).rows
    base = [*north.cursors[north.project_id]]
    north.draft("plot", row["r"], {}, op="del", base=base)
    assert (await north.sync()).outcomes == ["accepted"]
    assert (await imported([PLOT, POINT], "--write"))["kept"] == 2
    reply = await north.sync()
    (plot,) = [row for row in reply.rows if row["t"] == "plot"]
    (point,) = rows_of(reply, "point")
    assert plot["r"] != row["r"]
    assert point["plot_id"] == plot["r"]


async def test_what_differs_is_replaced_when_asked_to(north, imported):
    await imported([PLOT, POINT], "--write")
    moved = feature("Point", [2.3511, 48.851], code="1")
    kept = await imported([moved], "--write", code=1)
    assert (kept["kept"], kept["counts"]["point"]["differs"]) == (0, 1)
    taken = await imported([moved], "--write", "--differing", "replace")
    assert taken["kept"] == 1
    assert [f["lon"] for f in rows_of(await north.sync(), "point")] == [2.3511]


async def test_what_cannot_be_used_is_refused_in_words(north, imported):
    said = await imported([], code=4, data=b"<!DOCTYPE kml><kml/>")
    assert "DOCTYPE" in said["error"]["text"]
    said = await imported([PLOT], "--code", "x", code=4)
    assert "no column x" in said["error"]["text"]
