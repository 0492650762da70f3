"""Bugs of the server around the merge, and of what both sides share."""

from tests.seeded.mutant import FEED, LINEAGE, LOAD, PAGE, PULL, RESTORE, Mutant

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
        "server/intake/save.py",
        "(verdict, verdict.change_id not in pushed)",
        "(verdict, False)",
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
        PAGE,
        "cursor = kept[-1].seq if more else max(head.head if head else 0, after)",
        "cursor = max(head.head if head else 0, after)",
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
        "server/intake/save.py",
        "for project_id in state.has_more_waiting\n",
        "for project_id in ()\n",
    ),
    Mutant(
        "a release cuts events in two",
        LOAD,
        "while 0 < end < len(found) and _is_one_group(found[end - 1], found[end]):",
        "while False:",
    ),
    Mutant(
        "trends hold a plot",
        "server/store/merge_tables.py",
        "AND type NOT IN ({_DERIVED})",
        "AND type NOT IN ('stock', 'change')",
        ("tests/integration/test_deleting_plots.py",),
    ),
    Mutant(
        "what comes back is not asked what it refers to",
        LOAD,
        "            record_ids=referred - ids,\n",
        "",
        RESTORE,
    ),
    Mutant(
        "rows are withheld from a laptop that begins anew",
        PAGE,
        "    if after:\n        return tx.rows_after(project_id, after, sent)",
        "    if True:\n        return tx.rows_after(project_id, after, sent)",
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
