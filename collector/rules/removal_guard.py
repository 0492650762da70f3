"""Before a server takes much away from a laptop, a person is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas import limits


@dataclass(frozen=True, slots=True)
class RemovalGuard:
    """Live records that a sync takes away, by project, and how many there were."""

    had: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    are_accepted: bool = False

    def plus(self, removed: Mapping[str, int]) -> "RemovalGuard":
        """Return the count with what one more answer takes away."""
        project_ids = self.removed.keys() | removed.keys()
        total = {s: self.removed.get(s, 0) + removed.get(s, 0) for s in project_ids}
        return RemovalGuard(self.had, total, self.are_accepted)

    def too_many(self) -> dict[str, tuple[int, int]]:
        """Return the projects that lose too much: how many of how many."""
        if self.are_accepted:
            return {}
        return {
            project_id: (count, self.had.get(project_id, 0))
            for project_id, count in self.removed.items()
            if count > limits.REMOVED_RECORDS
            and count > limits.REMOVED_SHARE * self.had.get(project_id, 0)
        }
