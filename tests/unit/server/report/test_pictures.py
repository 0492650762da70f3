import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from server.report.colours import scale_for
from server.report.findings import find, main_change
from server.report.forest import draw_forest
from server.report.forest_lines import limits_of, lines_of
from server.report.geometry import area, project
from server.report.model import PlotFacts
from server.report.plot_map import draw_map
from server.report.series import MOST_PANELS, chosen, draw_series, frame_of
from server.report.visits import plot_series, spread_of, visits
from tests.unit.server.report.reading import SVG, words_of
from tests.unit.server.report.samples import change, square, stocks

pytestmark = pytest.mark.slow


def read(picture):
    return ET.fromstring(picture.svg)  # noqa: S314 - our own picture


def forest(report):
    pictures = [*draw_forest(lines_of(find(report), report.aggregates))]
    return [word for picture in pictures for word in words_of(read(picture))]


def pairwise_points(numbers):
    return zip(numbers[::2], numbers[1::2], strict=True)


def curves(report):
    return plot_series(report, find(report), visits(report))


# --- which change a plot is judged by


def test_the_longest_change_that_can_be_assessed_judges_a_plot():
    whole = change(
        years=("1959", "2014"),
        verdict_4permille="not assessable",
        reasons=["METHOD_CHANGED"],
    )
    short, long = change(years=("2008", "2014")), change(years=("2000", "2014"))

    assert main_change([whole, short, long]) is long


def test_a_plot_whose_last_campaign_failed_is_not_judged_by_an_older_one():
    failed = change(years=("2016", "2021"), verdict_4permille="not assessable")

    assert main_change([change(years=("2000", "2016")), failed]) is failed


def test_where_nothing_can_be_assessed_one_laboratory_method_is_preferred():
    mixed = change(
        years=("1959", "2014"),
        verdict_4permille="not assessable",
        reasons=["METHOD_CHANGED"],
    )
    own = change(years=("2000", "2014"), verdict_4permille="not assessable")

    assert main_change([mixed, own]) is own


# --- map


def test_a_plot_that_cannot_be_assessed_is_grey(small):
    judged = draw_map(find(small)).svg
    unjudged = replace(small, changes=[change(verdict_4permille="not assessable")])

    grey = "fill: url(#map-"  # hatched
    assert draw_map(find(unjudged)).svg.count(grey) > judged.count(grey)


def test_four_permille_and_zero_are_edges_of_every_scale():
    for rates in ([], [0.5], [-300.0, 20.0]):
        edges = scale_for(rates).edges
        assert {0.0, 4.0} <= set(edges)
        assert [-edge for edge in edges[::-1]] == [*edges]


def test_a_square_on_the_ground_is_a_square_on_the_map():
    lat = 60.0
    ring = [[10, lat], [10.02, lat], [10.02, lat + 0.01], [10, lat + 0.01], [10, lat]]
    plane = project(
        [PlotFacts(code="A", geometry={"type": "Polygon", "coordinates": [ring]})]
    )

    width, height = plane.box.size
    assert width == pytest.approx(height, rel=1e-3)
    assert area(plane.shapes[0].polygons[0][0]) == pytest.approx(1111.95**2, rel=1e-3)


def test_plots_on_both_sides_of_the_date_line_are_neighbours():
    plots = [
        PlotFacts(code="A", geometry=square(179.99, -17.0)),
        PlotFacts(code="B", geometry=square(-179.99, -17.0)),
    ]

    assert project(plots).box.size[0] < 5000.0


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": None},
        {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]},
        {"type": "Polygon", "coordinates": [[["a", "b"]] * 4]},
        {"type": "Polygon", "coordinates": [[[1, float("nan")]] * 4]},
        {"type": "MultiPolygon", "coordinates": [[]]},
    ],
)
def test_a_boundary_that_cannot_be_drawn_counts_as_none(small, geometry):
    report = replace(small, plots=[PlotFacts(code="A", geometry=geometry)])

    assert draw_map(find(report)) is None


def test_holes_and_several_polygons_are_drawn(small):
    outer, hole = square(side=0.004), square(7.601, 47.501, 0.001)
    far = square(7.61)
    geometry = {
        "type": "MultiPolygon",
        "coordinates": [
            [outer["coordinates"][0], hole["coordinates"][0]],
            far["coordinates"],
        ],
    }
    report = replace(small, plots=[PlotFacts(code="A", geometry=geometry)])
    paths = [path.get("d") for path in read(draw_map(find(report))).iter(f"{SVG}path")]

    (drawn,) = (path.split("M")[1:] for path in paths if path.count("M") == 3)
    numbers = [[float(n) for n in re.findall(r"-?[\d.]+", ring)] for ring in drawn]
    areas = [area(tuple(pairwise_points(ring))) for ring in numbers]
    assert areas[0] * areas[1] < 0.0  # a hole runs the other way, so it stays open
    assert areas[0] * areas[2] > 0.0


