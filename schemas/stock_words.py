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
    yield from filter(None, (note(row) for note in _NOTES))


def _mass_note(row: Row) -> str | None:
    short = row.get("points_short_of_mass")
    if not short:
        return None
    visits = (
        f"{short} of {row['n0'] + row['n1']} visits do not reach the reference mass"
    )
    if row.get("reference_depth_cm") is None:
        return f"{visits}, and no mass near it is common to all: no verdict"
    return (
        f"{visits}: all are compared in {row['reference_mass_t_ha']:.0f} t/ha of soil,"
        f" {row['reference_depth_cm']:.1f} cm deep in {row['from_campaign']}"
    )


def _confirmed_note(row: Row) -> str | None:
    confirmed = row.get("change_confirmed")
    return f"confirmed by a person: {confirmed}" if confirmed else None


def _second_interval_note(row: Row) -> str | None:
    second = row.get("bootstrap_ci95_t_ha")
    if not second:
        return None
    return (
        "the differences between points are skewed: by bootstrap-t the interval is"
        f" {second[0]:z.2f} to {second[1]:z.2f} t/ha"
    )


def _shared_error_note(row: Row) -> str | None:
    shared = row.get("shared_se_t_ha")
    if shared is None or row["se_t_ha"] is None:
        return None
    return (
        f"{shared:.2f} of the standard error of {row['se_t_ha']:.2f} t/ha is what all"
        " points share, and more points do not make it smaller"
    )


def _curve_note(row: Row) -> str | None:
    spread = row.get("curve_spread_t_ha")
    if spread is None:
        return None
    return (
        "the campaigns were cut at other depths: the straight line and the curve part by"
        f" {spread:.2f} t/ha"
    )


def _shared_depth_note(row: Row) -> str | None:
    shared = row.get("shared_depth")
    if not shared:
        return None
    return (
        f"to {shared['depth_cm']:g} cm, where all cores of both campaigns are cut:"
        f" {_signed(shared['change_t_ha'])} t/ha"
        f"{_ends(shared['change_ci95_t_ha'])}, {shared['verdict_zero']}"
    )


def control_note(row: Row) -> str | None:
    """Return a sentence on what a change is beyond that of its control plots."""
    found = row.get("against_control")
    if not found:
        return None
    codes = ", ".join(found["control_plots"]) or "its control"
    why = "".join(f"; {problem}" for problem in found["problems"])
    if found["change_t_ha"] is None:
        return f"against {codes}: not known{why}"
    rate = found["rate_permille_year"]
    told = "" if rate is None else f", {rate:z.2f} permille a year"
    return (
        f"against {codes}: {_signed(found['change_t_ha'])} t/ha"
        f"{_ends(found['change_ci95_t_ha'])} beyond the control{told},"
        f" {found['verdict_zero']}, {found['verdict_4permille']} 4 permille{why}; no proof"
        " of a cause unless plots were treated at random"
    )


_NOTES = (
    _mass_note,
    _confirmed_note,
    _second_interval_note,
    _shared_error_note,
    _curve_note,
    _shared_depth_note,
    control_note,
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
