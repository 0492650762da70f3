"""A server that grows: the same one holds a thousand bags, then ten thousand, and so on.

Records go through the server's own log, so what is held is what laptops would have sent:
judged, merged, sealed, in the feed, and derived.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures import say
from benchmarks.scale import write
from benchmarks.soil import PER_PLOT, Entry, campaigns_of, plots_of
from benchmarks.stage import new_server, server_store
from server.clock import Clock
from server.derivation.derive import derive_waiting

#: Plots that are made, written and derived at once: memory does not follow the size.
_PIECE: Final = 50
#: Numbers of plots that the server plans for bags of the measurements.
_SPARE: Final = 1_000_000


@dataclass(slots=True)
class GrowingServer:
    """A server's data with one project, and how many plots it holds."""

    folder: Path
    project_id: str
    campaigns: list[Entry]
    plots: int = 0
    spare: int = _SPARE
    #: Each correction is another one than those before.
    corrections: int = 0

    def grow(self, bags: int) -> None:
        """Fill up to so many bags, whole plots only.

        Raises
        ------
        ValueError
            If these are no whole plots, or fewer than there are.
        """
        plots, rest = divmod(bags, PER_PLOT)
        if rest or plots < self.plots:
            raise ValueError(f"not {bags} after {self.plots} plots of {PER_PLOT}")
        with server_store(self.folder) as store:
            for start in range(self.plots, plots, _PIECE):
                part = range(start, min(start + _PIECE, plots))
                made = plots_of(self.project_id, self.campaigns, part)
                write(store, self.project_id, [*made.plan, *made.samples])
                asyncio.run(derive_waiting(store, Clock()))
                say(f"  {part.stop * PER_PLOT:,} of {bags:,} bags")
        self.plots = plots

    def bags_of(self, plot: int) -> list[Entry]:
        """Return the bags of a plot, as they were written."""
        part = range(plot, plot + 1)
        return plots_of(self.project_id, self.campaigns, part).samples

    def spare_bags(self, count: int) -> list[Entry]:
        """Plan further plots; return so many bags of theirs that nobody recorded."""
        part = range(self.spare, self.spare + -(-count // PER_PLOT))
        made = plots_of(self.project_id, self.campaigns, part)
        with server_store(self.folder) as store:
            write(store, self.project_id, made.plan)
        self.spare = part.stop
        return made.samples[:count]


def growing_server(folder: Path) -> GrowingServer:
    """Make a server with one project, its campaigns, and no bag."""
    project_id = new_server(folder)
    campaigns = campaigns_of(project_id)
    with server_store(folder) as store:
        write(store, project_id, campaigns)
    return GrowingServer(folder, project_id, campaigns)
