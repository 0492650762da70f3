"""Command `doctor`: is this server well."""

import click

from schemas.health import INDENT, is_well
from server.cli.common import json_option, print_json, say, with_store
from server.config import DataDirectory


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Look whether this server is well: disk, database, backlog, backup, laptops.

    Nothing is written. `permille-server verify` reads every row besides. Exit code 1 where
    something is to be done.

    \b
    Example:
      permille-server doctor
    """
    from server.clock import Clock
    from server.operations.doctor import examine

    data = context.find_object(DataDirectory)
    assert data is not None, "the group made it"
    found = with_store(context, lambda store: examine(data, store, Clock()))
    if as_json:
        print_json([one.as_data() for one in found])
    else:
        for one in found:
            say(one.line, INDENT)
    if not is_well(found):
        context.exit(1)
