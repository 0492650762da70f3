"""Records through a veil, for what is written of them: exports and the report."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from schemas.export.shape import ExportRecord
from server.access.anchors import Anchors
from server.access.veil import Veil, veil_of
from server.merge.model import Record
from server.store.port import Store, Transaction

T = TypeVar("T")


def veiled(
    records: Iterable[ExportRecord], veil: Veil, anchors: Anchors
) -> Iterator[ExportRecord]:
    """Yield the records of an export as they are shown."""
    for one in records:
        place = anchors.of(one.record_type, one.project_id, one.record_id, one.fields)
        fields = veil.fields(
            one.record_type, one.project_id, one.fields, place.cell, place.plot
        )
        yield one._replace(fields=fields)


class VeiledStore:
    """Reads a store as a role may see it; it writes nothing.

    A boundary that may not be shown where it is is left out: a map of squares says nothing.
    """

    def __init__(self, store: Store, role: str, today: str) -> None:
        self._store, self._role, self._today = store, role, today

    def read(self, job: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run a job on one snapshot, of records as they are shown."""
        return self._store.read(lambda tx: job(self._veiled(tx)))

    def _veiled(self, tx: Transaction) -> Transaction:
        veil = veil_of(tx, [*tx.heads()], self._role, self._today)
        return tx if veil is None else cast("Transaction", _VeiledReading(tx, veil))


class _VeiledReading:
    """A transaction whose records are as they are shown; all else is asked of it."""

    def __init__(self, tx: Transaction, veil: Veil) -> None:
        self._tx, self._veil = tx, veil

    def records(self, project_id: str, record_type: str) -> list[Record]:
        """Return the live records of a type as they are shown, as the store's."""
        return [
            one._replace(
                fields=self._veil.fields(
                    record_type, project_id, one.fields, plot=_plot_of(one)
                )
            )
            for one in self._tx.records(project_id, record_type)
        ]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what a transaction has
        return getattr(self._tx, name)


def _plot_of(record: Record) -> str | None:
    return record.id if record.type == "plot" else record.fields.get("plot_id")
