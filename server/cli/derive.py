"""Command `derive`: a host that derives what waits."""

from typing import TYPE_CHECKING, Final

import click

from schemas.told import counted
from server.cli.common import json_option, print_json, progress_bar
from server.cli.service import log_to_stderr
from server.config import DataDirectory

if TYPE_CHECKING:
    from server.derivation.derive import Progress

_MOST: Final = 64


@click.command()
@click.option(
    "--workers",
    type=click.IntRange(1, _MOST),
    help="Processes that derive.  [default: 1]",
)
@click.option("--once", is_flag=True, help="End when no plot waits any more.")
@click.option(
    "--scheduler",
    metavar="tcp://HOST:PORT",
    help="Have plots derived by this Dask cluster, as many batches at once as it has"
    " threads.",
)
@json_option
@click.pass_obj
def derive(
    data: DataDirectory,
    *,
    workers: int | None,
    once: bool,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Derive the plots that wait, until stopped with Ctrl-C or SIGTERM.

    For other hosts than the one that serves, and for many plots at once. Any number may
    run beside servers: each takes plots that no other has. What is under way at a stop
    is finished, and what is cut comes back a minute later.

    \b
    Example:
      permille-server --data /srv/permille derive --workers 4
      permille-server --data /srv/permille derive --once --json
      permille-server derive --scheduler tcp://192.0.2.7:8786
    """
    import asyncio

    if scheduler is not None and workers is not None:
        raise click.UsageError("--workers and --scheduler exclude each other")
    log_to_stderr()
    waited: list[int] = []
    with progress_bar(quiet=as_json) as bar:
        task = bar.add_task("Deriving plots", total=None)

        def tell(waiting: int) -> None:
            waited.append(waiting)
            most = max(waited)
            bar.update(task, total=most, completed=most - waiting)

        asyncio.run(_until_stopped(data, workers or 1, scheduler, tell, once=once))
    first, last = waited[0], waited[-1]
    if as_json:
        print_json({"waiting_before": first, "waiting": last})
        return
    click.echo(f"{counted(first, 'plot')} waited; {last or 'none'} now.")


async def _until_stopped(
    data: DataDirectory,
    workers: int,
    scheduler: str | None,
    tell: "Progress",
    *,
    once: bool,
) -> None:
    import asyncio
    import signal

    from server.derivation import workers as derivation
    from server.derivation.scheduler import connected

    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    if scheduler is None:
        await derivation.derive_by_processes(data, workers, stop, tell, once=once)
        return
    async with connected(scheduler) as cluster:
        await derivation.derive_by_scheduler(data, cluster, stop, tell, once=once)
