"""The year page: what an organisation gets, and the sheet of all, on a real server's records."""

import json
from io import BytesIO

import pypdfium2
import pytest

from server.errors import NotFoundError
from server.figures.year import members_year, organisation_year
from server.report.year import members_page, organisation_page
from server.report.year_page import digest_of, render_year
from server.report.year_pdf import draw_year
from tests.integration.test_portfolio import (
    A,
    B,
    opened,
    record_plot,
    synced,
    typed,
)

#: North is sampled in 2010 and 2020, as South, which then has 2022 too.
LATER = {**B, "2022": (22.5, 22.0, 21.5)}


@pytest.fixture
async def roth(server):
    """An organisation with two plots that were measured, and two that were not."""
    about = {"name": "Rothamsted <Research>", "college": "research_institute"}
    laptop = await opened(server, "N", country="GB", target_permille_year=2.0, **about)
    north = record_plot(laptop, "NORTH", A, area_ha=3.0, land_use="cropland")
    practice = {"plot_id": north, "family": "agroforestry", "what": "hedges"}
    laptop.add("practice", practice | {"from_date": "2011-01-01"})
    record_plot(laptop, "SOUTH", LATER, area_ha=1.0, land_use="grassland")
    laptop.add("plot", {"code": "WEST", "area_ha": 2.0, "land_use": "forest"})
    laptop.add("plot", {"code": "EAST"})
    await synced(server, laptop)
    return server


async def year_of(server, year):
    return await server.ask(lambda store: organisation_year(store, "ROTH", year))


async def test_a_year_tells_what_was_sampled_by_its_end(roth):
    found = await year_of(roth, 2022)
    assert found["waiting"] == 0
    assert found["now"]["measured_plots"] == found["before"]["measured_plots"] == 2
    assert found["now"]["last_date"][:10] == "2022-09-01"
    assert found["before"]["last_date"][:10] == "2020-09-01"
    assert found["now"]["total_c_t_year"] != found["before"]["total_c_t_year"]
    earlier = await year_of(roth, 2021)
    assert earlier["now"] == found["before"]
    assert (await year_of(roth, 2015))["now"]["measured_plots"] == 0


async def test_what_was_visited_in_the_year_is_counted(roth):
    assert (await year_of(roth, 2022))["sampled"] == {
        "plots": 1,
        "cores": 3,
        "bags": 3,
    }
    assert (await year_of(roth, 2020))["sampled"]["plots"] == 2
    assert (await year_of(roth, 2021))["sampled"]["cores"] == 0


async def test_land_use_and_practice_stand_beside_the_year_before(roth):
    by = (await year_of(roth, 2022))["by"]
    uses = {row["name"]: row for row in by["land_use"]}
    assert set(uses) == {"cropland", "grassland", "forest", None}
    assert uses["cropland"]["now"] == uses["cropland"]["before"]
    assert uses["grassland"]["now"] != uses["grassland"]["before"]
    assert {row["name"] for row in by["practice"]} == {"agroforestry", None}


async def test_what_is_not_assessable_is_told_with_area_and_reason(roth):
    found = (await year_of(roth, 2022))["not_assessable"]
    assert (found["plots"], found["area_ha"]) == (2, 2.0)
    told = {row["meaning"]: (row["plots"], row["area_ha"]) for row in found["reasons"]}
    assert told == {
        "no area is recorded": (1, 0.0),
        "not measured in two campaigns yet": (1, 2.0),
    }


async def test_the_page_says_it_in_words_and_takes_no_markup_from_names(roth):
    found = await year_of(roth, 2022)
    html = render_year(organisation_page(found), digest_of(found))
    assert "<h1>Rothamsted &lt;Research&gt;: soil carbon in 2022</h1>" in html
    for said in (
        "college: research institute",
        "4 of 6 ha",
        "t CO2e a year",
        "Own target, 2 permille a year",
        "illustration and no norm",
        "not measured in two campaigns yet",
        "end of 2021",
        "longest change between two of its campaigns",
    ):
        assert said in html, said
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")
    assert html == render_year(organisation_page(found), digest_of(found))


async def test_the_pdf_is_one_sheet_with_the_same_words(roth):
    found = await year_of(roth, 2022)
    page = organisation_page(found)
    drawn = draw_year(page, digest_of(found))
    assert drawn == draw_year(page, digest_of(found))
    (sheet,) = pypdfium2.PdfDocument(BytesIO(drawn))
    assert [round(side) for side in sheet.get_size()] == [595, 842]
    told = " ".join(sheet.get_textpage().get_text_range().split())
    for said in (
        "Rothamsted <Research>",
        "t CO2e a year",
        "not measured in two",
        "forest",
    ):
        assert said in told, said


async def test_all_organisations_stand_on_one_sheet_and_sums_are_honest(roth):
    about = {"code": "INRA", "name": "INRAE", "country": "FR"}
    laptop = await opened(roth, "S", **about)
    await laptop.sync()
    seen = list(laptop.cursors[laptop.project_id])
    deep = {"reference_depth_cm": 20.0}
    laptop.draft("project", laptop.project_id, deep, base=seen)
    record_plot(laptop, "FIELD", A, area_ha=1.0)
    await synced(roth, laptop)
    found = await roth.ask(lambda store: members_year(store, 2022))
    named = [row["organisation"]["code"] for row in found["members"]]
    assert named == ["INRA", "ROTH"]
    (kind,) = found["sums"]["kind"]
    assert kind["not_summed"] == "stocks of several depths are not summed: 20, 30"
    assert {row["name"]: row["not_summed"] for row in found["sums"]["country"]} == {
        "FR": None,
        "GB": None,
    }
    assert found["total"]["not_summed"].startswith("stocks of several depths")
    page = members_page(found)
    assert "There is no sum of all" in page.result[0]
    assert "not summed" in render_year(page, digest_of(found))
    wide = next(iter(pypdfium2.PdfDocument(BytesIO(draw_year(page, "", is_wide=True)))))
    assert wide.get_size()[0] > wide.get_size()[1]


async def test_the_command_writes_both_and_says_where(roth, tmp_path):
    html, pdf = tmp_path / "roth.html", tmp_path / "roth.pdf"
    words = ("stocks", "year", "--organisation", "ROTH", "--year", "2022")
    done = await typed(roth, *words, "--html", html, "--pdf", pdf)
    assert (done.exit_code, done.output) == (0, f"Wrote {html} and {pdf}.\n")
    assert html.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert pdf.read_bytes().startswith(b"%PDF")
    printed = await typed(roth, *words)
    assert "By land use" in printed.output
    found = json.loads((await typed(roth, *words, "--json")).output)
    assert found["now"]["measured_plots"] == 2
    sheet = await typed(roth, "stocks", "year", "--all", "--year", "2022")
    assert "Organisations" in sheet.output


async def test_who_is_not_here_is_told_which_organisations_are(roth):
    with pytest.raises(
        NotFoundError, match="no project is run by an organisation NONE"
    ):
        await roth.ask(lambda store: organisation_year(store, "NONE", 2022))
    done = await typed(roth, "stocks", "year", "--year", "2022")
    assert "give one of --organisation and --all" in done.output
    words = ("stocks", "year", "--organisation", "ROTH", "--year", "2022", "--html")
    done = await typed(roth, *words, "/no/such/folder/page.html")
    assert "cannot be written" in done.output
