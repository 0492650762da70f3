"""The plan of a campaign: points are drawn, drawn again, found again and visited."""

import json
from contextlib import closing

import pytest

from schemas.plausibility.planar import outside_m
from schemas.sampling.plane import Plane
from tests.receivers import recorded, served
from tests.unit.collector.replies import row

CORNER = Plane((2.35, 48.85))


def at(x, y):
    """Return longitude and latitude of metres east and north of the corner of the plot."""
    return CORNER.place((x, y))


def box(width, height):
    corners = [(0, 0), (width, 0), (width, height), (0, height), (0, 0)]
    ring = [list(at(*corner)) for corner in corners]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def plot(permille, tmp_path):
    """A laptop with a plot of 4 ha and a campaign."""
    path = tmp_path / "plot.geojson"
    path.write_text(json.dumps(box(200, 200)))
    permille("plot", "add", "--code", "HF", "--geometry", path)
    begun = ["--start-date", "2026-05-01", "--purpose", "baseline"]
    permille("campaign", "add", "--name", "2026", *begun)
    return permille


def draw(permille, *more, code=0):
    words = ["plan", "draw", "--plot", "HF", "--points", "10", "--seed", "42"]
    return permille.json(*words, *more, code=code)


def core(permille, point, x=None, y=None, *more):
    where = []
    if x is not None:
        lon, lat = at(x, y)
        where = ["--lon", f"{lon:.8f}", "--lat", f"{lat:.8f}"]
    words = ["core", "add", "--plot", "HF", "--point", point, "--campaign", "2026"]
    permille(*words, "--sampled-at", "2026-06-01T10:00Z", *where, *more)


def point(permille, code, x=None, y=None):
    where = []
    if x is not None:
        lon, lat = at(x, y)
        where = ["--lon", f"{lon:.8f}", "--lat", f"{lat:.8f}"]
    permille("point", "add", "--plot", "HF", "--code", code, *where)


# Drawing -----------------------------------------------------------------------


def test_points_are_recorded_with_their_design_in_one_go(plot):
    with closing(plot.open_store()) as store:
        before = store.head().n
    done = draw(plot, "--min-distance-m", "20", "--edge-buffer-m", "5")
    assert done["recorded"]
    (design,) = plot.json("design", "list")
    assert design["name"] == "HF/1"
    assert design["fields"] | {"boundary_sha256": "", "plot_id": ""} == {
        "plot_id": "",
        "number": 1,
        "method": "stratified_random",
        "seed": 42,
        "points_drawn": 10,
        "min_distance_m": 20.0,
        "edge_buffer_m": 5.0,
        "boundary_sha256": "",
        "drawn_by": "permille-1",
    }
    points = plot.json("point", "list")
    assert [each["name"] for each in points] == [f"HF/{n}" for n in range(1, 11)]
    assert {each["fields"]["design_number"] for each in points} == {1}
    places = [(each["fields"]["lon"], each["fields"]["lat"]) for each in points]
    assert [place for place in places if outside_m(box(200, 200), place)] == []
    with closing(plot.open_store()) as store:
        assert store.head().n == before + 11


def test_a_dry_run_shows_the_points_that_are_recorded_later(plot):
    shown = draw(plot, "--dry-run")
    assert not shown["recorded"]
    assert plot.json("point", "list") == plot.json("design", "list") == []
    assert draw(plot)["points"] == shown["points"]


def test_without_a_seed_one_is_drawn_and_shown(plot):
    words = ["plan", "draw", "--plot", "HF", "--points", "5", "--dry-run"]
    one, other = plot.json(*words), plot.json(*words)
    assert one["design"]["seed"] != other["design"]["seed"]
    said = plot(*words).out
    assert "seed " in said
    assert "not recorded" in said


def test_a_design_is_never_overwritten(plot):
    first = draw(plot)
    second = draw(plot, "--seed", "43")
    assert (first["design"]["number"], second["design"]["number"]) == (1, 2)
    assert {each["code"] for each in second["points"]} >= {"D2-1", "D2-10"}
    plot("design", "delete", "HF/2", "--yes")
    assert draw(plot, "--prefix", "C")["design"]["number"] == 3
    refused = draw(plot, "--prefix", "C", code=4)["error"]
    assert "point C1 already" in refused["text"]
    assert "--prefix" in refused["hint"]
    assert len(plot.json("point", "list")) == 30


