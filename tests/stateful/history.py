"""What a season remembers: who had seen what, and what the server first said."""

import json
from collections import defaultdict

from collector.errors import PermilleError
from schemas.fields import FieldClass
from schemas.records import TYPES
from server.flow.review import rejudge

SETTLED = {"accepted", "merged", "conflict"}


class History:
    """Watches a world from outside; the invariants that need memory live here."""

    def __init__(self, world):
        self.world = world
        self.changes = {}  # id: (type, record, op, fields)
        self.seen = {}  # id: ids of the changes its author had seen
        self.writers = {}  # (epoch, stream, seq): ids that made the row
        self.first = {}  # (timeline, id): the first settled verdict
        self.timeline = 0
        self.look()

    # What happens ----------------------------------------------------------------

    def keep(self, name, *drafts):
        """Record something, and note what its author saw at that moment."""
        known = [self._seen_of(name, draft) for draft in drafts]
        for change, seen in zip(self.world.keep(name, *drafts), known, strict=True):
            self.changes[change.id] = (
                change.type,
                change.record,
                str(change.op),
                dict(change.fields),
            )
            self.seen[change.id] = seen

    def _seen_of(self, name, draft):
        """Everything behind the row on the screen, and the laptop's own changes."""
        store = self.world.laptop(name).store
        found = set()
        if draft.base is not None:
            epoch, seq = draft.base
            found |= self.writers.get((epoch, draft.stream, draft.record, seq), set())
        found |= {change.id for change in store.changes(draft.record)}
        for change in list(found):
            found |= self.seen.get(change, set())
        return found

    def sync(self, name, fault, most):
        self.world.sync(name, fault, most)
        self.look()

    def crash(self, name, after):
        """Let a sync end inside a transaction, as a kill would."""
        db = self.world.laptop(name).store._db
        steps = iter(range(after))
        db.set_progress_handler(lambda: next(steps, None) is None, 200)
        try:
            self.world.sync(name)
        except PermilleError:
            pass
        finally:
            db.set_progress_handler(None, 0)
        self.look()

    def backup_server(self):
        self.world.backup_server()
        self._first_at_backup = {
            change: said
            for (t, change), said in self.first.items()
            if t == self.timeline
        }

    def restore_server(self, how):
        if self.world.restore_server(how):
            self.timeline += 1
            for change, said in self._first_at_backup.items():
                self.first[self.timeline, change] = said
            self.look()

    def judge_again(self):
        """An administrator has everything in quarantine judged again."""
        world = self.world
        world.run(rejudge(world.server, world.clock, None))
        self.look()

    # What the server says --------------------------------------------------------

    def look(self):
        """Note new rows with their writers, and verdicts that were given."""
        epoch = self.world.read(lambda unit: unit.epoch())
        conflicts = defaultdict(set)
        for record, change in self.world.sql(
            "SELECT record_id, change_id FROM conflict"
        ):
            conflicts[record].add(change)
        for stream, record, seq, writers in self.world.sql(
            "SELECT project_id, id, seq, writers FROM record"
        ):
            place = (epoch, stream, record, seq)
            if place not in self.writers:
                groups = json.loads(writers).values()
                made = {writer[4] for group in groups for writer in group}
                self.writers[place] = made | conflicts[record]
        for change, outcome in self.world.sql("SELECT change_id, outcome FROM change"):
            if outcome in SETTLED:
                first = self.first.setdefault((self.timeline, change), outcome)
                assert first == outcome, ("I9 verdict changed", change, first, outcome)

    def before_rest(self):
        """Give every change that is still somewhere."""
        found = {row[0] for row in self.world.sql("SELECT change_id FROM change")}
        for name in self.world.names:
            store = self.world.laptop(name).store
            found |= {row[0] for row in store._read("SELECT id FROM change")}
        return found

    # What must hold --------------------------------------------------------------

    def check(self, before):
        self._nothing_is_lost(before)
        self._nothing_is_overwritten_unseen()
        self._no_measurement_disappears()
        self._no_description_disappears()
        self._nothing_comes_back()

    def _no_description_disappears(self):
        """I4: an accepted description stands, or is kept as history."""
        outcomes = dict(self.world.sql("SELECT change_id, outcome FROM change"))
        kept = {row[0] for row in self.world.sql("SELECT written_by FROM history")}
        rows = {}
        for stream in self.world.streams:
            rows |= self.world.records(stream)
        for change, (_, record, op, fields) in self.changes.items():
            settled = outcomes.get(change) in {"accepted", "merged"}
            if "note" not in fields or not settled or op == "del" or record not in rows:
                continue
            stands = json.loads(rows[record][2]).get("note") == fields["note"]
            assert stands or change in kept, ("I4 description lost", change, fields)

    def _nothing_is_lost(self, before):
        now = {row[0] for row in self.world.sql("SELECT change_id FROM change")}
        assert before <= now, ("I1 lost", before - now)

    def _nothing_is_overwritten_unseen(self):
        """I4b: who replaced a measurement, or a live record, had seen it."""
        rows = self.world.sql(
            "SELECT h.record_id, h.group_name, h.written_by, h.replaced_by FROM history h"
        )
        for record, group, old, new in rows:
            if new not in self.changes or old not in self.changes or old == new:
                continue
            kind = self.changes[new][0]
            if self._is_measurement(kind, group):
                assert old in self.seen[new], ("I4b unseen", record, group, old, new)

    def _no_measurement_disappears(self):
        """I4: an accepted value stands, is a candidate, or was replaced knowingly."""
        outcomes = dict(self.world.sql("SELECT change_id, outcome FROM change"))
        candidates = {
            (change, group)
            for change, group in self.world.sql(
                "SELECT change_id, group_name FROM conflict"
            )
        }
        rows = {}
        for stream in self.world.streams:
            rows |= self.world.records(stream)
        for change, (kind, record, op, fields) in self.changes.items():
            if outcomes.get(change) not in SETTLED or op == "del":
                continue
            if record not in rows or (change, "*") in candidates:
                continue
            standing = json.loads(rows[record][2])
            for name, value in fields.items():
                group = TYPES[kind].groups[name]
                if not self._is_measurement(kind, group):
                    continue
                if (change, group) in candidates or standing.get(name) == value:
                    continue
                assert self._was_replaced_knowingly(change, record, name), (
                    "I4 silent overwrite",
                    change,
                    fields,
                    standing,
                )

    def _was_replaced_knowingly(self, change, record, name):
        return any(
            change in self.seen[other]
            for other, (_, place, _, fields) in self.changes.items()
            if place == record and name in fields and other != change
        )

    def _nothing_comes_back(self):
        """I6: who is deleted stays deleted, but for those who saw it and undid it."""
        outcomes = dict(self.world.sql("SELECT change_id, outcome FROM change"))
        rows = {}
        for stream in self.world.streams:
            rows |= self.world.records(stream)
        for change, (_, record, op, _) in self.changes.items():
            if op != "del" or outcomes.get(change) != "accepted" or record not in rows:
                continue
            undone = any(
                place == record
                and kind == "undel"
                and outcomes.get(other) in {"accepted", "merged"}
                for other, (_, place, kind, _) in self.changes.items()
            )
            discarded = self.world.sql(
                "SELECT 1 FROM quarantine WHERE status = 'discarded' AND record_id = ?",
                record,
            )
            assert rows[record][3] or undone or discarded, ("I6 resurrected", change)

    @staticmethod
    def _is_measurement(kind, group):
        fields = [
            f for n, f in TYPES[kind].fields.items() if TYPES[kind].groups[n] == group
        ]
        return bool(fields) and fields[0].field_class is FieldClass.MEASUREMENT
