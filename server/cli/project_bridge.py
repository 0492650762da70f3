"""Command `project bridge`: a factor between two laboratory methods."""

from typing import Any

import click

from schemas import vocabulary
from schemas.told import counted
from server.cli.common import json_option, print_json, with_store

NOT_USABLE = 1


@click.command("bridge")
@click.argument("name", metavar="PROJECT")
@click.option(
    "--from",
    "from_method",
    type=click.Choice(vocabulary.LAB_METHOD.codes),
    required=True,
    help="Method of the values that are converted.",
)
@click.option(
    "--to",
    "to_method",
    type=click.Choice(vocabulary.LAB_METHOD.codes),
    required=True,
    help="Method that they are brought to.",
)
@click.option("--write", is_flag=True, help="Record it in the project.")
@json_option
@click.pass_context
def bridge(
    context: click.Context,
    name: str,
    from_method: str,
    to_method: str,
    write: bool,
    as_json: bool,
) -> None:
    """Find the factor between two methods from bags that were analysed by both.

    Ten bags or more, over the whole range of the soil's SOC. Recorded, it brings older
    values to the newer method: changes then carry BRIDGED and the error of the factor,
    and no METHOD_CHANGED, inside the range of the bags.

    Exit code 1 says that the bags give no factor that can be used.

    \b
    Example:
      permille-server project bridge HF --from walkley_black --to dry_combustion
      permille-server project bridge HF --from walkley_black --to dry_combustion --write
    """
    from server.clock import Clock
    from server.custody.own_log import edit_project
    from server.figures.bridges import bridge_fields, find_bridge
    from server.stocks.bridge import BridgeRefusal

    if from_method == to_method:
        raise click.UsageError("--from and --to are one method; name two")
    found = with_store(
        context, lambda store: find_bridge(store, name, from_method, to_method)
    )
    fit = found.fit
    usable = not isinstance(fit, BridgeRefusal) and not fit.not_proportional
    written = usable and write
    if written:
        assert not isinstance(fit, BridgeRefusal)
        fields = bridge_fields(fit, from_method, to_method)
        with_store(context, lambda store: edit_project(store, Clock(), name, fields))
    if as_json:
        print_json(_document(found, from_method, to_method, written=written))
    else:
        for line in _lines(found, from_method, to_method, written=written):
            click.echo(line)
    if not usable:
        context.exit(NOT_USABLE)


def _document(
    found: Any,  # noqa: ANN401 - imported inside the command
    from_method: str,
    to_method: str,
    *,
    written: bool,
) -> dict[str, Any]:
    from server.figures.bridges import bridge_fields
    from server.stocks.bridge import BridgeRefusal

    fit = found.fit
    refused = isinstance(fit, BridgeRefusal)
    return {
        "bridge": None if refused else bridge_fields(fit, from_method, to_method),
        "slope": None if refused else fit.slope,
        "slope_ci95": None if refused else list(fit.slope_ci95),
        "not_proportional": None if refused else fit.not_proportional,
        "refused": fit.value if refused else None,
        "pairs": [
            {"sample_code": code, "from_g_kg": first, "to_g_kg": second}
            for code, first, second in found.pairs
        ],
        "written": written,
    }


def _lines(
    found: Any,  # noqa: ANN401 - imported inside the command
    from_method: str,
    to_method: str,
    *,
    written: bool,
) -> list[str]:
    from server.stocks.bridge import BridgeRefusal

    fit = found.fit
    bags = (
        f"{counted(len(found.pairs), 'bag')} analysed by {from_method} and {to_method}"
    )
    if isinstance(fit, BridgeRefusal):
        return [
            f"{bags}: no bridge, {fit.value}.",
            (
                "Analyse more archived bags by both, over the whole range of SOC, and enter"
                " the results beside the old ones, as another replicate."
            ),
        ]
    low, high = fit.slope_ci95
    factor = fit.bridge
    lines = [
        f"{bags}, {factor.low_g_kg:.3g} to {factor.high_g_kg:.3g} g/kg:",
        (
            f"  {to_method} = {factor.factor:.4f} x {from_method},"
            f" standard error {factor.factor_se:.4f}"
        ),
        (
            f"  slope of the logarithms {fit.slope:.3f} ({low:.3f} to {high:.3f}), 1 for one"
            " factor"
        ),
    ]
    if fit.not_proportional:
        return [
            *lines,
            (
                "The slope is not 1: one factor is wrong at both ends, so none is recorded."
                " Verdicts across the change of method stay withheld."
            ),
        ]
    if written:
        return [*lines, "Recorded. Plots are derived again by a running server."]
    return [*lines, "Nothing is recorded yet; add --write."]
