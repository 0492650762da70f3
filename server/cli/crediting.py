"""Options for what a crediting programme would count, and the words for it."""

from collections.abc import Callable
from typing import Any

import click

from server.stocks.choices import Programme


def crediting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose a programme."""
    options = (
        click.option(
            "--profile",
            type=click.Choice(Programme, case_sensitive=False),
            help="Also what this crediting programme would count of each change.",
        ),
        click.option(
            "--permanence-years",
            type=click.Choice(["25", "100"]),
            default="25",
            show_default=True,
            help="australia_2021: years for which the carbon is kept.",
        ),
        click.option(
            "--later-sampling",
            is_flag=True,
            help="australia_2021: the later campaign is not the first after the"
            " baseline, so that nothing is withheld.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def crediting_of(given: dict[str, Any]) -> Any:  # noqa: ANN401 - imported inside the command
    """Return what is asked for, from the values of the options; None for nothing."""
    from server.stocks.crediting_rows import Crediting

    if given["profile"] is None:
        return None
    return Crediting(
        programme=given["profile"],
        permanence_years=int(given["permanence_years"]),
        later_sampling=given["later_sampling"],
    )


def credited_text(found: dict[str, Any]) -> str:
    """Return in words what a programme would count of a change or of an area."""
    source = found["source"]
    if found["reason"] is not None:
        return f"{source} counts nothing, {found['reason']}."
    counted = next(text for key, text in _COUNTED.items() if key in found)
    value = next(found[key] for key in _COUNTED if key in found)
    told = f"{source} would count {counted.format(value)}"
    uncertainty = found.get("uncertainty")
    if uncertainty is not None:
        return f"{told} (uncertainty {100.0 * uncertainty:.3g} %)."
    return (
        f"{told} (of {found['change_t_ha']:.3g} t/ha, {found['discount_t_ha']:.3g} less"
        f" for uncertainty, {found['withheld_t_ha']:.3g} withheld,"
        f" {found['buffer_t_ha'] + found['permanence_t_ha']:.3g} for reversal and"
        f" {found['permanence_years']} years)."
    )


#: Figures that a programme counts, the first that a row has.
_COUNTED = {
    "adjusted_total_co2e_t_year": "{:,.0f} t CO2e a year",
    "creditable_total_co2e_t_year": "{:,.0f} t CO2e a year",
    "creditable_total_co2e_t": "{:,.0f} t CO2e in all",
    "adjusted_change_t_ha": "{:.3g} t/ha",
    "creditable_t_ha": "{:.3g} t/ha",
}
