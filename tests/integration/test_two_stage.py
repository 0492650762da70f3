"""Plots drawn out of many: recorded on a laptop, synced, and told of as a sample."""

import json

import pytest

from server.clock import Clock
from server.custody.own_log import edit_project
from server.figures.choices import By
from server.figures.report_data import report_of
from server.report.page import render
from server.stocks.choices import Lonely, Programme
from server.stocks.crediting_rows import Crediting
from tests.integration.test_portfolio import (
    T_HA_PER_G_KG,
    YEARS,
    asked,
    opened,
    record_plot,
    synced,
    typed,
)

#: Plot: stratum, area in ha, SOC of its points in two campaigns, g/kg.
PLOTS = {
    "C1": ("clay", 2.0, (16.0, 17.0, 18.0), (18.0, 19.0, 19.5)),
    "C2": ("clay", 3.0, (20.0, 21.0), (20.0, 22.0)),
    "C3": ("clay", 1.0, (15.0,), (16.5,)),
    "L1": ("loam", 4.0, (12.0, 13.0), (12.5, 13.5)),
    "L2": ("loam", 2.0, (11.0, 14.0), (13.0, 15.0)),
}
ALL_LAND = {"plot_selection": "random_sample", "sampled_area_ha": 1200.0}
STRATA = {
    "plot_selection": "random_sample",
    "sampled_strata_ha": {"clay": 300.0, "loam": 900.0},
}


def gains(stratum=None):
    """Area and annual gain in t/ha of each plot."""
    return [
        (
            area,
            T_HA_PER_G_KG
            * (sum(after) / len(after) - sum(before) / len(before))
            / YEARS,
        )
        for own, area, before, after in PLOTS.values()
        if stratum in {None, own}
    ]


def two_stage(pairs):
    """Mean, variance between plots and degrees of freedom, from the formula."""
    total, count = sum(area for area, _ in pairs), len(pairs)
    mean = sum(area * gain for area, gain in pairs) / total
    squares = sum((area * (gain - mean)) ** 2 for area, gain in pairs)
    return mean, count / (count - 1) * squares / total**2, count - 1


async def choose(server, laptop, fields):
    """Record on a laptop how the plots of the project were chosen."""
    base = await server.seen(server.project_id)
    laptop.draft("project", server.project_id, fields, base=base)
    await synced(server, laptop)


@pytest.fixture
async def laptop(server):
    return await server.laptop("north")


@pytest.fixture
async def drawn(server, laptop):
    for code, (stratum, area, before, after) in PLOTS.items():
        visits = {"2010": before, "2020": after}
        record_plot(laptop, code, visits, area_ha=area, stratum=stratum, farm=code[0])
    await synced(server, laptop)
    return server


async def test_drawn_plots_stand_for_all_land_with_the_variance_between_them(
    drawn, laptop
):
    before = (await asked(drawn))["total"]
    assert (before["sampling"], before["drawn_plots"]) == ("every_plot", 0)
    assert before["represented_area_ha"] == before["measured_area_ha"] == 12.0
    assert before["annual_se_t_ha"] is None, "C3 has one point"
    await choose(drawn, laptop, ALL_LAND)
    total = (await asked(drawn))["total"]
    mean, variance, df = two_stage(gains())
    assert total["annual_t_ha"] == pytest.approx(mean)
    assert total["annual_se_t_ha"] == pytest.approx(variance**0.5)
    assert total["annual_df"] == pytest.approx(df)
    assert total["total_c_t_year"] == pytest.approx(1200.0 * mean)
    assert (total["sampling"], total["drawn_plots"]) == ("two_stage", 5)
    assert (total["plots"], total["measured_plots"]) == (5, 5)
    assert (total["area_ha"], total["represented_area_ha"]) == (1200.0, 1200.0)
    assert (total["measured_area_ha"], total["coverage"]) == (12.0, 1.0)
    assert total["reasons"] == []


async def test_strata_of_drawn_plots_are_combined_by_all_their_land(drawn, laptop):
    await choose(drawn, laptop, STRATA)
    document = await asked(drawn, by=(By.STRATUM,))
    clay, loam = document["groups"]
    for row, area in ((clay, 300.0), (loam, 900.0)):
        mean, variance, df = two_stage(gains(row["name"]))
        assert row["annual_t_ha"] == pytest.approx(mean)
        assert row["annual_se_t_ha"] == pytest.approx(variance**0.5)
        assert row["annual_df"] == pytest.approx(df)
        assert row["represented_area_ha"] == row["area_ha"] == area
    total = document["total"]
    (mean_c, var_c, df_c), (mean_l, var_l, df_l) = map(
        two_stage, (gains("clay"), gains("loam"))
    )
    assert total["annual_t_ha"] == pytest.approx(0.25 * mean_c + 0.75 * mean_l)
    parts = (0.25**2 * var_c, 0.75**2 * var_l)
    assert total["annual_se_t_ha"] == pytest.approx(sum(parts) ** 0.5)
    df = sum(parts) ** 2 / (parts[0] ** 2 / df_c + parts[1] ** 2 / df_l)
    assert total["annual_df"] == pytest.approx(df)
    assert total["total_c_t_year"] == pytest.approx(300 * mean_c + 900 * mean_l)
    assert document["projects"][0]["sampled_strata_ha"] == {
        "clay": 300.0,
        "loam": 900.0,
    }


