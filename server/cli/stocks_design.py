"""Command `stocks design`, and what stands beside figures because somebody states it."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click

from server.cli.common import json_option, print_json

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
    """Tell what a campaign could find, and how many points or years that takes.

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
    from server.flow.planning import Plan, plan_sampling
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
        click.echo(line)


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
            f" {_points(found['points_needed'])} in each campaign."
        )
    if found["gain_4permille_t_ha"] is not None:
        yield (
            f"4 permille a year come to {found['gain_4permille_t_ha']:.3g} t/ha in"
            f" {found['years']:g} years; to tell that from zero needs"
            f" {_points(found['points_needed_4permille'])} in each campaign."
        )


def _points(count: int | None) -> str:
    return f"more than {_MOST_POINTS} points" if count is None else f"{count} points"


def told_lines(changes: Sequence[_Row]) -> Iterator[str]:
    """Say for each plot what its points could have told, one sentence a plot."""
    from server.flow.showing import choose_span

    for plot in dict.fromkeys(row["plot"] for row in changes):
        row, _ = choose_span([each for each in changes if each["plot"] == plot])
        if row is not None:
            yield _told(row)


def _told(row: _Row) -> str:
    span = f"{row['plot']}, {row['from_campaign']} to {row['to_campaign']}"
    why = row["detectability_reason"]
    if row["mdd_t_ha"] is None:
        return f"{span}: what the points could tell is not known, {why}."
    points = row["n0"] if row["design"] == "paired" else f"{row['n0']} and {row['n1']}"
    said = (
        f"{span}: {points} points can tell {row['mdd_t_ha']:.3g} t/ha from zero"
        f" (power {row['mdd_power']:g})"
    )
    if row["years_needed_4permille"] is None:
        return f"{said}; 4 permille of nothing is nothing."
    return (
        f"{said}; to tell 4 permille a year takes about"
        f" {row['years_needed_4permille']:.3g} years, or"
        f" {_points(row['points_needed_4permille'])} in {row['years']:.3g} years."
    )


def beside_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for what may stand beside stocks and changes."""
    options = (
        click.option(
            "--profile",
            type=click.Choice(["vm0042", "gold_standard_402"]),
            help="Also what this crediting programme would count of each change.",
        ),
        click.option(
            "--measurement-error",
            metavar="soc=F,bd=F,depth=F",
            help="Relative standard uncertainties of SOC, bulk density and thickness of"
            " each layer; propagated into the stock of each point.",
        ),
        click.option(
            "--seed",
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Seed of the simulation; the same one gives the same figures.",
        ),
        click.option(
            "--draws",
            type=click.IntRange(100, 100_000),
            default=1000,
            show_default=True,
            help="Draws of the simulation.",
        ),
        click.option(
            "--shared-soc",
            type=float,
            callback=_fraction,
            help="Relative standard uncertainty that all SOC values of a campaign share,"
            " such as the calibration of its laboratory; added to the standard error.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _fraction(
    _context: click.Context, _parameter: click.Parameter, value: float | None
) -> float | None:
    if value is None or 0.0 <= value < 1.0:
        return value
    raise click.BadParameter(f"{value:g} is not a fraction from 0 to 1")


def beside_of(given: _Row) -> Any:  # noqa: ANN401 - imported inside the command
    """Give what to put beside, from the values of the options."""
    from server.flow.planning import Beside, StatedErrors

    text = given["measurement_error"]
    errors = None
    if text is not None:
        errors = StatedErrors(**_shares(text), seed=given["seed"], draws=given["draws"])
    return Beside(
        profile=given["profile"], errors=errors, shared_soc=given["shared_soc"]
    )


def _shares(text: str) -> dict[str, Any]:
    shares: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = (word.strip() for word in part.partition("="))
        if name not in {"soc", "bd", "depth"} or name in shares:
            raise click.BadParameter(f"{part!r}: name soc, bd and depth once each")
        try:
            share = float(value)
        except ValueError:
            share = math.nan
        if not 0.0 <= share < 1.0:
            raise click.BadParameter(f"{part!r}: give a fraction from 0 to 1")
        shares[name] = share
    return shares


def stated_row(beside: Any) -> _Row:  # noqa: ANN401 - imported inside the command
    """Give what was stated, as it stands in the document."""
    stated = beside.errors
    if stated is None:
        return {}
    names = ("soc", "bd", "depth", "seed", "draws")
    added = {"added_to_standard_error": False}
    row = {name: getattr(stated, name) for name in names} | added
    return {"measurement_error": row}


def beside_lines(document: _Row, beside: Any) -> Iterator[str]:  # noqa: ANN401
    """Say what stands beside the stocks and changes."""
    for row in document["changes"]:
        span = f"{row['plot']}, {row['from_campaign']} to {row['to_campaign']}"
        if beside.profile is not None:
            yield f"{span}: {_credited(row['crediting'])}"
        if beside.shared_soc is not None:
            yield (
                f"{span}: standard error {_digits(row['se_t_ha'])} t/ha, with what all"
                f" points share {_digits(row['se_total_t_ha'])} t/ha."
            )
    if beside.errors is None:
        return
    yield (
        f"Measurement error, seed {beside.errors.seed}, {beside.errors.draws} draws;"
        " it is in the spread between points already and is not added again."
    )
    for row in document["stocks"]:
        found = row["measurement_error"]
        told = "no figure" if found is None else found["reason"]
        if told is None:
            told = f"{_digits(found['u_t_ha'])} t/ha, by {found['by']}"
        yield f"  {row['plot']}, {row['campaign']}, {row['point']}: {told}"


def _credited(found: _Row) -> str:
    if found["reason"] is not None:
        return f"{found['source']} counts nothing, {found['reason']}."
    key = "adjusted_change_t_ha"
    counted = found[key] if key in found else found["creditable_t_ha"]
    return (
        f"{found['source']} would count {_digits(counted)} t/ha"
        f" (uncertainty {100.0 * found['uncertainty']:.3g} %)."
    )


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
