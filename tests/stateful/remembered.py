"""What must hold in view of what happened before (docs/testing.md names it)."""

import json
from collections import defaultdict

from schemas.records import TYPES
from tests.stateful.chosen import holds, promise
from tests.stateful.groups import MEASUREMENTS, WHOLE, is_measurement, whole
from tests.stateful.history import SETTLED, text_of


def check_remembered(history, before):
    """Check a season that has come to rest against its history."""
    found = Found(history)
    nothing_is_lost(found, before)
    nothing_is_overwritten_unseen(found)
    nothing_is_deleted_unseen(found)
    no_measurement_disappears(found)
    no_description_disappears(found)
    nothing_comes_back(found)
    no_return_is_deleted_unseen(found)
    decisions_last(found)


class Found:
    """The server as it is at rest, beside the history."""

    def __init__(self, history):
        world = history.world
        self.changes, self.decisions = history.changes, history.decisions
        self.sql, self.lines = world.sql, world.lines
        self.outcomes, self.seqs, self.why = {}, {}, {}
        for change, outcome, seq, why in world.sql(
            "SELECT change_id, outcome, seq, why FROM change"
        ):
            self.outcomes[change], self.seqs[change] = outcome, seq
            self.why[change] = why or ""
        self.rows = {
            found.id: (found.fields, found.deleted, found.writers)
            for found in world.all_records()
        }
        self.conflicts = world.sql(
            "SELECT id, record_id, group_name, change_id, theirs, ours, status"
            " FROM conflict"
        )

    def story(self, record):
        """Return what was done to a record, in the order in which it was kept."""
        return "".join(
            f"\n  {name[:8]} {known.by} {known.op} {known.fields}"
            f" {self.outcomes.get(name)} {self.seqs.get(name)} {self.why.get(name)}"
            for name, known in self.changes.items()
            if known.record_id == record
        )

    def began(self, record):
        """Return the change that a record began with."""
        made = [c for c, k in self.changes.items() if k.record_id == record]
        return min((c for c in made if self.seqs.get(c)), key=self.seqs.get, default="")

    def seen_by(self, change, group):
        """Return what its author had on the screen: who decides sees both whole records."""
        seen = self.changes[change].seen.get(group, set())
        decision = self.decisions.get(change)
        return seen if decision is None else seen | decision.sides.get(WHOLE, set())

    def stands(self, change):
        return self.outcomes.get(change) in {"accepted", "merged"}


@promise("I1")
def nothing_is_lost(found, before):
    """I1: every change that was anywhere is on the server."""
    holds("I1", before <= found.outcomes.keys(), before - found.outcomes.keys())


@promise("S5")
def nothing_is_overwritten_unseen(found):
    """I4b: who replaced a measurement had the whole group on the screen."""
    for record, group, old, new in found.sql(
        "SELECT record_id, group_name, written_by, replaced_by FROM history"
    ):
        if new not in found.changes or old not in found.changes or old == new:
            continue
        if found.changes[new].op == "undel" and _was_deleted_knowingly(
            found, old, group
        ):
            continue  # it had gone with the record before that came back
        if is_measurement(found.changes[new].type, group):
            is_seen = old in found.seen_by(new, group)
            story = "" if is_seen else found.story(record)
            holds("S5", is_seen, "replaced unseen", group, old, new, story)


def _was_deleted_knowingly(found, old, group):
    return any(
        known.op == "del"
        and found.outcomes.get(name) == "accepted"
        and known.record_id == found.changes[old].record_id
        and old in found.seen_by(name, group)
        for name, known in found.changes.items()
    )


@promise("S5")
def nothing_is_deleted_unseen(found):
    """Who deleted a record had each of its measurements on the screen.

    One of them, where several did: who comes later deletes what is deleted.
    """
    for record, (_, deleted, writers) in found.rows.items():
        those = [
            (name, known)
            for name, known in found.changes.items()
            if known.record_id == record
            and known.op == "del"
            and found.outcomes.get(name) == "accepted"
        ]
        for group in MEASUREMENTS[those[0][1].type] if deleted and those else ():
            made = {writer[4] for writer in writers.get(group, ()) if writer[3]}
            unseen = (made & found.changes.keys()) - {name for name, _ in those}
            for name, _ in those:
                unseen -= found.seen_by(name, group)
            story = found.story(record) if unseen else ""
            holds("S5", not unseen, "deleted unseen", group, unseen, story)


@promise("I4")
def no_description_disappears(found):
    """I4: an accepted description stands, or is kept as history."""
    # By its value: who writes the same, having seen it, stands for both.
    kept = {
        (record, json.loads(values).get("note"))
        for record, values in found.sql(
            "SELECT record_id, old_values FROM history WHERE group_name = 'note'"
        )
    }
    for change, known in found.changes.items():
        is_said = "note" in known.fields and found.stands(change)
        if not is_said or known.op == "del" or known.record_id not in found.rows:
            continue
        said = known.fields["note"]
        if said is None and found.began(known.record_id) == change:
            continue  # a record that begins without a note says nothing
        stands = found.rows[known.record_id][0].get("note") == said
        is_kept = stands or (known.record_id, said) in kept
        story = "" if is_kept else found.story(known.record_id)
        holds("I4", is_kept, "description lost", change, said, story)


