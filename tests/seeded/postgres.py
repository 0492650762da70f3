"""Seeded bugs of the store on PostgreSQL."""

from tests.seeded.mutant import Mutant

STORE = "server/store/postgres/store.py"
AUDIT = "server/store/postgres/audit.py"
SEALS = "server/store/postgres/seals.py"
LOCKS = ("tests/contract/test_postgres_locks.py",)
SEALED = ("tests/contract/test_postgres_seals.py",)

MUTANTS = (
    Mutant(
        "who holds a project does not lock it",
        STORE,
        "if holds.project_ids:",
        "if False:",
        LOCKS,
    ),
    Mutant(
        "who holds a log does not lock it",
        STORE,
        "for log_id in sorted(holds.log_ids):",
        "for log_id in ():",
        LOCKS,
    ),
    Mutant(
        "who is alone is not",
        STORE,
        "        connection.execute(_LOCK_ALL)\n        return",
        "        return",
        LOCKS,
    ),
    Mutant(
        "a timeline begins beside others",
        STORE,
        "if not self._is_alone:",
        "if False:",
        LOCKS,
    ),
    Mutant(
        "who met others is not run again",
        STORE,
        "(*MetOthersError, _LostBeforeCommitError)",
        "(_LostBeforeCommitError,)",
        LOCKS,
    ),
    Mutant(
        "late verdicts are numbered before their turn",
        AUDIT,
        "            self.connection.execute(_LOCK_LATE)\n",
        "            pass\n",
        LOCKS,
    ),
    Mutant(
        "what a row was is not taken off its seal",
        SEALS,
        "gained[1] -= before",
        "pass",
        SEALED,
    ),
    Mutant(
        "a transaction seals what another one did",
        SEALS,
        "self._gained.clear()",
        "pass",
        SEALED,
    ),
    Mutant(
        "a promoted standby is the primary of before",
        "server/operations/copy_detection.py",
        "home is not None and last is not None and home != last",
        "False",
        ("tests/faults/test_postgres_in_trouble.py",),
    ),
)
