"""A project's report from a real server: one page that needs nothing else."""

import re

import pytest

from server.figures.report_data import report_of
from server.report.page import render
from tests.integration.test_derivation import SOC, record_campaign
from tests.integration.test_portfolio import typed

SQUARE = {
    "type": "Polygon",
    "coordinates": [
        [[2.0, 48.0], [2.01, 48.0], [2.01, 48.01], [2.0, 48.01], [2.0, 48.0]]
    ],
}


async def page_of(server):
    report = await server.ask(lambda store: report_of(store, "HF"))
    return report, render(report)


async def test_the_report_of_a_project_shows_its_plots_and_figures(server):
    laptop = await server.laptop("north")
    fields = {"code": "P<1>", "area_ha": 2.5, "stratum": "clay", "geometry": SQUARE}
    plot = laptop.add("plot", fields)
    for name, values in SOC.items():
        record_campaign(laptop, plot, name, values)
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    report, page = await page_of(server)
    assert [p.code for p in report.plots] == ["P<1>"]
    assert [(p.points, p.cores, p.bags) for p in report.plots] == [(3, 6, 6)]
    change = report.changes[0]["change_t_ha"]
    assert f"{change:.2f}" in page
    assert "P&lt;1&gt;" in page
    assert "P<1>" not in page
    means = [row["stock_t_ha"] for row in report.group_stocks]
    assert means == [sum(values) / 3 * 3.75 for values in SOC.values()]
    assert "http:" not in page.replace("http://www.w3.org", "")
    assert "https:" not in page


async def test_an_empty_project_has_a_report_that_says_so(server):
    report, page = await page_of(server)
    assert report.plots == []
    assert "<html" in page


@pytest.fixture
async def farm(server):
    """Two plots of a farm; the second one has a new laboratory method and mixed cores."""
    laptop = await server.laptop("north")
    for code, visits in {"A": ("2003", "2011", "2019"), "B": ("2003", "2011")}.items():
        fields = {"code": code, "area_ha": 1.5, "farm": "Mill farm"}
        plot = laptop.add("plot", fields)
        for campaign in visits:
            record_layers(laptop, plot, code, campaign)
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    return server


def record_layers(laptop, plot, code, campaign):
    """Record two points with three bags each; of plot B cores of four in a bag."""
    method = "tinsley" if (code, campaign) == ("B", "2011") else "dry_combustion"
    visit = laptop.add(
        "campaign",
        {"name": campaign, "start_date": f"{campaign}-04-01", "purpose": "resampling"},
    )
    for number in (1, 2):
        point = laptop.add("point", {"plot_id": plot, "code": str(number)})
        core = {"point_id": point, "campaign_id": visit, "number": 1}
        core |= {"sampled_at": f"{campaign}-04-01T12:00:00Z"}
        core |= {"tool": "auger", "cores_composited": 4} if code == "B" else {}
        hole = laptop.add("core", core)
        for top, bottom, soc in ((0, 12, 20.0), (12, 30, 14.0), (30, 45, None)):
            bag = {"core_id": hole, "sample_code": f"{code}{campaign}{number}-{top}"}
            bag |= {"depth_top_cm": top, "depth_bottom_cm": bottom}
            bag |= {"bulk_density_g_cm3": 1.3, "bulk_density_method": "ring"}
            bag |= {"bulk_density_definition": "fine_in_total"}
            sample = laptop.add("sample", bag)
            if soc is not None:
                result = {"sample_id": sample, "analyte": "soc", "replicate": 1}
                value = soc + number + int(campaign) / 1000 * number
                result |= {"value": round(value, 2), "unit": "g_kg", "method": method}
                laptop.add("result", result)


async def test_points_cores_and_bags_are_counted_from_the_records(farm):
    report, page = await page_of(farm)

    assert [(p.code, p.points, p.cores, p.bags) for p in report.plots] == [
        ("A", 2, 6, 18),
        ("B", 2, 16, 12),
    ]
    assert "<dt>Bags</dt><dd>30</dd>" in page
    assert "<dt>Cores</dt><dd>22</dd>" in page


async def test_soc_by_depth_follows_from_the_layers(farm):
    report, page = await page_of(farm)
    rows = [row for row in report.layers if row["plot"] == "A"]

    assert [(r["campaign"], r["top_cm"], r["bottom_cm"], r["n"]) for r in rows] == [
        (campaign, top, bottom, 2)
        for campaign in ("2003", "2011", "2019")
        for top, bottom in ((0, 12), (12, 30))
    ]
    # 20 + 1 + 2.003 and 20 + 2 + 4.006
    assert rows[0]["soc_g_kg"] == pytest.approx((23.0 + 26.01) / 2)
    assert "SOC by depth: A" in page


async def test_the_curve_of_a_farm_breaks_where_a_plot_has_a_new_method(farm):
    report, page = await page_of(farm)

    assert [(r["level"], r["campaign"], r["plots"]) for r in report.group_stocks] == [
        ("farm", "2003", 2),
        ("farm", "2011", 2),
    ]
    assert page.count("New laboratory method: 2011-04-01.") == 2  # the farm and plot B


async def test_the_same_numbers_give_the_same_bytes_unless_a_stamp_is_asked_for(
    farm, tmp_path
):
    pages = []
    for name, *more in (("one",), ("two",), ("three", "--stamp")):
        path = tmp_path / f"{name}.html"
        words = ("stocks", "report", "HF", "--html", str(path))
        done = await typed(farm, *words, *more)
        assert done.exit_code == 0, done.output
        pages.append(path.read_bytes())

    assert pages[0] == pages[1]
    assert b"<dt>Written</dt>" not in pages[0]
    stamped = re.sub(rb"<div><dt>Written</dt><dd>[^<]+ UTC</dd></div>\n", b"", pages[2])
    assert stamped != pages[2]
    assert stamped == pages[0]
