"""Command `quarantine`: changes that were stored and not applied, and their ways out."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.sides import By
from schemas.told import counted, option_name, told, told_values, worded
from server.cli.common import json_option, print_json, print_table, say, with_store
from server.cli.custody import (
    by,
    project_codes,
    project_of,
    project_option,
    reason_option,
)
from server.merge.statuses import WAITS, CustodyStatus

if TYPE_CHECKING:
    from server.custody.review import Reviewed

WAITING: Final = TableForm(
    "changes that wait",
    "project",
    prose("record"),
    prose("field"),
    prose("value"),
    prose("reason"),
    prose("what to do"),
    prose("by"),
    "state",
    "change",
)
SENT: Final = TableForm(
    "a change as sent",
    "field",
    prose("as sent"),
    prose("stands"),
    prose("reason"),
    prose("what to do"),
)

_changes_argument: Final = click.argument(
    "names", metavar="RECORD...", nargs=-1, required=True
)


@click.group()
def quarantine() -> None:
    """Look at changes that were stored and not applied, and let them in or give them up.

    \b
    Example:
      permille-server quarantine list --project HF
    """


@quarantine.command("list")
@project_option
@click.option(
    "--open",
    "which",
    flag_value=CustodyStatus.OPEN,
    default=CustodyStatus.OPEN,
    help="Those that need a person.  [default]",
)
@click.option(
    "--held",
    "which",
    flag_value=CustodyStatus.HELD,
    help="Those that wait for a record.",
)
@click.option("--all", "which", flag_value="all", help="Settled ones too.")
@json_option
@click.pass_context
def list_quarantine(
    context: click.Context, project: str | None, which: str, as_json: bool
) -> None:
    """List the quarantined changes with their reasons; their authors see them too.

    \b
    Example:
      permille-server quarantine list --json
      permille-server quarantine list --held
    """
    from server.custody.quarantine import listed

    statuses = None if which == "all" else (CustodyStatus(which),)

    async def job(store: Any) -> tuple[list[dict[str, Any]], int, dict[str, str]]:  # noqa: ANN401
        project_id = await project_of(store, project)
        found, held = await store.read(
            lambda tx: (
                listed(tx, project_id, statuses),
                len(listed(tx, project_id, (CustodyStatus.HELD,))),
            )
        )
        return found, held, await project_codes(store)

    found, held, codes = with_store(context, job)
    if as_json:
        print_json(found)
        return
    print_table(
        WAITING,
        [
            (
                codes.get(q["project"], q["project"][:8]),
                q["name"],
                option_name(why.get("path") or ""),
                told(why.get("value"), q["names"]),
                f"{worded(why['text'], q['names'])} [{why['code']}]",
                why.get("hint"),
                str(By(q["person"], q["device"])),
                q["status"],
                q["change"],
            )
            for q in found
            for why in q["why"]
        ],
    )
    word = {CustodyStatus.OPEN: "quarantined", "all": "kept"}.get(which, which)
    is_open = which == CustodyStatus.OPEN
    more = f" {held} more held: see --held." if is_open and held else ""
    click.echo(f"{counted(len(found), f'{word} change')}.{more}")


@quarantine.command("show")
@click.argument("name", metavar="RECORD")
@project_option
@json_option
@click.pass_context
def show(context: click.Context, name: str, project: str | None, as_json: bool) -> None:
    """Show a change as it was sent, with the problem of each field.

    RECORD is its name, or the id of one change; the start of an id is enough.

    \b
    Example:
      permille-server quarantine show HF-1
    """
    from server.custody.quarantine import shown

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        within = await project_of(store, project)
        found: list[dict[str, Any]] = await store.read(
            lambda tx: shown(tx, name, within)
        )
        return found

    every = with_store(context, job)
    if as_json:
        print_json(every[0] if every[0]["change"].startswith(name) else every)
        return
    for place, found in enumerate(every):
        if place:
            click.echo()
        _print_one(found)


def _print_one(found: dict[str, Any]) -> None:
    say(f"{found['name']}: {found['status']} (change {found['change']})", "  ")
    say(f"sent by {by(found)}")
    if found["part_of"]:
        say(f"part of: {found['part_of']}", "  ")
    if found["reason"]:
        say(f"reason: {found['reason']}", "  ")
    print_table(SENT, list(_rows(found)))
    for line in _bearings(found):
        say(line, "  ")


@quarantine.command("release")
@_changes_argument
@project_option
@json_option
@click.pass_context
def release(
    context: click.Context, names: tuple[str, ...], project: str | None, as_json: bool
) -> None:
    """Judge changes again now that what was wrong is mended; a laptop's scope is no bar.

    \b
    Example:
      permille-server quarantine release HF-1
    """
    from server.custody import review

    async def job(store: Any) -> "Reviewed":  # noqa: ANN401
        total = review.Reviewed(0, 0, 0)
        for project_id, changes in (await _by_project(store, names, project)).items():
            total += await review.release(store, _clock(), project_id, changes)
        return total

    _tell(with_store(context, job), as_json=as_json)


@quarantine.command("discard")
@_changes_argument
@project_option
@reason_option
@json_option
@click.pass_context
def discard(
    context: click.Context,
    names: tuple[str, ...],
    project: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Discard changes for a reason; they stay in the log, and their authors are told.

    \b
    Example:
      permille-server quarantine discard HF-1 --reason "typed twice"
    """
    from server.custody import review

    async def job(store: Any) -> int:  # noqa: ANN401
        projects = await _by_project(store, names, project)
        return sum(
            [
                await review.discard(store, _clock(), project_id, changes, reason)
                for project_id, changes in projects.items()
            ]
        )

    count = with_store(context, job)
    if as_json:
        print_json({"discarded": count, "reason": reason})
        return
    click.echo(f"{counted(count, 'change')} given up.")


