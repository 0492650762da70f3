"""Commands `backup`, `restore`, `verify` and `epochs`."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.screen import raw_errors
from schemas.told import counted
from server.cli.acting import act_of
from server.cli.common import (
    json_option,
    print_json,
    print_table,
    say,
    with_store,
)
from server.config import DataDirectory

EPOCHS: Final = TableForm(
    "timelines of the server", "number", "epoch", "began", prose("why"), prose("laptop")
)

#: More faults than these tell nothing more.
_MOST_FAULTS: Final = 1_000

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@_file
@click.option("--force", is_flag=True, help="Write over FILE if it exists.")
@json_option
@click.pass_context
def backup(context: click.Context, file: Path, force: bool, as_json: bool) -> None:
    """Write database and attached files into FILE; the server may be running.

    FILE is read back and compared before it gets its name. It holds the server's keys:
    keep it as safe as the server.

    \b
    Example:
      permille-server --data /srv/permille backup /mnt/backup/permille-2026-05-04.tar
    """
    from server.clock import Clock
    from server.operations.backup import back_up

    data: DataDirectory = context.obj
    with _progress() as progress:
        manifest = with_store(
            context,
            lambda _: back_up(data, file, Clock(), progress, force=force),
            hands_out=True,
        )
    if as_json:
        print_json({"file": str(file), **manifest.as_data()})
        return
    files = len(manifest.parts) - 1
    click.echo(
        f"Wrote {file} and read it back: {file.stat().st_size} bytes,"
        f" {counted(manifest.about['changes'], 'change')},"
        f" {counted(files, 'attached file')}."
    )


@click.command()
@_file
@click.option("--force", is_flag=True, help="Replace the data that are there.")
@click.option(
    "--with-faults",
    is_flag=True,
    help="Take a backup that does not verify all the same.",
)
@json_option
@click.pass_context
def restore(
    context: click.Context, file: Path, force: bool, with_faults: bool, as_json: bool
) -> None:
    """Put a backup in place of the server's data; the server must be stopped.

    FILE is checked to its last bit and verified first, as `verify --backup` does. A database that is there is kept beside it
    under another name. Laptops then send by themselves what the backup lacks.

    \b
    Example:
      permille-server --data /srv/permille restore /mnt/backup/permille-2026-05-04.tar
    """
    from server.clock import Clock
    from server.operations.backup import Forced
    from server.operations.backup import restore as put_back

    data: DataDirectory = context.obj
    forced = Forced(replaces=force, with_faults=with_faults)
    with _progress() as progress:
        act = act_of(context)
        done = asyncio.run(put_back(data, file, Clock(), progress, act, forced))
    about = done.manifest.about
    if as_json:
        kept = str(done.kept) if done.kept else None
        found = {"data": str(data.path), "epoch": done.epoch, "kept": kept}
        print_json({**found, "backup": done.manifest.as_data()})
        return
    click.echo(f"Restored {data.path} as it was at {about['made_at']}.")
    if done.kept:
        click.echo(f"The database that was there is kept: {done.kept}")
    click.echo(
        f"It had {counted(about['changes'], 'change')}. A new epoch begins, so with their next sync"
        "\nlaptops send again what the server no longer has, by themselves, and fetch"
        "\nevery project anew. Nobody needs to do anything on a laptop. What was recorded"
        "\non the server itself after the backup, and laptops enrolled after it, are to"
        "\nbe entered again."
    )
    click.echo(f"Next: permille-server --data {data.path} run")


@click.command()
@click.option(
    "--backup",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check this backup instead of the server's data.",
)
@json_option
@click.pass_obj
def verify(data: DataDirectory, file: Path | None, as_json: bool) -> None:
    """Check everything that is stored: nothing is changed, the server may be running.

    Chains, signatures, receipts, verdicts and their effects, derived numbers, digests
    and attached files. Exit code 4 when something is wrong; the first bad line is told
    first.

    \b
    Example:
      permille-server verify --backup /mnt/backup/permille-2026-05-04.tar
    """
    from server.operations.backup import checked_backup, unpacked
    from server.operations.backup import verify as check

    with _progress() as progress:
        if file is None:
            faults = list(islice(check(data, progress), _MOST_FAULTS))
        else:
            with unpacked(file, checked_backup(file, progress)) as copy:
                faults = list(islice(check(copy, progress), _MOST_FAULTS))
    checked = str(file or data.path)
    if as_json:
        is_all = len(faults) < _MOST_FAULTS
        told = [asdict(found) for found in faults]
        print_json({"checked": checked, "faults": told, "complete": is_all})
    elif faults:
        for found in faults:
            say(f"{found.check}: {found.where}: {found.what}", "  ")
        more = " at least" if len(faults) == _MOST_FAULTS else ""
        click.echo(f"{counted(len(faults), 'fault')}{more} in {checked}.")
        click.echo("Keep the files as they are; restore a backup that verifies.")
    else:
        click.echo(f"{checked}: everything holds.")
    if faults:
        raise SystemExit(4)


@click.command()
@click.option(
    "--to",
    "address",
    required=True,
    metavar="URL",
    help="Address of an empty PostgreSQL database; `file` for a file in the data"
    " directory.",
)
@json_option
@click.pass_context
def move(context: click.Context, address: str, as_json: bool) -> None:
    """Move the server to another database: stop it first, and start it afterwards.

    Every row is copied and checked. The old database stays as it was. Laptops go on with
    their next sync.

    \b
    Example:
      permille-server --data /srv/permille move --to postgresql://permille@db/permille
      permille-server --data /srv/permille move --to file
    """
    from server.cli.common import postgres_address
    from server.clock import Clock
    from server.operations.move import move as moved

    data: DataDirectory = context.obj
    target = None if address == "file" else postgres_address(address, "--to")
    with _progress() as progress:
        act = act_of(context)
        done = asyncio.run(moved(data, target, Clock(), progress, act))
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"Moved {counted(done.projects, 'project')} with"
        f" {counted(done.changes, 'change')}: {done.rows} rows, all of them checked."
    )
    click.echo(f"Next: permille-server --data {data.path} run")


@click.command()
@json_option
@click.pass_context
def epochs(context: click.Context, as_json: bool) -> None:
    """List the server's timelines: when each began, and why.

    \b
    Example:
      permille-server epochs
    """

    async def job(store: Any) -> Any:  # noqa: ANN401
        return await store.read(lambda tx: tx.epochs())

    found = with_store(context, job)
    if as_json:
        names = ("number", "id", "at", "reason", "device")
        print_json([{name: getattr(e, name) for name in names} for e in found])
        return
    print_table(
        EPOCHS,
        [(e.number, e.id, e.at, e.reason, e.device) for e in found],
    )


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show on a terminal what is being done and how much of it is done."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    console = Console(file=raw_errors())
    with Progress(
        console=console,
        disable=not console.is_terminal,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield progress
