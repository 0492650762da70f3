"""Seeded bugs of undo, edits of many, and exports taken in again."""

from tests.seeded.mutant import Mutant

PLAN, BEFORE = "schemas/undo/plan.py", "server/custody/before.py"
LAPTOP, READING = "collector/record/undo.py", "schemas/export/reading.py"
SERVER_UNDO = (
    "tests/integration/test_undo.py",
    "tests/integration/test_undo_anything.py",
)
LAPTOP_UNDO = (
    "tests/unit/collector/test_undo.py",
    "tests/unit/collector/test_undo_anything.py",
)
ROUND = ("tests/integration/test_round_trip.py",)

MUTANTS = (
    Mutant(
        "an undo deletes what others have added to",
        PLAN,
        "        if stay:\n            gone.discard",
        "        if False:\n            gone.discard",
        SERVER_UNDO,
    ),
    Mutant(
        "an undo deletes what others have written in",
        BEFORE,
        "        return not _is_meant(past, writer) and writer.seq > past.first\n",
        "        return False\n",
        SERVER_UNDO,
    ),
    Mutant(
        "an undo takes what somebody wrote again for its beginning",
        BEFORE,
        "            earlier = _earlier(past, group, number)\n",
        "            earlier = 0\n",
        SERVER_UNDO,
    ),
    Mutant(
        "an undo goes over what came since it was looked at",
        "server/custody/steps.py",
        "        given.seen[record.id],\n",
        "        (given.seen[record.id][0], 10**9),\n",
        SERVER_UNDO,
    ),
    Mutant(
        "an undo on a laptop deletes what was corrected since",
        LAPTOP,
        '        return "" if is_older or last.id in self.meant else _HERE\n',
        '        return ""\n',
        LAPTOP_UNDO,
    ),
    Mutant(
        "a laptop forgets what its fields were before a change",
        "collector/store/logs.py",
        "    before = None if draft.is_new else view(base, own)\n",
        "    before = None if draft.is_new else view(base, ())\n",
        LAPTOP_UNDO,
    ),
    Mutant(
        "a mass that was found once is found anew where an export is taken in",
        "server/custody/taking_in.py",
        "            tx.freeze([one for one in own if one.plot_id not in here], now)\n",
        "            tx.freeze([one for one in own if one.plot_id in here], now)\n",
        ROUND,
    ),
    Mutant(
        "a text that looks like a formula comes back with its apostrophe",
        READING,
        "        return as_meant(cell) if self._are_texts and isinstance(cell, str) else cell\n",
        "        return cell\n",
        ROUND,
    ),
)
