"""Commands `init`, `run` and `stats`."""

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from schemas.printing import TableForm
from server.cli.common import json_option, print_json, print_table, with_store
from server.config import DataDirectory

if TYPE_CHECKING:
    import asyncio

    from server.app import Listening

STATS: Final = TableForm("what the server holds", "what", "count")


@click.command()
@json_option
@click.pass_obj
def init(data: DataDirectory, as_json: bool) -> None:
    """Make a new data directory.

    \b
    Example:
      permille-server --data /srv/permille init
    """
    from server.clock import Clock
    from server.data import init_data

    init_data(data, Clock())
    if as_json:
        print_json({"data": str(data.path)})
        return
    made = data.database if data.address is None else "the tables of the server"
    click.echo(f"Made {made}.")
    click.echo("Next: permille-server project add --code CODE --title TITLE")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind.")
@click.option(
    "--port",
    default=8750,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to bind; 0 takes a free one.",
)
@click.option(
    "--trusted-proxy",
    multiple=True,
    metavar="ADDRESS",
    help="Address or network of a proxy whose X-Forwarded-For is believed; may be"
    " repeated; `none` for nobody. Default: this machine.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that serve the address; more than one need PostgreSQL.",
)
@click.option("--socket", "descriptor", type=int, hidden=True)
@click.option("--worker", default=0, hidden=True)
@click.pass_obj
def run(
    data: DataDirectory,
    *,
    host: str,
    port: int,
    trusted_proxy: tuple[str, ...],
    workers: int,
    descriptor: int | None,
    worker: int,
) -> None:
    """Serve laptops until stopped with Ctrl-C or SIGTERM.

    Put a reverse proxy with TLS before it when laptops come over a network.

    \b
    Example:
      permille-server --data /srv/permille run --port 8750
      permille-server --database postgresql://permille@db/permille run --workers 4
    """
    import asyncio
    import signal
    import socket
    from dataclasses import replace

    from server.app import Listening, serve
    from server.errors import ServerError
    from server.http.addresses import LOOPBACK, networks

    try:
        trusted = networks([] if "none" in trusted_proxy else trusted_proxy or LOOPBACK)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--trusted-proxy") from None
    log_to_stderr()
    bound = None if descriptor is None else socket.socket(fileno=descriptor)
    listening = Listening(host, port, trusted, bound)

    async def until_stopped() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        if workers == 1:
            await serve(replace(data, worker=worker), listening, _say_ready, stop)
        else:
            await _by_workers(data, listening, workers, trusted_proxy, stop)

    try:
        asyncio.run(until_stopped())
    except OSError as error:
        raise ServerError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            "choose another --port, or stop what uses this one",
        ) from error


async def _by_workers(
    data: DataDirectory,
    listening: "Listening",
    workers: int,
    trusted_proxy: tuple[str, ...],
    stop: "asyncio.Event",
) -> None:
    """Serve by several processes, each with the same options."""
    import contextlib

    from server.clock import Clock
    from server.data import open_store
    from server.errors import StorageError, UsageError
    from server.operations.copy_detection import notice_copy, renew
    from server.serving import serve_by_workers

    if data.address is None:
        raise UsageError(
            f"{workers} processes cannot write to one SQLite file",
            "leave --workers out, or serve from PostgreSQL: see --database",
        )
    store = open_store(data)  # what is wrong with it is said once
    await notice_copy(store, data.mark, Clock())
    options = [word for each in trusted_proxy for word in ("--trusted-proxy", each)]
    at = (listening.host, listening.port)
    try:
        await serve_by_workers(data, at, workers, options, _say_ready, stop)
        # A database that is away now has been spoken of; the mark of the start stands.
        with contextlib.suppress(StorageError):
            await renew(store, data.mark, Clock())
    finally:
        store.close()


@click.command("derivation-worker", hidden=True)
@click.pass_obj
def derivation_worker(data: DataDirectory) -> None:
    """Derive for a server, which starts this, until it closes standard input.

    \b
    Example:
      permille-server --data /srv/permille run
    """
    import asyncio

    from server.derivation.worker import derive_for_parent

    log_to_stderr()
    asyncio.run(derive_for_parent(data))


def _say_ready(url: str) -> None:
    click.echo(f"Permille server on {url}")


def log_to_stderr() -> None:
    """Write one JSON line per event to stderr."""
    import sys

    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    # What libraries have to say becomes a line like any other.
    logging.basicConfig(handlers=[_Structured()], level=logging.WARNING, force=True)


class _Structured(logging.Handler):
    """Writes what libraries log as structured lines, an error by its name alone."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        import structlog

        error = record.exc_info[1] if record.exc_info else None
        said = {} if error is None else {"error": f"{type(error).__name__}: {error}"}
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), logger=record.name, **said)


@click.command()
@json_option
@click.pass_context
def stats(context: click.Context, as_json: bool) -> None:
    """Count what the server holds.

    \b
    Example:
      permille-server stats --json
    """

    async def job(store):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return asdict(await store.read(lambda tx: tx.stats()))

    counts = with_store(context, job)
    if as_json:
        print_json(counts)
        return
    flat = [
        (name, value) for name, value in counts.items() if not isinstance(value, dict)
    ]
    for group in ("records", "verdicts"):
        flat += [(f"{group}: {name}", n) for name, n in sorted(counts[group].items())]
    print_table(STATS, [(name.replace("_", " "), count) for name, count in flat])
