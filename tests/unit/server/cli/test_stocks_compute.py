"""The command as a person or a program meets it."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from server.cli.stocks_compute import compute, compute_document, render_table

HEADER = "plot,campaign,date,point,top_cm,bottom_cm,soc_pct,bd_fine_g_cm3"
STOCK_KEYS = {
    "plot",
    "campaign",
    "point",
    "depth_cm",
    "soc_stock_t_ha",
    "fine_mass_t_ha",
    "reasons",
}
CHANGE_KEYS = {
    "plot",
    "from_campaign",
    "to_campaign",
    "design",
    "n0",
    "n1",
    "stock0_t_ha",
    "stock1_t_ha",
    "change_t_ha",
    "se_t_ha",
    "df",
    "change_ci95_t_ha",
    "p_value",
    "years",
    "annual_t_ha",
    "rate_permille_year",
    "rate_ci95_permille_year",
    "verdict_4permille",
    "co2e_t_ha_year",
    "reasons",
}
SOUND = (
    "P1,2015,2015-09-01,A,0,30,1.60,1.25",
    "P1,2015,2015-09-01,B,0,30,1.70,1.25",
    "P1,2015,2015-09-01,C,0,30,1.55,1.25",
    "P1,2020,2020-09-01,A,0,30,1.80,1.25",
    "P1,2020,2020-09-01,B,0,30,1.92,1.25",
    "P1,2020,2020-09-01,C,0,30,1.76,1.25",
)


@pytest.fixture
def layers(tmp_path):
    def write(*lines, header=HEADER):
        path = tmp_path / "layers.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def run(*arguments):
    return CliRunner().invoke(compute, [str(part) for part in arguments])


def run_json(*arguments):
    result = run(*arguments, "--json")
    return result.exit_code, json.loads(result.stdout, parse_constant=pytest.fail)


def test_a_sound_table_is_computed_and_ends_well(layers):
    code, document = run_json("--layers", layers(*SOUND))
    assert code == 0
    assert document["problems"] == []
    assert len(document["stocks"]) == 6
    first = document["stocks"][0]
    assert first.keys() >= STOCK_KEYS
    assert first["soc_stock_t_ha"] == pytest.approx(60.0)
    assert first["fine_mass_t_ha"] == pytest.approx(3750.0)
    (change,) = document["changes"]
    assert change.keys() >= CHANGE_KEYS
    assert change["change_t_ha"] == pytest.approx(3750 * 0.21 / 100)
    assert change["design"] == "paired"
    assert change["verdict_4permille"] == "above"
    low, high = change["change_ci95_t_ha"]
    assert low < change["change_t_ha"] < high


def test_another_depth_is_used(layers):
    _, document = run_json("--layers", layers(*SOUND), "--depth-cm", "15")
    assert document["stocks"][0]["soc_stock_t_ha"] == pytest.approx(30.0)
    assert document["method"]["depth_cm"] == 15.0


def test_the_fixed_depth_alone_is_asked_for_by_name(layers):
    _, document = run_json("--layers", layers(*SOUND), "--method", "fixed_depth")
    assert document["method"] == {"version": "fixed-depth-2", "depth_cm": 30.0}
    assert "esm_stock_t_ha" not in document["stocks"][0]


def test_stocks_in_an_equal_mass_stand_beside_those_to_the_depth(layers):
    _, document = run_json("--layers", layers(*SOUND), "--reference", "3500")
    assert {s["reference_mass_t_ha"] for s in document["stocks"]} == {3500.0}
    assert all(s["esm_stock_t_ha"] for s in document["stocks"])
    assert document["changes"][0]["judged_on"] in {"fixed_depth", "equivalent_mass"}


def test_a_stock_that_cannot_be_computed_asks_for_attention(layers):
    path = layers(*SOUND[:5], SOUND[5].replace("1.76", "*"))
    code, document = run_json("--layers", path)
    assert code == 1
    stock = document["stocks"][-1]
    assert stock["soc_stock_t_ha"] is None
    assert "MISSING_SOC" in stock["reasons"]
    assert "MISSING_SOC" in document["changes"][0]["reasons"]


def test_an_end_at_infinity_is_null_and_named(layers):
    wide = layers(
        "P1,2015,2015-09-01,A,0,30,1.0,1.25",
        "P1,2015,2015-09-01,B,0,30,9.0,1.25",
        "P1,2020,2020-09-01,C,0,30,2.0,1.25",
        "P1,2020,2020-09-01,D,0,30,8.0,1.25",
    )
    _, document = run_json("--layers", wide)
    change = document["changes"][0]
    assert change["rate_ci95_permille_year"] == [None, None]
    assert change["rate_ci95_shape"] == "unbounded"
    assert "unbounded to unbounded" in run("--layers", wide).stdout


def test_a_refused_file_computes_nothing_and_names_every_problem(layers):
    path = layers(
        SOUND[0].replace("2015-09-01", "2015"), SOUND[1].replace("1.70", "70")
    )
    code, document = run_json("--layers", path)
    assert code == 4
    assert document["stocks"] == []
    assert [(p["line"], p["column"], p["value"]) for p in document["problems"]] == [
        (2, "date", "2015"),
        (3, "soc_pct", "70"),
    ]
    result = run("--layers", path)
    assert result.exit_code == 4
    assert result.stdout == ""
    assert "2 problems" in result.stderr
    assert "line 2, column date, '2015': a year alone is not a date" in result.stderr


def test_a_file_of_many_problems_is_cut_for_reading_and_says_so(layers):
    path = layers(*[SOUND[0].replace("1.60", "x")] * 80)
    shown = run("--layers", path).stderr
    assert shown.count("a number was expected") == 50
    assert "and 30 more" in shown
    assert len(run_json("--layers", path)[1]["problems"]) == 80


def test_an_absent_file_is_refused_without_a_traceback(tmp_path):
    result = run("--layers", tmp_path / "absent.csv")
    assert result.exit_code == 4
    assert "cannot be read" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("--layers",), ("--layers", "x.csv", "--depth-cm", "0"), ("--layer", "x.csv")],
)
def test_wrong_usage_is_told_apart(arguments):
    assert run(*arguments).exit_code == 2


def test_the_table_shows_stock_change_verdict_and_what_reasons_mean(layers):
    path = layers(*SOUND[:5], SOUND[5].replace("1.76", "*"))
    shown = run("--layers", path).stdout
    for text in (
        "SOC stocks, 0 to 30 cm",
        "60.00",
        "unpaired",
        "4 permille",
        "MISSING_SOC: a layer above the depth has no SOC value.",
        "enter the laboratory result.",
    ):
        assert text in shown
    assert not any(line != line.rstrip() for line in shown.splitlines())


def test_a_column_that_was_not_used_is_named(layers):
    path = layers("P1,2020,2020-09-01,A,0,30,1,1,x", header=f"{HEADER},soc_methd")
    assert "Columns not used: soc_methd" in run("--layers", path).stdout


def test_the_help_shows_columns_an_example_and_exit_codes():
    shown = run("--help").stdout
    for text in (
        "bd_fine_g_cm3",
        "permille-server stocks compute --layers",
        "Exit code",
    ):
        assert text in shown


def test_a_stock_of_one_campaign_alone_is_shown_without_changes(layers):
    document = compute_document(layers(SOUND[0]))
    assert document["changes"] == []
    assert "Changes" not in render_table(document)


def test_rows_that_a_server_stored_are_shown_as_well(layers):
    document = compute_document(layers(*SOUND))
    stored = {key: document[key] for key in ("stocks", "changes")}
    assert render_table(json.loads(json.dumps(stored))) == render_table(document)
    assert "none" in render_table({"stocks": [], "changes": []})


def test_asking_for_help_loads_no_array_library():
    program = (
        "import sys, server.cli.stocks_compute;"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


#: Tenfold: what was %, read as a tenth of it.
TENFOLD = tuple(
    f"P1,{year},{year}-09-01,{point},0,30,{soc / divisor:.3f},{1.25 + 0.01 * point}"
    for year, divisor in ((2015, 1), (2020, 10))
    for point, soc in enumerate((1.6, 1.7, 1.55), start=1)
)


def test_a_change_that_no_soil_makes_is_judged_once_a_person_says_why(layers):
    path = layers(*TENFOLD)
    change = run_json("--layers", path)[1]["changes"][0]
    assert change["reasons"][-1] == "CHANGE_IMPLAUSIBLE"
    assert (change["verdict_zero"], change["withheld"]) == ("not assessable", True)
    why = "peat burnt in 2018"
    confirmed = run_json("--layers", path, "--confirm", f"P1={why}")[1]["changes"][0]
    assert confirmed["reasons"][-1] == "CHANGE_CONFIRMED"
    assert (confirmed["verdict_zero"], confirmed["withheld"]) == ("loss", False)
    assert confirmed["change_confirmed"] == why
    assert (
        f"confirmed by a person: {why}"
        in run("--layers", path, "--confirm", f"P1={why}").stdout
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--confirm", "P2=burnt"), "P2, which is not in the table; its plots are P1"),
        (("--confirm", "P1"), "write the plot and why"),
        (("--reference", "heaviest"), "neither mean, point, lightest nor a mass"),
        (("--reference", "0"), "neither mean, point, lightest nor a mass"),
    ],
)
def test_options_that_fit_nothing_are_usage_errors(layers, options, said):
    result = run("--layers", layers(*TENFOLD), *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_what_the_points_could_tell_stands_below_and_in_json(layers):
    path = layers(*SOUND)
    change = run_json("--layers", path)[1]["changes"][0]
    assert change["mdd_t_ha"] > 0.0
    assert "3 of 3 points can tell" in run("--layers", path).stdout


TREATED = tuple(
    f"{plot},{year},{year}-09-01,{point},0,30,{soc + gained * (year == 2020):.3f},"
    f"{1.25 + 0.01 * point}"
    for plot, gained in (("T", 0.3), ("C", 0.1))
    for year in (2010, 2020)
    for point, soc in enumerate((1.6, 1.72, 1.55), start=1)
)


def test_a_plot_of_a_table_stands_beside_its_control(layers):
    path = layers(*(f"{line}" for line in TREATED))
    changes = run_json("--layers", path, "--control", "T=C")[1]["changes"]
    found = {row["plot"]: row["against_control"] for row in changes}
    alone = {row["plot"]: row["change_t_ha"] for row in changes}
    assert found["C"] is None
    assert found["T"]["change_t_ha"] == pytest.approx(alone["T"] - alone["C"])
    text = run("--layers", path, "--control", "T=C").stdout
    assert "T, 2010 to 2020: against C: +" in text
    assert "no proof" in text


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("T=X", "names X, which is not in the table"),
        ("T=T", "other plots that are its control"),
        ("T", "other plots that are its control"),
    ],
)
def test_a_control_that_is_none_is_a_usage_error(layers, option, said):
    result = run("--layers", layers(*TREATED), "--control", option)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def rings(lines, columns, stones="0"):
    """The lines of a table with rings and stones beside the density."""
    cells = "".join(f",{cell}" for cell in columns.values())
    head = HEADER.replace("bd_fine", "bd_whole") + ",coarse_pct,coarse_basis"
    body = [f"{line},{stones},mass{cells}" for line in lines]
    return "".join([head, *(f",{name}" for name in columns)]), body


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"bd_rings": "3", "bd_rings_cv_pct": "6"}, "BD_SHARED"),
        ({"bd_rings": "3"}, "BD_SHARED_ASSUMED"),
    ],
)
def test_rings_that_stand_for_all_points_widen_the_interval(layers, columns, reason):
    lines = [
        line.replace("1.25", "1.30") if ",2020," in line else line for line in SOUND
    ]
    header, body = rings(lines, columns)
    change = run_json("--layers", layers(*body, header=header))[1]["changes"][0]
    assert reason in change["reasons"]
    plain = [f"{line[:-1]}{number}" for number, line in enumerate(lines)]
    without = run_json("--layers", layers(*plain))[1]["changes"][0]
    assert not any(text.startswith("BD_SHARED") for text in without["reasons"])
    assert change["se_t_ha"] > without["se_t_ha"]


def test_one_whole_density_of_all_points_is_seen_although_stones_differ(layers):
    lines = [
        line.replace("1.25", "1.30") if ",2020," in line else line for line in SOUND
    ]
    header, body = rings(lines, {})
    body = [
        line.replace(",0,mass", f",{5 + 2 * number},mass")
        for number, line in enumerate(body)
    ]
    change = run_json("--layers", layers(*body, header=header))[1]["changes"][0]
    assert "BD_SHARED_ASSUMED" in change["reasons"]
