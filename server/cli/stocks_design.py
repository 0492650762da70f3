"""Command `stocks design`: what a campaign could find."""

import math
from collections.abc import Iterator
from typing import Any, Final

import click

from schemas.told import counted
from server.cli.common import json_option, print_json, say

_Row = dict[str, Any]

_MOST_POINTS: Final = 1_000_000
_MOST: Final = 1e6  # t/ha or years: more is a typing error


def _positive(
    _context: click.Context, _parameter: click.Parameter, value: float | None
) -> float | None:
    if value is None or (math.isfinite(value) and 0.0 < value <= _MOST):
        return value
    raise click.BadParameter(f"{value} is not a number above 0")


@click.command()
@click.option(
    "--sd",
    "sd_t_ha",
    type=float,
    required=True,
    callback=_positive,
    help="Standard deviation, t/ha: of the changes of revisited points (--paired), of"
    " the stocks of points (--unpaired).",
)
@click.option(
    "--n", type=click.IntRange(2, _MOST_POINTS), help="Points in each campaign."
)
@click.option(
    "--change",
    "change_t_ha",
    type=float,
    callback=_positive,
    help="Change to be found, t/ha.",
)
@click.option(
    "--baseline",
    "baseline_t_ha",
    type=float,
    callback=_positive,
    help="Stock of the first campaign, t/ha.",
)
@click.option(
    "--years", type=float, callback=_positive, help="Years between the campaigns."
)
@click.option(
    "--power",
    type=click.Choice(["0.8", "0.9"]),
    default="0.8",
    show_default=True,
    help="Probability to find a change that is there.",
)
@click.option(
    "--paired/--unpaired",
    default=True,
    show_default=True,
    help="Whether the same points are sampled again.",
)
@json_option
def design(  # noqa: PLR0917 - click passes them by name
    sd_t_ha: float,
    n: int | None,
    change_t_ha: float | None,
    baseline_t_ha: float | None,
    years: float | None,
    power: str,
    paired: bool,
    as_json: bool,
) -> None:
    """Show what a campaign could find, and how many points or years that takes.

    --n gives the minimum detectable change, and with --baseline the years until 4
    permille a year differ from zero; --change the points it needs; --baseline and
    --years the points that tell 4 permille from zero in this time. Needs no data.

    \b
    Example:
      permille-server stocks design --sd 6.5 --n 10 --baseline 55
      permille-server stocks design --sd 6.5 --baseline 55 --years 10 --power 0.9
    """
    if years is not None and baseline_t_ha is None:
        raise click.UsageError("--years needs --baseline: 4 permille of what stock?")
    if n is None and change_t_ha is None and years is None:
        raise click.UsageError("give --n, or --change, or --baseline with --years")
    from server.figures.planning import Plan, plan_sampling
    from server.stocks.change import Design

    document = plan_sampling(
        Plan(
            sd_t_ha=sd_t_ha,
            design=Design.PAIRED if paired else Design.UNPAIRED,
            power=float(power),
            n=n,
            change_t_ha=change_t_ha,
            baseline_t_ha=baseline_t_ha,
            years=years,
        )
    )
    if as_json:
        print_json(document)
        return
    for line in _lines(document):
        say(line)


def _lines(found: _Row) -> Iterator[str]:
    what = "changes of points" if found["design"] == "paired" else "stocks of points"
    yield (
        f"{found['design'].capitalize()}, SD of the {what} {found['sd_t_ha']:g} t/ha,"
        f" two-sided test at 5 %, power {found['mdd_power']:g}."
    )
    if found["mdd_t_ha"] is not None:
        yield (
            f"{found['n']} points can tell a change of {found['mdd_t_ha']:.3g} t/ha"
            " or more from zero"
            f" (by the usual formula {found['mdd_formula_t_ha']:.3g})."
        )
    if found["years_needed_4permille"] is not None:
        yield (
            f"4 permille a year of {found['baseline_t_ha']:g} t/ha take"
            f" {found['years_needed_4permille']:.1f} years to come to that."
        )
    if found["change_t_ha"] is not None:
        yield (
            f"A change of {found['change_t_ha']:g} t/ha needs"
            f" {points_text(found['points_needed'])} in each campaign."
        )
    if found["gain_4permille_t_ha"] is not None:
        yield (
            f"4 permille a year come to {found['gain_4permille_t_ha']:.3g} t/ha in"
            f" {found['years']:g} years; to tell that from zero needs"
            f" {points_text(found['points_needed_4permille'])} in each campaign."
        )


def points_text(count: int | None) -> str:
    """Return a number of points in words."""
    return (
        f"more than {_MOST_POINTS} points" if count is None else counted(count, "point")
    )
