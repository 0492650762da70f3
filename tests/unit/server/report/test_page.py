import re
from dataclasses import replace
from importlib.resources import files

import pytest

from server.report.model import (
    CampaignFacts,
    Command,
    OpenCounts,
    PlotFacts,
    ReasonText,
)
from server.report.page import digest, render
from tests.unit.server.report.reading import SVG, Page, words_of
from tests.unit.server.report.samples import change, square, stocks

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert('x')</script>&\"]]>"


def test_the_same_report_gives_the_same_bytes(small, many, many_page):
    assert render(small) == render(small)
    assert render(replace(many, plots=many.plots[::-1])) == many_page


def test_the_page_refers_to_nothing_outside_of_itself(many_page):
    page = Page(many_page)

    for name in ("src", "srcset", "action", "data", "poster", "xlink:href"):
        assert page.values(name) == []
    assert all(value.startswith("#") for value in page.values("href"))
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(page.tags)
    assert not re.search(r"@import|url\((?!#)", page.html)
    unknown = set(re.findall(r"https?://[^\"<\s]+", page.html))
    assert unknown <= {"http://www.w3.org/2000/svg"}  # a name, never fetched


def test_every_reference_and_id_on_the_page_holds(small):
    page = Page(render(replace(small, changes=[change(reasons=["GAP"])])))
    ids = page.values("id")

    assert len(ids) == len(set(ids))
    wanted = {value[1:] for value in page.values("href")}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", page.html))
    wanted |= set(page.values("aria-describedby"))
    assert "reason-GAP" in wanted
    assert wanted <= set(ids)


def test_hostile_names_are_text_and_nothing_else(small):
    plots = [
        PlotFacts(
            code=HOSTILE,
            name=HOSTILE,
            farm=HOSTILE,
            stratum=HOSTILE,
            land_use=HOSTILE,
            geometry=square(),
        )
    ]
    hostile = replace(
        small,
        project=replace(
            small.project, title=HOSTILE, organisation=HOSTILE, settings={HOSTILE: 1}
        ),
        written_at=HOSTILE,
        plots=plots,
        stocks=stocks(HOSTILE, HOSTILE, reasons=[HOSTILE]),
        changes=[change(HOSTILE, reasons=[HOSTILE], design=HOSTILE)],
        trends=[{"plot": HOSTILE, "stage": HOSTILE, "reasons": [HOSTILE]}],
        aggregates=[{"level": HOSTILE, "name": HOSTILE, "verdict_zero": HOSTILE}],
        campaigns=[CampaignFacts(name=HOSTILE, date="2016-10-01")],
        commands=[Command(HOSTILE, HOSTILE)],
    )
    page = Page(render(hostile))

    assert "script" not in page.tags
    assert "<script" not in page.html
    assert HOSTILE in page.text
    for picture in page.pictures():
        assert picture.find(f"{SVG}script") is None
    # The stock alone has a curve only where its campaign has a day.
    assert any(
        words.startswith(HOSTILE[:16])
        for picture in page.pictures()
        for words in words_of(picture)
        if words
    )


@pytest.mark.parametrize(
    "words",
    ["<script>x</script>", '"><b onclick="x', "' onclick='x", "&lt;b&gt; & &amp;"],
)
def test_no_text_leaves_the_element_or_the_quotes_that_it_stands_in(small, words):
    hostile = replace(
        small,
        project=replace(small.project, code=words, title=words),
        plots=[PlotFacts(code=words, name=words)],
        stocks=[],
        changes=[change(words, reasons=[words], verdict_zero=words)],
        reasons={words: ReasonText(words, words, words)},
        commands=[Command(words, words)],
    )
    plain, page = Page(render(small)), Page(render(hostile))

    assert {name for _, name, _ in page.attributes} <= {
        n for _, n, _ in plain.attributes
    }
    assert set(page.tags) <= set(plain.tags)
    assert [words, words, words, words] in page.rows
    assert words in page.words  # the head of the page
    assert f"# {words}\n{words}" in page.words
    assert f"#reason-{words}" in page.values("href")
    assert f"reason-{words}" in page.values("id")


def test_no_template_takes_text_for_markup():
    sources = [
        path.read_text("utf-8")
        for path in files("server.report").joinpath("templates").iterdir()
    ]

    assert len(sources) > 1
    assert not any(re.search(r"\|\s*safe\b|autoescape", text) for text in sources)


@pytest.mark.parametrize(
    "name", ["a$x^2$b", "\x00\x1b[2J", "\u65bc\u7530", "\U0001f33e", "\ud800"]
)
def test_names_of_any_script_are_drawn_as_they_are(small, name):
    page = Page(render(replace(small, plots=[PlotFacts(code=name, geometry=square())])))

    assert page.pictures()
    page.html.encode("utf-8")
    if name.isprintable():
        assert any(name in words_of(picture) for picture in page.pictures())


def test_every_plot_and_every_change_stands_in_a_table(many):
    more = change("not in the list", ("1959", "1963"), change_t_ha=-7.123)
    page = Page(render(replace(many, changes=[*many.changes, more])))
    first = [row[0] for row in page.rows if row]

    for plot in many.plots:
        assert first.count(plot.code) == 5  # twice its change, two stocks, itself
    assert first.count("not in the list") == 3
    assert any("-7.12" in row for row in page.rows)


