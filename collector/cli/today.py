"""today: what was done, what is missing, what is odd, what waits."""

import re
import shlex
from typing import TYPE_CHECKING, Final

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, fact, say, table_of_first
from collector.cli.waiting import on_this_laptop_alone
from collector.errors import Exit
from collector.speech.spoken import speech
from schemas.phrases import Phrase, _, joined, listed, named, ngettext
from schemas.printing import TableForm, prose
from schemas.problem_kinds import KINDS
from schemas.record_words import TYPE_WORDS

if TYPE_CHECKING:
    from collector.record.field_day import FieldDay

#: What was recorded on a day, by plot and person.
DONE: Final = TableForm(
    "done on a day", _("plot"), _("cores"), _("bags"), prose(_("by"))
)
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
    campaign = found.campaign or _("none is open, or several are")
    say(_("{day}, campaign {campaign}", day=found.day, campaign=campaign))
    cores = ngettext("{num} core", "{num} cores", found.cores)
    fact(_("done"), joined([cores, _bags(found.bags)]))
    table_of_first(DONE, found.done)
    _tell_missing(found)
    _tell_odd(found)
    if found.drafts:
        fact(_("drafts"), on_this_laptop_alone(len(found.drafts)))
    waiting = named(_changes(found.to_send), "permille sync")
    fact(_("to send"), waiting if found.to_send else _("nothing"))
    fact(_("next"), _next(found))


def _tell_missing(found: "FieldDay") -> None:
    if found.left:
        points = ngettext("{num} point", "{num} points", len(found.left))
        fact(_("left"), named(points, listed(found.left)))
    elif found.campaign:
        fact(_("left"), _("no point"))
    if found.short:
        short = [
            _("{core} {bags} of {usual}", core=one.core, bags=one.bags, usual=one.usual)
            for one in found.short
        ]
        cores = ngettext("{num} core", "{num} cores", len(short))
        fact(_("short"), named(cores, listed(short)))
    if found.unweighed:
        bags = _bags(len(found.unweighed))
        fact(_("no mass"), named(bags, listed(found.unweighed)))


def _tell_odd(found: "FieldDay") -> None:
    """Say in few words what is odd, and of which records; there is a command for all of it."""
    if found.odd is None:
        fact(_("odd"), _("not looked at, there is too much of it: permille warnings"))
    if not found.odd:
        return
    number = ngettext("{num} warning", "{num} warnings", len(found.odd))
    fact(_("odd"), named(number, "permille warnings"))
    by_text: dict[str, list[str]] = {}
    for one in found.odd:
        name = found.called.get(one.record_id, "")
        said = speech().texts.gettext(KINDS[one.warning.code].text)
        text = _FIRST_WORDS.split(said)[0].strip()
        record = joined([TYPE_WORDS[one.record_type], name], " ")
        by_text.setdefault(text, []).append(record)
    for text, who in list(by_text.items())[:_WARNINGS]:
        say(joined([" " * 11, named(text, listed(who))], ""), "  ")


def _bags(number: int) -> Phrase:
    return ngettext("{num} bag", "{num} bags", number)


def _changes(number: int) -> Phrase:
    return ngettext("{num} change", "{num} changes", number)


def _next(found: "FieldDay") -> str:
    """Return what to type next: what is lost first, then what is missing."""
    if found.drafts:
        return f"permille draft finish {found.drafts[0].number}"
    if found.left:
        point = shlex.quote(found.left[0])
        return _(
            'permille core add {point} ...; or: permille skip add {point} --because "..."',
            point=point,
        )
    if found.unweighed:
        bag = shlex.quote(found.unweighed[0])
        return f"permille sample edit {bag} --field-mass-g G"
    return "permille sync" if found.to_send else _("nothing; have a good evening")
