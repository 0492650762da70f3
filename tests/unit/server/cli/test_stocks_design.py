"""What sampling can tell, asked before the first campaign: no database, no data."""

import json

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.science.check_values import rows

KEYS = {
    "sd_t_ha",
    "design",
    "mdd_power",
    "n",
    "change_t_ha",
    "baseline_t_ha",
    "years",
    "gain_4permille_t_ha",
    "mdd_t_ha",
    "mdd_formula_t_ha",
    "points_needed",
    "points_needed_4permille",
    "years_needed_4permille",
    "reasons",
}


def typed(*words):
    return CliRunner().invoke(main, ["stocks", "design", *map(str, words)])


def asked(*words):
    done = typed(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_example_of_the_specification():
    found = asked("--sd", 6.5, "--n", 10, "--baseline", 55)
    assert set(found) == KEYS
    assert found["mdd_t_ha"] == pytest.approx(6.474015, abs=1e-6)
    assert found["years_needed_4permille"] == pytest.approx(29.43, abs=0.01)
    assert found["points_needed"] is None
    assert found["reasons"] == []


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in rows("mdd.csv")
        if row["power"] in {"0.8", "0.9"} and row["alternative"] == "two.sided"
    ],
    ids=lambda row: f"{row['n']}-{row['sd']}-{row['power']}-{row['type']}",
)
def test_the_detectable_change_is_the_one_that_r_prints(row):
    paired = "--paired" if row["type"] == "paired" else "--unpaired"
    words = ("--sd", row["sd"], "--n", row["n"], "--power", row["power"], paired)
    printed = float(row["mdd_exact_power_t_test"])
    assert asked(*words)["mdd_t_ha"] == pytest.approx(printed, rel=1e-6)


def test_points_for_a_change_and_for_4_permille_agree():
    found = asked("--sd", 6.5, "--baseline", 55, "--years", 10, "--change", 2.2)
    assert found["gain_4permille_t_ha"] == pytest.approx(2.2)
    assert found["points_needed"] == found["points_needed_4permille"] == 71
    more = asked("--sd", 6.5, "--baseline", 55, "--years", 10, "--power", 0.9)
    assert more["points_needed_4permille"] > 71
    apart = asked("--sd", 6.5, "--change", 2.2, "--unpaired")
    assert 2 * 71 - 5 < apart["points_needed"] < 2 * 71 + 5


def test_more_points_than_any_field_has_are_not_counted():
    found = asked("--sd", 20, "--change", 0.001)
    assert found["points_needed"] is None
    assert found["reasons"] == ["points_needed: more than 1000000 points"]
    done = typed("--sd", 20, "--change", 0.001)
    assert "needs more than 1000000 points" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--n", 5), "--sd"),
        (("--sd", 0, "--n", 5), "not a number above 0"),
        (("--sd", -1, "--n", 5), "not a number above 0"),
        (("--sd", "nan", "--n", 5), "not a number above 0"),
        (("--sd", "inf", "--n", 5), "not a number above 0"),
        (("--sd", "six", "--n", 5), "not a valid float"),
        (("--sd", 6.5, "--n", 1), "2<=x"),
        (("--sd", 6.5, "--n", 2.5), "not a valid int"),
        (("--sd", 6.5, "--n", 5, "--baseline", 0), "not a number above 0"),
        (("--sd", 6.5, "--n", 5, "--power", 0.5), "0.8"),
        (("--sd", 6.5, "--n", 5, "--years", 5), "--years needs --baseline"),
        (("--sd", 6.5), "give --n, or --change"),
        (("--sd", 6.5, "--baseline", 55), "give --n, or --change"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(words, said):
    done = typed(*words)
    assert done.exit_code == 2
    assert said in done.output


def test_the_sentences_say_the_numbers():
    words = ("--sd", 6.5, "--n", 10, "--baseline", 55, "--years", 10, "--change", 3)
    said = typed(*words).output
    for text in ("6.47 t/ha", "29.4 years", "39 points", "2.2 t/ha", "71 points"):
        assert text in said
