"""Seeded bugs: each is put into a copy of the code, and the suite has to find it.

    python -m tests.mutants
    python -m tests.mutants --only lineage

Prints a line per bug: the test that killed it, or SURVIVED; the exit code is 1 when one
survived. docs/testing.md lists them.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("schemas", "server", "collector", "tests", "fixtures", "pyproject.toml")
SUITE = (
    "tests/stateful/test_directed.py",
    "tests/integration/test_hostile_sync.py",
    "tests/stateful/test_machine.py",
)
EXAMPLES = "100"


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


MEETING, MERGE = "server/sync/meeting.py", "server/sync/merge.py"
EFFECTS, REFUSALS = "server/sync/effects.py", "server/sync/refusals.py"
SHOWN, SETTLING = "server/sync/shown.py", "server/sync/settling.py"
LINEAGE, TIMELINE = "server/flow/lineage.py", "server/sync/timeline.py"
FEED, PULL = "server/store/feed.py", "server/flow/pull.py"
FLEET = ("tests/unit/collector/test_place.py", "tests/integration/test_fleet.py")
RESTORE = ("tests/integration/test_restore.py",)
STAKE = ("tests/integration/test_own_value_at_stake.py",)
WAITING = ("tests/stateful/test_groups_that_wait.py",)
LOST_ROWS = ("tests/stateful/test_lost_rows.py",)
ENROLLING, PLACE = "collector/flow/enrolling.py", "collector/flow/place.py"
SETTLE, SYNCING = "collector/store/settle.py", "collector/flow/syncing.py"

MUTANTS = (
    Mutant(
        "an equal value takes over authorship",
        MEETING,
        """elif theirs == ours and not is_doubtful:
            self._write(group, writers if not_seen else ())""",
        """elif theirs == ours and not is_doubtful:
            self._write(group, ())""",
    ),
    Mutant(
        "last writer wins for measurements",
        MEETING,
        "self.conflicts.append(self._conflict(group, ours, theirs))",
        "self._set(group, ours, theirs)",
    ),
    Mutant(
        "the loser of two descriptions is not kept",
        MEETING,
        "self._replaced.append((group, ours, self.me, self.change.id))",
        "pass",
    ),
    Mutant(
        "bases as bare numbers, without their epoch",
        SHOWN,
        "return 0 if base is None else desk.timeline.common(change.stream, *base)",
        "return 0 if base is None else base[1]",
    ),
    Mutant(
        "an epoch shares all numbers with the one before",
        TIMELINE,
        "return min([seq, *(known.starts.get(stream, 0) for known in later)])",
        "return seq",
    ),
    Mutant(
        "own lineage by log alone",
        TIMELINE,
        "return other_n <= place[1]",
        "return True",
    ),
    Mutant(
        "no lineage through parents",
        TIMELINE,
        "place = self.parents.get(place[0])",
        "place = None",
    ),
    Mutant(
        "known changes are taken without comparing hashes",
        LINEAGE,
        "if stored == said and not went_on:",
        "if not went_on:",
    ),
    Mutant(
        "a laptop that fell behind its own log is not noticed",
        LINEAGE,
        "if stored == said and not went_on:",
        "if stored == said:",
    ),
    Mutant(
        "a server that lost changes does not ask for them",
        LINEAGE,
        "return (push.log, stored_n + 1) if push.acked_n > stored_n else None",
        "return None",
    ),
    Mutant(
        "no new epoch for a database put back by hand",
        LINEAGE,
        "if not has_read and not _was_told_more(unit, device, push, present):",
        "if True:",
    ),
    Mutant(
        "no deduplication by change id",
        MERGE,
        "known = desk.known.get(change.id)\n    if known is not None:",
        "known = desk.known.get(change.id)\n    if False:",
    ),
    Mutant(
        "a deletion wins over an unseen edit",
        EFFECTS,
        "if any(unseen(desk, change, group, w) for group, w in present.writers.items()):",
        "if False:",
    ),
    Mutant(
        "an edit brings a deleted record back",
        EFFECTS,
        "    return _whole_conflict(desk, change, present, patch.fields, {})\n\n\n",
        "    return _update(desk, judged, present, origin)\n\n\n",
    ),
    Mutant(
        "who did not see a deletion undoes it",
        EFFECTS,
        "if unseen(desk, change, WHOLE_RECORD, deletion):",
        "if False:",
    ),
    Mutant(
        "held changes are never tried again",
        MERGE,
        "while desk.appeared and desk.waiting:",
        "while False:",
    ),
    Mutant(
        "a sampling event stands by halves",
        MERGE,
        "if not broken:",
        "if True:",
    ),
    Mutant(
        "changes of a withdrawn project are applied",
        REFUSALS,
        "return change.stream in desk.streams or by_admin",
        "return change.stream in desk.heads or by_admin",
    ),
    Mutant(
        "a purged id is used again",
        REFUSALS,
        "if (change.stream, change.record) in desk.purged:",
        "if False:",
    ),
    Mutant(
        "a decision closes conflicts though it met a newer value",
        SETTLING,
        "if change.settles and is_in_conflict:",
        "if False:",
    ),
    Mutant(
        "the digest forgets what was replaced",
        "server/sync/desk.py",
        "digest = digest.minus(_row_hash(old))",
        "pass",
    ),
    Mutant(
        "authors do not hear of late verdicts",
        "server/store/custody.py",
        "if verdict.change not in pushed:",
        "if False:",
    ),
    Mutant(
        "receipts do not name the one before",
        "server/flow/receipts.py",
        "heads[stream].receipt_hash)",
        '"0" * 64)',
    ),
    Mutant(
        "a push needs no signature",
        "server/flow/sync.py",
        "if not is_signed(",
        "if False and not is_signed(",
    ),
    Mutant(
        "a cut page moves the cursor to the head",
        FEED,
        "cursor = kept[-1].seq if more else max(self._head(stream), after)",
        "cursor = max(self._head(stream), after)",
    ),
    Mutant(
        "rows are withheld that no verdict speaks for",
        FEED,
        "last_n > ? AND last_n <= ?",
        "last_n > ? AND last_n + 0 * ? >= 0",
    ),
    Mutant(
        "a cursor from a lost timeline is not reset",
        PULL,
        "if known is None or common < cursor[1] or cursor[1] > known.head:",
        "if known is None:",
    ),
    Mutant(
        "a late answer moves the cursor",
        SETTLE,
        "if any(cursor_of(connection, s) != cursor for s, cursor in asked.items()):",
        "if False:",
    ),
    Mutant(
        "a reset lets nothing go",
        SETTLE,
        '_forget_rows(connection, "stale = ?", 1)',
        "pass",
    ),
    Mutant(
        "a verdict brings back a row of a withdrawn project",
        SETTLE,
        "    _forget_beyond_scope(connection, judged_here)\n    _take_rows(",
        "    _take_rows(",
    ),
    Mutant(
        "a fork moves only what was not acknowledged",
        SYNCING,
        "store.split(log.number, fork.agreed, ",
        "store.split(log.number, max(fork.agreed, log.acked_n), ",
    ),
    Mutant(
        "receipts are not compared with the own log",
        "collector/flow/keys.py",
        "or own.hex() != receipt.hash",
        "",
    ),
    Mutant(
        "laptops of one image share the key of an earlier enrolment",
        ENROLLING,
        "if was_enrolled and (terms.replaces or not is_copy):",
        "if was_enrolled:",
        FLEET,
    ),
    Mutant(
        "what an image recorded stays in the log that all of them have",
        ENROLLING,
        "laptop.store.split(laptop.store.logs()[0].number, 0, identity.new_log)",
        "laptop.store.split(*(h := laptop.store.head()) and (h.number, h.n), identity.new_log)",
        FLEET,
    ),
    Mutant(
        "a laptop that is enrolled again gets another key",
        ENROLLING,
        "if was_enrolled and (terms.replaces or not is_copy):",
        "if was_enrolled and terms.replaces:",
        FLEET,
    ),
    Mutant(
        "a copy is noticed by the number of its file alone",
        PLACE,
        "for name in found.keys() & known.keys())",
        'for name in found.keys() & known.keys() & {"file"})',
        FLEET,
    ),
    Mutant(
        "the domain of a network is part of a machine's name",
        PLACE,
        'platform.node().partition(".")[0].lower()',
        "platform.node()",
        FLEET,
    ),
    Mutant(
        "a deleted record is found by the start of its id only",
        "collector/flow/names.py",
        "or label(store, view) in said",
        "",
        RESTORE,
    ),
    Mutant(
        "a decision goes over a value of one's own unasked",
        "collector/flow/giving_up.py",
        "if decision.op is Op.DELETE or not is_kept:",
        "if decision.op is Op.DELETE:",
        STAKE,
    ),
    Mutant(
        "an event forgets what it waits for",
        MERGE,
        """if waits_for is not None:
        return [hold""",
        """if worst.outcome == Outcome.HELD:
        return [hold""",
        WAITING,
    ),
    Mutant(
        "a reset leaves out the rows of its own push",
        PULL,
        "None if is_reset else push",
        "push",
        LOST_ROWS,
    ),
    Mutant(
        "what is sent again is laid over a row of a lost timeline",
        EFFECTS,
        "change.id not in desk.stood and",
        "",
        LOST_ROWS,
    ),
    Mutant(
        "what stands late is computed by its author",
        EFFECTS,
        " and change.id not in desk.waiting",
        "",
        ("tests/stateful/test_late_rows.py",),
    ),
    Mutant(
        "a row of an older timeline is older than any verdict",
        SETTLE,
        "    _carry_over(connection, reply)\n",
        "",
        LOST_ROWS,
    ),
)


def hunt(mutant, folder):
    """Run the suite on code with the bug; give the test that found it, or None."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            shutil.copy(source, folder / part)
    mutant.apply(folder)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            *mutant.suite,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PERMILLE_EXAMPLES": EXAMPLES},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) \S+/(\S+)", done.stdout, re.MULTILINE)
    return found[1] if found else done.stdout[-200:]


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--only", default="", help="bugs whose name has this in it")
    wanted = parser.parse_args().only
    survived = 0
    for mutant in MUTANTS:
        if wanted not in mutant.name:
            continue
        with tempfile.TemporaryDirectory(prefix="permille-mutant-") as folder:
            killer = hunt(mutant, Path(folder))
        survived += killer is None
        print(f"{mutant.name}: {killer or 'SURVIVED'}", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
