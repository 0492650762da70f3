"""The command `permille-server`."""

from pathlib import Path

import click

from schemas.version import __version__
from server.cli.acting import who_acts
from server.cli.attachments import attachments
from server.cli.audit import audit
from server.cli.backup import backup, epochs, move, restore, verify
from server.cli.board import board
from server.cli.bundle import bundle
from server.cli.common import Commands, data_directory, data_option, database_option
from server.cli.conflict import conflict
from server.cli.contact_erase import contact
from server.cli.derive import derive
from server.cli.device_scope import device
from server.cli.doctor import doctor
from server.cli.export import export
from server.cli.inbox import inbox
from server.cli.lab import lab
from server.cli.limits import limits
from server.cli.look import look
from server.cli.person import person
from server.cli.phone_forms import phone
from server.cli.places import places
from server.cli.project import project
from server.cli.purge import purge
from server.cli.quarantine import quarantine
from server.cli.search import search
from server.cli.service import derivation_worker, init, run, stats
from server.cli.stocks import stocks
from server.cli.taking_in import records
from server.cli.token import token
from server.cli.undo import undo
from server.cli.warning import warning
from server.cli.webhook_sent import webhook
from server.config import PERSON_VARIABLE


@click.group(
    cls=Commands,
    # Colour: click would take ESC sequences out of a pipe instead of showing them.
    context_settings={"help_option_names": ["-h", "--help"], "color": True},
)
@click.version_option(__version__, prog_name="permille-server")
@data_option
@database_option
@click.option(
    "--person",
    callback=who_acts,
    envvar=PERSON_VARIABLE,
    expose_value=False,
    help="Who gives the command, for the audit log; or set"
    f" {PERSON_VARIABLE}. Default: your login name.",
)
@click.pass_context
def main(context: click.Context, data: Path | None, database: str | None) -> None:
    """Receive, merge and derive what field laptops recorded.

    \b
    Example:
      permille-server --data /srv/permille init
      permille-server --data /srv/permille project add --code HF --title "Highfield"
      permille-server --data /srv/permille device code --project HF
      permille-server --data /srv/permille run
    """
    context.obj = data_directory(data, database)


for command in (
    init,
    run,
    derive,
    derivation_worker,
    project,
    device,
    token,
    webhook,
    person,
    phone,
    contact,
    stocks,
    board,
    inbox,
    conflict,
    quarantine,
    warning,
    lab,
    places,
    export,
    look,
    search,
    records,
    undo,
    bundle,
    attachments,
    backup,
    restore,
    move,
    verify,
    audit,
    epochs,
    purge,
    limits,
    doctor,
    stats,
):
    main.add_command(command)
