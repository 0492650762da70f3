"""Bugs of quality control: batches that pass though they fail, and the other way round."""

from tests.seeded.mutant import Mutant

QUALITY, MARKS = "schemas/lab/quality.py", "server/derivation/lab_quality.py"
JUDGED = ("tests/unit/schemas/test_lab_quality.py",)
DERIVED = ("tests/integration/test_lab_quality.py",)
IMPORTED = ("tests/unit/collector/test_lab_quality.py",)

MUTANTS = (
    Mutant(
        "a reference that is found in part passes",
        QUALITY,
        "within = _is_at_most(100.0 * abs(share - 1.0), limits.recovery_pct)",
        "within = _is_at_most(100.0 * (share - 1.0), limits.recovery_pct)",
        JUDGED,
    ),
    Mutant(
        "a blank is held against the limit of others than its laboratory",
        QUALITY,
        "return said[0] if said else limits.blank_g_kg",
        "return limits.blank_g_kg",
        JUDGED,
    ),
    Mutant(
        "one pair of few that are apart passes as chance",
        QUALITY,
        "by_chance = len(pairs) // _PAIRS_BEYOND_ONE",
        "by_chance = 1 + len(pairs) // _PAIRS_BEYOND_ONE",
        JUDGED,
    ),
    Mutant(
        "a batch that was rejected waits for a decision",
        QUALITY,
        '            if decision["decision"] == Mark.REJECTED:\n',
        '            if decision["decision"] == Mark.REJECTED and key not in found:\n',
        JUDGED,
    ),
    Mutant(
        "results of a rejected batch count",
        MARKS,
        "kept = [result for result, mark in marked if mark is not Mark.REJECTED]",
        "kept = [result for result, _ in marked]",
        DERIVED,
    ),
    Mutant(
        "a batch of one analyte marks what others are computed from",
        MARKS,
        'if mark is not None and result.fields["analyte"] in route:',
        "if mark is not None:",
        ("tests/unit/server/derivation/test_lab_quality.py",),
    ),
    Mutant(
        "plots of a batch are not derived again when a control comes",
        "server/intake/save.py",
        "    ids |= _bags_of_batches(tx, state, project_id, written)\n",
        "",
        DERIVED,
    ),
    Mutant(
        "a control that is here differs from itself",
        "schemas/lab/control_lines.py",
        "        same = next((each for each in left if _is_same(fields, each[1])), None)\n",
        "        same = None\n",
        IMPORTED,
    ),
)
