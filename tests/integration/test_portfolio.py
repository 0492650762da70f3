"""What a project or an organisation contributes, on a real server's records."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main
from server.clock import Clock
from server.custody.own_log import add_project
from server.errors import NotFoundError
from server.figures.choices import By, CampaignSpan
from server.figures.portfolio import Choices, PortfolioScope, portfolio
from server.figures.queries import stocks_document
from server.stocks.choices import Lonely
from tests.science.check_values import rows

# 100 * 1.25 g/cm3 * 30 cm = 3750 t/ha of fine soil: 1 g/kg of SOC is 3.75 t/ha.
T_HA_PER_G_KG = 3.75
YEARS = 3653 / 365.25  # 2010-09-01 to 2020-09-01
A = {"2010": (16.0, 17.0, 18.5), "2020": (18.0, 19.25, 20.25)}  # +7.5 t/ha
B = {"2010": (20.0, 20.0, 20.0), "2020": (20.5, 20.0, 19.5)}  # no change


def record_plot(laptop, code, visits, *, method="dry_combustion", **fields):
    """Record a plot with one 0-30 cm layer at each point of each campaign."""
    methods = {} if isinstance(method, str) else method
    plot = laptop.add("plot", {"code": code} | fields)
    for name, values in visits.items():
        fields = {"name": name, "start_date": f"{name}-09-01", "purpose": "resampling"}
        campaign = laptop.add("campaign", fields)
        for number, soc in enumerate(values, start=1):
            point = laptop.add("point", {"plot_id": plot, "code": str(number)})
            hole = {"point_id": point, "campaign_id": campaign, "number": 1}
            core = laptop.add("core", hole | {"sampled_at": f"{name}-09-01T12:00:00Z"})
            layer = {
                "core_id": core,
                "sample_code": f"{code}-{name}-{number}",
                "depth_top_cm": 0.0,
                "depth_bottom_cm": 30.0,
                "bulk_density_g_cm3": 1.25,
                "bulk_density_definition": "fine_in_total",
                "bulk_density_method": "ring",
            }
            sample = laptop.add("sample", layer)
            if soc is None:
                continue
            result = {
                "sample_id": sample,
                "analyte": "soc",
                "replicate": 1,
                "value": soc,
                "unit": "g_kg",
                "method": methods.get(name, method if not methods else "tinsley"),
            }
            laptop.add("result", result)
    return plot


async def synced(server, laptop):
    while laptop.acked < len(laptop.lines):
        answer = await laptop.sync()
        assert set(answer.outcomes) <= {"accepted", "merged"}
    await server.derived()


async def asked(server, *, project="HF", organisation=None, **choices):
    scope = PortfolioScope(None if organisation else project, organisation)
    chosen = Choices(**choices)
    document, waiting = await server.ask(lambda s: portfolio(s, scope, chosen))
    assert waiting == 0
    return document


async def typed(server, *words):
    """Run a command as typed, in a thread with a loop of its own."""
    words = ["--data", str(server.data.path), *words]
    return await asyncio.to_thread(lambda: CliRunner().invoke(main, words))


@pytest.fixture
async def laptop(server):
    return await server.laptop("north")


@pytest.fixture
async def two(server, laptop):
    """Three hectares that gained 7.5 t/ha, one hectare that changed by nothing."""
    record_plot(laptop, "A", A, area_ha=3.0, farm="North", land_use="cropland")
    record_plot(laptop, "B", B, area_ha=1.0, farm="South", land_use="grassland")
    await synced(server, laptop)
    return server


async def test_a_project_is_the_mean_of_its_plots_weighted_by_area(two):
    total = (await asked(two))["total"]
    # D = 0.75 * 7.5 + 0.25 * 0; SE^2 = 0.75^2 * 0.9375^2 / 3 + 0.25^2 * 1.875^2 / 3.
    parts = (0.75**2 * 0.9375**2 / 3, 0.25**2 * 1.875**2 / 3)
    assert total["annual_t_ha"] == pytest.approx(5.625 / YEARS)
    assert total["annual_se_t_ha"] == pytest.approx(sum(parts) ** 0.5 / YEARS)
    assert total["annual_df"] == pytest.approx(
        sum(parts) ** 2 / sum(part**2 / 2 for part in parts)
    )
    assert total["total_c_t_year"] == pytest.approx(4 * 5.625 / YEARS)
    assert total["total_co2e_t_year"] == pytest.approx(44 / 12 * 4 * 5.625 / YEARS)
    low, high = total["total_co2e_ci95_t_year"]
    assert (low + high) / 2 == pytest.approx(total["total_co2e_t_year"])
    assert (total["coverage"], total["measured_plots"]) == (1.0, 2)
    assert total["reasons"] == []
    # (0.75 * 17.1667 + 0.25 * 20) g/kg
    base = T_HA_PER_G_KG * (0.75 * 51.5 / 3 + 0.25 * 20)
    assert total["stock0_t_ha"] == pytest.approx(base)
    assert total["rate_permille_year"] == pytest.approx(1000 * 5.625 / YEARS / base)
    assert total["verdict_zero"] == "gain"


@pytest.mark.parametrize(
    ("which", "lonely"),
    [("A", Lonely.FAIL), ("B", Lonely.ADJUST), ("B", Lonely.CERTAINTY)],
)
async def test_a_stratified_set_comes_out_as_the_r_package_survey_prints_it(
    server, laptop, which, lonely
):
    printed = next(
        row
        for row in rows("stratified_survey.csv")
        if (row["set_id"][0], row["lonely_psu"]) == (which, lonely.value)
    )
    plots = {}
    for row in rows("stratified_inputs.csv"):
        if row["set_id"][0] == which:
            plots.setdefault((row["stratum"], float(row["area_ha"])), []).append(row)
    for (code, area), members in plots.items():
        visits = {
            year: [float(row[stock]) / T_HA_PER_G_KG for row in members]
            for year, stock in (("1959", "stock0"), ("2009", "stock1"))
        }
        record_plot(laptop, code, visits, area_ha=area)
    await synced(server, laptop)
    total = (await asked(server, lonely=lonely))["total"]
    stretch = 50 / (18263 / 365.25)  # of the 50 years there to our days
    for key, column, factor in (
        ("area_ha", "area_ha", 1.0),
        ("annual_t_ha", "mean_annual", stretch),
        ("annual_se_t_ha", "se", stretch),
        ("total_c_t_year", "total_annual_tC", stretch),
        ("stock0_t_ha", "mean_stock0", 1.0),
        ("stock0_se_t_ha", "se_stock0", 1.0),
    ):
        expected = factor * float(printed[column])
        assert total[key] == pytest.approx(expected, rel=1e-6), key


async def test_plots_that_were_not_measured_or_have_no_area_are_never_filled(two):
    laptop = await two.laptop("later")
    laptop.add("plot", {"code": "C", "area_ha": 6.0})
    record_plot(laptop, "D", {"2020": (50.0, 51.0)}, area_ha=2.0)
    record_plot(laptop, "E", A)
    before = (await asked(two))["total"]
    await synced(two, laptop)
    document = await asked(two)
    total = document["total"]
    for key in ("annual_t_ha", "annual_ci95_t_ha", "total_c_t_year", "stock0_t_ha"):
        assert total[key] == before[key]
    assert (total["plots"], total["measured_plots"]) == (5, 2)
    assert (total["area_ha"], total["measured_area_ha"]) == (12.0, 4.0)
    assert total["coverage"] == pytest.approx(1 / 3)
    assert total["plots_without_area"] == 1
    assert total["reasons"] == ["AREA_MISSING", "PARTIAL_COVERAGE"]
    counted = {row["plot"]: row["counted"] for row in document["plots"]}
    assert counted == {"A": True, "B": True, "C": False, "D": False, "E": False}


async def test_a_plot_of_one_point_leaves_the_mean_without_an_error(two):
    laptop = await two.laptop("later")
    record_plot(laptop, "C", {"2010": (18.0,), "2020": (19.0,)}, area_ha=4.0)
    await synced(two, laptop)
    found = {rule: (await asked(two, lonely=rule))["total"] for rule in Lonely}
    mean = (0.5 * 5.625 + 0.5 * 3.75) / YEARS
    for rule, total in found.items():
        assert total["annual_t_ha"] == pytest.approx(mean)
        assert total["area_with_se_share"] == pytest.approx(0.5)
        assert total["lonely"] == rule.value
        assert {"SINGLE_POINT", "NO_VARIANCE"} <= set(total["reasons"])
    fail = found[Lonely.FAIL]
    assert fail["annual_se_t_ha"] is None
    assert fail["total_co2e_ci95_t_year"] is None
    assert fail["verdict_zero"] == "not assessable"
    known = 0.5 * (0.75**2 * 0.9375**2 / 3 + 0.25**2 * 1.875**2 / 3) ** 0.5 / YEARS
    assert found[Lonely.CERTAINTY]["annual_se_t_ha"] == pytest.approx(known)
    off = 0.5 * (3.75 / YEARS - mean)
    assert found[Lonely.ADJUST]["annual_se_t_ha"] == pytest.approx(
        (known**2 + off**2) ** 0.5
    )
    assert found[Lonely.AVERAGE]["annual_se_t_ha"] == pytest.approx(known * 1.5**0.5)


async def test_plots_are_gathered_by_what_was_recorded_of_them(two):
    laptop = await two.laptop("later")
    plot = laptop.add("plot", {"code": "A"})
    for family, what, period in (
        ("agroforestry", "hedges", {"from_date": "2012-01-01"}),
        ("regenerative", "clover", {}),
        ("other", "long ago", {"to_date": "2009-01-01"}),
        ("other", "not yet", {"from_date": "2021-01-01"}),
    ):
        practice = {"plot_id": plot, "family": family, "what": what} | period
        laptop.add("practice", practice)
    await synced(two, laptop)
    document = await asked(two, by=(By.FARM, By.LAND_USE, By.PRACTICE, By.STRATUM))
    found = {
        (row["level"], row["project"], row["name"]): row["measured_area_ha"]
        for row in document["groups"]
    }
    assert found == {
        ("farm", "HF", "North"): 3.0,
        ("farm", "HF", "South"): 1.0,
        ("land_use", None, "cropland"): 3.0,
        ("land_use", None, "grassland"): 1.0,
        ("practice", None, "agroforestry"): 3.0,
        ("practice", None, "regenerative"): 3.0,
        ("practice", None, None): 1.0,
        ("stratum", "HF", None): 4.0,
    }
    assert any("counts in each" in note for note in document["notes"])
    north = document["groups"][0]
    # The farm of one plot says what its plot says.
    change = (await two.ask(lambda s: stocks_document(s, "HF", "A")))[0]["changes"][0]
    assert north["annual_t_ha"] == pytest.approx(change["annual_t_ha"])
    assert north["annual_ci95_t_ha"] == pytest.approx(change["annual_ci95_t_ha"])
    assert north["rate_ci95_permille_year"] == pytest.approx(
        change["rate_ci95_permille_year"], rel=1e-5
    )
    assert north["verdict_4permille"] == change["verdict_4permille"]


async def opened(server, project_code, /, **organisation):
    """Open a project of an organisation; return a laptop in it."""
    named = {"code": project_code, "title": project_code}
    project = named | {"stock_method_profile": "fixed_depth"}
    runs = {"code": "ROTH", "name": "Rothamsted", "kind": "member"} | organisation
    project_id = await server.ask(lambda s: add_project(s, Clock(), project, runs))
    laptop = await server.laptop(project_code, [project_id])
    laptop.project_id = project_id
    return laptop


async def test_one_code_in_several_projects_is_one_organisation_with_its_target(server):
    college = {"college": "research_institute", "country": "GB"}
    for code, plot, visits, area in (("N", "A", A, 3.0), ("S", "B", B, 1.0)):
        laptop = await opened(server, code, target_permille_year=2.0, **college)
        record_plot(laptop, plot, visits, area_ha=area)
        await synced(server, laptop)
    by = (By.PROJECT, By.COLLEGE, By.COUNTRY)
    document = await asked(server, organisation="ROTH", by=by)
    total = document["total"]
    assert total["annual_t_ha"] == pytest.approx(5.625 / YEARS)
    assert total["target_permille_year"] == 2.0
    assert total["verdict_target"] == "above"
    assert [(row["level"], row["name"]) for row in document["groups"]] == [
        ("project", "N"),
        ("project", "S"),
        ("college", "research_institute"),
        ("country", "GB"),
    ]
    assert document["groups"][1]["verdict_target"] == "not distinguishable"
    assert {each["code"] for each in document["projects"]} == {"N", "S"}
    with pytest.raises(NotFoundError, match="organisation NONE"):
        await asked(server, organisation="NONE")


async def test_the_target_is_tested_as_4_permille_is(server):
    laptop = await opened(server, "N", target_permille_year=4.0)
    record_plot(laptop, "A", A, area_ha=3.0)
    await synced(server, laptop)
    total = (await asked(server, organisation="ROTH"))["total"]
    assert total["p_vs_target"] == total["p_vs_4permille"]
    assert total["verdict_target"] == total["verdict_4permille"] == "above"


async def test_a_target_beyond_the_measured_rate_is_not_reached(server):
    laptop = await opened(server, "N", target_permille_year=50.0)
    record_plot(laptop, "A", A, area_ha=3.0)
    await synced(server, laptop)
    total = (await asked(server, organisation="ROTH"))["total"]
    assert total["verdict_4permille"] == "above"
    assert total["verdict_target"] == "below"


async def test_a_target_is_not_judged_where_no_verdict_is_given(server):
    laptop = await opened(server, "N", target_permille_year=2.0)
    record_plot(laptop, "A", A, area_ha=3.0, method={"2020": "dry_combustion"})
    await synced(server, laptop)
    total = (await asked(server, organisation="ROTH"))["total"]
    assert "METHOD_CHANGED" in total["reasons"]
    assert total["verdict_target"] == "not assessable"


async def test_the_target_of_one_organisation_is_not_that_of_another(server):
    for code, runs in (("N", {"target_permille_year": 2.0}), ("S", {"code": "OTHER"})):
        laptop = await opened(server, code, **runs)
        record_plot(laptop, "A", A, area_ha=3.0)
        await synced(server, laptop)
    document = await asked(server, project=None, by=(By.ORGANISATION,))
    assert document["total"]["target_permille_year"] is None
    found = {row["name"]: row["target_permille_year"] for row in document["groups"]}
    assert found == {"OTHER": None, "ROTH": 2.0}


async def test_targets_that_contradict_each_other_are_not_tested(server):
    for code, target in (("N", 2.0), ("S", 3.0)):
        laptop = await opened(server, code, target_permille_year=target)
        record_plot(laptop, "A", A, area_ha=3.0)
        await synced(server, laptop)
    document = await asked(server, organisation="ROTH")
    assert document["total"]["target_permille_year"] is None
    assert document["total"]["verdict_target"] is None
    assert any("several targets (2, 3)" in note for note in document["notes"])
    assert [row["verdict_target"] for row in document["groups"]] == ["above"] * 2


async def test_what_waits_for_a_person_is_carried_up(two):
    laptop = await two.laptop("later")
    core = next(
        row
        for row in await two.report("records", two.project_id, "core")
        if row.fields["sampled_at"].startswith("2010")
    )
    bad = {"core_id": core.id, "sample_code": "deep"}
    laptop.add("sample", bad | {"depth_top_cm": 30.0, "depth_bottom_cm": 20.0})
    assert (await laptop.sync()).outcomes == ["quarantined"]
    await two.derived()
    document = await asked(two, by=(By.PLOT,))
    expected = {"plots": 1, "conflicts": 0, "quarantined": 1}
    assert document["total"]["provisional"] == expected
    assert sum(row["provisional"]["plots"] for row in document["groups"]) == 1


async def test_what_waits_is_counted_where_no_change_is_known_either(server, laptop):
    record_plot(laptop, "NEW", {"2020": (18.0, 19.0)}, area_ha=1.0)
    await synced(server, laptop)
    core = (await server.report("records", server.project_id, "core"))[0]
    bad = {"core_id": core.id, "sample_code": "deep"}
    laptop.add("sample", bad | {"depth_top_cm": 30.0, "depth_bottom_cm": 20.0})
    assert (await laptop.sync()).outcomes == ["quarantined"]
    await server.derived()
    total = (await asked(server))["total"]
    assert total["measured_plots"] == 0
    assert total["provisional"]["quarantined"] == 1


async def test_an_empty_project_has_a_document_without_figures(server):
    document = await asked(server, projection=True)
    total = document["total"]
    assert (total["plots"], total["area_ha"], total["coverage"]) == (0, 0, 0.0)
    assert total["annual_t_ha"] is None
    assert total["verdict_4permille"] == "not assessable"
    assert document["groups"] == document["plots"] == []
    done = await typed(server, "stocks", "portfolio", "--project", "HF")
    assert done.exit_code == 0, done.output
    assert "No plot with an area has been measured in two campaigns" in done.output


async def test_each_plot_brings_the_longest_span_with_a_verdict(server, laptop):
    visits = {"2000": A["2010"], "2010": A["2010"], "2020": A["2020"]}
    modern = {"2010": "dry_combustion", "2020": "dry_combustion"}
    record_plot(laptop, "OLD", visits, area_ha=1.0, method=modern)
    record_plot(laptop, "NEW", visits, area_ha=1.0)
    # The laboratory has not answered for the last campaign yet.
    record_plot(laptop, "WAIT", A | {"2024": (None, None, None)}, area_ha=1.0)
    await synced(server, laptop)
    expected = {
        CampaignSpan.LONGEST: {"OLD": "2010", "NEW": "2000", "WAIT": "2010"},
        CampaignSpan.LATEST: {"OLD": "2010", "NEW": "2010", "WAIT": "2010"},
        CampaignSpan.METHOD: {"OLD": "2010", "NEW": "2000", "WAIT": "2010"},
        CampaignSpan.FIRST_LAST: {"OLD": "2000", "NEW": "2000", "WAIT": "2010"},
    }
    for span, starts in expected.items():
        document = await asked(server, span=span)
        found = {row["plot"]: row["from_campaign"] for row in document["plots"]}
        assert found == starts, span
        assert {row["to_campaign"] for row in document["plots"]} == {"2020"}
    longest = await asked(server)
    assert longest["total"]["spans"] == {"first_last": 2, "latest": 1}
    first = await asked(server, span=CampaignSpan.FIRST_LAST)
    assert first["total"]["verdict_zero"] == "not assessable"
    assert "METHOD_CHANGED" in first["total"]["reasons"]


async def test_a_projection_is_the_measured_rate_times_the_years_left(two):
    total = (await asked(two, projection=True))["total"]
    found = total["projection"]
    years = 11078 / 365.25  # 2020-09-01 to 2050-12-31
    assert found["condition"] == "if the measured rate went on"
    assert (found["from_date"], found["to_date"]) == ("2020-09-01", "2050-12-31")
    assert found["years"] == pytest.approx(years)
    assert found["total_c_t"] == pytest.approx(total["total_c_t_year"] * years)
    assert found["gain_ci95_t_ha"] == pytest.approx(
        [end * years for end in total["annual_ci95_t_ha"]]
    )
    assert (await asked(two))["total"]["projection"] is None


async def test_the_command_prints_tables_and_one_document(two):
    words = ("stocks", "portfolio", "--project", "HF", "--projection")
    done = await typed(two, *words)
    assert done.exit_code == 0, done.output
    for text in (
        "project HF",
        "plot HF A",
        "4 of 4 (100 %)",
        "if the measured rate went",
    ):
        assert text in done.output
    document = json.loads((await typed(two, *words, "--json")).stdout)
    assert [row["name"] for row in document["groups"]] == ["A", "B"]
    assert document["total"]["level"] == "project"
    every = json.loads((await typed(two, *words[:2], "--all", "--json")).stdout)
    assert every["total"]["annual_t_ha"] == document["total"]["annual_t_ha"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["--project", "HF", "--organisation", "ROTH"], 2),
        (["--project", "HF", "--by", "colour"], 2),
        (["--project", "HF", "--lonely", "guess"], 2),
        (["--project", "NONE"], 4),
        (["--organisation", "NONE"], 4),
    ],
)
async def test_what_cannot_be_answered_ends_with_its_exit_code(server, words, code):
    done = await typed(server, "stocks", "portfolio", *words)
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output


async def test_each_change_says_what_its_points_could_have_told(two):
    document, _ = await two.ask(lambda s: stocks_document(s, "HF", "A"))
    (change,) = document["changes"]
    # Exact MDD of 3 pairs with SD 0.9375 t/ha: between the formula and the truth.
    error = 0.9375 / 3**0.5
    assert change["mdd_power"] == 0.8
    assert change["mdd_t_ha"] > error * (4.302653 + 1.060660)
    assert change["years_needed_4permille"] == pytest.approx(
        change["mdd_t_ha"] / (0.004 * change["stock0_t_ha"])
    )
    assert change["points_needed_4permille"] == 4
    assert change["detectability_reason"] is None
    done = await typed(two, "stocks", "show", "--project", "HF")
    assert "A, 2010 to 2020: 3 of 3 points can tell" in done.output


async def test_where_points_can_tell_nothing_the_reason_stands_there(server, laptop):
    record_plot(laptop, "ONE", {"2010": (18.0,), "2020": (19.0,)}, area_ha=4.0)
    record_plot(laptop, "SAME", {"2010": (18.0, 18.5), "2020": (19.0, 19.5)})
    await synced(server, laptop)
    document, _ = await server.ask(lambda s: stocks_document(s, "HF"))
    found = {row["plot"]: row for row in document["changes"]}
    assert found["ONE"]["mdd_t_ha"] is None
    assert found["ONE"]["detectability_reason"] == "NO_VARIANCE"
    assert found["SAME"]["detectability_reason"] == "ZERO_VARIANCE"
    done = await typed(server, "stocks", "show", "--project", "HF")
    assert "what the points could tell is not known: too few points" in done.output


async def shown(server, *words):
    done = await typed(server, "stocks", "show", "--project", "HF", *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


async def test_figures_of_a_crediting_programme_stand_beside_when_asked_for(two):
    plain = await shown(two)
    assert not any("crediting" in row for row in plain["changes"])
    gain, none = (await shown(two, "--profile", "vm0042"))["changes"]
    # t(2/3, 2 df) = 0.5 exactly: F(0.5) = 1/2 + 0.25 / sqrt(2.25) = 2/3.
    share = 0.5 * (0.9375 / 3**0.5) / 7.5
    assert gain["crediting"]["uncertainty"] == pytest.approx(share)
    assert gain["crediting"]["adjusted_change_t_ha"] == pytest.approx(7.5 * (1 - share))
    assert none["crediting"]["reason"] == "the change is zero"
    gold = (await shown(two, "--profile", "gold_standard_402"))["changes"][0]
    assert gold["crediting"]["change_t_ha"] == pytest.approx(7.5)
    assert gold["crediting"]["deduction"] > 0.0
    rest = {name: gold[name] for name in plain["changes"][0]}
    assert rest == plain["changes"][0]


async def test_a_change_without_a_verdict_is_not_credited(server, laptop):
    modern = {"2020": "dry_combustion"}
    record_plot(laptop, "OLD", A, method=modern)
    await synced(server, laptop)
    for profile in ("vm0042", "gold_standard_402"):
        (change,) = (await shown(server, "--profile", profile))["changes"]
        assert change["crediting"]["uncertainty"] is None
        assert change["crediting"]["reason"] == "the change has no verdict"


async def test_measurement_error_is_shown_and_never_added_again(two):
    plain = await shown(two)
    found = await shown(two, "--measurement-error", "soc=0.03,bd=0.04")
    assert found["changes"] == plain["changes"]
    assert found["measurement_error"] == {
        "soc": 0.03,
        "bd": 0.04,
        "depth": 0.0,
        "seed": 0,
        "draws": 1000,
        "added_to_standard_error": False,
    }
    for row in found["stocks"]:
        # One layer: relative errors add as squares, 3-4-5.
        error = row["measurement_error"]
        assert error["u_t_ha"] == pytest.approx(0.05 * row["soc_stock_t_ha"])
        assert (error["of"], error["by"]) == ("fixed_depth", "first order")


async def test_a_point_is_the_mean_of_its_cores_cut_at_the_depth(server, laptop):
    plot = laptop.add("plot", {"code": "P"})
    named = {"name": "2020", "start_date": "2020-09-01", "purpose": "baseline"}
    campaign = laptop.add("campaign", named)
    point = laptop.add("point", {"plot_id": plot, "code": "1"})
    for number, soc in ((1, 16.0), (2, 20.0)):
        hole = {"point_id": point, "campaign_id": campaign, "number": number}
        core = laptop.add("core", hole | {"sampled_at": "2020-09-01T12:00:00Z"})
        layer = {"core_id": core, "sample_code": str(number), "depth_top_cm": 0.0}
        density = {
            "bulk_density_g_cm3": 1.25,
            "bulk_density_definition": "fine_in_total",
            "bulk_density_method": "ring",
        }
        sample = laptop.add("sample", layer | {"depth_bottom_cm": 40.0} | density)
        result = {"sample_id": sample, "analyte": "soc", "replicate": 1}
        value = {"value": soc, "unit": "g_kg", "method": "dry_combustion"}
        laptop.add("result", result | value)
    await synced(server, laptop)
    words = ("--measurement-error", "soc=0.03,bd=0.04")
    (row,) = (await shown(server, *words))["stocks"]
    # 60 and 75 t/ha to 30 cm, each known to 5 %.
    assert row["soc_stock_t_ha"] == pytest.approx(67.5)
    expected = 0.05 * (60.0**2 + 75.0**2) ** 0.5 / 2
    assert row["measurement_error"]["u_t_ha"] == pytest.approx(expected)


async def test_in_an_equal_mass_the_same_seed_gives_the_same_errors(server, laptop):
    base = await server.seen(server.project_id)
    profile = {"stock_method_profile": "permille"}
    laptop.draft("project", server.project_id, profile, base=base)
    plots = [record_plot(laptop, code, A, area_ha=1.0) for code in ("A", "B")]
    assert len(set(plots)) == 2
    for core in {row["r"]: row for row in map(json.loads, laptop.lines)}.values():
        if core["t"] == "core":
            layer = {"core_id": core["r"], "sample_code": f"deep-{core['r']}"}
            depths = {"depth_top_cm": 30.0, "depth_bottom_cm": 60.0}
            density = {
                "bulk_density_g_cm3": 1.5,
                "bulk_density_definition": "fine_in_total",
                "bulk_density_method": "ring",
            }
            sample = laptop.add("sample", layer | depths | density)
            result = {"sample_id": sample, "analyte": "soc", "replicate": 1}
            value = {"value": 8.0, "unit": "g_kg", "method": "dry_combustion"}
            laptop.add("result", result | value)
    await synced(server, laptop)
    stated = ("--measurement-error", "soc=0.03")
    first, again, other = [
        [row["measurement_error"] for row in (await shown(server, *words))["stocks"]]
        for words in (
            (*stated, "--seed", "7"),
            (*stated, "--seed", "7"),
            (*stated, "--seed", "8"),
        )
    ]
    assert first == again != other
    assert first[:6] == first[6:], "a plot's figures depend on no other plot"
    assert {row["by"] for row in first} == {"simulation"}
    # SOC alone at 3 %, about the whole stock of 60 to 76 t/ha in the topsoil.
    assert all(1.6 < row["u_t_ha"] < 2.6 for row in first)
    (alone,) = [await shown(server, "--plot", "B", "--seed", "7", *stated)]
    assert [row["measurement_error"] for row in alone["stocks"]] == first[6:]


async def test_what_all_points_share_is_added_to_the_standard_error(two):
    (change, _) = (await shown(two, "--shared-soc", "0.01"))["changes"]
    shared = 0.01 * (change["stock0_t_ha"] ** 2 + change["stock1_t_ha"] ** 2) ** 0.5
    assert change["shared_u_t_ha"] == pytest.approx(shared)
    total = (change["se_t_ha"] ** 2 + shared**2) ** 0.5
    assert change["se_total_t_ha"] == pytest.approx(total)
    words = ("--plot", "A", "--from", "2010", "--to", "2020", "--shared-soc", "0.01")
    (asked_for,) = (await shown(two, *words))["changes"]
    assert asked_for["se_total_t_ha"] == pytest.approx(total)


@pytest.mark.parametrize(
    "words",
    [
        ("--profile", "none"),
        ("--measurement-error", "soc"),
        ("--measurement-error", "soc=nan"),
        ("--measurement-error", "soc=-0.1"),
        ("--measurement-error", "soc=3"),
        ("--measurement-error", "soc=0.1,soc=0.1"),
        ("--measurement-error", "clay=0.1"),
        ("--measurement-error", ""),
        ("--shared-soc", "nan"),
        ("--draws", "0"),
        ("--seed", "-1"),
    ],
)
async def test_stated_errors_that_make_no_sense_are_refused(server, words):
    done = await typed(server, "stocks", "show", "--project", "HF", *words)
    assert done.exit_code == 2, done.output
