"""Bugs of the merge: what meets what, and what comes of it."""

from tests.seeded.mutant import (
    DECISIONS,
    EFFECTS,
    LOST_ROWS,
    MEETING,
    MERGE,
    PURE,
    REFUSALS,
    SETTLING,
    SHOWN,
    STATE,
    SUITE,
    TIMELINE,
    WAITING,
    Mutant,
)

MUTANTS = (
    Mutant(
        "an equal value takes over authorship",
        MEETING,
        """elif theirs == ours and not is_doubtful:
            self._write(group, writers if concurrent else ())""",
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
        "return 0 if base is None else state.timeline.common(change.project_id, *base)",
        "return 0 if base is None else base[1]",
    ),
    Mutant(
        "an epoch shares all numbers with the one before",
        TIMELINE,
        "return min([seq, *(known.starts.get(project_id, 0) for known in later)])",
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
        "no deduplication by change id",
        MERGE,
        "known = state.known.get(change.id)\n    if known is not None:",
        "known = state.known.get(change.id)\n    if False:",
    ),
    Mutant(
        "a deletion wins over an unseen edit",
        EFFECTS,
        "if any(\n        concurrent_writers(state, change, group, w)\n        for group, w in present.writers.items()\n    ):",
        "if False:",
    ),
    Mutant(
        "an edit brings a deleted record back",
        EFFECTS,
        "    return _whole_conflict(state, change, present, patch.fields, {})\n\n\n",
        "    return _update(state, validated, present, origin)\n\n\n",
    ),
    Mutant(
        "who did not see a deletion undoes it",
        EFFECTS,
        "if concurrent_writers(state, change, WHOLE_RECORD, deletion):",
        "if False:",
    ),
    Mutant(
        "held changes are never tried again",
        MERGE,
        "while state.newly_available and state.waiting:",
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
        "return change.project_id in state.project_ids or by_admin",
        "return change.project_id in state.heads or by_admin",
    ),
    Mutant(
        "a purged id is used again",
        REFUSALS,
        "if (change.project_id, change.record_id) in state.purged:",
        "if False:",
    ),
    Mutant(
        "a decision closes conflicts though it met a newer value",
        SETTLING,
        "if change.resolves and is_in_conflict:",
        "if False:",
    ),
    Mutant(
        "the digest forgets what was replaced",
        STATE,
        "digest = digest.minus(_row_hash(old))",
        "pass",
    ),
    Mutant(
        "only the fields that a patch names are compared",
        SHOWN,
        """        if not rest:
            continue""",
        """        if rest or not rest:
            continue""",
    ),
    Mutant(
        "the server knows one base for all groups",
        "server/merge/model.py",
        "return self.bases.get(group, self.base)",
        "return self.base",
    ),
    Mutant(
        "a bare return writes nothing",
        MEETING,
        "if self.change.op == Op.UNDELETE:",
        "if False:",
    ),
    Mutant(
        "a decision on a conflict of a lost timeline is refused",
        REFUSALS,
        "is_of_now = change.base is None or change.base[0] == state.timeline.now",
        "is_of_now = True",
        DECISIONS,
    ),
    Mutant(
        "nobody keeps what a decision was made on",
        SETTLING,
        "    if change.resolves:\n        for group",
        "    if False:\n        for group",
        DECISIONS,
    ),
    Mutant(
        "a decision counts as blind to the sides that it names",
        SHOWN,
        "and w.change_id not in change.seen",
        "and True",
        DECISIONS,
    ),
    Mutant(
        "where a change stood before a restore is forgotten",
        SHOWN,
        "return stood is not None and stood <= seq",
        "return False",
        DECISIONS,
    ),
    Mutant(
        "digests do not cover conflicts",
        STATE,
        "self.digests[project_id] = self._digest(project_id).plus(hashed)",
        "pass",
    ),
    Mutant(
        "who deletes a record knows its conflicts, seen or not",
        EFFECTS,
        """        computable_by_author=_is_computable(state, change, present),
    )
    return _write_whole""",
        """        computable_by_author=True,
    )
    return _write_whole""",
    ),
    Mutant(
        "a value that is kept otherwise than it was sent is not sent back",
        EFFECTS,
        "return applied == said or _filled(applied) == _filled(said)",
        "return True",
        ("tests/integration/test_foreign_client.py",),
    ),
    Mutant(
        "an author's older conflict outlives the newer word",
        SETTLING,
        "return is_own and found.group != WHOLE_RECORD and found.group in groups",
        "return False",
        ("tests/integration/test_custody.py", *SUITE),
    ),
    Mutant(
        "what was too many to hold waits for nothing",
        "server/merge/verdicts.py",
        """        return _keep_back(state, validated, Outcome.QUARANTINED, why, waits_for)
    why = [Problem("waits_for\"""",
        """        return _keep_back(state, validated, Outcome.QUARANTINED, why, None)
    why = [Problem("waits_for\"""",
    ),
    Mutant(
        "who gives up a fix of a deleted record makes a conflict",
        EFFECTS,
        "if change.op == Op.DELETE or not validated.fields:",
        "if change.op == Op.DELETE:",
    ),
    Mutant(
        "a stamp of 0 is a stamp",
        "server/merge/validate.py",
        "(change.hlc < 1,",
        "(change.hlc < 0,",
        ("tests/integration/test_foreign_client.py",),
    ),
    Mutant(
        "an event forgets what it waits for",
        MERGE,
        """if waits_for is not None:
        return hold""",
        """if worst.outcome == Outcome.HELD:
        return hold""",
        WAITING,
    ),
    Mutant(
        "what is sent again is laid over a row of a lost timeline",
        EFFECTS,
        "change.id not in state.stood and",
        "",
        LOST_ROWS,
    ),
    Mutant(
        "what stands late is computed by its author",
        EFFECTS,
        " and change.id not in state.waiting",
        "",
        ("tests/stateful/test_late_rows.py",),
    ),
    Mutant(
        "the earliest of several descriptions stands",
        MEETING,
        "if (self.me.hlc, self.me.change_id) > max(",
        "if (self.me.hlc, self.me.change_id) > min(",
        PURE,
    ),
    Mutant(
        "a superseded writer keeps its stamp",
        MEETING,
        "past = [w._replace(hlc=SUPERSEDED) for w in concurrent]",
        "past = concurrent",
        PURE,
    ),
    Mutant(
        "a superseded writer enters history again",
        MEETING,
        "if writer.hlc != SUPERSEDED:",
        "if True:",
        PURE,
    ),
    Mutant(
        "held changes of one batch are not counted",
        STATE,
        "self.held_count[found.change.project_id] = count + 1",
        "pass",
        PURE,
    ),
    Mutant(
        "what is judged again is held twice",
        MERGE,
        "state.forget_verdict(validated.change)",
        "del state.known[validated.change.id]",
        PURE,
    ),
    Mutant(
        "an event that is known is judged again",
        MERGE,
        "own if own.repeated else _fall(state, validated, own, worst, awaited)",
        "_fall(state, validated, own, worst, awaited)",
        PURE,
    ),
)
