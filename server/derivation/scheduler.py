"""A Dask cluster that derives batches; reading and saving them stays here.

Only values travel: a worker of the cluster needs this program, and no database. Whoever may
speak to a Dask scheduler may run programs on its hosts and here: it is for a closed network.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final

from schemas.version import __version__
from server.derivation.derive import derived_plots
from server.errors import NotFoundError, NotInstalledError, ServerError
from server.store.values import DerivedPlot, Job, PlotTree

_CONNECT_S: Final = 10


class Scheduler:
    """A connection to a cluster."""

    def __init__(self, client: Any, threads: int) -> None:  # noqa: ANN401 - Dask has no types
        self._client, self.threads = client, threads
        #: Why nothing more is derived there.
        self.failure: ServerError | None = None

    async def derive(
        self, jobs: Sequence[Job], trees: Sequence[PlotTree]
    ) -> list[DerivedPlot]:
        """Derive plots of one project on a worker.

        Raises
        ------
        ServerError
            If the cluster fails, or is gone: it would only keep plots from others.
        """
        try:
            found: list[DerivedPlot] = await self._client.submit(
                _derived_by, __version__, jobs, trees, pure=False
            )
        # A future of a scheduler that is gone is cancelled.
        except (Exception, asyncio.CancelledError) as error:
            why = str(error) or type(error).__name__
            self.failure = ServerError(
                f"the cluster does not derive: {why}", "see the logs of its workers"
            )
            raise self.failure from error
        return found


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Scheduler]:
    """Connect to the scheduler at an address such as `tcp://192.0.2.7:8786`.

    Raises
    ------
    NotInstalledError
        If Dask is missing.
    NotFoundError
        If no scheduler answers there.
    """
    try:
        distributed = import_module("distributed")
    except ModuleNotFoundError:
        raise NotInstalledError(
            "distributed is missing, which speaks to a Dask cluster",
            "run: pip install 'permille-….whl[server,dask]'",
        ) from None
    try:
        client = await distributed.Client(
            address, asynchronous=True, timeout=_CONNECT_S, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise NotFoundError(
            f"no Dask scheduler answers at {address}",
            "start it, or correct --scheduler: tcp://host:port",
        ) from error
    async with client:
        threads = sum((await client.nthreads()).values())
        yield Scheduler(client, max(threads, 1))


def _derived_by(
    version: str, jobs: Sequence[Job], trees: Sequence[PlotTree]
) -> list[DerivedPlot]:
    """Derive, unless this is another version of the program than that of who asks."""
    if version != __version__:
        raise ServerError(
            f"a worker of the cluster has Permille {__version__}, not {version}",
            "install the same on all of them",
        )
    return derived_plots(jobs, trees)
