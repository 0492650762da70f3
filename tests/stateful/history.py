"""What a season remembers: what was on the screens, and what the server first said."""

import json
from collections import defaultdict
from dataclasses import dataclass, field

from collector.errors import PermilleError, RefusedError
from schemas.messages import decode_request
from schemas.records import TYPES
from server.custody.review import rejudge
from tests.stateful.chosen import holds, is_checked
from tests.stateful.groups import GROUPS, MEASUREMENTS, WHOLE, whole
from tests.stateful.saying import kept_after, last_place, said_is_in_the_log
from tests.stateful.world import UnrestError

SETTLED = {"accepted", "merged", "conflict"}


@dataclass
class Row:
    """A row of the server: its values, and the changes that made each group.

    `shown` holds the other sides of conflicts too: who sees the row sees them.
    """

    fields: dict
    deleted: bool
    writers: dict
    shown: dict


@dataclass
class Kept:
    """A change of a laptop; `seen` holds, by group, the changes its author had seen."""

    by: str
    type: str
    record_id: str
    op: str
    fields: dict
    seen: dict = field(default_factory=dict)


@dataclass
class Decision:
    """What a person decided: the conflicts, the whole groups, and both their sides."""

    record_id: str
    resolves: tuple
    groups: dict
    sides: dict
    was_accepted: bool = False


