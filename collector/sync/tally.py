"""What one sync did, counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Protocol

from collector.client.traffic import Traffic
from collector.rules.overlay import ChangeStatus
from collector.rules.reply import Message
from schemas.changes import type_of
from schemas.records import DERIVED

#: What a stock is made of: it is derived anew when one of these changed.
_MEASURED: Final = frozenset({"core", "sample", "result"})
#: What is in conflict is a reason beside its stock, too.
_STANDS: Final = frozenset(
    {ChangeStatus.ACCEPTED, ChangeStatus.MERGED, ChangeStatus.CONFLICT}
)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did.

    Of the `pushed` changes each has one verdict; `settled_late` counts older changes
    that waited and have another verdict now, `notes` holds what the server remarks on
    changes that stand. `figures_later` says that stocks follow from what was pushed, which
    the server derives after it answered.
    """

    pushed: int
    accepted: int
    merged: int
    conflicts: int
    quarantined: int
    held: int
    duplicates: int
    settled_late: int
    received: int
    repaired: int
    pending: int
    new_logs: int
    moved: int
    notes: list[str]
    figures_later: bool
    requests: int
    bytes_sent: int
    bytes_received: int
    duration_s: float
    clock_skew_s: float

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return asdict(self)


class Counted(Protocol):
    """What is counted of one answer."""

    @property
    def verdicts(self) -> Sequence[tuple[ChangeStatus, bool]]:
        """Return each verdict, and whether it had been given before."""

    @property
    def late(self) -> int:
        """Count the verdicts that were given anew."""

    @property
    def notes(self) -> Sequence[str]:
        """Return what the server remarks on changes that stand."""

    @property
    def received(self) -> int:
        """Count the rows."""


@dataclass(slots=True)
class Tally:
    """Counts the rounds of one sync."""

    pushed: int = 0
    received: int = 0
    duplicates: int = 0
    settled_late: int = 0
    repaired: int = 0
    moved: int = 0
    new_logs: int = 0
    notes: list[str] = field(default_factory=list)
    verdicts: Counter[ChangeStatus] = field(default_factory=Counter)
    figures_later: bool = False

    def add(self, answer: Counted, pushed: int) -> None:
        """Count one answer to a request with that many changes."""
        self.pushed += pushed
        self.received += answer.received
        self.settled_late += answer.late
        self.notes += answer.notes
        for status, repeated in answer.verdicts:
            self.verdicts[status] += 1
            self.duplicates += repeated

    def note_figures(
        self, answer: Counted, batch: Sequence[bytes], rows: Sequence[Message]
    ) -> None:
        """Note whether figures are due for what was pushed and stands, or came."""
        stands = any(status in _STANDS for status, _ in answer.verdicts)
        if stands and any(type_of(raw) in _MEASURED for raw in batch):
            self.figures_later = True
        elif any(row.get("t") in DERIVED for row in rows):
            self.figures_later = False

    def report(
        self, *, pending: int, traffic: Traffic, duration_s: float, clock_skew_s: float
    ) -> SyncReport:
        """Return the sum."""
        return SyncReport(
            pushed=self.pushed,
            accepted=self.verdicts[ChangeStatus.ACCEPTED],
            merged=self.verdicts[ChangeStatus.MERGED],
            conflicts=self.verdicts[ChangeStatus.CONFLICT],
            quarantined=self.verdicts[ChangeStatus.QUARANTINED],
            held=self.verdicts[ChangeStatus.HELD],
            duplicates=self.duplicates,
            settled_late=self.settled_late,
            received=self.received,
            repaired=self.repaired,
            pending=pending,
            new_logs=self.new_logs,
            moved=self.moved,
            notes=self.notes,
            figures_later=self.figures_later,
            requests=traffic.requests,
            bytes_sent=traffic.bytes_sent,
            bytes_received=traffic.bytes_received,
            duration_s=round(duration_s, 3),
            clock_skew_s=clock_skew_s,
        )
