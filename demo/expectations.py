"""What must have come out: each line is checked, and one that fails fails the demo.

The Highfield figures are those R prints for the published stocks (paired t test,
Fieller interval); the file gives bulk density and %SOC rounded, hence the tolerance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose
from typing import Any, Final

from demo.story import Outcome

#: Bulk density 1.245 stands for 1.24522 and %SOC is rounded to 0.001.
TOLERANCE: Final = 0.002
#: The width of the interval hangs on the rounding of each %SOC.
INTERVAL_TOLERANCE: Final = 0.005


@dataclass(frozen=True)
class Expectation:
    """One thing that must hold."""

    what: str
    holds: bool
    found: Any


def check(outcome: Outcome) -> list[Expectation]:
    """Check everything the story promised."""
    return [*_custody(outcome), *_highfield(outcome), *_woburn(outcome)]


def _custody(outcome: Outcome) -> Iterator[Expectation]:
    codes = [p["code"] for error in outcome.refused for p in error["problems"]]
    yield Expectation(
        "the impossible depth was refused at entry", codes == ["depth_order"], codes
    )
    yield Expectation(
        "a sync without the server lost nothing and said so (exit 3)",
        outcome.sync_offline_exit == 3,
        outcome.sync_offline_exit,
    )
    taken = [(q["type"], q["why"][0]["code"]) for q in outcome.quarantine]
    yield Expectation(
        "the bag label used twice was quarantined, once",
        taken == [("sample", "key_taken")],
        taken,
    )
    areas = [
        sorted([c["stood"].get("area_ha"), c["other"].get("area_ha")])
        for c in outcome.conflicts
    ]
    yield Expectation(
        "the two areas of plot HF are one conflict, both kept",
        areas == [[0.035, 0.04]],
        areas,
    )
    pending = {n: status["pending"] for n, status in outcome.statuses.items()}
    yield Expectation(
        "nothing waits on any laptop", set(pending.values()) == {0}, pending
    )
    yield Expectation(
        "all laptops see the same records and numbers",
        outcome.laptops_agree,
        outcome.laptops_agree,
    )
    counts = {(row["plot"], row["campaign"]) for row in outcome.stocks["stocks"]}
    points = len(outcome.stocks["stocks"])
    yield Expectation(
        "campaigns recorded on two laptops were not doubled (8 x 4 and 11 x 16 points)",
        (len(counts), points) == (8 + 11, 8 * 4 + 11 * 16),
        (len(counts), points),
    )


def _highfield(outcome: Outcome) -> Iterator[Expectation]:
    change = find_change(outcome, "HF", "2000", "2014")
    yield _near(
        "Highfield 2000 to 2014 changed by -0.3865 t/ha",
        change["change_t_ha"],
        -0.3865,
        TOLERANCE,
    )
    yield _near(
        "its rate is -0.887 permille a year",
        change["rate_permille_year"],
        -0.887117,
        TOLERANCE,
    )
    yield _interval("its interval", change["change_ci95_t_ha"], (-2.104338, 1.331338))
    yield _interval(
        "its Fieller interval", change["rate_ci95_permille_year"], (-4.607924, 3.286689)
    )
    yield Expectation(
        "it is below 4 permille",
        change["verdict_4permille"] == "below",
        change["verdict_4permille"],
    )
    across = find_change(outcome, "HF", "1987", "2000")
    yield Expectation(
        "the change across the new laboratory method has no verdict",
        across["verdict_4permille"] == "not assessable"
        and "METHOD_CHANGED" in across["reasons"],
        (across["verdict_4permille"], across["reasons"]),
    )


def _woburn(outcome: Outcome) -> Iterator[Expectation]:
    change = find_change(outcome, "WB1", "1959", "2009")
    yield _near(
        "Woburn block 1 changed by 0.91825 t/ha in 50 years",
        change["change_t_ha"],
        0.91825,
        TOLERANCE,
    )
    yield _interval("its interval", change["change_ci95_t_ha"], (-2.197139, 4.033639))
    yield _near(
        "its rate is 0.534 permille a year",
        change["rate_permille_year"],
        0.533918,
        TOLERANCE,
    )
    yield _interval(
        "its Fieller interval", change["rate_ci95_permille_year"], (-1.291817, 2.339744)
    )


def find_change(outcome: Outcome, plot: str, early: str, late: str) -> dict[str, Any]:
    """Return the change of a plot between two campaigns."""
    wanted = (plot, early, late)
    return next(
        row
        for row in outcome.stocks["changes"]
        if (row["plot"], row["from_campaign"], row["to_campaign"]) == wanted
    )


def _near(what: str, found: float, wanted: float, tolerance: float) -> Expectation:
    return Expectation(what, isclose(found, wanted, rel_tol=tolerance), found)


def _interval(
    what: str, found: list[float], wanted: tuple[float, float]
) -> Expectation:
    width = wanted[1] - wanted[0]
    holds = all(
        isclose(f, w, abs_tol=INTERVAL_TOLERANCE * width)
        for f, w in zip(found, wanted, strict=True)
    )
    return Expectation(f"{what} is {wanted[0]:.3f} to {wanted[1]:.3f}", holds, found)