class History:
    """Watches a world from outside; tests.stateful.remembered judges what it saw."""

    def __init__(self, world):
        self.world = world
        self.changes = {}
        self.screens = defaultdict(set)  # (record, group): whole groups, as text
        self.rows = {}  # (epoch, project, record, seq): Row
        self.returns = defaultdict(dict)  # (epoch, record): numbers of returns, by id
        self.decisions = {}
        self.first = {}  # (timeline, id): the first settled verdict
        self.timeline = 0
        self._judged = set()  # conflicts whose sides were looked at
        self._remember_the_beginning()
        self.look()

    def _remember_the_beginning(self):
        for kept in self.world.lines():
            line = decode_request(kept.raw)
            fields = line.get("f") or {}
            before = Kept("before", line["t"], line["r"], line["o"], fields)
            self.changes[kept.change_id] = before
            self._see_screen(before, fields)

    # What people do --------------------------------------------------------------

    def act(self, name, record, do, *, typed=None, base=None):
        """Do something for a person through a flow; note what they saw and what came.

        `typed` are fields that it is to save; `base` is the row that is looked at
        where a decision is made. Returns the changes that were kept.
        """
        laptop = self.world.laptop(name)
        store, last = laptop.store, last_place(laptop.store)
        before = store.record(record) if record else None
        seen = {one: self._seen(store, one, base) for one in _touched(store, record)}
        try:
            said = do(laptop)
        except RefusedError:
            holds("S3", last_place(store) == last, "refused, but kept")
            return []
        kept = kept_after(store, last)
        said_is_in_the_log(said, kept, before, typed)
        for place, change in enumerate(kept):
            shown = seen.get(change.record_id, {})
            known = self._note(name, change, shown, kept[:place])
            view = store.record(change.record_id)
            if base is None and view is not None:
                self._see_screen(known, view.fields)
        return kept

    def decide(self, name, base, do, typed=None):
        """Decide for a person on conflicts of a row; taking a side makes no new value."""
        store = self.world.laptop(name).store
        row = self.rows.get((base.epoch, base.project_id, base.id, base.seq))
        for change in self.act(name, base.id, do, base=base):
            view, known = store.record(base.id), self.changes[change.id]
            if typed is not None:
                self._see_screen(known, view.fields)
            settled = [c for c in base.conflicts if c["id"] in change.resolves]
            open_still = {c["group"] for c in base.conflicts if c not in settled}
            names = {c["group"] for c in settled} - {WHOLE}
            sides = defaultdict(set)
            for conflict in settled:
                sides[conflict["group"]].add(conflict["change"])
                known.seen.setdefault(conflict["group"], set()).add(conflict["change"])
            for group in names - open_still if row else ():
                sides[group] |= row.writers.get(group, set())
            decided = {g: whole(base.type, g, view.fields) for g in names}
            self.decisions[change.id] = Decision(
                base.id, tuple(change.resolves), decided, dict(sides)
            )

    def save(self, name, *drafts):
        """Record drafts as they are, and note what their author saw at that moment."""
        store = self.world.laptop(name).store
        seen = [self._seen(store, draft.record_id) for draft in drafts]
        kept = self.world.save(name, *drafts)
        for change, known in zip(kept, seen, strict=True):
            view = store.record(change.record_id)
            self._see_screen(self._note(name, change, known), view.fields)

    def _note(self, name, change, seen, before=()):
        """Note a change; its author had made the ones `before` it at the same moment."""
        own = {one.id for one in before if one.record_id == change.record_id}
        seen = {group: found | own for group, found in seen.items()}
        fields = dict(change.fields)
        kept = Kept(name, change.type, change.record_id, str(change.op), fields, seen)
        self.changes[change.id] = kept
        return kept

    def _see_screen(self, kept, shown):
        """Keep the whole groups that a change names as its author has them."""
        for group in {TYPES[kept.type].groups.get(name) for name in kept.fields}:
            if group in MEASUREMENTS[kept.type]:
                self.screens[kept.record_id, group].add(
                    text_of(whole(kept.type, group, shown))
                )

    def _seen(self, store, record, base=None):
        """Return by group the changes behind what is shown: a hidden row is not seen.

        The row's makers were seen if the whole group on the screen is the row's.
        """
        shown = base or store.record(record)
        if shown is None:
            return {}
        under = store.base(record)
        row = under and self.rows.get(
            (under.epoch, under.project_id, record, under.seq)
        )
        own = {change.id for change in store.changes(record)}
        found = {}
        for group in [*GROUPS[shown.type], WHOLE]:
            seen = set(own)
            if row and _is_shown(row, group, shown):
                seen |= row.shown.get(group, set())
                seen |= self._returned(under) if group == WHOLE else set()
            for change in list(seen):
                if change in self.changes:
                    seen |= self.changes[change].seen.get(group, set())
            found[group] = seen
        return found

    def _returned(self, base):
        found = self.returns[base.epoch, base.id]
        return {change for change, seq in found.items() if seq <= base.seq}

    # What networks and machines do -----------------------------------------------

    def sync(self, name, fault="", most=2000):
        try:
            self.world.sync(name, fault, most)
        except UnrestError:
            if is_checked("I5"):
                raise
        self.look()

    def crash(self, name, after):
        """End a sync inside a transaction, as a kill would."""
        db = self.world.laptop(name).store._db
        steps = iter(range(after))
        db.set_progress_handler(lambda: next(steps, None) is None, 200)
        try:
            self.world.sync(name)
        except (PermilleError, UnrestError):
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
        epoch = self.world.read(lambda tx: tx.epoch())
        others = self._look_at_conflicts()
        for found in self.world.all_records():
            place = (epoch, found.project_id, found.id, found.seq)
            if place not in self.rows:
                made = {
                    group: {writer.change_id for writer in writers}
                    for group, writers in found.writers.items()
                }
                row = Row(found.fields, found.deleted, made, dict(made))
                for group in [*GROUPS[found.type], WHOLE]:
                    sides = others[found.id, group] | others[found.id, WHOLE]
                    row.shown[group] = made.get(group, set()) | sides
                self.rows[place] = row
                self._wholes_are_of_one_author(found.type, found.id, row.fields)
        for change, outcome, seq in self.world.sql(
            "SELECT change_id, outcome, seq FROM change"
        ):
            if outcome in SETTLED:
                first = self.first.setdefault((self.timeline, change), outcome)
                holds("I9", first == outcome, "verdict changed", change, first, outcome)
            if outcome in {"accepted", "merged"}:
                self._look_at_standing(epoch, change, seq)

    def _look_at_standing(self, epoch, change, seq):
        if change in self.decisions:
            self.decisions[change].was_accepted = True
        known = self.changes.get(change)
        # Who returned what was not deleted here wrote all of the row all the same; in
        # another timeline, where it was, those who saw that row saw the return.
        if known and known.op == "undel" and seq:
            self.returns[epoch, known.record_id][change] = seq

    def _look_at_conflicts(self):
        """Return the changes in conflict by record and group; S2 holds for their sides."""
        others = defaultdict(set)
        for name, kind, record, group, change, theirs, ours in self.world.sql(
            "SELECT id, type, record_id, group_name, change_id, theirs, ours FROM conflict"
        ):
            others[record, group].add(change)
            if name not in self._judged:
                self._judged.add(name)
                for side in (json.loads(theirs), json.loads(ours)):
                    self._side_is_whole(kind, record, group, side)
        return others

    def _side_is_whole(self, kind, record, group, side):
        if group == WHOLE:
            groups = {TYPES[kind].groups[name] for name in side}
            for one in groups & MEASUREMENTS[kind].keys():
                self._whole_is_of_one_author(kind, record, one, side)
            return
        names = set(GROUPS[kind][group])
        holds("S2", set(side) == names, "a side lacks fields", record, group, side)
        self._whole_is_of_one_author(kind, record, group, side)

    def _wholes_are_of_one_author(self, kind, record, fields):
        if is_checked("S2"):
            for group, names in MEASUREMENTS[kind].items():
                if any(name in fields for name in names):
                    self._whole_is_of_one_author(kind, record, group, fields)

    def _whole_is_of_one_author(self, kind, record, group, fields):
        """S2: somebody had this whole group on the screen when they saved it."""
        found = text_of(whole(kind, group, fields))
        known = self.screens.get((record, group), set())
        holds("S2", found in known, "nobody's group", record, group, found, known)

    def before_rest(self):
        """Return every change that is still somewhere."""
        found = {row[0] for row in self.world.sql("SELECT change_id FROM change")}
        for name in self.world.names:
            store = self.world.laptop(name).store
            found |= {row[0] for row in store._read("SELECT id FROM change")}
        return found


def text_of(fields):
    """Return fields as one text that can be compared."""
    return json.dumps(fields, sort_keys=True)


def _is_shown(row, group, shown):
    if group == WHOLE:
        return row.deleted == shown.deleted
    names = GROUPS[shown.type][group]
    return all(row.fields.get(name) == shown.fields.get(name) for name in names)


def _touched(store, record):
    """Return a record, and those that wait with it as one event."""
    if record is None:
        return set()
    events = {change.group for change in store.changes(record)} - {None}
    return {record} | {
        change.record_id
        for change in (store.changes_with("quarantined") if events else ())
        if change.group in events
    }
