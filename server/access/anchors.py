"""Which plot a record is of, and in which square of the grid it is shown."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from server.reading.cells import Cell, cell_of, cell_of_anchor
from server.store.port import Transaction


class Shown(NamedTuple):
    """The id of the plot of a record, and the square that it is shown in; or None."""

    plot: str | None = None
    cell: Cell | None = None


class Anchors:
    """The plots of some projects with their squares, and the plot of each point."""

    def __init__(self, tx: Transaction, project_ids: Iterable[str]) -> None:
        self._cells: dict[tuple[str, str], Cell | None] = {}
        self._plots: dict[tuple[str, str], str] = {}
        for project_id in project_ids:
            self._read(tx, project_id)

    def of(
        self,
        record_type: str,
        project_id: str,
        record_id: str,
        fields: Mapping[str, Any],
    ) -> Shown:
        """Return where a record is shown: in the square of its plot, else in its own."""
        plot = self._plot(record_type, project_id, record_id, fields)
        cell = self._cells.get((project_id, plot)) if plot else None
        return Shown(plot, cell or _own(fields))

    def _read(self, tx: Transaction, project_id: str) -> None:
        for plot in tx.records(project_id, "plot"):
            boundary = plot.fields.get("geometry")
            cell = cell_of_anchor(json.dumps(boundary)) if boundary else None
            self._cells[project_id, plot.id] = cell
        for point in sorted(tx.records(project_id, "point"), key=lambda one: one.id):
            plot_id = str(point.fields.get("plot_id"))
            self._plots[project_id, point.id] = plot_id
            if self._cells.get((project_id, plot_id)) is None:
                self._cells[project_id, plot_id] = _own(point.fields)

    def _plot(
        self,
        record_type: str,
        project_id: str,
        record_id: str,
        fields: Mapping[str, Any],
    ) -> str | None:
        match record_type:
            case "plot":
                return record_id
            case "point" | "practice" | "design":
                return fields.get("plot_id")
            case "core" | "skip":
                return self._plots.get((project_id, str(fields.get("point_id"))))
            case _:
                return None


def _own(fields: Mapping[str, Any]) -> Cell | None:
    """Return the square of a place that a record itself has."""
    place: Sequence[Any] = (fields.get("lon"), fields.get("lat"))
    if not all(isinstance(one, int | float) for one in place):
        return None
    return cell_of(*place)
