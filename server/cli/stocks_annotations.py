"""What `stocks show` prints beside stocks and changes when somebody asks for it."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from schemas.stock_words import compared_text
from server.cli.crediting import credited_text, crediting_of, crediting_options
from server.cli.stocks_design import points_text

_Row = dict[str, Any]


def told_lines(changes: Sequence[_Row]) -> Iterator[str]:
    """Return for each plot what its points could have told, one sentence a plot."""
    from server.figures.queries import choose_span

    for plot in dict.fromkeys(row["plot"] for row in changes):
        row, _ = choose_span([each for each in changes if each["plot"] == plot])
        if row is not None:
            yield _told(row)


def _told(row: _Row) -> str:
    span = f"{row['plot']}, {row['from_campaign']} to {row['to_campaign']}"
    why = row["detectability_reason"]
    if row["mdd_t_ha"] is None:
        return f"{span}: what the points could tell is not known: {_meaning(why)}."
    alone = " by their spread alone" if row.get("withheld") else ""
    said = (
        f"{span}: {compared_text(row)} points can tell {row['mdd_t_ha']:.3g} t/ha from zero"
        f"{alone} (power {row['mdd_power']:g})"
    )
    if row["years_needed_4permille"] is None:
        return f"{said}; 4 permille of nothing is nothing."
    return (
        f"{said}; to tell 4 permille a year takes about"
        f" {row['years_needed_4permille']:.3g} years, or"
        f" {points_text(row['points_needed_4permille'])} in {row['years']:.3g} years."
    )


def _meaning(code: str) -> str:
    """Return what a reason code says; what is none stands as it is."""
    from server.stocks.reasons import EXPLANATIONS

    said = {reason.value: why.meaning for reason, why in EXPLANATIONS.items()}
    return said.get(code, code)


def annotation_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for what may stand beside stocks and changes."""
    options = (
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
    return crediting_options(command)


def _fraction(
    _context: click.Context, _parameter: click.Parameter, value: float | None
) -> float | None:
    if value is None or 0.0 <= value < 1.0:
        return value
    raise click.BadParameter(f"{value:g} is not a fraction from 0 to 1")


def annotations_of(given: _Row) -> Any:  # noqa: ANN401 - imported inside the command
    """Return what to put beside, from the values of the options."""
    from server.figures.annotations import Annotations, StatedErrors

    text = given["measurement_error"]
    errors = None
    if text is not None:
        errors = StatedErrors(**_shares(text), seed=given["seed"], draws=given["draws"])
    return Annotations(
        crediting=crediting_of(given), errors=errors, shared_soc=given["shared_soc"]
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


def stated_row(annotations: Any) -> _Row:  # noqa: ANN401 - imported inside the command
    """Return what was stated, as it stands in the document."""
    stated = annotations.errors
    if stated is None:
        return {}
    names = ("soc", "bd", "depth", "seed", "draws")
    added = {"added_to_standard_error": False}
    row = {name: getattr(stated, name) for name in names} | added
    return {"measurement_error": row}


def annotation_lines(document: _Row, annotations: Any) -> Iterator[str]:  # noqa: ANN401
    """Return the lines that stand beside the stocks and changes."""
    for row in document["changes"]:
        span = f"{row['plot']}, {row['from_campaign']} to {row['to_campaign']}"
        if annotations.crediting is not None:
            yield f"{span}: {credited_text(row['crediting'])}"
        if annotations.shared_soc is not None:
            yield (
                f"{span}: standard error {_digits(row['se_t_ha'])} t/ha, with what all"
                f" points share {_digits(row['se_total_t_ha'])} t/ha."
            )
    if annotations.errors is None:
        return
    yield (
        f"Measurement error, seed {annotations.errors.seed}, {annotations.errors.draws} draws;"
        " it is in the spread between points already and is not added again."
    )
    for row in document["stocks"]:
        found = row["measurement_error"]
        told = "no figure" if found is None else found["reason"]
        if told is None:
            told = f"{_digits(found['u_t_ha'])} t/ha, by {found['by']}"
        yield f"  {row['plot']}, {row['campaign']}, {row['point']}: {told}"


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
