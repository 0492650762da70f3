"""A seeded bug, and where the suite that has to find it lies."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SUITE = (
    "tests/stateful/test_directed.py",
    "tests/stateful/test_directed_groups.py",
    "tests/stateful/test_many_held.py",
    "tests/integration/test_hostile_sync.py",
    "tests/stateful/test_machine.py",
)


@dataclass(frozen=True)
class Mutant:
    """One bug: in `file`, `sound` becomes `broken`; `suite` has to find it."""

    name: str
    file: str
    sound: str
    broken: str
    suite: tuple[str, ...] = SUITE

    def apply(self, folder):
        path = folder / self.file
        text = path.read_text("utf-8")
        assert text.count(self.sound) == 1, (self.name, text.count(self.sound))
        path.write_text(text.replace(self.sound, self.broken), "utf-8")


MEETING, MERGE = "server/merge/groups.py", "server/merge/merge.py"
EFFECTS, REFUSALS = "server/merge/effects.py", "server/merge/preconditions.py"
SHOWN, SETTLING = "server/merge/author_view.py", "server/merge/verdicts.py"
LINEAGE, TIMELINE = "server/intake/log_checks.py", "server/merge/model.py"
STATE = "server/merge/state.py"
FEED, PULL = "server/store/feed.py", "server/intake/pull.py"
PAGE, LOAD = "server/intake/feed.py", "server/intake/load.py"
FLEET = ("tests/unit/collector/test_place.py", "tests/integration/test_fleet.py")
RESTORE = ("tests/integration/test_restore.py",)
DECISIONS = ("tests/stateful/test_decisions_last.py",)
STAKE = ("tests/integration/test_own_value_at_stake.py",)
CLAIMS = ("tests/integration/test_claims_of_loss.py",)
WAITING = ("tests/stateful/test_groups_that_wait.py",)
LOST_ROWS = ("tests/stateful/test_lost_rows.py",)
PURE = ("tests/unit/merge",)
DERIVED_ROWS = "server/store/figures.py"
JOBS = ("tests/contract/test_derivation.py",)
ENROLLING, PLACE = "collector/laptop/enrol.py", "collector/laptop/place.py"
SETTLE, SYNCING = "collector/store/apply_reply.py", "collector/sync/session.py"
