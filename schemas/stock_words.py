"""What stands beside a change of a stock, in the same words on laptop, server and page."""

from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]


def compared_text(row: Row) -> str:
    """Return how many points are compared, of how many that were sampled.

    >>> compared_text({"n0": 7, "n1": 7, "points_sampled0": 8, "points_sampled1": 8})
    '7 of 8'
    >>> compared_text({"n0": 5, "n1": 4, "points_sampled0": 5, "points_sampled1": 6})
    '5 of 5, 4 of 6'
    """
    sides = [_of(row, "n0", "points_sampled0"), _of(row, "n1", "points_sampled1")]
    return sides[0] if sides[0] == sides[1] else ", ".join(sides)


def notes(row: Row) -> Iterator[str]:
    """Return a sentence for each thing that a change's figures do not say themselves.

    >>> list(notes({"n0": 8, "n1": 8, "points_short_of_mass": 3, "reference_mass_t_ha":
    ... 3925.5, "reference_depth_cm": 29.08, "from_campaign": "2010"}))
    ['3 of 16 visits do not reach the reference mass: all are compared in 3926 t/ha of \
soil, 29.1 cm deep in 2010']
    """
    short = row.get("points_short_of_mass")
    if short:
        visits = f"{short} of {row['n0'] + row['n1']} visits"
        if row.get("reference_depth_cm") is not None:
            yield (
                f"{visits} do not reach the reference mass: all are compared in"
                f" {row['reference_mass_t_ha']:.0f} t/ha of soil,"
                f" {row['reference_depth_cm']:.1f} cm deep in {row['from_campaign']}"
            )
        else:
            yield (
                f"{visits} do not reach the reference mass, and no mass near it is"
                " common to all: no verdict"
            )
    confirmed = row.get("change_confirmed")
    if confirmed:
        yield f"confirmed by a person: {confirmed}"
    second = row.get("bootstrap_ci95_t_ha")
    if second:
        yield (
            "the differences between points are skewed: by bootstrap-t the interval is"
            f" {second[0]:z.2f} to {second[1]:z.2f} t/ha"
        )
    shared_se = row.get("shared_se_t_ha")
    if shared_se is not None:
        yield (
            f"{shared_se:.2f} of the standard error of {row['se_t_ha']:.2f} t/ha is what"
            " all points share, and more points do not make it smaller"
        )
    spread = row.get("curve_spread_t_ha")
    if spread is not None:
        yield (
            "the campaigns were cut at other depths: the straight line and the curve"
            f" part by {spread:.2f} t/ha"
        )
    shared = row.get("shared_depth")
    if shared:
        yield (
            f"to {shared['depth_cm']:g} cm, where all cores of both campaigns are cut:"
            f" {_signed(shared['change_t_ha'])} t/ha"
            f"{_ends(shared['change_ci95_t_ha'])}, {shared['verdict_zero']}"
        )


def _of(row: Row, used: str, sampled: str) -> str:
    # Rows of an older method do not say how many were sampled.
    number, count = row.get(used), row.get(sampled)
    if number is None:
        return "-"
    return str(number) if count is None else f"{number} of {count}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+z.2f}"


def _ends(ends: list[float] | None) -> str:
    return "" if not ends else f" ({ends[0]:z.2f} to {ends[1]:z.2f})"
