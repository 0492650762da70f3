"""receipts: what the server signed that it has."""

from typing import Final

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json, table
from collector.errors import Exit
from schemas.printing import TableForm

RECEIPTS: Final = TableForm(
    "receipts", "log", "changes", "signed for", "at", "signature"
)


@click.command()
@click.option("--verify", is_flag=True, help="Check each signature and its hash.")
@json_option
@pass_app
def receipts(app: App, verify: bool, as_json: bool) -> int:
    """List the latest receipt of each log: how much of it the server has.

    The server signed it; keep a copy and it proves what was handed over, and when.

    \b
    Example:
      permille receipts --verify
    """
    from collector.laptop.receipts import receipts as latest

    with app.laptop() as laptop:
        found = latest(laptop, verify=verify)
    if as_json:
        emit_json(
            [{"log": (row := one._asdict()).pop("log_id"), **row} for one in found]
        )
    elif not found:
        click.echo("no receipts: nothing was sent yet")
    else:
        words = {None: "not checked", True: "good", False: "not good"}
        rows = [
            [one.log_id, one.changes, one.signed_for, one.at, words[one.is_good]]
            for one in found
        ]
        table(RECEIPTS, rows)
    is_bad = any(one.is_good is False for one in found)
    return Exit.ATTENTION if is_bad else Exit.DONE
