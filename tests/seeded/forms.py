"""Seeded bugs of the quick way of a push, and of how the server keeps what came by it."""

from tests.seeded.mutant import Mutant

FORMS = ("tests/stateful/test_forms.py",)
QUICK = ("tests/unit/schemas/test_quick.py", *FORMS)
SEALS = ("tests/unit/server/store/test_seals.py",)
VERSIONS = ("tests/integration/test_versions.py",)
LOGS = "server/store/logs.py"

MUTANTS = (
    Mutant(
        "a number has no highest value",
        "schemas/quick_checks.py",
        "{low} < {value} < {high}",
        "{low} < {value}",
        QUICK,
    ),
    Mutant(
        "a code may begin with a blank",
        "schemas/quick_checks.py",
        ' and {{value}}[0] != " "',
        "",
        QUICK,
    ),
    Mutant(
        "a required field is not missed",
        "schemas/quick.py",
        "if any(entry.is_required for entry in unsaid):",
        "if False:",
        QUICK,
    ),
    Mutant(
        "a name that stands twice is read",
        "schemas/strict_json.py",
        "return data if orjson.dumps(data) == raw else None",
        "return data",
        FORMS,
    ),
    Mutant(
        "digests spell the smallest numbers anew",
        "schemas/digest.py",
        "is_usual and abs(value) > _LEAST",
        "is_usual",
        FORMS,
    ),
    Mutant(
        "a second word of a record is a first one",
        "server/merge/merge.py",
        "        and place not in state.records\n",
        "",
        FORMS,
    ),
    Mutant(
        "what waits of a record is not asked for its first word",
        "server/merge/merge.py",
        "        and not state.waiting\n",
        "",
        ("tests/unit/merge",),
    ),
    Mutant(
        "a row that comes into a gap has no seal",
        "server/store/seals.py",
        'return bool(keys == [("INTEGER",)])',
        "return False",
        SEALS,
    ),
    Mutant(
        "rows that are added have no seal",
        "server/store/seals.py",
        "seal = seal.plus(_sum_of(self.connection.execute(new, (mark,))))",
        "self.connection.execute(new, (mark,))",
        SEALS,
    ),
    Mutant(
        "a line is the one before it",
        LOGS,
        "place = n - self._first_n",
        "place = n - self._first_n - 1",
        VERSIONS,
    ),
    Mutant(
        "all groups of a record have the writer of one",
        "server/merge/model.py",
        "if is_one and groups.count(groups[0]) == len(groups) else None",
        "if is_one else None",
        (*VERSIONS, "tests/contract"),
    ),
)
