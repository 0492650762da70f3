"""The changes that wait, found by what they are for and by what they wait for."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from server.merge.model import WaitingChange

Place = tuple[str, str]  # project, id of a record, change or conflict

_Index = dict[Place, dict[str, None]]


@dataclass(slots=True)
class Waitlist:
    """Waiting changes in the order they came."""

    _changes: dict[str, WaitingChange] = field(default_factory=dict)
    _for_record: _Index = field(default_factory=dict)
    _until: _Index = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._changes)

    def __contains__(self, change_id: str) -> bool:
        return change_id in self._changes

    def copy(self) -> "Waitlist":
        """Return one to try something on."""
        for_record = {place: dict(ids) for place, ids in self._for_record.items()}
        until = {place: dict(ids) for place, ids in self._until.items()}
        return Waitlist(dict(self._changes), for_record, until)

    def get(self, change_id: str | None) -> WaitingChange | None:
        """Return a waiting change by its id."""
        return self._changes.get(change_id or "")

    def all(self) -> list[WaitingChange]:
        """Return every one, in the order they came."""
        return list(self._changes.values())

    def add(self, waiting: WaitingChange) -> None:
        """Keep a change that waits; what is known of it already is replaced."""
        change = waiting.validated.change
        self.remove(change.id)
        self._changes[change.id] = waiting
        self._for_record.setdefault((change.project_id, change.record_id), {})[
            change.id
        ] = None
        if waiting.waits_for is not None:
            place = (change.project_id, waiting.waits_for)
            self._until.setdefault(place, {})[change.id] = None

    def remove(self, change_id: str) -> None:
        """Remove a change; harmless when it does not wait."""
        gone = self._changes.pop(change_id, None)
        if gone is None:
            return
        change = gone.validated.change
        self._for_record[change.project_id, change.record_id].pop(change_id)
        if gone.waits_for is not None:
            self._until[change.project_id, gone.waits_for].pop(change_id)

    def of_record(self, place: Place) -> list[WaitingChange]:
        """Return the waiting changes of a record."""
        return self._found(self._for_record.get(place, ()))

    def until(self, place: Place) -> list[WaitingChange]:
        """Return the changes that wait for a record."""
        return self._found(self._until.get(place, ()))

    def may_bring(self, place: Place, besides: str = "") -> bool:
        """Return whether a waiting change may bring a record.

        What waits for the record itself cannot bring it.
        """
        return any(
            found.validated.change.id != besides and found.waits_for != place[1]
            for found in self.of_record(place)
        )

    def _found(self, ids: Iterable[str]) -> list[WaitingChange]:
        return [self._changes[change_id] for change_id in ids]
