"""Command `quarantine`: changes that were stored and not applied, and their ways out."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from server.cli.common import counted, json_option, print_json, print_table, with_store
from server.cli.custody import (
    by,
    name_of,
    project_of,
    project_option,
    reason_option,
    values_of,
)
from server.merge.statuses import WAITS, CustodyStatus

if TYPE_CHECKING:
    from server.custody.review import Reviewed

_changes_argument: Final = click.argument(
    "names", metavar="CHANGE...", nargs=-1, required=True
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

    async def job(store: Any) -> tuple[list[dict[str, Any]], int]:  # noqa: ANN401
        project_id = await project_of(store, project)
        return await store.read(  # type: ignore[no-any-return]
            lambda tx: (
                listed(tx, project_id, statuses),
                len(listed(tx, project_id, (CustodyStatus.HELD,))),
            )
        )

    found, held = with_store(context, job)
    if as_json:
        print_json(found)
        return
    print_table(
        ["change", "record", "state", "field", "value", "reason", "what to do", "by"],
        [
            (
                q["change"],
                name_of(q),
                q["status"],
                why.get("path"),
                why.get("value"),
                f"{why.get('text')} [{why.get('code')}]",
                why.get("hint"),
                q["person"] or q["device"],
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
@click.argument("name", metavar="CHANGE")
@json_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show a change as it was sent, with the problem of each field.

    The start of its id is enough.

    \b
    Example:
      permille-server quarantine show 0190b2
    """
    from server.custody.quarantine import shown

    async def job(store: Any) -> dict[str, Any]:  # noqa: ANN401
        found: dict[str, Any] = await store.read(lambda tx: shown(tx, name))
        return found

    found = with_store(context, job)
    if as_json:
        print_json(found)
        return
    click.echo(f"{name_of(found)} ({found['record']})")
    click.echo(f"change {found['change']}: {found['status']}")
    click.echo(f"sent by {by(found)}")
    if found["reason"]:
        click.echo(f"reason: {found['reason']}")
    print_table(
        ["field", "as sent", "stands", "reason", "what to do"], list(_rows(found))
    )
    for line in _bearings(found):
        click.echo(line)


@quarantine.command("release")
@_changes_argument
@json_option
@click.pass_context
def release(context: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Judge changes again now that what was wrong is mended; a laptop's scope is no bar.

    \b
    Example:
      permille-server quarantine release 0190b2
    """
    from server.custody import review

    async def job(store: Any) -> "Reviewed":  # noqa: ANN401
        total = review.Reviewed(0, 0, 0)
        for project_id, changes in (await _by_project(store, names)).items():
            total += await review.release(store, _clock(), project_id, changes)
        return total

    _tell(with_store(context, job), as_json=as_json)


@quarantine.command("discard")
@_changes_argument
@reason_option
@json_option
@click.pass_context
def discard(
    context: click.Context, names: tuple[str, ...], reason: str, as_json: bool
) -> None:
    """Discard changes for a reason; they stay in the log, and their authors are told.

    \b
    Example:
      permille-server quarantine discard 0190b2 --reason "typed twice"
    """
    from server.custody import review

    async def job(store: Any) -> int:  # noqa: ANN401
        projects = await _by_project(store, names)
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

    What a laptop sent for a project that is not its own stays: release it by its id.

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


async def _by_project(store: Any, names: Sequence[str]) -> dict[str, list[str]]:  # noqa: ANN401
    from server.custody.quarantine import find

    found = await store.read(lambda tx: find(tx, names, WAITS))
    projects: dict[str, list[str]] = {}
    for change in found:
        projects.setdefault(change["project"], []).append(change["change"])
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
        reason = f"{why['text']} [{why['code']}]" if why else None
        if why.get("detail"):
            reason = f"{reason}: {why['detail']}"
        sent = found["fields"].get(name, why.get("value"))
        yield (name or "record", sent, stands.get(name), reason, why.get("hint"))


def _bearings(found: dict[str, Any]) -> Iterator[str]:
    stands = found["stands"]
    if stands is None:
        yield "the record is not on the server"
    elif stands["deleted"]:
        yield "the record stands deleted"
    else:
        yield f"the record stands with: {values_of(stands['fields'])}"
    if found["waits_for"]:
        waited = ", ".join(found["waits_for_changes"]) or "not sent yet"
        yield f"waits for record {found['waits_for']} ({waited})"
    for other in found["waiting_for_it"]:
        yield f"waits for it: {name_of(other)}, change {other['change']}"