@promise("I4")
def no_measurement_disappears(found):
    """I4: an accepted value stands, is a candidate, or was replaced knowingly."""
    candidates = {(change, group) for _, _, group, change, *_ in found.conflicts}
    for change, known in found.changes.items():
        if found.outcomes.get(change) not in SETTLED or known.op == "del":
            continue
        if known.record_id not in found.rows or (change, WHOLE) in candidates:
            continue
        standing = found.rows[known.record_id][0]
        for name, value in known.fields.items():
            group = TYPES[known.type].groups[name]
            if not is_measurement(known.type, group):
                continue
            if (change, group) in candidates or standing.get(name) == value:
                continue
            if value is None and found.began(known.record_id) == change:
                continue  # a record that begins without a value says nothing of it
            is_known = _was_replaced_knowingly(found, change, known.record_id, group)
            is_known = is_known or _was_deleted_knowingly(found, change, group)
            story = "" if is_known else found.story(known.record_id)
            holds("I4", is_known, "silent overwrite", change, known.fields, story)


def _was_replaced_knowingly(found, change, record, group):
    return any(
        known.record_id == record
        and other != change
        and change in found.seen_by(other, group)
        and any(TYPES[known.type].groups[name] == group for name in known.fields)
        for other, known in found.changes.items()
    )


@promise("I6")
def nothing_comes_back(found):
    """I6: who is deleted stays deleted, but for those who saw it and undid it."""
    for change, known in found.changes.items():
        record = known.record_id
        is_done = known.op == "del" and found.outcomes.get(change) == "accepted"
        if not is_done or record not in found.rows:
            continue
        # One that met another value in a group brought the record back all the same.
        refused = {
            change for _, _, group, change, *_ in found.conflicts if group == WHOLE
        }
        undone = any(
            other.record_id == record
            and other.op == "undel"
            and found.outcomes.get(name) in SETTLED
            and name not in refused
            for name, other in found.changes.items()
        )
        discarded = found.sql(
            "SELECT 1 FROM quarantine WHERE status = 'discarded' AND record_id = ?",
            record,
        )
        holds("I6", found.rows[record][1] or undone or discarded, "resurrected", change)


@promise("S6")
def no_return_is_deleted_unseen(found):
    """S6: who deletes a record that somebody brought back had seen that return."""
    # A return that was decided on before it came (once more) is history.
    decided = [d for d in found.decisions if d in found.changes and found.stands(d)]
    overruled = {
        name for d in decided for name in found.changes[d].seen.get(WHOLE, set())
    }
    returns = [
        (name, known)
        for name, known in found.changes.items()
        if known.op == "undel"
        and found.stands(name)
        and "not_deleted" not in found.why[name]
        and name not in overruled
    ]
    for name, known in returns:
        deletions = defaultdict(list)
        for other, deletion in found.changes.items():
            is_done = deletion.op == "del" and found.outcomes.get(other) == "accepted"
            if is_done and deletion.record_id == known.record_id:
                deletions[found.seqs[other] or 0].append(deletion)
        # The first one undid the return; who comes after it deletes what is deleted.
        after = [seq for seq in deletions if seq > (found.seqs[name] or 0)]
        for deletion in deletions[min(after)] if after else ():
            seen = name in deletion.seen.get(WHOLE, set())
            story = "" if seen else found.story(known.record_id)
            holds("S6", seen, "a return unseen", name, story)


@promise("S7")
def decisions_last(found):
    """S7: what was decided once stands, and its conflict is not open again."""
    for name, decision in found.decisions.items():
        if decision.was_accepted and name in found.outcomes:
            outcome = found.outcomes[name]
            if found.stands(name):
                _conflict_is_closed(found, name, decision)
                _decided_value_stands(found, name, decision)
            elif outcome == "conflict":
                if not _was_made_in_an_unknown_epoch(found, name):
                    _met_a_third_value(found, name, decision)
            else:
                is_refused = "no_such_conflict" in found.why[name]
                holds("S7", not is_refused, "a decision is refused", name, decision)


def _was_made_in_an_unknown_epoch(found, name):
    """Return whether the server was put back to before the timeline of a decision began.

    It does not know what that timeline shares with its own: nothing counts as seen.
    """
    line = found.lines("change_id = ?", name)[0]
    base = json.loads(line.raw).get("b")
    known = {epoch for (epoch,) in found.sql("SELECT id FROM epoch")}
    return base is not None and base[0] not in known


def _conflict_is_closed(found, name, decision):
    for conflict, record, group, change, _, _, status in found.conflicts:
        if record != decision.record_id or status != "open":
            continue
        again = conflict in decision.resolves
        again = again or change in decision.sides.get(group, set())
        holds("S7", not again, "a decided conflict is open", name, decision, conflict)


def _decided_value_stands(found, name, decision):
    fields, deleted, _ = found.rows.get(decision.record_id, ({}, True, {}))
    kind = found.changes[name].type
    for group, decided in decision.groups.items():
        if deleted or whole(kind, group, fields) == decided:
            continue
        waits = any(
            record == decision.record_id
            and (of == WHOLE or (of == group and json.loads(ours) == decided))
            for _, record, of, _, _, ours, status in found.conflicts
            if status == "open"
        )
        is_known = _was_replaced_knowingly(found, name, decision.record_id, group)
        holds("S7", waits or is_known, "undecided", name, group, text_of(decided))


def _met_a_third_value(found, name, decision):
    _, deleted, writers = found.rows.get(decision.record_id, ({}, True, {}))
    seen = found.changes[name].seen
    known = {change for group in seen.values() for change in group} | {name}
    strange = any(
        writer[4] not in known for group in writers.values() for writer in group
    )
    # After a server was put back, a return that was decided on top of may wait itself.
    returns = [c for c in seen.get(WHOLE, ()) if found.changes[c].op == "undel"]
    waits = deleted and any(found.outcomes.get(c) == "conflict" for c in returns)
    holds("S7", strange or waits, "a decision met its own sides", name, decision)