@quarantine.command("rejudge")
@project_option
@json_option
@click.pass_context
def rejudge(context: click.Context, project: str | None, as_json: bool) -> None:
    """Judge everything that waits again, as a newer server does once by itself.

    What a laptop sent for a project that is not its own stays: release it by its name.

    \b
    Example:
      permille-server quarantine rejudge --project HF
    """
    from server.custody import review

    async def job(store: Any) -> "Reviewed":  # noqa: ANN401
        return await review.rejudge(store, _clock(), await project_of(store, project))

    _tell(with_store(context, job), as_json=as_json)


def _clock() -> Any:  # noqa: ANN401 - imported late
    from server.clock import Clock

    return Clock()


async def _by_project(
    store: Any,  # noqa: ANN401
    names: Sequence[str],
    project: str | None,
) -> dict[str, list[str]]:
    from server.custody.quarantine import find

    within = await project_of(store, project)
    found = await store.read(lambda tx: find(tx, names, WAITS, within))
    projects: dict[str, list[str]] = {}
    for change in found:
        projects.setdefault(change["project"], []).append(change["change"])
    store.about(projects)
    return projects


def _tell(done: "Reviewed", *, as_json: bool) -> None:
    if as_json:
        counts = {"tried": done.tried, "settled": done.settled, "waiting": done.waiting}
        print_json(counts)
        return
    click.echo(
        f"{counted(done.tried, 'change')} judged again: {done.settled} settled,"
        f" {done.waiting} still waiting."
    )
    if done.waiting:
        click.echo("see: permille-server quarantine list --all")


def _rows(found: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    stands = (found["stands"] or {}).get("fields", {})
    problems = {why.get("path") or "": why for why in found["why"]}
    for name in dict.fromkeys([*found["fields"], *problems]):
        why = problems.get(name, {})
        words = worded(why.get("text", ""), found["names"])
        reason = f"{words} [{why['code']}]" if why else None
        sent = found["fields"].get(name, why.get("value"))
        values = (told(each, found["names"]) for each in (sent, stands.get(name)))
        yield (option_name(name) or "record", *values, reason, why.get("hint"))


def _bearings(found: dict[str, Any]) -> Iterator[str]:
    stands = found["stands"]
    if stands is None:
        yield "the record is not on the server"
    elif stands["deleted"]:
        yield "the record stands deleted"
    else:
        said = told_values(stands["fields"], found["names"])
        yield f"the record stands with: {said}"
    if found["waits_for"]:
        name = found["names"].get(found["waits_for"], "a record that was not sent yet")
        waited = ", ".join(f"change {each}" for each in found["waits_for_changes"])
        yield f"waits for {name}" + (f" ({waited})" if waited else "")
    for other in found["waiting_for_it"]:
        yield f"waits for it: {other['name']}, change {other['change']}"