async def test_where_a_group_is_not_all_of_the_land_plots_stand_for_themselves(
    drawn, laptop
):
    await choose(drawn, laptop, ALL_LAND)
    document = await asked(drawn, by=(By.FARM, By.PLOT, By.STRATUM))
    assert {row["sampling"] for row in document["groups"]} == {"every_plot"}
    areas = [row["area_ha"] for row in document["groups"] if row["level"] == "farm"]
    assert areas == [6.0, 6.0]
    (note,) = document["notes"]
    assert "by farm, plot, stratum they stand for themselves" in note


async def test_land_without_a_measured_plot_is_not_represented(drawn, laptop):
    laptop.add("plot", {"code": "L3", "stratum": "loam", "area_ha": 6.0})
    strata = STRATA["sampled_strata_ha"] | {"peat": 100.0}
    await choose(drawn, laptop, STRATA | {"sampled_strata_ha": strata})
    total = (await asked(drawn))["total"]
    # Half of the drawn loam has no result; nobody drew a plot of the peat yet.
    assert total["area_ha"] == 1300.0
    assert total["represented_area_ha"] == pytest.approx(300.0 + 450.0)
    assert total["coverage"] == pytest.approx(750.0 / 1300.0)
    assert (total["plots"], total["measured_plots"]) == (6, 5)
    assert total["reasons"] == ["PARTIAL_COVERAGE"]
    (clay, _, _), (loam, _, _) = two_stage(gains("clay")), two_stage(gains("loam"))
    assert total["total_c_t_year"] == pytest.approx(300 * clay + 450 * loam)


async def test_strata_that_were_not_drawn_stand_for_themselves_beside(drawn, laptop):
    await choose(drawn, laptop, STRATA | {"sampled_strata_ha": {"clay": 300.0}})
    document = await asked(drawn)
    total = document["total"]
    assert (total["sampling"], total["drawn_plots"]) == ("partly_two_stage", 3)
    assert (total["area_ha"], total["measured_area_ha"]) == (306.0, 12.0)
    assert {row["plot"] for row in document["plots"] if row["drawn"]} == {
        "C1",
        "C2",
        "C3",
    }
    assert any("recorded for loam" in note for note in document["notes"])


async def test_one_drawn_plot_has_a_mean_and_no_error_unless_a_rule_is_chosen(
    server, laptop
):
    record_plot(laptop, "A", {"2010": (16.0, 17.0), "2020": (17.0, 19.0)}, area_ha=2.0)
    await choose(server, laptop, ALL_LAND)
    total = (await asked(server))["total"]
    assert total["annual_t_ha"] == pytest.approx(1.5 * T_HA_PER_G_KG / YEARS)
    assert total["annual_se_t_ha"] is None
    assert total["reasons"] == ["SINGLE_PLOT", "NO_VARIANCE"]
    assert total["verdict_zero"] == "not assessable"
    assert total["area_with_se_share"] == 0.0
    done = await typed(
        server, "stocks", "portfolio", "--project", "HF", "--lonely", "adjust"
    )
    assert "no variance between plots; rule used: adjust" in done.output
    ruled = (await asked(server, lonely=Lonely.CERTAINTY))["total"]
    assert ruled["reasons"] == total["reasons"]


async def test_more_plots_than_land_is_told(drawn, laptop):
    await choose(drawn, laptop, ALL_LAND | {"sampled_area_ha": 10.0})
    document = await asked(drawn, by=(By.PROJECT,))
    (note,) = document["notes"]
    assert "12 ha, more than the 10 ha they stand for" in note


async def test_the_selection_is_refused_where_it_says_two_things(drawn, laptop):
    base = await drawn.seen(drawn.project_id)
    nothing = dict.fromkeys(ALL_LAND | STRATA)
    for fields in (
        nothing | {"sampled_area_ha": 900.0},
        nothing | {"plot_selection": "random_sample"},
        ALL_LAND | STRATA,
        ALL_LAND | {"sampled_area_ha": 0.0},
    ):
        laptop.draft("project", drawn.project_id, fields, base=base)
    answer = await laptop.sync()
    assert answer.outcomes == ["quarantined"] * 4
    codes = [[why["code"] for why in verdict["why"]] for verdict in answer.verdicts]
    assert codes[:3] == [["pair_incomplete"], ["pair_incomplete"], ["either_or"]]
    assert codes[3][0] == "out_of_range"
    await drawn.derived()
    assert (await asked(drawn))["total"]["drawn_plots"] == 0


async def test_two_laptops_that_say_it_differently_meet_as_a_conflict(drawn, laptop):
    other = await drawn.laptop("south")
    base = await drawn.seen(drawn.project_id)
    await choose(drawn, laptop, ALL_LAND)
    other.draft("project", drawn.project_id, STRATA, base=base)
    assert (await other.sync()).outcomes == ["conflict"]
    await drawn.derived()
    assert (await asked(drawn))["projects"][0]["sampled_area_ha"] == 1200.0
    (conflict,) = await drawn.report("conflicts", drawn.project_id)
    assert conflict["group"] == "selection"