def test_a_draw_is_taken_back_whole(plot):
    done = draw(plot)
    plot.json("undo", done["operation"], "--write", "--reason", "wrong plot")
    assert plot.json("point", "list") == plot.json("design", "list") == []


def test_what_does_not_fit_says_what_does_and_writes_nothing(plot):
    refused = draw(plot, "--min-distance-m", "90", code=4)["error"]
    assert refused["code"] == "does_not_fit"
    assert "--points" in refused["hint"]
    assert plot.json("design", "list") == []


def test_a_plot_without_a_boundary_is_told(plot):
    plot("plot", "add", "--code", "HG")
    words = ["plan", "draw", "--plot", "HG", "--points", "5"]
    assert "plot edit HG --geometry" in plot(*words, code=4).err


def test_a_clustered_design_is_advised_against_with_the_reason(plot):
    words = ["plan", "draw", "--plot", "HF", "--points", "10", "--method"]
    said = plot.json(*words, "clustered", code=4)["error"]
    assert "hardly more of the plot than one" in said["text"]
    assert "stratified_random" in said["hint"]
    assert "one of:" in plot(*words, "by_eye", code=2).err
    few = plot("plan", "draw", "--plot", "HF", "--points", "1", "--dry-run").err
    assert "however many cores" in few


def test_how_many_points_tell_a_change_is_asked_of_the_server(plot):
    words = ["plan", "draw", "--plot", "HF", "--permille-detect", "4", "--years", "10"]
    said = plot.json(*words, code=4)["error"]
    assert said["code"] == "on_the_server"
    assert "permille-server stocks design" in said["hint"]
    assert "belong together" in plot(*words[:-2], code=2).err
    assert "--points 10" in plot("plan", "draw", "--plot", "HF", code=2).err


def test_the_server_is_asked_with_what_the_stocks_of_the_plot_say(plot):
    with closing(plot.open_store()) as store:
        project = store.records("project")[0].project_id
        stocks = [
            {"plot": "HF", "campaign": "2016", "point": str(n), "soc_stock_t_ha": stock}
            for n, stock in enumerate((50.0, 60.0, 55.0, None))
        ]
        derived = "0190a000-0000-7000-8000-00000000d001"
        message = row(4, record=derived, t="stock", project_id=project, points=stocks)
        store.take_bucket("e1", [message], [])
    words = ["plan", "draw", "--plot", "HF", "--permille-detect", "4", "--years", "10"]
    said = plot.json(*words, code=4)["error"]
    assert "3 stocks of campaign 2016" in said["text"]
    assert "--unpaired --sd 5.00 --change 2.2;" in said["hint"]


def test_a_design_that_is_drawn_again_gives_its_points(plot):
    done = draw(plot, "--method", "systematic", "--edge-buffer-m", "3")
    found = plot.json("plan", "redraw", "--check", "HF")
    assert found == {
        "design": 1,
        "same": True,
        "as_drawn": 10,
        "moved": [],
        "gone": [],
        "added": [],
    }
    moved = done["points"][2]
    plot("point", "edit", f"HF/{moved['code']}", "--lat", moved["lat"] + 0.0001)
    plot("point", "delete", "HF/5", "--yes")
    found = plot.json("plan", "redraw", "--check", "HF", code=1)
    assert (found["as_drawn"], len(found["gone"])) == (8, 1)
    assert found["moved"] == [{"code": "3", "m": pytest.approx(11.1, abs=0.1)}]
    assert "HF/3" in plot("plan", "redraw", "--check", "HF", code=1).out


def test_a_boundary_that_changed_is_told_and_not_drawn_in(plot, tmp_path):
    draw(plot)
    path = tmp_path / "other.geojson"
    path.write_text(json.dumps(box(200, 210)))
    plot("plot", "edit", "HF", "--geometry", path)
    said = plot.json("plan", "redraw", "--check", "HF", code=4)["error"]
    assert said["code"] == "other_boundary"
    none = plot.json("plan", "redraw", "--check", "HF", "--design", "7", code=4)
    assert none["error"]["code"] == "not_found"


