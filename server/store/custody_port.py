"""What the server asks of a database about what waits, and what was decided."""

from collections.abc import Mapping
from typing import Protocol

from server.store.custody_values import (
    ConflictQuery,
    CustodyQuery,
    HowMuchWaits,
    InCustody,
    StoredConflict,
)


class Custody(Protocol):
    """What waits for a record or for a person, and what was decided."""

    def quarantine(self, query: CustodyQuery) -> list[InCustody]:
        """Return changes of the quarantine in the order in which they came."""

    def how_much_waits(self, project_id: str) -> HowMuchWaits:
        """Return whether anything waits, and how much is held, up to what may be."""

    def conflicts(self, query: ConflictQuery) -> list[StoredConflict]:
        """Return conflicts, in the order in which they came or were settled."""

    def reopen_conflicts(self, project_id: str, conflicts: Mapping[str, str]) -> None:
        """Open settled conflicts again, each of a record that was written just now.

        `conflicts` has the record of each. They count in the record and in the digest.
        """

    def next_release(self) -> tuple[str, str, int] | None:
        """Return a record that others wait for, and the place up to which they had it."""

    def note_release(self, project_id: str, record_id: str, after: int | None) -> None:
        """Note up to where those who wait for a record were released; None: all."""