# --- series


def test_a_new_laboratory_method_breaks_the_curve(small):
    whole = curves(small)["A"]
    report = replace(small, changes=[change(reasons=["METHOD_CHANGED"])])
    broken = curves(report)["A"]
    pictures = [draw_series(each, frame_of([each]), "a") for each in (whole, broken)]

    assert whole.breaks == ()
    assert broken.breaks == (date(2021, 10, 1),)
    assert "New laboratory method: 2021-10-01." in pictures[1].summary
    assert "stroke-dasharray" in pictures[1].svg
    assert "stroke-dasharray" not in pictures[0].svg


def test_curves_stand_at_their_real_days(small):
    days = [mark.day for mark in curves(small)["A"].marks]

    assert days == [date(2016, 10, 1), date(2021, 10, 1)]
    assert [m.day for m in curves(small)["B"].marks] == [date(2016, 10, 1)]


def test_equal_mass_is_drawn_where_it_is_judged_on(small):
    rows = stocks(esm_stock_t_ha=60.0)
    report = replace(small, stocks=rows, changes=[change(judged_on="equivalent_mass")])

    assert curves(report)["A"].marks[0].mean == 60.0
    assert curves(replace(report, changes=[change()]))["A"].marks[0].mean == 60.0
    fixed = replace(report, changes=[change(judged_on="fixed_depth")])
    assert curves(fixed)["A"].marks[0].mean == 50.0


def test_the_interval_of_a_mean_is_that_of_students_t():
    spread = spread_of([49.0, 50.0, 51.0])

    assert spread.se == pytest.approx(0.57735, rel=1e-4)
    assert spread.ci95[1] == pytest.approx(50.0 + 4.302653 * 0.57735, rel=1e-5)
    assert spread_of([50.0]).ci95 is None
    assert spread_of([None]).mean is None


def test_of_many_plots_the_highest_and_the_lowest_rates_are_drawn(many):
    report = find(many)
    drawn = [curve.key for curve in chosen(report, curves(many))]

    assert len(drawn) == MOST_PANELS
    assert drawn[0] == "P59"
    assert drawn[-1] == "P0"
    assert "P30" not in drawn


# --- forest


def test_every_change_of_a_small_project_has_a_line(small):
    rows = [change(years=(str(y), str(y + 5))) for y in range(1990, 2020, 5)]
    words = forest(replace(small, changes=rows))

    for row in rows:
        assert f"{row['from_campaign']} - {row['to_campaign']}" in words


def test_every_plot_of_a_large_project_has_a_line_on_some_page(many):
    words = forest(many)

    for plot in many.plots:
        assert plot.code in words
    assert words.index("P59") < words.index("P0")


def test_an_end_at_infinity_is_an_arrow_and_a_word(small):
    bounded = next(draw_forest(lines_of(find(small), [])))
    rows = [change(rate_ci95_permille_year=[None, 8.3], rate_ci95_shape="unbounded")]
    report = replace(small, changes=rows)
    unbounded = next(draw_forest(lines_of(find(report), [])))

    assert "4.0 (unbounded to 8.3), n 3" in words_of(read(unbounded))
    assert unbounded.svg.count("<use") == bounded.svg.count("<use")
    assert unbounded.svg != bounded.svg


def test_one_interval_gone_astray_does_not_flatten_the_others(many):
    wide = change("wide", rate_ci95_permille_year=[-900.0, 900.0])
    lines = lines_of(find(replace(many, changes=[*many.changes, wide])), [])

    low, high = limits_of(lines)
    assert -60.0 < low < 0.0
    assert 4.0 < high < 60.0


def test_what_cannot_be_assessed_is_hollow(small):
    def fills(verdict):
        report = replace(small, changes=[change(verdict_4permille=verdict)])
        (picture,) = draw_forest(lines_of(find(report), []))
        return picture.svg.count("fill: #ffffff")

    assert fills("not assessable") > fills("above")


def test_areas_stand_above_the_plots(small):
    row = {"level": "farm", "name": "North", "rate_permille_year": 2.0}
    words = forest(replace(small, aggregates=[row]))

    assert words.index("farm North") < words.index("A")
    assert "2.0 (no interval), no verdict" in words
