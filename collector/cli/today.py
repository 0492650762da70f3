"""today: what was done, what is missing, what is odd, what waits."""

import re
import shlex
from typing import TYPE_CHECKING, Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, say, table_of_first
from collector.errors import Exit
from schemas.names import listed
from schemas.printing import TableForm, prose
from schemas.problem_kinds import KINDS
from schemas.told import counted

if TYPE_CHECKING:
    from collector.record.field_day import FieldDay

#: What was recorded on a day, by plot and person.
DONE: Final = TableForm("done on a day", "plot", "cores", "bags", prose("by"))
#: Where the first words of a warning end.
_FIRST_WORDS: Final = re.compile("[,;:(]")
#: So many kinds of warnings are shown; there is a command for all.
_WARNINGS: Final = 3


@click.command("today")
@click.option(
    "--date", "day", metavar="DATE", help="Another day: yesterday, 2026-11-30."
)
@project_option
@json_option
@pass_app
def today(app: App, day: str | None, project: str | None, as_json: bool) -> int:
    """Show what was done today on this laptop, and what is still to do.

    What is missing: points of the open campaign without a core and without a skip, cores
    of the day with fewer bags than the project's layer-depths-cm, bags without a mass.

    \b
    Example:
      permille today
      permille today --date yesterday
    """
    from collector.record import names
    from collector.record.field_day import field_day
    from collector.record.local_day import day_of

    with app.laptop() as laptop:
        project_id = names.the_project(laptop.store, project).id
        found = field_day(laptop, project_id, day_of(laptop.clock, day or ""))
    if as_json:
        emit_json(found.as_data())
    else:
        _tell(found)
    return Exit.ATTENTION if found.needs_a_person else Exit.DONE


def _tell(found: "FieldDay") -> None:
    campaign = found.campaign or "none is open, or several are"
    click.echo(f"{found.day}, campaign {campaign}")
    cores, bags = counted(found.cores, "core"), counted(found.bags, "bag")
    click.echo(f"done       {cores}, {bags}")
    table_of_first(DONE, found.done)
    _tell_missing(found)
    _tell_odd(found)
    if found.drafts:
        _fact(
            "drafts", f"{len(found.drafts)} on this laptop alone: permille draft list"
        )
    waiting = f"{counted(found.to_send, 'change')}: permille sync"
    _fact("to send", waiting if found.to_send else "nothing")
    _fact("next", _next(found))


def _tell_missing(found: "FieldDay") -> None:
    if found.left:
        points = counted(len(found.left), "point")
        _fact("left", f"{points}: {listed(found.left)}")
    elif found.campaign:
        _fact("left", "no point")
    if found.short:
        said = [f"{one.core} {one.bags} of {one.usual}" for one in found.short]
        _fact("short", f"{counted(len(said), 'core')}: {listed(said)}")
    if found.unweighed:
        bags = counted(len(found.unweighed), "bag")
        _fact("no mass", f"{bags}: {listed(found.unweighed)}")


def _tell_odd(found: "FieldDay") -> None:
    """Say in few words what is odd, and of which records; there is a command for all of it."""
    if found.odd is None:
        _fact("odd", "not looked at, there is too much of it: permille warnings")
    if not found.odd:
        return
    _fact("odd", f"{counted(len(found.odd), 'warning')}: permille warnings")
    by_text: dict[str, list[str]] = {}
    for one in found.odd:
        name = found.called.get(one.record_id, "")
        text = _FIRST_WORDS.split(KINDS[one.warning.code].text)[0]
        by_text.setdefault(text, []).append(f"{one.record_type} {name}")
    for text, who in list(by_text.items())[:_WARNINGS]:
        say(f"{'':11}{text}: {listed(who)}", "  ")


def _fact(name: str, text: str) -> None:
    say(f"{name:10} {text}", " " * 11)


def _next(found: "FieldDay") -> str:
    """Return what to type next: what is lost first, then what is missing."""
    if found.drafts:
        return f"permille draft finish {found.drafts[0].number}"
    if found.left:
        point = shlex.quote(found.left[0])
        return f'permille core add {point} ...; or: permille skip add {point} --because "..."'
    if found.unweighed:
        bag = shlex.quote(found.unweighed[0])
        return f"permille sample edit {bag} --field-mass-g G"
    return "permille sync" if found.to_send else "nothing; have a good evening"
