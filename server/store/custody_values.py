"""What waits for a person, as the store keeps it: values. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from schemas.problems import Problem
from server.merge.statuses import WAITS, ConflictStatus, CustodyStatus
from server.store.merge_values import LogLine

#: More than any database holds.
ALL: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyQuery:
    """Which changes of the quarantine: what is None does not narrow them.

    `reason` is how the reason begins for which they were released or discarded, `after`
    the place of the last one that was read, `most` the number that is read.
    """

    project_id: str | None = None
    statuses: Collection[CustodyStatus] | None = WAITS
    change_ids: Collection[str] | None = None
    record_ids: Collection[str] | None = None
    waits_for: Collection[str] | None = None
    starts_with: str = ""
    reason: str = ""
    after: int = 0
    most: int = ALL


@dataclass(frozen=True, slots=True)
class InCustody:
    """A change of the quarantine, with the line it came in; `place` orders them."""

    place: int
    project_id: str
    change_id: str
    type: str
    record_id: str
    fields: dict[str, Any]
    why: list[Problem]
    device: str | None
    person: str | None
    at: str
    status: CustodyStatus
    waits_for: str | None
    settled_at: str | None
    reason: str | None
    line: LogLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictQuery:
    """Which conflicts: what is None does not narrow them."""

    project_id: str | None = None
    status: ConflictStatus | None = ConflictStatus.OPEN
    conflict_ids: Collection[str] | None = None
    record_ids: Collection[str] | None = None
    starts_with: str = ""


@dataclass(frozen=True, slots=True)
class StoredConflict:
    """A conflict as it is kept; `seq` is the number of its row."""

    project_id: str
    id: str
    record_id: str
    type: str
    group: str
    base: dict[str, Any] | None
    theirs: dict[str, Any]
    ours: dict[str, Any]
    change_id: str
    log_id: str
    n: int
    seq: int
    device: str | None
    person: str | None
    at: str
    status: ConflictStatus
    settled_by: str | None
    settled_at: str | None
    reason: str | None
    chosen: dict[str, Any]


class HowMuchWaits(NamedTuple):
    """How many changes of a project are held, and whether any waits at all."""

    held: int
    is_any: bool


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a change, on which laptop, and when it came."""

    person: str | None
    device: str | None
    at: str | None

    def as_data(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"person": self.person, "device": self.device, "at": self.at}
