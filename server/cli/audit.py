"""Command `audit`: what administrators did on this server."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import (
    json_option,
    print_json,
    print_table,
    say,
    with_store,
)
from server.cli.custody import project_codes, project_of, project_option
from server.errors import StorageError

if TYPE_CHECKING:
    from server.access.audit_log import AuditEntry

ACTS: Final = TableForm(
    "what administrators did",
    "line",
    "when",
    prose("who"),
    prose("command"),
    prose("with"),
    prose("projects"),
    prose("outcome"),
)
_COLUMNS: Final = (
    *("number", "at", "run", "person", "login", "command", "said", "projects"),
    *("outcome", "previous_hash", "line", "hash"),
)


@click.group()
def audit() -> None:
    """Look at what administrators did: who, when, which command, with what.

    Each transaction in which a command changes something has a line, and so has each
    command that writes data out. Lines are never changed or removed.

    \b
    Example:
      permille-server audit list --since 2026-05-01
    """


@audit.command("list")
@project_option
@click.option("--person", "by", help="Only of this person or login name.")
@click.option(
    "--since", metavar="DAY", help="Only from this day on, such as 2026-05-01 (UTC)."
)
@click.option(
    "--command",
    "command",
    metavar="NAME",
    help='Only this command or group, such as "device revoke" or device.',
)
@json_option
@click.pass_context
def list_(
    context: click.Context,
    project: str | None,
    by: str | None,
    since: str | None,
    command: str | None,
    as_json: bool,
) -> None:
    """List what administrators did, oldest first; a command of many steps once.

    With --json each line by itself, with its hash.

    \b
    Example:
      permille-server audit list --project HF --command device
      permille-server audit list --person "Ada Diallo" --since 2026-05-01 --json
    """
    from server.access.audit_log import AuditQuery, audit_entries, chosen

    day = None if since is None else _day(since)

    async def job(store: Any) -> tuple[list["AuditEntry"], dict[str, str]]:  # noqa: ANN401
        wanted = AuditQuery(await project_of(store, project), by, day, command)
        found = await store.read(audit_entries)
        return chosen(found, wanted), await project_codes(store)

    found, codes = with_store(context, job)
    if as_json:
        print_json([one.as_data() for one in found])
        return
    acts = _by_run(found)
    print_table(ACTS, [_row(own, codes) for own in acts])
    say(f"{counted(len(acts), 'command')}, {counted(len(found), 'line')}.")


@audit.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_context
def export(context: click.Context, file: Path, as_json: bool) -> None:
    """Write every line with its hash and the one before it as CSV; FILE must be new.

    A hash is the SHA-256 of the bytes of the hash before it and of `line`.

    \b
    Example:
      permille-server audit export audit-2026.csv
    """
    from server.access.audit_log import audit_entries

    if file.exists():
        raise StorageError(f"{file} exists", "name another file; nothing was written")

    async def job(store: Any) -> list["AuditEntry"]:  # noqa: ANN401
        found: list[AuditEntry] = await store.read(audit_entries)
        return found

    found = with_store(context, job, hands_out=True)
    _write(file, found)
    if as_json:
        print_json({"file": str(file), "lines": len(found)})
        return
    say(f"Wrote {counted(len(found), 'line')} to {file}.")


@audit.command("verify")
@json_option
@click.pass_context
def verify(context: click.Context, as_json: bool) -> None:
    """Check that no line was altered, taken out or put in; exit code 4 where one was.

    That the last lines were cut off is found by `permille-server verify`, which has the
    seals of all tables.

    \b
    Example:
      permille-server audit verify
    """
    from dataclasses import asdict

    from server.operations.audit.administrators import check_administrators

    async def job(store: Any) -> tuple[list[Any], int]:  # noqa: ANN401
        from server.store.kept_values import AuditLine

        def read(tx: Any) -> tuple[list[Any], int]:  # noqa: ANN401
            return list(check_administrators(tx)), sum(1 for _ in tx.kept(AuditLine))

        found: tuple[list[Any], int] = await store.read(read)
        return found

    faults, lines = with_store(context, job)
    if as_json:
        print_json({"lines": lines, "faults": [asdict(fault) for fault in faults]})
    else:
        for fault in faults:
            say(f"{fault.where}: {fault.what}", "  ")
        said = f"{counted(len(faults), 'fault')}" if faults else "every line holds"
        say(f"{counted(lines, 'line')}: {said}.")
    if faults:
        raise SystemExit(4)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise click.BadParameter(
            f"{text} is no day, such as 2026-05-01", param_hint="--since"
        ) from None


def _by_run(entries: Iterable["AuditEntry"]) -> list[list["AuditEntry"]]:
    """Return the lines of each running of a command together."""
    runs: dict[str, list[AuditEntry]] = {}
    for one in entries:
        runs.setdefault(one.run, []).append(one)
    return list(runs.values())


def _row(own: Sequence["AuditEntry"], codes: Mapping[str, str]) -> list[object]:
    from server.access.audit_log import told_value

    first, last = own[0], own[-1]
    who = first.person
    projects = {each for one in own for each in one.projects}
    steps = f" in {len(own)} steps" if len(own) > 1 else ""
    return [
        first.number,
        first.at[:16],
        who if who == first.login else f"{who} ({first.login})",
        first.command,
        ", ".join(f"{name} {told_value(value)}" for name, value in first.said.items()),
        ", ".join(sorted(codes.get(each, each[:8]) for each in projects)),
        f"{last.outcome}{steps}",
    ]


def _write(file: Path, entries: Sequence["AuditEntry"]) -> None:
    import json

    from schemas import chain
    from schemas.export.csv_files import write_table

    previous = [chain.START.hex(), *(one.hash for one in entries)]
    rows = (
        [
            *(one.number, one.at, one.run, one.person, one.login, one.command),
            json.dumps(one.said, ensure_ascii=False),
            " ".join(one.projects),
            *(one.outcome, before, one.line, one.hash),
        ]
        for one, before in zip(entries, previous, strict=False)
    )
    try:
        write_table(file, _COLUMNS, rows)
    except OSError as error:
        raise StorageError(
            f"{file}: {error.strerror or error}", "check the folder and the permissions"
        ) from None
