"""Soil masses that were found once for a plot and never move: SQLite."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from server.store.driver import Connection
from server.store.rows import dump, json_list
from server.store.values import FrozenMass

_FREEZE: Final = """
    INSERT INTO reference_mass (project_id, plot_id, setting, mass, at)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (project_id, plot_id, setting) DO NOTHING
"""


class FrozenMasses:
    """The part of a transaction that keeps reference masses."""

    connection: Connection

    def reference_masses(self, project_id: str) -> list[FrozenMass]:
        """Return the masses that were found once for plots of a project."""
        rows = self.connection.execute(
            "SELECT plot_id, setting, mass FROM reference_mass WHERE project_id = ?"
            " ORDER BY plot_id, setting",
            (project_id,),
        )
        return [
            FrozenMass(project_id, plot, setting, json.loads(mass))
            for plot, setting, mass in rows
        ]

    def freeze(self, masses: Iterable[FrozenMass], now: str) -> None:
        """Keep masses of plots that have none for that setting; others stay as they are."""
        self.connection.executemany(
            _FREEZE,
            [(*one[:-1], dump(one.mass), now) for one in masses],
        )

    def _frozen(
        self, project_id: str, plots: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        masses: dict[str, dict[str, Any]] = {plot: {} for plot in plots}
        rows = self.connection.execute(
            "SELECT plot_id, setting, mass FROM reference_mass WHERE project_id = ?"
            " AND plot_id IN (SELECT value FROM json_each(?))",
            (project_id, json_list(plots)),
        )
        for plot, setting, mass in rows:
            masses[plot][setting] = json.loads(mass)
        return masses