def test_what_is_not_known_is_never_printed_as_a_word_of_the_program(small):
    unknown = dict.fromkeys(change()) | {
        "plot": "A",
        "from_campaign": "2016",
        "to_campaign": "2021",
        "to_date": "2021-10-01",
        "reasons": ["GAP"],
    }
    odd = change(
        rate_ci95_permille_year=[None, None],
        rate_ci95_shape="unbounded",
        change_ci95_t_ha=None,
        p_value=float("nan"),
        se_t_ha=float("inf"),
        rate_permille_year=float("-inf"),
    )
    rows = [{}, dict.fromkeys(stocks()[0]) | {"plot": "A", "campaign": "x"}]
    page = Page(
        render(
            replace(
                small,
                stocks=[*small.stocks, *rows],
                changes=[unknown, odd, {}],
                trends=[{}],
                aggregates=[{}],
                group_stocks=[{}],
                project=replace(small.project, organisation=None, settings={"x": None}),
            )
        )
    )

    assert "unbounded to unbounded" in page.text
    assert not re.search(r"\b(None|nan|NaN|inf|null|True|False)\b", page.text)
    assert not re.search(r"\b(nan|inf)\b", "".join(page.values("d")))


def test_pictures_are_well_formed_and_say_what_they_show(small, many_page):
    for html in (render(small), many_page):
        page = Page(html)
        assert page.pictures()
        for picture in page.pictures():
            title, words = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
            assert title.text
            assert len(words.text) > 20
            assert picture.get("role") == "img"
            assert picture.get("aria-label") == title.text
            assert "viewBox" in picture.attrib


def test_few_plots_have_a_sentence_each(small):
    text = Page(render(small)).text

    assert (
        "A (Acre) , 2016 to 2021: 4.0 permille a year (95 % interval -0.3 to 8.3, n 3),"
        " not distinguishable from the 4 permille line; against zero: no detectable change."
    ) in text
    assert "B : no two campaigns to compare yet." in text


def test_many_plots_are_counted(many_page):
    text = Page(many_page).text

    assert (
        "Of 60 plots, 20 are above the 4 permille line, 20 below it and 20 not"
        " distinguishable from it."
    ) in text


def test_the_line_is_never_called_a_pass_mark(small, many_page, empty):
    for html in (render(small), many_page, render(empty)):
        assert "a line to compare with, not a pass mark" in Page(html).text


def test_area_without_a_verdict_is_not_counted_as_assessed(small):
    assert "3.0 of 4.0 ha (75 %)" in Page(render(small)).text


def test_contested_inputs_make_the_report_provisional(small):
    settled = Page(render(small))
    open_ = Page(render(replace(small, custody=OpenCounts(conflicts=2, quarantined=1))))
    below = replace(small, changes=[change(provisional={"conflicts": 1})])

    assert "Provisional" not in settled.text
    assert "2 conflicts not decided and 1 recorded change in quarantine" in open_.text
    assert "1 stock change rests on such records" in Page(render(below)).text


def test_reasons_are_explained_and_unknown_ones_are_not_lost(small):
    page = Page(render(replace(small, changes=[change(reasons=["NEW_CODE"])])))

    assert ["GAP", "layers are missing", "enter them", "stays"] in page.rows
    assert any(row[0] == "NEW_CODE" and "not explained" in row[1] for row in page.rows)


def test_the_total_of_a_small_area_is_not_swallowed(small):
    farm = {"level": "farm", "area_ha": 0.02, "total_co2e_t_year": 0.0123}
    farm["total_co2e_ci95_t_year"] = [-0.004, 0.0286]
    rows = Page(render(replace(small, aggregates=[farm]))).rows
    assert any({"0.020", "0.012", "-0.0040 to 0.029"} <= set(row) for row in rows)


def test_rows_of_the_stock_engine_fill_their_tables(small):
    trend = {"plot": "A", "campaigns": 3, "slope_t_ha_year": 0.123, "curved": True}
    farm = {
        "level": "farm",
        "name": "North",
        "measured_area_ha": 2.5,
        "total_co2e_ci95_t_year": [-1.0, None],
    }
    seen = change(
        judged_on="equivalent_mass",
        reference_mass_t_ha=4100.4,
        mdd_t_ha=1.5,
        points_needed_4permille=31,
        years_needed_4permille=None,
        detectability_reason="ZERO_BASELINE",
    )
    zero = {"ZERO_BASELINE": ReasonText("the baseline stock is zero", "wait", "stays")}
    given = {"changes": [seen], "trends": [trend], "aggregates": [farm]}
    rows = Page(render(replace(small, **given, reasons=zero))).rows

    for told in (
        {"equivalent mass", "4100"},
        {"1.50", "31", "the baseline stock is zero (ZERO_BASELINE)"},
        {"0.123", "bends: read no verdict off it"},
        {"North", "2.5", "-1.0 to unbounded"},
    ):
        assert any(told <= set(row) for row in rows)


def test_an_empty_project_says_so_in_sentences(empty):
    page = Page(render(empty))

    assert page.pictures() == []
    for sentence in (
        "This project has no plots yet.",
        "No plot has a boundary, so there is no map.",
        "No stock with a date yet",
        "No plot has two campaigns yet",
        "There are no rows yet.",
    ):
        assert sentence in page.text


def test_commands_are_quoted_for_the_shell(small):
    page = Page(render(replace(small, project=replace(small.project, code="a b;c"))))

    assert "--project 'a b;c' --json" in page.text


def test_the_digest_follows_the_rows(small):
    other = replace(small, changes=[change(change_t_ha=1.0000001)])

    assert digest(small) == digest(replace(small, written_at="later"))
    assert digest(small) != digest(other)
    assert digest(small) in render(small)


@pytest.mark.slow
def test_five_hundred_plots_stay_one_page(many):
    plots = [replace(p, code=f"{p.code}-{n}") for n in range(9) for p in many.plots]
    rows = [
        {**row, "plot": f"{row['plot']}-{n}"} for n in range(9) for row in many.changes
    ]
    page = Page(render(replace(many, plots=plots, changes=rows, stocks=[])))

    assert "Of 540 plots" in page.text
    assert len(page.html) < 4_000_000
