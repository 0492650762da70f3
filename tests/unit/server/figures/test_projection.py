"""A projection carries a rate with its interval, or says why it does not."""

import pytest

from server.figures.projection import project_on
from server.stocks.aggregate import aggregate
from server.stocks.change import Design, estimate_change
from server.stocks.reasons import Reason
from server.stocks.units import stratum_of


def area(stock1, *, withheld=()):
    change = estimate_change(
        [50.0, 52.0, 54.0], stock1, design=Design.PAIRED, years=5.0, withheld=withheld
    )
    return aggregate([stratum_of("a", 2.0, change)])


def test_years_run_from_the_mean_day_weighted_by_area():
    found = project_on(
        area([53.0, 54.0, 58.0]), [(3.0, "2050-12-27"), (1.0, "2050-12-31")]
    )
    assert found["from_date"] == "2050-12-28"
    assert found["years"] == pytest.approx(3 / 365.25)
    assert found["gain_t_ha"] == pytest.approx(0.6 * 3 / 365.25)
    assert found["total_c_t"] == pytest.approx(1.2 * 3 / 365.25)
    assert found["reason"] is None


@pytest.mark.parametrize(
    ("found", "day", "why"),
    [
        (area([51.0, 53.0, 55.0]), "2020-09-01", "no interval"),
        (
            area([53.0, 54.0, 58.0], withheld=[Reason.METHOD_CHANGED]),
            "2020-09-01",
            "cannot be judged",
        ),
        (area([53.0, 54.0, 58.0]), "2050-12-31", "after the horizon"),
        (aggregate([]), "2020-09-01", "no interval"),
    ],
)
def test_without_an_interval_nothing_is_carried_on(found, day, why):
    row = project_on(found, [(2.0, day)])
    assert why in row["reason"]
    assert row["gain_t_ha"] is row["total_co2e_t"] is row["total_co2e_ci95_t"] is None
