"""A change of a project as its line says it, with its verdict. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas import hlc
from schemas.evolve import up_cast
from schemas.messages import Op, Outcome
from schemas.operations import OperationKind, operation_of

_STANDS: Final = frozenset({Outcome.ACCEPTED, Outcome.MERGED, Outcome.CONFLICT})
#: Operations whose changes may name conflicts: those that settle or reopen many at once.
_OF_CONFLICTS: Final = frozenset({OperationKind.DECIDE, OperationKind.UNDO})


class ProjectLine(NamedTuple):
    """A change of a project as its line says it, with its verdict.

    `seq` is its number in the project, None where it waits or was refused.
    """

    change_id: str
    log_id: str
    n: int
    outcome: Outcome
    seq: int | None
    said: Mapping[str, Any]

    @property
    def stands(self) -> bool:
        """Return whether it has done something to its record."""
        return self.outcome in _STANDS and self.seq is not None

    @property
    def record_id(self) -> str:
        """Return the record that it is about."""
        return str(self.said["r"])

    @property
    def record_type(self) -> str:
        """Return the type of that record."""
        return str(self.said["t"])

    @property
    def op(self) -> Op:
        """Return what it does."""
        return Op(self.said["o"])

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields that it writes, under their present names."""
        return up_cast(self.record_type, self.said["v"], self.said.get("f") or {})

    @property
    def person(self) -> str | None:
        """Return who made it."""
        return self.said.get("u")

    @property
    def wall_ms(self) -> int:
        """Return when it was made, by the clock of where it was made."""
        return hlc.wall_ms(int(self.said["h"]))

    @property
    def operation(self) -> str | None:
        """Return the operation that it is part of; a single decision has a reason of its own."""
        done = operation_of(self.said.get("y"))
        if done is None or (self.resolves and done.kind not in _OF_CONFLICTS):
            return None
        return done.id

    @property
    def resolves(self) -> Sequence[str]:
        """Return the conflicts that it names."""
        return self.said.get("c") or ()

    @property
    def settles_many(self) -> bool:
        """Return whether it settles conflicts as one of many decisions taken at once."""
        done = operation_of(self.said.get("y"))
        is_decision = done is not None and done.kind is OperationKind.DECIDE
        return is_decision and bool(self.resolves)
