"""The server's timelines: which numbers of an older one still mean the same row.

A restored server begins a new epoch: its projects go on from where the backup ended,
and numbers given after that point in the lost timeline are given again to other rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Epoch:
    """One timeline: its id, and the head of each project when it began."""

    id: str
    starts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Every epoch of a server, oldest first."""

    epochs: tuple[Epoch, ...]

    @property
    def now(self) -> str:
        """Return the id of the present epoch."""
        return self.epochs[-1].id

    def knows(self, epoch: str) -> bool:
        """Return whether an epoch is one of this server's."""
        return any(known.id == epoch for known in self.epochs)

    def common(self, project_id: str, epoch: str, seq: int) -> int:
        """Return the highest number up to `seq` that the present timeline shares.

        A project that was unknown when an epoch began shares nothing across it.
        """
        ids = [known.id for known in self.epochs]
        if epoch not in ids:
            return 0
        later = self.epochs[ids.index(epoch) + 1 :]
        return min([seq, *(known.starts.get(project_id, 0) for known in later)])


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which log came from which, up to which of its changes, and whose each is."""

    parents: Mapping[str, tuple[str, int] | None]
    devices: Mapping[str, str] = field(default_factory=dict)

    def includes(self, log: str, n: int, other: str, other_n: int) -> bool:
        """Return whether the author of change n of `log` had written that other change.

        Examples
        --------
        >>> family = Lineage({"a": None, "b": ("a", 3)})
        >>> family.includes("b", 1, "a", 3), family.includes("b", 1, "a", 4)
        (True, False)
        """
        place: tuple[str, int] | None = (log, n - 1)
        while place is not None:
            if place[0] == other:
                return other_n <= place[1]
            place = self.parents.get(place[0])
        return False

    def generation(self, log: str) -> int:
        """Return how many logs one came from, each out of the one before.

        Examples
        --------
        >>> Lineage({"a": None, "b": ("a", 3)}).generation("b")
        1
        """
        parent = self.parents.get(log)
        return 0 if parent is None else self.generation(parent[0]) + 1

    def is_of_one_device(self, log: str, other: str) -> bool:
        """Return whether the same laptop wrote both logs."""
        return log == other or self.devices.get(log, "") == self.devices.get(other)
