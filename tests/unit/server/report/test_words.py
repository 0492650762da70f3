"""Reasons in words, counts of what their word says, and notes beside the changes."""

import re
from dataclasses import replace

import pytest

from server.report.model import OpenCounts, PlotFacts, ReasonText
from server.report.page import render
from server.stocks.reasons import EXPLANATIONS, Reason
from tests.unit.server.report.reading import Page
from tests.unit.server.report.samples import change

pytestmark = pytest.mark.slow

REASONS = {reason.value: ReasonText(*said) for reason, said in EXPLANATIONS.items()}
CODE = re.compile(rf"\b({'|'.join(REASONS)})\b")


def explained(small, *rows):
    return Page(render(replace(small, changes=rows, reasons=REASONS)))


def paragraphs(page):
    """Text outside of tables, where a code may stand as a link to its words."""
    return re.sub(r"<table.*?</table>", "", page.html, flags=re.DOTALL)


@pytest.mark.parametrize("reason", [Reason.SINGLE_POINT, Reason.CARBONATE_UNCORRECTED])
def test_a_code_stands_in_a_sentence_in_parentheses_behind_its_words(small, reason):
    row = change(
        verdict_4permille="not assessable",
        withheld=True,
        reasons=["COMMON_MASS", reason.value],
        detectability_reason=reason.value,
        mdd_t_ha=None,
    )
    page = explained(small, row)

    words = f"{EXPLANATIONS[reason].meaning} ({reason.value})"
    assert words in page.text
    for found in CODE.finditer(paragraphs(page)):
        assert found.string[found.start() - 1] == "("
    assert any(words in cell for row in page.rows for cell in row)
    for row in page.rows:
        for cell in row:
            if " " in cell:  # a sentence
                assert not re.search(rf"(?<!\(){CODE.pattern}", cell) or cell.isupper()


def test_the_reason_that_takes_the_verdict_away_is_told_and_no_other(small):
    row = change(
        verdict_4permille="not assessable",
        withheld=True,
        reasons=["SEASON_DIFFERS", "BD_ESTIMATED"],
    )
    text = explained(small, row).text

    assert "the verdict is withheld: a bulk density comes from an equation" in text
    assert "withheld: the campaigns lie more than" not in text


def test_every_code_on_the_page_leads_to_its_words(small):
    page = explained(small, change(reasons=["INTERVAL_SHORT", "EXTRAPOLATED"]))
    links = {value for value in page.values("href") if value.startswith("#reason-")}

    assert links == {"#reason-INTERVAL_SHORT", "#reason-EXTRAPOLATED", "#reason-GAP"}
    assert links <= {f"#{name}" for name in page.values("id")}


def test_what_stands_beside_a_change_is_told_whatever_it_is_judged_on(small):
    shared = {"depth_cm": 15.0, "change_t_ha": -0.4, "change_ci95_t_ha": [-0.9, 0.1]}
    row = change(
        change_confirmed="levelled in 2018",
        curve_spread_t_ha=0.61,
        shared_depth=shared | {"verdict_zero": "no detectable change"},
        shared_se_t_ha=0.18,
        reasons=["DEPTHS_DIFFER", "BD_SHARED", "CHANGE_CONFIRMED"],
    )
    page = explained(small, row)

    for words in (
        "confirmed by a person: levelled in 2018",
        "the straight line and the curve part by 0.61 t/ha",
        "to 15 cm, where all cores of both campaigns are cut: -0.40 t/ha (-0.90 to 0.10)",
        "0.18 of the standard error of 0.25 t/ha is what all points share",
    ):
        assert words in page.text
        assert any(words in cell for row in page.rows for cell in row)


def test_points_cores_and_bags_are_counted_by_their_names(small):
    plots = [
        PlotFacts(code="A", points=4, cores=12, bags=31),
        PlotFacts(code="B", points=5, cores=7, bags=13),
    ]
    page = Page(render(replace(small, plots=plots)))

    for told in ("Points 9", "Cores 19", "Bags 44"):
        assert told in page.text
    (head,) = [row for row in page.rows if "bags" in row]
    (first,) = [row for row in page.rows if row[:1] == ["A"] and "31" in row]
    found = dict(zip(head, first, strict=True))
    assert (found["points"], found["cores"], found["bags"]) == ("4", "12", "31")
    assert "Samples" not in page.text


def test_what_waits_is_counted_as_what_it_is(small):
    custody = OpenCounts(conflicts=1, quarantined=3, provisional=2)
    text = Page(render(replace(small, custody=custody))).text

    assert "1 conflict not decided and 3 recorded changes in quarantine" in text
    assert "2 stock changes rest on such records" in text
