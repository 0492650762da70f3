"""A project's report from a real server: one page that needs nothing else."""

from server.figures.report_data import report_of
from server.report.page import render
from tests.integration.test_derivation import SOC, record_campaign

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