async def test_an_administrator_sets_it_and_takes_it_back(drawn):
    edit = ("project", "edit", "HF")
    strata = ("--sampled-strata-ha", "clay=300", "--sampled-strata-ha", "loam=900")
    for words, area in (
        (("--plot-selection", "random_sample", "--sampled-area-ha", "1200"), 1200.0),
        (strata, 1200.0),
        (("--plot-selection", "all"), 12.0),
    ):
        done = await typed(drawn, *edit, *words)
        assert done.exit_code == 0, done.output
        await drawn.derived()
        assert (await asked(drawn))["total"]["area_ha"] == area
    for words, code in (
        (("--sampled-area-ha", "0"), 2),
        (("--sampled-area-ha", "900"), 4),
        (("--sampled-strata-ha", "clay"), 4),
        (("--plot-selection", "most"), 2),
    ):
        done = await typed(drawn, *edit, *words)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output


async def test_the_words_say_that_it_is_a_sample_of_plots(drawn, laptop):
    await choose(drawn, laptop, ALL_LAND)
    words = ("stocks", "portfolio", "--project", "HF", "--by", "project")
    done = await typed(drawn, *words)
    assert done.exit_code == 0, done.output
    assert "Two-stage sample: 5 plots drawn out of many" in done.output
    assert "12 for 1200 of 1200 (100 %)" in done.output


async def test_an_own_target_is_tested_with_the_same_error(server):
    laptop = await opened(server, "N", target_permille_year=4.0)
    for code, (_, area, before, after) in PLOTS.items():
        record_plot(laptop, code, {"2010": before, "2020": after}, area_ha=area)
    await synced(server, laptop)
    await server.ask(lambda s: edit_project(s, Clock(), "N", ALL_LAND))
    await server.derived()
    total = (await asked(server, organisation="ROTH"))["total"]
    assert total["sampling"] == "two_stage"
    assert total["p_vs_target"] is not None
    assert total["p_vs_target"] == total["p_vs_4permille"]
    assert total["verdict_target"] == total["verdict_4permille"]


async def test_crediting_programmes_count_by_the_variance_between_plots(drawn, laptop):
    await choose(drawn, laptop, ALL_LAND)
    total = (await asked(drawn, crediting=Crediting(programme=Programme.VM0042)))[
        "total"
    ]
    mean, variance, _ = two_stage(gains())
    found = total["crediting"]
    # t(2/3, 4 df) = 0.464...: read off the distribution in test_documented.
    quantile = found["uncertainty"] * mean / variance**0.5
    assert quantile == pytest.approx(0.4641, abs=1e-4)
    credited = mean * (1 - found["uncertainty"])
    assert found["adjusted_annual_t_ha"] == pytest.approx(credited)
    assert found["adjusted_total_co2e_t_year"] == pytest.approx(
        credited * 1200 * 44 / 12
    )
    gold = (
        await asked(drawn, crediting=Crediting(programme=Programme.GOLD_STANDARD_402))
    )["total"]["crediting"]
    # Two-sided 90 % of each campaign: t(0.95, 4 df) = 2.131847.
    half = 2.131847 * (total["stock0_se_t_ha"] + total["stock1_se_t_ha"])
    gain = total["stock1_t_ha"] - total["stock0_t_ha"]
    assert gold["half_width_t_ha"] == pytest.approx(half, rel=1e-6)
    assert gold["change_t_ha"] == pytest.approx(gain)
    assert gold["creditable_total_co2e_t"] == pytest.approx(
        gold["creditable_t_ha"] * 1200 * 44 / 12
    )
    words = ("stocks", "portfolio", "--project", "HF", "--by", "project")
    for profile in ("vm0042", "gold_standard_402"):
        done = await typed(drawn, *words, "--profile", profile)
        assert "would count" in done.output, done.output
    plain = json.loads((await typed(drawn, *words, "--json")).stdout)
    assert "crediting" not in plain["total"]


async def test_the_report_says_how_many_plots_were_drawn(drawn, laptop):
    await choose(drawn, laptop, STRATA)
    document = await asked(drawn, by=(By.STRATUM,))
    rows = [document["total"], *document["groups"]]
    report = await drawn.ask(lambda store: report_of(store, "HF", rows))
    page = render(report)
    assert "5 plots drawn out of many" in page
    assert "1200.0 of 1200.0 ha, by 12.0 ha measured" in page
    first = next(r for r in report.group_stocks if r["name"] == "clay")
    pairs = [
        (area, T_HA_PER_G_KG * sum(before) / len(before))
        for stratum, area, before, _ in PLOTS.values()
        if stratum == "clay"
    ]
    mean, variance, _ = two_stage(pairs)
    low, high = first["stock_ci95_t_ha"]
    assert first["stock_t_ha"] == pytest.approx(mean)
    # t(0.975, 2 df) = 4.302653
    assert (high - low) / 2 == pytest.approx(4.302653 * variance**0.5, rel=1e-6)
