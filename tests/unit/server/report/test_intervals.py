"""What an interval says in pictures, tables and sentences: where it lies, and of how many."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from server.report.bars import Outside, bar_of
from server.report.colours import MARKS
from server.report.findings import find
from server.report.forest import draw_forest
from server.report.forest_lines import lines_of
from server.report.model import PlotFacts
from server.report.page import render
from server.report.series import draw_series, frame_of
from server.report.visits import group_series
from tests.unit.server.report.reading import SVG, Page, words_of
from tests.unit.server.report.samples import change

pytestmark = pytest.mark.slow

LIMITS = (-20.0, 20.0)
SAMPLED = {"points_sampled0": 4, "points_sampled1": 5}


def picture_of(report):
    (drawn,) = draw_forest(lines_of(find(report), report.aggregates))
    return drawn, ET.fromstring(drawn.svg)  # noqa: S314 - our own picture


def marks_in(svg, colour):
    """What is drawn in the colour of a verdict: markers, and lines that are none."""
    drawn = (*svg.iter(f"{SVG}use"), *svg.findall(f".//{SVG}g/{SVG}path"))
    return [each for each in drawn if colour in each.get("style", "")]


@pytest.mark.parametrize(
    ("given", "shape", "arrows", "outside"),
    [
        ((-3.0, 3.0), "interval", "", None),
        ((-30.0, 3.0), "interval", "<", None),
        ((-30.0, 30.0), "interval", "<>", None),
        ((21.0, 80.0), "interval", ">", Outside.RIGHT),
        ((21.0, None), "unbounded", ">", Outside.RIGHT),
        ((-80.0, -21.0), "interval", "<", Outside.LEFT),
        ((None, -21.0), "unbounded", "<", Outside.LEFT),
        ((None, None), "unbounded", "<>", None),
        ((1.0, 2.0), "disjoint", "<>", None),
    ],
)
def test_an_interval_has_an_arrow_at_each_edge_that_it_passes(
    given, shape, arrows, outside
):
    bar = bar_of(given, LIMITS, shape)

    assert "".join(arrow for _, arrow in bar.arrows) == arrows
    assert bar.outside is outside
    assert (bar.span is None) is (outside is not None)


@pytest.mark.parametrize(
    ("rate", "ends", "edge"),
    [(-140.0, [-150.0, -130.0], "left"), (140.0, [130.0, 150.0], "right")],
)
def test_an_interval_outside_of_the_picture_has_one_arrow_and_says_so(
    small, rate, ends, edge
):
    usual = [change(f"U{number}") for number in range(20)]
    far = change("far", rate_permille_year=rate, rate_ci95_permille_year=ends)
    far |= {"verdict_4permille": "above"}
    report = replace(small, plots=[], stocks=[], changes=usual)
    within, _ = picture_of(report)
    drawn, svg = picture_of(replace(report, changes=[*usual, far]))

    assert f"all of it beyond the {edge} edge" in words_of(svg)
    assert f"beyond the {edge} edge" in drawn.summary
    assert "beyond the" not in within.summary
    assert len(marks_in(svg, MARKS["above"].colour)) == 1  # the arrow, no bar, no ends
    assert not marks_in(picture_of(report)[1], MARKS["above"].colour)


def test_how_many_points_stands_beside_every_interval_of_a_plot(small):
    row = change(**SAMPLED, rate_permille_year=2.0)
    report = replace(small, changes=[row])
    page, (_, svg) = Page(render(report)), picture_of(report)

    assert "n 3 of 4, 3 of 5" in page.text
    assert any(word and word.endswith("n 3 of 4, 3 of 5") for word in words_of(svg))
    heads = [row for row in page.rows if "95 % interval" in row and "from" in row]
    assert heads
    for head in heads:
        assert {"n of sampled", "n"} & set(head)


def test_how_many_plots_stands_beside_the_interval_of_an_area(small):
    area = {
        "level": "farm",
        "name": "North",
        "plots": 7,
        "measured_plots": 5,
        "rate_permille_year": 1.5,
        "rate_ci95_permille_year": [0.5, 2.5],
        "verdict_4permille": "below",
    }
    report = replace(small, aggregates=[area])
    page, (drawn, svg) = Page(render(report)), picture_of(report)

    assert "1.5 (0.5 to 2.5), n 5 of 7 plots" in words_of(svg)
    assert "n 5 of 7 plots" in drawn.summary
    assert any("n 5 of 7 plots" in row for row in page.rows)


def test_a_curve_says_of_how_many_points_each_mean_is(small):
    page = Page(render(small))
    words = [word for picture in page.pictures() for word in words_of(picture)]

    assert "n 3 of 3" in words
    assert "n 1 of 3" in words


def test_counts_of_close_campaigns_stand_apart(small):
    rows = [
        {
            "level": "farm",
            "name": "North",
            "campaign": f"{day}",
            "date": f"2020-01-{day:02}",
            "plots": 2,
            "stock_t_ha": 40.0 + day,
            "stock_ci95_t_ha": [39.0 + day, 42.0 + day],
        }
        for day in range(1, 20)
    ]
    (curve,) = group_series(replace(small, group_stocks=rows))
    svg = ET.fromstring(draw_series(curve, frame_of([curve]), "g").svg)  # noqa: S314
    counts = [each for each in svg.iter(f"{SVG}text") if each.text == "2 plots"]

    assert len(counts) == len(rows)
    assert len({each.get("transform") for each in counts}) == len(rows)


def test_a_withheld_verdict_is_said_beside_its_figures(small):
    withheld = change(
        withheld=True, verdict_4permille="not assessable", reasons=["GAP"]
    )
    report = replace(small, changes=[withheld])
    page, (_, svg) = Page(render(report)), picture_of(report)

    assert any(word and word.endswith("verdict withheld") for word in words_of(svg))
    assert any("not assessable withheld" in " ".join(row) for row in page.rows)
    assert "the verdict is withheld: layers are missing (GAP)" in page.text


# --- curves of areas


def stratum(campaign, mean):
    return {
        "level": "stratum",
        "name": "silt",
        "campaign": campaign,
        "date": f"{campaign}-08-01",
        "plots": 2,
        "stock_t_ha": mean,
        "stock_ci95_t_ha": [mean - 1.0, mean + 1.0],
    }


@pytest.fixture
def silty(small):
    plots = [PlotFacts(code=code, stratum="silt") for code in ("A", "B")]
    curve = [stratum("2001", 40.0), stratum("2007", 41.0), stratum("2019", 45.0)]
    return replace(small, plots=[*plots, PlotFacts(code="C")], group_stocks=curve)


def breaks_of(report):
    (curve,) = group_series(report)
    return [day.isoformat() for day in curve.breaks]


def test_the_curve_of_an_area_breaks_where_one_of_its_plots_has_a_new_method(silty):
    new = {"reasons": ["METHOD_CHANGED"]}
    steady = [change("A", ("2001", "2007")), change("A", ("2007", "2019"))]
    moved = [change("B", ("2001", "2007"), **new), change("B", ("2007", "2019"))]
    elsewhere = [change("C", ("2007", "2019"), **new)]

    assert breaks_of(replace(silty, changes=[*steady, *elsewhere])) == []
    report = replace(silty, changes=[*steady, *moved, *elsewhere])
    assert breaks_of(report) == ["2007-08-01"]
    page = Page(render(report))
    assert "the laboratory method changed there" in page.text


def test_a_method_that_changed_in_a_campaign_without_a_mark_breaks_the_curve(silty):
    skipped = [row for row in silty.group_stocks if row["campaign"] != "2007"]
    new = {"reasons": ["METHOD_CHANGED"]}
    changes = [change("A", ("2001", "2007"), **new), change("A", ("2007", "2019"))]

    report = replace(silty, group_stocks=skipped, changes=changes)
    assert breaks_of(report) == ["2019-08-01"]
    # Back to the method of before: the two that are drawn were compared and can be.
    back = [*changes, change("A", ("2001", "2019"))]
    assert breaks_of(replace(report, changes=back)) == []