def test_a_design_that_was_drawn_otherwise_is_told(plot):
    design = ["--plot", "HF", "--number", "1", "--method", "simple_random"]
    plot("design", "add", *design, "--seed", "1", "--points-drawn", "3")
    said = plot.json("plan", "redraw", "--check", "HF", code=4)["error"]
    assert said["code"] == "other_way"


# Relocation --------------------------------------------------------------------


RELOCATE = ["plan", "relocate", "--from-campaign", "2026", "--plot", "HF"]


@pytest.fixture
def sampled(plot):
    """Points that were cored: there, elsewhere, nobody knows where; one was not."""
    for code, x, y in (("1", 50, 50), ("2", 100, 50), ("3", 150, 50), ("6", 20, 20)):
        point(plot, code, x, y)
    point(plot, "4")
    point(plot, "5")
    core(plot, "1", 53, 50, "--accuracy-m", "3")
    core(plot, "2", 112, 50, "--accuracy-m", "4")
    core(plot, "2", 116, 50, "--accuracy-m", "4", "--number", "2")
    core(plot, "3")
    core(plot, "4", 20, 150)
    core(plot, "5")
    return plot


def test_points_are_visited_again_where_their_cores_were_taken(sampled):
    done = sampled.json(*RELOCATE, code=1)
    outcomes = {each["point"]: each["outcome"] for each in done["points"]}
    assert outcomes == {
        "1": "same",
        "2": "new",
        "3": "same",
        "4": "new",
        "5": "unknown",
    }
    new = {
        each["name"]: each["fields"]
        for each in sampled.json("point", "list")
        if "revisits_point_id" in each["fields"]
    }
    assert set(new) == {"HF/2-2026", "HF/4-2026"}
    moved = new["HF/2-2026"]
    x, y = CORNER.spot((moved["lon"], moved["lat"]))
    assert (x, y) == (pytest.approx(114, abs=0.01), pytest.approx(50, abs=0.01))
    assert "2 cores of 2026 were taken, ± 4.0 m" in moved["note"]


def test_points_that_revisit_are_for_the_next_campaign(sampled):
    sampled.json(*RELOCATE, code=1)
    assert left(sampled.json("plan")) == ["HF/6"]
    begun = ["--start-date", "2030-05-01", "--purpose", "resampling"]
    sampled("campaign", "add", "--name", "2030", *begun)
    names = set(left(sampled.json("plan")))
    assert names == {"HF/1", "HF/2-2026", "HF/3", "HF/4-2026", "HF/5", "HF/6"}


def test_points_are_made_once_and_taken_back_together(sampled):
    shown = sampled.json(*RELOCATE, "--dry-run", code=1)
    assert len(sampled.json("point", "list")) == 6
    done = sampled.json(*RELOCATE, code=1)
    assert shown["points"] == done["points"]
    again = sampled.json(*RELOCATE, code=1)
    assert again["operation"] is None
    assert {each["outcome"] for each in again["points"]} == {"same", "there", "unknown"}
    sampled.json("undo", done["operation"], "--write", "--reason", "no")
    assert len(sampled.json("point", "list")) == 6


def test_a_core_within_its_accuracy_is_at_its_point(plot):
    point(plot, "1", 50, 50)
    core(plot, "1", 62, 50, "--accuracy-m", "15")
    words = ["plan", "relocate", "--from-campaign", "2026", "--plot", "HF"]
    (found,) = plot.json(*words)["points"]
    assert (found["outcome"], found["off_m"]) == ("same", pytest.approx(12, abs=0.1))


def test_a_campaign_without_cores_is_told(plot):
    words = ["plan", "relocate", "--from-campaign", "2026", "--plot", "HF"]
    assert "no cores of campaign 2026" in plot(*words, code=4).err


# Visits ------------------------------------------------------------------------


@pytest.fixture
def planned(plot):
    """Five points in a row, of which one is done, one skipped and one has no place."""
    for n, code in enumerate(("1", "2", "3", "4", "5")):
        point(plot, code, 20 + 40 * n, 100)
    point(plot, "6")
    core(plot, "2", 60, 118, "--moved-because", "a manure heap")
    plot("skip", "add", "--plot", "HF", "--point", "4", "--because", "flooded")
    return plot


def left(found):
    return [each["point"] for each in found["left"]]


def near(x, y):
    lon, lat = at(x, y)
    return f"{lat:.7f},{lon:.7f}"


