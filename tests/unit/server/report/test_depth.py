"""SOC by depth: which campaigns are drawn, and what the picture says."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from server.report.findings import find
from server.report.model import CampaignFacts, PlotFacts
from server.report.page import render
from server.report.soc_depth import depth_frame, depth_plots, draw_depth
from tests.unit.server.report.reading import Page, words_of
from tests.unit.server.report.samples import change

pytestmark = pytest.mark.slow


def layers(plot, campaign, *steps):
    tops = [0.0, *(bottom for bottom, *_ in steps)]
    return [
        {
            "plot": plot,
            "campaign": campaign,
            "top_cm": top,
            "bottom_cm": bottom,
            "soc_g_kg": soc,
            "n": n,
            "sampled": 5,
        }
        for top, (bottom, soc, n) in zip(tops, steps, strict=False)
    ]


@pytest.fixture
def deep(small):
    rows = [
        *layers("A", "2011", (20.0, 19.0, 5), (40.0, 8.0, 5)),
        *layers("A", "2016", (20.0, 20.0, 5), (40.0, 9.0, 5)),
        *layers("A", "2021", (20.0, 22.5, 5), (40.0, 9.5, 4)),
        *layers("B", "2016", (25.0, 14.0, 3)),
    ]
    return replace(small, layers=rows)


def test_the_campaigns_of_the_change_that_judges_a_plot_are_drawn(deep):
    found = depth_plots(deep, find(deep))

    assert [curve.campaign for curve in found["A"].curves] == ["2016", "2021"]
    assert [curve.campaign for curve in found["B"].curves] == ["2016"]


def test_without_a_change_the_first_campaign_and_the_last_are_drawn(deep):
    days = [CampaignFacts(name=f"20{y}", date=f"20{y}-05-01") for y in (21, 16, 11)]
    report = replace(deep, changes=[], campaigns=days)
    found = depth_plots(report, find(report))

    assert [curve.campaign for curve in found["A"].curves] == ["2011", "2021"]


def test_a_picture_names_campaigns_counts_units_and_the_reference_depth(deep):
    plot = depth_plots(deep, find(deep))["A"]
    drawn = draw_depth(plot, depth_frame([plot]), "a")
    words = words_of(ET.fromstring(drawn.svg))  # noqa: S314 - our own picture

    for told in (
        "2016, n 5 of 5",
        "2021, n 4 to 5 of 5",
        "SOC g/kg",
        "depth cm",
        "reference depth 30 cm",
    ):
        assert told in words
    assert "0 to 20 cm 22.5 g/kg (n 5 of 5) and 20 to 40 cm 9.5 g/kg" in drawn.summary


def test_layers_are_steps_and_a_gap_between_them_stays_open(deep):
    with_gap = [row for row in deep.layers if row["campaign"] == "2021"]
    with_gap[1] = with_gap[1] | {"top_cm": 28.0}
    plot = depth_plots(replace(deep, layers=with_gap), find(deep))["A"]
    whole = depth_plots(deep, find(deep))["A"]
    whole = replace(whole, curves=whole.curves[1:])

    def lines(each):
        return draw_depth(each, depth_frame([each]), "a").svg.count("#01665e")

    assert lines(plot) == lines(whole) + 1


def test_one_deep_pit_does_not_squeeze_the_others(deep):
    plots = [depth_plots(deep, find(deep))["A"]] * 3
    pit = replace(plots[0], curves=depth_plots(pit_of(deep), find(deep))["B"].curves)

    assert depth_frame(plots).deepest_cm == 40.0
    assert depth_frame([*plots, pit]).deepest_cm is None


def pit_of(report):
    return replace(report, layers=layers("B", "2016", (300.0, 5.0, 1)))


def test_soc_by_depth_comes_before_the_stocks_and_the_changes(deep):
    page = Page(render(deep))
    heads = [
        "SOC by depth",
        "Stocks in time",
        "Changes against zero and 4 permille a year",
    ]

    places = [page.html.index(f"<h2>{head}</h2>") for head in heads]
    assert places == sorted(places)
    assert page.pictures()[0].get("aria-label").startswith("SOC by depth: A")
    assert any(
        {"A", "2021", "20.0", "40.0", "9.50", "4 of 5"} <= set(row) for row in page.rows
    )


def test_another_laboratory_method_is_said_beside_the_picture(deep):
    changed = change(reasons=["METHOD_CHANGED"], verdict_4permille="not assessable")

    assert "other laboratory method" not in Page(render(deep)).text
    text = Page(render(replace(deep, changes=[changed]))).text
    assert "A Acre other laboratory method, not comparable" in text


def test_a_project_without_soc_says_so(small):
    page = Page(render(replace(small, plots=[PlotFacts(code="A")])))

    assert "No layer has SOC yet" in page.text
