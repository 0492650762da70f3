"""Bugs of the server around the merge, and of what both sides share."""

from tests.seeded.mutant import FEED, LINEAGE, PULL, RESTORE, Mutant

MUTANTS = (
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
        "return (push.log_id, stored_n + 1) if push.acked_n > stored_n else None",
        "return None",
    ),
    Mutant(
        "no new epoch for a database put back by hand",
        LINEAGE,
        "if not has_read and not _was_told_more(tx, device, push, present):",
        "if True:",
    ),
    Mutant(
        "authors do not hear of late verdicts",
        "server/store/save.py",
        "if verdict.change_id not in pushed:",
        "if False:",
    ),
    Mutant(
        "receipts do not name the one before",
        "server/intake/receipts.py",
        "heads[project_id].receipt_hash,",
        '"0" * 64,',
    ),
    Mutant(
        "a push needs no signature",
        "server/intake/push.py",
        "if not is_signed(",
        "if False and not is_signed(",
    ),
    Mutant(
        "a cut page moves the cursor to the head",
        FEED,
        "cursor = kept[-1].seq if more else max(self._head(project_id), after)",
        "cursor = max(self._head(project_id), after)",
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
        "digests cover ids and numbers only",
        "schemas/digest.py",
        'return _hash(f"{record_id}:{seq}:{_canonical(fields)}")',
        'return _hash(f"{record_id}:{seq}")',
        ("tests/stateful/test_directed_groups.py", "tests/unit/schemas"),
    ),
    Mutant(
        "what waits beyond a batch is released by nobody",
        "server/store/save.py",
        "        self._ask_for_release(state)\n",
        "",
    ),
    Mutant(
        "a release cuts events in two",
        "server/store/load.py",
        "while 0 < end < len(rows) and _is_one_group(rows[end - 1], rows[end]):",
        "while False:",
    ),
    Mutant(
        "trends hold a plot",
        "server/store/load.py",
        "AND type NOT IN ({_DERIVED})",
        "AND type NOT IN ('stock', 'change')",
        ("tests/integration/test_deleting_plots.py",),
    ),
    Mutant(
        "what comes back is not asked what it refers to",
        "server/store/load.py",
        "self._find_records(state, project_id, referred - ids)",
        "pass",
        RESTORE,
    ),
    Mutant(
        "rows are withheld from a laptop that begins anew",
        FEED,
        "        if after:\n            mine",
        "        if True:\n            mine",
    ),
    Mutant(
        "a figure does not rest on laboratory results",
        "server/derivation/derive.py",
        """        (tree.results, "sample_id"),
""",
        "",
        ("tests/unit/server/derivation/test_inputs.py",),
    ),
)