def test_what_is_left_comes_in_walking_order_from_where_one_is(planned):
    found = planned.json("plan", "--near", near(190, 100))
    assert left(found) == ["HF/5", "HF/3", "HF/1", "HF/6"]
    first, second, *_ = found["left"]
    assert first["distance_m"] == pytest.approx(10, abs=0.1)
    assert (second["distance_m"], second["bearing_deg"]) == (
        pytest.approx(80, abs=0.1),
        pytest.approx(270, abs=0.1),
    )
    assert found["left"][-1]["distance_m"] is None
    assert planned.json("plan", "--near", near(190, 100)) == found


def test_the_walk_goes_on_at_the_last_core(planned):
    found = planned.json("plan")
    assert left(found)[0] in {"HF/1", "HF/3"}
    assert found["left"][0]["distance_m"] == pytest.approx(43.9, abs=0.2)


def test_what_was_moved_or_skipped_is_told_with_why(planned):
    found = planned.json("plan")
    (done,), (skipped,) = found["done"], found["skipped"]
    assert (done["point"], done["because"]) == ("HF/2", "a manure heap")
    assert done["off_m"] == pytest.approx(18, abs=0.1)
    assert (skipped["point"], skipped["because"]) == ("HF/4", "flooded")
    said = planned("plan").out
    assert "campaign 2026: 4 of 6 points left, 1 done, 1 skipped" in said
    assert "a manure heap" in said
    assert "flooded" in said
    planned("core", "edit", "HF/2/2026", "--moved-because", "a bull")
    assert "a bull" in planned("plan").out


def test_a_receiver_says_where_the_walk_begins(planned):
    with served(recorded(*reversed(at(190, 100)))) as (port, _):
        found = planned.json("plan", "--gps", f"tcp://127.0.0.1:{port}")
    assert left(found)[0] == "HF/5"
    both = ["--gps", "default", "--near", "48,2"]
    assert "exclude" in planned("plan", *both, code=2).err
    assert "latitude,longitude" in planned("plan", "--near", "48", code=2).err
    assert "latitude,longitude" in planned("plan", "--near", "nan,2", code=2).err


def test_a_phone_gets_what_is_left(planned, tmp_path):
    gpx, geojson = tmp_path / "walk.gpx", tmp_path / "walk.geojson"
    words = ["plan", "--near", near(190, 100), "--gpx", gpx, "--geojson", geojson]
    assert "walk.gpx" in planned(*words).out
    features = json.loads(geojson.read_text())["features"]
    named = [each["properties"]["name"] for each in features]
    assert named == ["HF/5", "HF/3", "HF/1"]
    assert gpx.read_text().count("<wpt ") == 3
    found = planned.json("import", "places", gpx, "--plot", "HF", code=None)
    assert "error" not in found


def test_points_of_the_newest_design_and_those_that_revisit_are_meant(plot):
    draw(plot)
    draw(plot, "--seed", "43")
    assert len(left(plot.json("plan"))) == 10
    assert all("D2-" in name for name in left(plot.json("plan")))
    assert not any("D2-" in name for name in left(plot.json("plan", "--design", "1")))
    words = ["point", "add", "--plot", "HF", "--code", "old-again"]
    plot(*words, "--revisits-point", "HF/D2-3", "--lon", "2.351", "--lat", "48.851")
    names = left(plot.json("plan"))
    assert "HF/old-again" in names
    assert "HF/D2-3" not in names


def test_the_last_campaign_is_meant_and_another_may_be_named(planned):
    begun = ["--start-date", "2030-05-01", "--purpose", "resampling"]
    planned("campaign", "add", "--name", "2030", *begun)
    assert len(left(planned.json("plan"))) == 6
    assert planned.json("plan")["campaign"] == "2030"
    assert len(left(planned.json("plan", "--campaign", "2026"))) == 4
    assert len(left(planned.json("plan", "--plot", "HF", "--campaign", "2026"))) == 4


def test_without_a_campaign_it_is_said_how_to_begin_one(permille):
    assert "campaign add" in permille("plan", code=4).err


def test_crowded_points_are_advised_against(plot):
    for n in range(5):
        point(plot, str(n), 10 + 3 * n, 10 + n * n)
    (said,) = plot.json("plan")["advice"]
    assert "plot HF: the points lie close together" in said
