"""init, enrol, status."""

import platform
from typing import TYPE_CHECKING

import click

from collector.cli.app import (
    App,
    insecure_option,
    json_option,
    new_passphrase,
    one_line,
    pass_app,
)
from collector.cli.output import emit_json, fact, say
from collector.cli.waiting import on_this_laptop_alone
from collector.errors import Exit
from schemas import limits
from schemas.phrases import _, joined, ngettext
from schemas.record_words import counted_records
from schemas.speech.languages import YES_AND_NO

if TYPE_CHECKING:
    from collector.sync.status import LaptopStatus


@click.command()
@click.option(
    "--name",
    metavar="LAPTOP",
    callback=one_line(limits.CODE_CHARS),
    help="Name of this laptop.",
)
@click.option(
    "--person",
    metavar="NAME",
    callback=one_line(limits.NAME_CHARS),
    help="Who works on it; stands in changes.",
)
@click.option(
    "--encrypt",
    is_flag=True,
    help="Derive the key from a passphrase instead of keeping it in a file.",
)
@json_option
@pass_app
def init(
    app: App, name: str | None, person: str | None, encrypt: bool, as_json: bool
) -> None:
    """Set up this laptop.

    The database is always encrypted. Without --encrypt its key lies beside it,
    readable by you only; with --encrypt there is no key file, and each command
    asks for the passphrase (or takes it from PERMILLE_PASSPHRASE).

    \b
    Example:
      permille init --name lap-1 --person "Ada Diallo"
    """
    from collector.laptop.open import init as set_up

    done = set_up(
        app.home,
        app.clock,
        name or platform.node()[: limits.CODE_CHARS] or "laptop",
        person,
        new_passphrase() if encrypt else None,
    )
    if as_json:
        emit_json(done)
        return
    say(_("set up {name} in {home}", name=done["name"], home=done["home"]))
    say(_("next: permille enrol URL CODE; or: permille project add"))


@click.command()
@click.argument("url")
@click.argument("code")
@click.option(
    "--another-server",
    is_flag=True,
    help="Leave the server of now, or follow it to another address.",
)
@click.option(
    "--replaces",
    is_flag=True,
    help="A copy takes the place of the laptop that it was copied from: that one is gone.",
)
@click.option(
    "--name",
    metavar="LAPTOP",
    callback=one_line(limits.CODE_CHARS),
    help="Another name for this laptop.",
)
@click.option(
    "--person",
    metavar="NAME",
    callback=one_line(limits.NAME_CHARS),
    help="Who works on it from now on.",
)
@insecure_option
@json_option
@pass_app
def enrol(  # noqa: PLR0917 - click passes them by name
    app: App,
    url: str,
    code: str,
    another_server: bool,
    replaces: bool,
    name: str | None,
    person: str | None,
    insecure: bool,
    as_json: bool,
) -> None:
    """Make this laptop known to a server, with a code of its administrator.

    The server's address begins with https. One that does not is refused, unless it is
    this very machine: whoever reads the token on its way can write as this laptop.

    A laptop that is enrolled again goes on with its logs. One whose data was copied from
    another laptop becomes one of its own, with what it recorded, unless --replaces.

    \b
    Example:
      permille enrol https://soil.example.org K7QF-93MD
      permille enrol https://soil.example.org K7QF-93MD --name north-2 --person "Bo Ek"
    """
    import asyncio

    from collector.laptop.enrol import Terms
    from collector.laptop.enrol import enrol as trade

    terms = Terms(insecure, another_server, replaces, name, person)
    with app.laptop() as laptop:
        done = asyncio.run(trade(laptop, url, code, terms))
    if as_json:
        emit_json(done)
        return
    projects = counted_records("project", done["projects"])
    where = done["server"]
    say(_("enrolled at {server} for {projects}", server=where, projects=projects))
    _tell_keys(done["laptop_key"], done["server_key"])
    say(_("your administrator sees the same two: permille-server device show LAPTOP"))
    if done["was_copy"]:
        say(_("its data was copied from another laptop: it is one of its own now"))
    if done["clock"]:
        clock = _("{clock}: put it right, so that dates are", clock=done["clock"])
        say(_("warning: {text}", text=clock), err=True)
    say(_("next: permille sync"))


@click.command()
@click.option("--check", is_flag=True, help="Read the whole database for damage.")
@json_option
@pass_app
def status(app: App, check: bool, as_json: bool) -> int:
    """Show what waits, and whether this laptop may be wiped.

    \b
    Example:
      permille status
    """
    from collector.sync.status import laptop_status

    with app.laptop() as laptop:
        found, person = laptop_status(laptop, check=check), laptop.person
    if as_json:
        emit_json(found.as_data() | {"person": person})
    else:
        _tell(found, person)
    needs = found.quarantined or found.conflicts or found.damage
    return Exit.ATTENTION if needs else Exit.DONE


def _tell(found: "LaptopStatus", person: str | None) -> None:
    projects = ", ".join(found.projects) or _("none")
    counts = joined([counted_records(kind, n) for kind, n in found.records.items()])
    fact(_("laptop"), _("{name} in {home}", name=found.name, home=found.home))
    fact(_("at work"), person or _("nobody is named: permille person NAME"))
    fact(_("server"), found.server or _("not enrolled"))
    if found.is_copy and found.device:
        fact(_("copy"), _("of another laptop's data: permille enrol URL CODE"))
    _tell_keys(found.laptop_key, found.server_key)
    fact(_("projects"), projects)
    fact(_("records"), counts or _("none"))
    fact(_("last sync"), found.last_sync_at or _("never"))
    fact(_("to push"), str(found.pending))
    fact(_("files"), _("{num} to send", num=found.attachments_waiting))
    fact(_("drafts"), on_this_laptop_alone(found.drafts) if found.drafts else "0")
    fact(_("to fix"), str(found.quarantined))
    fact(_("waiting"), str(found.held))
    fact(_("conflicts"), str(found.conflicts))
    answer = YES_AND_NO[0 if found.safe_to_wipe else 1]
    say(_("may I wipe this laptop? {answer}", answer=answer))
    for reason in found.reasons:
        say(joined(["  - ", reason], ""), "  ")


def _tell_keys(laptop_key: str | None, server_key: str | None) -> None:
    if laptop_key is None:  # never enrolled
        return
    fact(_("laptop key"), laptop_key)
    fact(_("server key"), server_key or _("never told by the server"))


@click.command()
@json_option
@pass_app
def recover(app: App, as_json: bool) -> None:
    """Go on after this laptop's data was copied or restored from a backup.

    Closes the log and goes on in a new one, so that a copy elsewhere and this laptop
    cannot get into each other's way. What waits in the closed log is still sent;
    nothing is lost or doubled, however often it is run. permille does this by itself
    when it finds its database copied, and a sync does it when the server says that the
    log went on elsewhere.

    \b
    Example:
      permille recover
    """
    from collector.laptop.recover import recover as begin_anew

    with app.laptop() as laptop:
        done = begin_anew(laptop)
    if as_json:
        emit_json(done.as_data())
        return
    changes = ngettext("{num} change", "{num} changes", done.changes)
    say(_("closed log {log} with {changes}", log=done.closed_log, changes=changes))
    waiting = ngettext(
        "began log {log}; {num} change waits to be sent",
        "began log {log}; {num} changes wait to be sent",
        done.pending,
        log=done.new_log,
    )
    say(waiting)
    say(_("next: permille sync"))
    say(_("is the other copy in use too? give it a name of its own there:"))
    say(_("  permille recover; then: permille enrol URL CODE"))
