"""fix: what the server could not apply."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from collector.cli.app import (
    App,
    confirmed,
    json_option,
    one_line,
    pass_app,
    person_option,
)
from collector.cli.output import emit_json, say
from collector.errors import Exit, UsageError
from schemas import limits
from schemas import settings as typed
from schemas.messages import Op
from schemas.phrases import _, joined, named, problem_phrase
from schemas.problems import from_data
from schemas.record_words import TYPE_WORDS
from schemas.records import TYPES
from schemas.told import option_name, told

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop


@click.command()
@click.argument("record", required=False)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Correct a field; an empty value clears it. May be repeated.",
)
@click.option("--resend", is_flag=True, help="Send it again as it is.")
@click.option("--discard", is_flag=True, help="Give the change up.")
@click.option(
    "--reason",
    callback=one_line(limits.NOTE_CHARS),
    help="Why; with --set or --discard.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@person_option
@json_option
@pass_app
def fix(  # noqa: PLR0917 - click passes them by name
    app: App,
    record: str | None,
    settings: tuple[str, ...],
    resend: bool,
    discard: bool,
    reason: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """List what the server could not apply, and correct it.

    A fix is a new change that names the old one and carries the whole record;
    what waited for the record is sent again with it. A record without more shows what
    is wrong with it.

    \b
    Example:
      permille fix
      permille fix HF-1
      permille fix HF-1 --set sample-code=HF-1b --reason "label read wrongly"
      permille fix HF-1 --resend
      permille fix HF-1 --discard --reason "typed twice" --yes
    """
    if bool(settings) + resend + discard > 1:
        raise UsageError(
            _("--set, --resend and --discard exclude each other"), _("choose one")
        )
    if reason is not None and not (discard or settings):
        raise UsageError(_("--reason goes with --set or --discard"))
    if not (settings or resend or discard):
        return _print_list(app, record, as_json=as_json)
    if record is None:
        raise UsageError(_("which record?"), "permille fix RECORD ...")
    if discard:
        _discard(app, record, reason, yes=yes, as_json=as_json)
    else:
        _fix_one(app, record, settings, reason, as_json=as_json)
    return Exit.DONE


def _fix_one(
    app: App,
    record: str,
    settings: Sequence[str],
    reason: str | None,
    *,
    as_json: bool,
) -> None:
    from collector.fix import fixing, quarantine
    from collector.record import names, resend

    with app.laptop() as laptop:
        view = quarantine.find_quarantined(laptop, record)
        said = joined([TYPE_WORDS[view.type], names.label(laptop.store, view)], " ")
        before = laptop.store.head().n
        if settings:
            patch = read_settings(laptop, view.type, settings, view.project_id)
            fixing.fix(laptop, view, patch, reason)
        else:
            resend.send_again(laptop, view.id, {})
        sent = laptop.store.head().n - before
    _told(view.id, said, "fixed", sent, as_json=as_json)


def _discard(
    app: App, record: str, reason: str | None, *, yes: bool, as_json: bool
) -> None:
    from collector.fix import quarantine
    from collector.record import names, resend

    with app.laptop() as laptop:
        view = quarantine.find_quarantined(laptop, record)
        said = joined([TYPE_WORDS[view.type], names.label(laptop.store, view)], " ")
        confirmed(_("Give up the change of {record}?", record=said), yes=yes)
        sent = resend.discard(laptop, view.id, reason)
    _told(view.id, said, "discarded", sent, as_json=as_json)


#: What was done with a change, in words.
_DONE: Final = {"fixed": _("fixed"), "discarded": _("discarded")}


def _told(record: str, said: str, word: str, sent: int, *, as_json: bool) -> None:
    if as_json:
        emit_json({"record": record, "name": said, "outcome": word, "changes": sent})
        return
    done = joined([_DONE[word], said], " ")
    together = _("{num} changes, which stand or fall together", num=sent)
    say(_("{done} ({together})", done=done, together=together) if sent > 1 else done)
    say(_("next: permille sync"))


def read_settings(
    laptop: "Laptop", record_type: str, settings: Sequence[str], project_id: str
) -> dict[str, Any]:
    """Read FIELD=VALUE pairs as the fields of a record type; records by their names.

    Raises
    ------
    UsageError
        If one is no pair, or names no field.
    NotFoundError
        If a record that is named is not here.
    """
    from collector.cli.options import in_full
    from collector.record import names

    try:
        patch = typed.read_settings(
            record_type, settings, lambda texts: in_full(laptop, record_type, texts)
        )
    except typed.SettingError as error:
        raise UsageError(error.text, error.hint) from None
    for name, target in TYPES[record_type].references.items():
        if isinstance(said := patch.get(name), str):
            patch[name] = names.find(laptop.store, target, said, project_id).id
    return patch


def _print_list(app: App, record: str | None, *, as_json: bool) -> int:
    from collector.fix import quarantine

    with app.laptop() as laptop:
        found = quarantine.fix_list(laptop)
        if record is not None:
            view = quarantine.find_quarantined(laptop, record)
            found = [entry for entry in found if entry["record"] == view.id]
    if as_json:
        emit_json(found)
    elif not found:
        say(_("nothing to fix"))
    for entry in [] if as_json else found:
        _print_entry(entry, says_fields=record is not None)
    return Exit.ATTENTION if found else Exit.DONE


#: What a change does, where that is not to set values.
_DOES: Final = {
    Op.DELETE: _("its deletion"),
    Op.UNDELETE: _("to bring it back"),
    Op.RESOLVE: _("a decision on its conflict"),
}


def _print_entry(entry: Mapping[str, Any], *, says_fields: bool) -> None:
    op = Op(entry["op"])
    record = joined([TYPE_WORDS[entry["type"]], entry["name"]], " ")
    does = named(record, _DOES[op]) if op in _DOES else record
    say(_("{change} (follows by itself)", change=does) if entry["held"] else does)
    for reason in entry["reasons"]:
        why = problem_phrase(from_data(reason), entry["names"])
        say(joined(["  ", why], ""), "  ")
    for line in _values(entry, says_fields=says_fields):
        say(joined(["    ", line], ""), "  ")
    if entry["fix"]:
        click.echo(f"  -> {entry['fix']}")
    say(_("  or {command}", command=entry["discard"]))


def _values(entry: Mapping[str, Any], *, says_fields: bool) -> Iterator[str]:
    """Return what a change says, and what the server has in its place by now."""
    for name, value in (entry["fields"] if says_fields else {}).items():
        if value is not None:
            yield f"{option_name(name)} = {told(value, entry['names'])}"
    for name, value in entry["meanwhile"].items():
        said = told(value, entry["names"]) or _("nothing")
        yield _(
            "meanwhile the server has {field} = {value}",
            field=option_name(name),
            value=said,
        )
