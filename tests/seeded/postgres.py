"""Seeded bugs of the store on PostgreSQL."""

from tests.seeded.mutant import Mutant

STORE = "server/store/postgres/store.py"
HELD = "server/store/postgres/locks.py"
VERSIONS = "server/store/postgres/versions.py"
AUDIT = "server/store/postgres/audit.py"
SEALS = "server/store/postgres/seals.py"
LOCKS = ("tests/contract/test_postgres_locks.py",)
SEALED = ("tests/contract/test_postgres_seals.py",)
BROUGHT_UP = ("tests/integration/test_postgres_versions.py",)

MUTANTS = (
    Mutant(
        "who holds a project does not lock it",
        HELD,
        "if holds.project_ids:",
        "if False:",
        LOCKS,
    ),
    Mutant(
        "who holds a log does not lock it",
        HELD,
        "for log_id in sorted(holds.log_ids):",
        "for log_id in ():",
        LOCKS,
    ),
    Mutant(
        "who is alone is not",
        HELD,
        "        be_alone(connection)\n        return",
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
        "tables are brought up while an older program serves them",
        VERSIONS,
        "if locks.is_served(connection):",
        "if False:",
        BROUGHT_UP,
    ),
    Mutant(
        "what bringing tables up wrote is not sealed",
        VERSIONS,
        "            connection.seal()\n",
        "            pass\n",
        BROUGHT_UP,
    ),
    Mutant(
        "a promoted standby is the primary of before",
        "server/operations/copy_detection.py",
        "home is not None and last is not None and home != last",
        "False",
        ("tests/faults/test_postgres_in_trouble.py",),
    ),
)
