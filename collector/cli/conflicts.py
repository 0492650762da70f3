"""conflicts: two unseen values of one measurement, and what a person decides."""

import shlex
from collections.abc import Mapping, Sequence
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
from collector.cli.output import emit_json, say, table
from collector.errors import Exit, UsageError
from schemas import limits
from schemas.printing import TableForm, prose
from schemas.sides import By, at_odds, told_side, ways
from schemas.told import counted, told_values

if TYPE_CHECKING:
    from collector.fix.conflicts import Decided
    from collector.laptop.laptop import Laptop
    from collector.rules.overlay import BaseRow
    from schemas.sides import Contest, PersonsChoice


CONFLICTS: Final = TableForm(
    "conflicts",
    "record",
    prose("before"),
    prose("stands"),
    prose("also recorded"),
    prose("by"),
    "at",
    prose("state"),
)
SIDES: Final = TableForm(
    "sides of a conflict", prose("side"), prose("value"), prose("by"), "at"
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def conflicts(context: click.Context, as_json: bool) -> int | None:
    """Show open conflicts and decide on them: what stands, and what else was recorded.

    The first value stands until a person decides, here or on the server.

    \b
    Example:
      permille conflicts
      permille conflicts show HF
      permille conflicts resolve HF --keep --reason "measured again"
    """
    if context.invoked_subcommand is not None:
        return None
    from collector.record import views

    with context.ensure_object(App).laptop() as laptop:
        found = views.conflicts(laptop)
        rows = [_row(laptop, one) for one in found]
    if as_json:
        emit_json(found)
    elif not found:
        click.echo("no open conflicts")
    else:
        table(CONFLICTS, rows)
        say(
            f"{counted(len(found), 'conflict')}; to decide:"
            f" permille conflicts show {shlex.quote(found[0]['name'])}"
        )
    is_open = any(not one["decided"] for one in found)
    return Exit.ATTENTION if is_open else Exit.DONE


@conflicts.command()
@click.argument("record")
@json_option
@pass_app
def show(app: App, record: str, as_json: bool) -> None:
    """Show the conflicts of a record side by side, and what to type for each side.

    \b
    Example:
      permille conflicts show HF
    """
    from collector.fix import conflicts
    from collector.record import views

    with app.laptop() as laptop:
        base = conflicts.find_contested(laptop, record)
        found = [c for c in views.conflicts(laptop) if c["record"] == base.id]
        if as_json:
            emit_json(found)
            return
        name = conflicts.name_of(laptop, base)
        contest = conflicts.contest_of(laptop, base, base.conflicts)
        for place, group in enumerate(contest.groups()):
            if place:
                click.echo()
            say(f"{name}: {contest.about(group)}", "  ")
            _print_sides(contest, group)
            if all(c["decided"] for c in found if c["group"] == group):
                click.echo("decided here, not yet synced")
                continue
            typed = f"permille conflicts resolve {shlex.quote(record)}"
            for way, side in ways(contest, group):
                said = told_side(contest, side, group)
                click.echo(f'{typed} {way} --reason "WHY"')
                say(f"    {said}")


@conflicts.command()
@click.argument("record", required=False)
@click.option(
    "--id", "ids", multiple=True, help="Only this conflict; its start will do."
)
@click.option("--all", "everything", is_flag=True, help="Every open conflict.")
@click.option("--keep", is_flag=True, help="Let what stands stand.")
@click.option(
    "--take",
    metavar="PERSON",
    help="Let the value of this person stand; a laptop or the value itself will do.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Let a third value stand. May be repeated.",
)
@click.option(
    "--reason",
    required=True,
    callback=one_line(limits.NOTE_CHARS),
    help="Why; it travels with the decision.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@person_option
@json_option
@pass_app
def resolve(  # noqa: PLR0917 - click passes them by name
    app: App,
    record: str | None,
    ids: tuple[str, ...],
    everything: bool,
    keep: bool,
    take: str | None,
    settings: tuple[str, ...],
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Decide which value stands. The next sync carries the decision to all.

    Where a deletion met an edit, --keep changes nothing, and to take the other side
    deletes the record or brings it back. A decision that meets a value newer than the
    one seen here becomes a conflict itself. Where a value of this laptop waits, to be
    sent or to be fixed, that the decision would go over, it is named and asked about.

    \b
    Example:
      permille conflicts resolve HF --take "Ada Diallo" --reason "measured again"
      permille conflicts resolve HF --take 2.5 --reason "as on the map"
      permille conflicts resolve HF --set area-ha=2.4 --reason "from the map"
      permille conflicts resolve --all --keep --reason "first visit counts"
    """
    from collector.fix import conflicts, discard

    if bool(take) + bool(settings) + keep != 1:
        raise UsageError("say --keep, --take or --set, one of them")
    _check_which(record, everything=everything, goes=keep and not ids)
    with app.laptop() as laptop:
        if record is None:
            lost = discard.set_aside_by_all(laptop)
            question = _question(lost, "Let everything stand as it stands?")
            confirmed(question, yes=yes)
            said, count = "all records", conflicts.resolve_all(laptop, reason)
            came = conflicts.Decided({}, ())
        else:
            base = conflicts.find_contested(laptop, record)
            said = conflicts.name_of(laptop, base)
            ids = conflicts.conflicts_named(base, ids, record)
            choice = _choice(laptop, base, take, settings)
            if lost := discard.set_aside(laptop, base, ids, choice):
                confirmed(_question(lost, "Decide so all the same?"), yes=yes)
            count = conflicts.resolve(laptop, base, ids, choice, reason)
            came = conflicts.outcome(laptop, base, ids)
    _tell_decision(said, count, came, as_json=as_json)


def _tell_decision(said: str, count: int, came: "Decided", *, as_json: bool) -> None:
    """Print how many conflicts were decided, what stands now, and what does not yet."""
    if as_json:
        told = {"stands": dict(came.stands), "left_open": list(came.left_open)}
        emit_json({"record": said, "decided": count, **told})
        return
    click.echo(f"decided {counted(count, 'conflict')} of {said}")
    for value in came.stands.values():
        say(f"  stands: {value}", "    ")
    for about in came.left_open:
        say(f"  left open: {about}", "    ")
    click.echo("next: permille sync")


def _check_which(record: str | None, *, everything: bool, goes: bool) -> None:
    if everything == bool(record):
        raise UsageError("which record?", "permille conflicts resolve RECORD, or --all")
    if everything and not goes:
        raise UsageError("--all goes with --keep only")


def _choice(
    laptop: "Laptop", base: "BaseRow", take: str | None, settings: Sequence[str]
) -> "PersonsChoice":
    from collector.cli.review import read_settings
    from schemas.deciding import SideChoice
    from schemas.sides import KEPT, PersonsChoice

    if settings:
        values = read_settings(laptop, base.type, settings, base.project_id)
        return PersonsChoice(SideChoice(values=values))
    return KEPT if take is None else PersonsChoice(named=take)


def _question(lost: Sequence[str], question: str) -> str:
    """Return the question that names which values of this laptop would not stand."""
    if not lost:
        return question
    return f"What was recorded here would not stand: {'; '.join(lost)}. {question}"


def _row(laptop: "Laptop", found: Mapping[str, Any]) -> list[str]:
    from collector.record.names import called_in

    before, *sides = found["before"], found["stands"] or {}, found["other"]
    values = [side or {} for side in (before, *sides)]
    called = called_in(laptop.store, found["type"], values)
    stands, other = at_odds(*sides)
    names = stands or other
    known = {name: (before or {}).get(name) for name in names} if before else before
    return [
        f"{found['type']} {found['name']}",
        *(told_values(side, called) for side in (known, stands, other)),
        str(By(found.get("person"), found.get("device"))),
        str(found.get("at") or "")[:16],
        "decided here, not yet synced" if found["decided"] else "open",
    ]


def _print_sides(contest: "Contest", group: str) -> None:
    by_id = {str(each["id"]): each for each in contest.groups()[group]}
    rows: list[list[object]] = []
    for side in contest.sides(group):
        conflict = by_id.get(side.conflict, {})
        rows.append(
            [
                "also recorded" if side.conflict else "stands",
                contest.told(group, side.values),
                str(side.by) if any(side.by) else "",
                str(conflict.get("at") or "")[:16],
            ]
        )
    before = next(iter(by_id.values()))["base"]
    if before:
        rows.append(["before", contest.told(group, before), "", ""])
    table(SIDES, rows)
