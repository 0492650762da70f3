"""Command `conflict`: two unseen values of one measurement, and what a person decides."""

import getpass
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.conflicts import sides_as_told
from schemas.printing import TableForm, prose
from schemas.sides import By, at_odds, told_side, ways
from schemas.told import counted, problem_line, told_values
from server.cli.common import (
    confirmed,
    json_option,
    person_option,
    print_json,
    print_table,
    say,
    with_store,
)
from server.cli.custody import (
    by,
    project_codes,
    project_of,
    project_option,
    reason_option,
)
from server.merge.statuses import ConflictStatus

if TYPE_CHECKING:
    from schemas.sides import Contest, PersonsChoice
    from server.custody.conflicts import Resolved


@click.group()
def conflict() -> None:
    """Look at conflicts and settle them: two unseen values of one measurement.

    \b
    Example:
      permille-server conflict list --project HF
    """


OPEN: Final = TableForm(
    "open conflicts",
    "project",
    prose("record"),
    prose("stands"),
    prose("also recorded"),
    prose("by"),
    "at",
)
SETTLED: Final = TableForm(
    "settled conflicts",
    "project",
    prose("record"),
    prose("stood"),
    prose("also recorded"),
    prose("decision"),
    prose("reason"),
    prose("by"),
)
SIDES: Final = TableForm(
    "sides of a conflict", prose("side"), prose("value"), prose("by"), "at"
)


