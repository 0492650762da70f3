"""Command `conflict`: two unseen values of one measurement, and what a person decides."""

import getpass
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from schemas import limits
from schemas.conflicts import Take
from server.cli.common import (
    counted,
    json_option,
    one_line,
    print_json,
    print_table,
    with_store,
)
from server.cli.custody import (
    by,
    name_of,
    project_of,
    project_option,
    reason_option,
    values_of,
)
from server.errors import RefusedError
from server.merge.statuses import ConflictStatus

if TYPE_CHECKING:
    from server.custody.conflicts import Resolved


@click.group()
def conflict() -> None:
    """Look at conflicts and settle them: two unseen values of one measurement.

    \b
    Example:
      permille-server conflict list --project HF
    """


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

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        project_id = await project_of(store, project)
        found: list[dict[str, Any]] = await store.read(
            lambda tx: conflicts.listed(tx, project_id, status)
        )
        return found

    found = with_store(context, job)
    if as_json:
        print_json(found)
        return
    if settled:
        _print_settled(found)
    else:
        _print_open(found)
    click.echo(f"{counted(len(found), f'{status} conflict')}.")


@conflict.command("show")
@click.argument("name", metavar="ID")
@json_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show an open conflict side by side: before, what stands, the other value.

    The start of its id is enough.

    \b
    Example:
      permille-server conflict show 0190b2
    """
    from server.custody import conflicts

    async def job(store: Any) -> dict[str, Any]:  # noqa: ANN401
        found: dict[str, Any] = await store.read(
            lambda tx: conflicts.sides(tx, conflicts.find(tx, [name])[0])
        )
        return found

    found = with_store(context, job)
    if as_json:
        print_json(found)
        return
    click.echo(f"{name_of(found)} ({found['record']})")
    click.echo(f"conflict {found['id']}")
    click.echo(f"stands: {by(found['stands_by'])}")
    click.echo(f"other:  {by(found)}")
    base = found["base"] or {}
    names = dict.fromkeys([*base, *found["theirs"], *found["ours"]])
    print_table(
        ["field", "before", "stands", "other"],
        [
            (name, base.get(name), *_pair(found, name))
            for name in names
            if _is_told(found, name)
        ],
    )
    for choice, text in _choices(found):
        click.echo(f"  --take {choice:<7} {text}")


@conflict.command("resolve")
@click.argument("names", metavar="ID...", nargs=-1, required=True)
@click.option(
    "--take",
    type=click.Choice(Take, case_sensitive=False),
    help="Let the value that stands stand, or the other one.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Let a third value stand. May be repeated.",
)
@reason_option
@click.option(
    "--person",
    callback=one_line(limits.NAME_CHARS),
    help="Who decides; your login name when not given.",
)
@click.option("--yes", is_flag=True, help="Do not ask when there are many.")
@json_option
@click.pass_context
def resolve(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    names: tuple[str, ...],
    take: Take | None,
    settings: tuple[str, ...],
    reason: str,
    person: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Decide which value stands; all laptops receive it, and what was not chosen is kept.

    Where a deletion met an edit, `--take stands` changes nothing and `--take other`
    deletes the record or brings it back.

    \b
    Example:
      permille-server conflict resolve 0190b2 --take other --reason "measured again"
      permille-server conflict resolve 0190b2 --set area_ha=2.4 --reason "from the map"
    """
    from server.clock import Clock
    from server.custody import conflicts

    if bool(take) == bool(settings):
        raise click.UsageError("say --take or --set, one of them")
    if len(names) > 1 and not yes:
        _ask(f"Decide on {len(names)} conflicts?")

    async def job(store: Any) -> "list[Resolved]":  # noqa: ANN401
        found = await store.read(lambda tx: conflicts.find(tx, names))
        choice = _choice(take, settings, found)
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


def _choice(
    take: Take | None, settings: Sequence[str], found: Sequence[dict[str, Any]]
) -> Any:  # noqa: ANN401 - a Choice; schemas are read late
    from schemas.deciding import SideChoice
    from schemas.settings import SettingError, read_settings

    if take:
        return SideChoice(take)
    kinds = {conflict["type"] for conflict in found}
    if len(kinds) > 1:
        raise click.UsageError("--set fits conflicts of one record type")
    try:
        return SideChoice(values=read_settings(kinds.pop(), settings))
    except SettingError as error:
        raise click.UsageError(f"{error.text}; {error.hint}") from None


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise RefusedError(f"{question} This needs a yes.", [], "add: --yes")
    if not click.confirm(question):
        raise RefusedError("nothing was decided", [])


def _data(one: "Resolved") -> dict[str, Any]:
    return {
        "record": one.record,
        "type": one.type,
        "settles": one.resolves,
        "outcome": one.outcome.value,
        "problems": [problem.as_data() for problem in one.problems],
        "conflicts": one.conflicts,
    }


def _tell(one: "Resolved") -> None:
    said = f"{one.type} {one.record[:8]}"
    if one.problems:
        click.echo(f"{said}: refused; the conflict stays open", err=True)
        for problem in one.problems:
            click.echo(f"  {problem}; {problem.hint}", err=True)
    elif one.conflicts:
        click.echo(
            f"{said}: somebody wrote a newer value meanwhile; your decision is a"
            f" conflict itself now, and both stay open: {', '.join(one.conflicts)}"
        )
    else:
        click.echo(f"{said}: {counted(len(one.resolves), 'conflict')} settled")


def _is_told(found: dict[str, Any], name: str) -> bool:
    """Return whether a field is worth a line: it differs, or it is not empty."""
    stands, ours = found["theirs"].get(name), found["ours"].get(name)
    if found["group"] == "*":
        return bool(stands != ours)
    return stands is not None or ours is not None


def _pair(found: dict[str, Any], name: str) -> tuple[object, object]:
    stands, ours = found["stands"], found["ours"]
    return (
        "deleted" if stands is None else stands.get(name),
        ours.get(name) if ours else "deleted",
    )


def _choices(found: dict[str, Any]) -> list[tuple[str, str]]:
    if found["group"] != "*":
        return [
            ("stands", values_of(found["stands"])),
            ("other", values_of(found["ours"])),
        ]
    if found["theirs"]:
        return [("stands", "keep the record"), ("other", "delete the record")]
    return [
        ("stands", "leave it deleted"),
        ("other", f"bring it back with {values_of(found['ours'])}"),
    ]


def _print_open(found: Sequence[dict[str, Any]]) -> None:
    print_table(
        ["conflict", "record", "group", "stands", "also recorded", "by", "at"],
        [
            (
                c["id"],
                name_of(c),
                c["group"],
                values_of(c["stands"] or {}),
                values_of(c["ours"]),
                c["person"] or c["device"],
                c["at"][:16],
            )
            for c in found
        ],
    )


def _print_settled(found: Sequence[dict[str, Any]]) -> None:
    print_table(
        ["conflict", "record", "stood", "also recorded", "decision", "reason", "by"],
        [
            (
                c["id"],
                name_of(c),
                values_of(c["theirs"]),
                values_of(c["ours"]),
                values_of(c["decision"]["chosen"] or None),
                c["decision"]["reason"],
                by(c["decision"]),
            )
            for c in found
        ],
    )
