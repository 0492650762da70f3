"""Which change stands for a plot, and what its points could have told."""

from datetime import date

from server.figures.choices import CampaignSpan
from server.figures.queries import choose_span, told_of
from server.stocks.change import Design, estimate_change
from server.stocks.plot import StockChange
from server.stocks.rows import change_row, estimate_of


def change(early, late, *, verdict="gain", reasons=(), change_t_ha=1.0):
    return {
        "from_campaign": early,
        "to_campaign": late,
        "from_date": f"{early}-09-01",
        "to_date": f"{late}-09-01",
        "years": float(int(late) - int(early)),
        "change_t_ha": change_t_ha,
        "annual_t_ha": change_t_ha,
        "verdict_zero": verdict,
        "reasons": list(reasons),
    }


def test_a_plot_without_changes_has_no_span():
    for span in CampaignSpan:
        assert choose_span([], span) == (None, None)


def test_without_any_verdict_the_first_and_the_last_campaign_stand():
    rows = [
        change("2000", "2010", verdict="not assessable"),
        change("2010", "2020", verdict="not assessable"),
        change("2000", "2020", verdict="not assessable"),
    ]
    assert choose_span(rows) == (rows[2], CampaignSpan.FIRST_LAST)


def test_a_span_between_the_first_campaign_and_the_last_two_is_of_one_method():
    changed = ("METHOD_CHANGED",)
    rows = [
        change("1990", "2020", verdict="not assessable", reasons=changed),
        change("2000", "2020"),
        change("2010", "2020"),
        change("1990", "2000", verdict="not assessable", reasons=changed),
        change("2000", "2010"),
    ]
    assert choose_span(rows) == (rows[1], CampaignSpan.METHOD)
    assert choose_span(rows, CampaignSpan.METHOD) == (rows[1], CampaignSpan.METHOD)
    assert choose_span(rows, CampaignSpan.LATEST) == (rows[2], CampaignSpan.LATEST)


def test_a_method_that_just_changed_leaves_no_span_of_one_method():
    rows = [change("2010", "2020", reasons=("METHOD_CHANGED",))]
    assert choose_span(rows, CampaignSpan.METHOD) == (None, None)


def test_first_to_last_is_never_a_shorter_span_under_that_name():
    # The first campaign has no stock, so that nothing compares it with the last.
    rows = [change("2000", "2010", change_t_ha=None), change("2010", "2020")]
    assert choose_span(rows, CampaignSpan.FIRST_LAST) == (None, None)
    assert choose_span(rows) == (rows[1], CampaignSpan.LATEST)


def test_a_change_of_an_older_version_says_what_to_run():
    told = told_of(change("2010", "2020"))
    assert told["mdd_t_ha"] is None
    assert "permille-server stocks derive" in told["detectability_reason"]


def test_an_estimate_survives_its_row():
    for design in Design:
        found = estimate_change(
            [50.0, 52.0, 54.0], [53.0, 54.5, 58.0], design=design, years=5.0
        )
        fields = {name: getattr(found, name) for name in found.__dataclass_fields__}
        between = {
            "from_campaign": "a",
            "to_campaign": "b",
            "from_date": date(2010, 9, 1),
            "to_date": date(2015, 9, 1),
            "depth_cm": 30.0,
        }
        again = estimate_of(change_row("P", StockChange(**fields | between)))
        kept = set(fields) - {"t_vs_4permille", "df_vs_4permille"}
        assert {n: getattr(again, n) for n in kept} == {n: fields[n] for n in kept}