@conflict.command("list")
@project_option
@click.option("--settled", is_flag=True, help="Those that were decided, and how.")
@json_option
@click.pass_context
def list_conflicts(
    context: click.Context, project: str | None, settled: bool, as_json: bool
) -> None:
    """List the open conflicts: the first value stands, the other is kept.

    \b
    Example:
      permille-server conflict list --project HF --json
      permille-server conflict list --settled
    """
    from server.custody import conflicts

    status = ConflictStatus.SETTLED if settled else ConflictStatus.OPEN

    async def job(store: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:  # noqa: ANN401
        project_id = await project_of(store, project)
        found: list[dict[str, Any]] = await store.read(
            lambda tx: conflicts.listed(tx, project_id, status)
        )
        return found, await project_codes(store)

    found, codes = with_store(context, job)
    if as_json:
        print_json([sides_as_told(one) for one in found])
        return
    if settled:
        print_table(
            SETTLED,
            [(codes.get(one["project"], ""), *_settled_row(one)) for one in found],
        )
    else:
        print_table(
            OPEN, [(codes.get(one["project"], ""), *_open_row(one)) for one in found]
        )
    click.echo(f"{counted(len(found), f'{status} conflict')}.")
    if found and not settled:
        name = shlex.quote(found[0]["name"])
        within = shlex.quote(codes.get(found[0]["project"], found[0]["project"]))
        say(f"To decide: permille-server conflict show {name} --project {within}")


@conflict.command("show")
@click.argument("name", metavar="RECORD")
@project_option
@json_option
@click.pass_context
def show(context: click.Context, name: str, project: str | None, as_json: bool) -> None:
    """Show the open conflicts of a record side by side, and what to type for each side.

    RECORD is its name, or the id of one conflict; the start of an id is enough.

    \b
    Example:
      permille-server conflict show HF
    """
    from server.custody import conflicts

    async def job(store: Any) -> tuple[list[dict[str, Any]], "Contest", int]:  # noqa: ANN401
        project_id = await project_of(store, project)

        def read(tx: Any) -> tuple[list[dict[str, Any]], "Contest", int]:  # noqa: ANN401
            found = conflicts.find(tx, [name], project_id)
            return found, conflicts.contest(tx, found), conflicts.beyond(tx, found)

        shown: tuple[list[dict[str, Any]], Contest, int] = await store.read(read)
        return shown

    found, contest, more = with_store(context, job)
    if as_json:
        told = [sides_as_told(one) for one in found]
        print_json(told[0] if told[0]["id"].startswith(name) else told)
        return
    for place, group in enumerate(contest.groups()):
        if place:
            click.echo()
        say(f"{found[0]['name']}: {contest.about(group)}", "  ")
        _print_sides(contest, group)
        for way, side in ways(contest, group):
            within = f" --project {shlex.quote(project)}" if project else ""
            typed = (
                f"permille-server conflict resolve {shlex.quote(name)}{within} {way}"
            )
            click.echo(f'{typed} --reason "WHY"')
            say(f"    {told_side(contest, side, group)}")
    if more:
        say(
            f"{counted(more, 'more change')} of it in quarantine: as many conflicts as a"
            " record may have are open. Decide on some, then:"
            f" permille-server quarantine release {shlex.quote(name)}"
        )


@conflict.command("resolve")
@click.argument("names", metavar="RECORD...", nargs=-1, required=True)
@project_option
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
@reason_option
@person_option("decides")
@click.option("--yes", is_flag=True, help="Do not ask when there are many.")
@json_option
@click.pass_context
def resolve(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    names: tuple[str, ...],
    project: str | None,
    keep: bool,
    take: str | None,
    settings: tuple[str, ...],
    reason: str,
    person: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Decide which value stands; all laptops receive it, and what was not chosen is kept.

    A record is named as lists name it, one conflict of it by its id. Where a deletion
    met an edit, --keep changes nothing, and to take the other side deletes the record
    or brings it back.

    \b
    Example:
      permille-server conflict resolve HF --take "Ada Diallo" --reason "measured again"
      permille-server conflict resolve HF --set area-ha=2.4 --reason "from the map"
    """
    from server.clock import Clock
    from server.custody import conflicts

    _refuse_other_than_one(take, settings, keep=keep)
    if len(names) > 1:
        confirmed(f"Decide on {len(names)} conflicts?", yes=yes)

    async def job(store: Any) -> "list[Resolved]":  # noqa: ANN401
        project_id = await project_of(store, project)

        def read(tx: Any) -> tuple[list[dict[str, Any]], "PersonsChoice"]:  # noqa: ANN401
            found = conflicts.find(tx, names, project_id)
            return found, _choice(tx, take, settings, found)

        found, choice = await store.read(read)
        given = conflicts.Resolution(choice, reason, person or getpass.getuser())
        return await conflicts.resolve(store, Clock(), found, given)

    done = with_store(context, job)
    if as_json:
        print_json([_data(one) for one in done])
    else:
        for one in done:
            _tell(one)
    if any(one.problems for one in done):
        raise SystemExit(4)
    if any(one.conflicts for one in done):
        raise SystemExit(1)


def _refuse_other_than_one(
    take: str | None, settings: Sequence[str], *, keep: bool
) -> None:
    if bool(take) + bool(settings) + keep != 1:
        raise click.UsageError("say --keep, --take or --set, one of them")


def _choice(
    tx: Any,  # noqa: ANN401 - the port's transaction
    take: str | None,
    settings: Sequence[str],
    found: Sequence[dict[str, Any]],
) -> "PersonsChoice":
    from schemas.deciding import SideChoice
    from schemas.settings import SettingError, read_settings
    from schemas.sides import KEPT, PersonsChoice
    from server.access.labels import with_ids

    if not settings:
        return KEPT if take is None else PersonsChoice(named=take)
    kinds = {(conflict["project"], conflict["type"]) for conflict in found}
    if len(kinds) > 1:
        raise click.UsageError("--set fits conflicts of one record type")
    ((project_id, record_type),) = kinds
    try:
        values = read_settings(record_type, settings)
    except SettingError as error:
        raise click.UsageError(f"{error.text}; {error.hint}") from None
    values = with_ids(tx, project_id, record_type, values)
    return PersonsChoice(SideChoice(values=values))


def _data(one: "Resolved") -> dict[str, Any]:
    return {
        "record": one.record,
        "type": one.type,
        "name": one.name,
        "settles": one.resolves,
        "outcome": one.outcome.value,
        "problems": [problem.as_data() for problem in one.problems],
        "conflicts": one.conflicts,
    }


def _tell(one: "Resolved") -> None:
    if one.problems:
        click.echo(f"{one.name}: refused; the conflict stays open", err=True)
        for problem in one.problems:
            say(f"  {problem_line(problem)}", "  ", err=True)
    elif one.conflicts:
        say(
            f"{one.name}: somebody wrote a newer value meanwhile; your decision is a"
            " conflict itself now, and both stay open"
        )
        say(f"see: permille-server conflict show {shlex.quote(one.name)}")
    else:
        settled = counted(len(one.resolves), "conflict")
        say(f"{one.name}: {settled} settled; what stands: {one.stands}", "  ")


def _print_sides(contest: "Contest", group: str) -> None:
    by_id = {str(each["id"]): each for each in contest.groups()[group]}
    rows: list[list[object]] = []
    for side in contest.sides(group):
        at = by_id[side.conflict]["at"] if side.conflict else _stood_since(by_id)
        rows.append(
            [
                "also recorded" if side.conflict else "stands",
                contest.told(group, side.values),
                str(side.by),
                at[:16],
            ]
        )
    before = next(iter(by_id.values()))["base"]
    if before:
        rows.append(["before", contest.told(group, before), "", ""])
    print_table(SIDES, rows)


def _stood_since(by_id: Mapping[str, Any]) -> str:
    found = next(iter(by_id.values())).get("stands_by") or {}
    return str(found.get("at") or "")


def _open_row(found: Mapping[str, Any]) -> list[object]:
    names = found["names"]
    stands, other = at_odds(found["stands"] or {}, found["ours"])
    return [
        found["name"],
        f"{told_values(stands, names)} ({by(found['stands_by'])})",
        told_values(other, names),
        str(By(found["person"], found["device"])),
        found["at"][:16],
    ]


def _settled_row(found: Mapping[str, Any]) -> list[object]:
    names, decision = found["names"], found["decision"]
    sides = at_odds(found["theirs"], found["ours"], decision["chosen"] or {})
    return [
        found["name"],
        *(told_values(side, names) for side in sides[:2]),
        told_values(sides[2] or None, names),
        decision["reason"],
        by(decision),
    ]
