"""A server in memory, what laptops say to it, and what is to be seen of it then.

A change is named by its log and its place there: `bo2` is the second change of the log
`bo`. A row that its author saw is named by its number; by timeline and number where that
is not the present one.
"""

import re
from typing import NamedTuple

from schemas.changes import Change
from schemas.digest import Digest, conflict_hash, row_hash
from schemas.groups import WHOLE_RECORD
from schemas.ids import natural_id
from schemas.messages import Op, Outcome
from schemas.records import TYPES, key_text, references_of
from schemas.version import SCHEMA_VERSION
from server.merge.merge import decide_again, merge
from server.merge.model import (
    EarlierValue,
    Epoch,
    KnownConflict,
    Lineage,
    Origin,
    Record,
    Timeline,
    Verdict,
    WaitingChange,
    Writer,
)
from server.merge.preconditions import validate
from server.merge.state import MergeState
from server.merge.verdicts import close_discarded

PROJECT = "0190a000-0000-7000-8000-000000000001"
#: The present timeline of a server that was never restored.
NOW = "now"
#: When everything arrives: no stamp counts as later.
RECEIVED = 1000


class Thing(NamedTuple):
    """A record by its type and id."""

    type: str
    id: str


def thing(kind, word):
    """Return the record of a type that these tests call by a word."""
    return Thing(kind, natural_id(PROJECT, kind, [word]))


CAMPAIGN, PLOT, POINT = (thing(kind, "A") for kind in ("campaign", "plot", "point"))
CORE, SAMPLE, RESULT = (thing(kind, "A") for kind in ("core", "sample", "result"))
OTHER_PLOT, OTHER_POINT = thing("plot", "B"), thing("point", "B")
#: What a laptop says of each of them when it records it.
FIRST_WORDS = {
    CAMPAIGN: {
        "name": "spring",
        "start_date": "2026-03-01",
        "end_date": "2026-03-02",
        "purpose": "baseline",
        "note": "as planned",
        "crew": ["Ana"],
    },
    PLOT: {"code": "A"},
    OTHER_PLOT: {"code": "B"},
    POINT: {"plot_id": PLOT.id, "code": "1"},
    OTHER_POINT: {"plot_id": PLOT.id, "code": "2"},
    CORE: {
        "point_id": POINT.id,
        "campaign_id": CAMPAIGN.id,
        "number": 1,
        "sampled_at": "2026-03-01T12:00:00Z",
    },
    SAMPLE: {
        "core_id": CORE.id,
        "sample_code": "bag",
        "depth_top_cm": 0.0,
        "depth_bottom_cm": 30.0,
    },
}


# What laptops say -----------------------------------------------------------------


def place_of(name):
    """Return the log and the place of a change."""
    log, n = re.fullmatch("([a-z]+)([0-9]+)", name).groups()
    return log, int(n)


def say(op, name, record, fields=None, *, saw=None, at=100, **more):
    """Return a change as it is judged on its own; `saw` is the row its author saw.

    It `settles` conflicts, as its author `knew` changes beyond those behind their sides.
    """
    log, n = place_of(name)
    settles, bases = tuple(more.pop("settles", ())), more.pop("bases", {})
    sides = [conflict.partition(":")[0] for conflict in settles]
    known = {
        "log_id": log,
        "n": n,
        "id": name,
        "hlc": at,
        "project_id": PROJECT,
        "type": record.type,
        "record_id": record.id,
        "op": op,
        "base": _base(saw),
        "version": SCHEMA_VERSION,
        "fields": fields or {},
        "person": None,
        "replaces": None,
        "raw": b"",
        "hash": b"",
        "resolves": settles,
        "bases": {group: _base(seen) for group, seen in bases.items()},
        "seen": frozenset([*more.pop("knew", ()), *sides]),
    }
    return validate(Change(**known | more))


def put(name, record, fields=None, **more):
    return say(Op.PUT, name, record, fields, **more)


def delete(name, record, **more):
    return say(Op.DELETE, name, record, **more)


def undelete(name, record, fields=None, **more):
    return say(Op.UNDELETE, name, record, fields, **more)


def resolve(name, record, fields=None, **more):
    return say(Op.RESOLVE, name, record, fields, **more)


def first(name, record, more=None, **said):
    """Return the change that records a thing."""
    return put(name, record, FIRST_WORDS[record] | (more or {}), **said)


def points(count, log="bo", **more):
    """Return changes that record so many points of the plot."""
    return [
        put(
            f"{log}{n}",
            thing("point", f"{log} {n}"),
            {"plot_id": PLOT.id, "code": f"{log} {n}"},
            **more,
        )
        for n in range(1, count + 1)
    ]


def _base(saw):
    return (NOW, saw) if isinstance(saw, int) else saw


# What the server has ---------------------------------------------------------------


def writer(name, seq, stamp):
    return Writer(seq, *place_of(name), stamp, name)


def live(record, fields=None, *, by=("ana1", 1, 10), writers=None, **more):
    """Return a record as it stands: written by one change, some groups by others."""
    fields = FIRST_WORDS.get(record, {}) | (fields or {})
    fields = {name: value for name, value in fields.items() if value is not None}
    groups = {TYPES[record.type].groups[name]: [by] for name in fields}
    groups |= writers or {}
    written = {g: tuple(writer(*w) for w in found) for g, found in groups.items()}
    seq = max(w.seq for found in written.values() for w in found)
    named = (PROJECT, record.type, record.id, seq, fields, written)
    return Record(*named)._replace(**more)


def deleted(record, *, by=("dee1", 3, 30), writers=None, **more):
    """Return a record that somebody deleted."""
    found = live(record, writers={**(writers or {}), WHOLE_RECORD: [by]}, **more)
    return found._replace(deleted=True)


def earlier(values, name, written, replaced):
    """Return a value that stood from one number to another."""
    return EarlierValue(values, written, replaced, *place_of(name))


class Server:
    """What a batch is merged on, laid out in memory."""

    def __init__(self, *records, head=None, epochs=(), parents=None, devices=None):
        last = max((record.seq for record in records), default=0)
        self.state = MergeState(
            project_ids={PROJECT},
            heads={PROJECT: last if head is None else head},
            timeline=Timeline(tuple(epochs) or (Epoch(NOW, {}),)),
            lineage=Lineage(parents or {}, devices or {}),
        )
        for record in records:
            self._lay_out(record)
        self._digest_before = self._digest()

    def _lay_out(self, record):
        self.state.records[PROJECT, record.id] = record
        if not record.deleted:
            key = (PROJECT, record.type, key_text(record.type, record.fields))
            self.state.holders[key] = record.id
            for target in references_of(record.type, record.fields).values():
                self.state.referrers.setdefault((PROJECT, target), set()).add(record.id)

    def contest(self, record, group, name, ours, *, seq):
        """Lay out an open conflict of a record; return its id."""
        conflict = f"{name}:{group}"
        found = KnownConflict(
            record.id, group, name, *place_of(name), ours, seq, is_open=True
        )
        self.state.note_conflict(PROJECT, conflict, found)
        place = (PROJECT, record.id)
        present = self.state.records[place]
        count = present.open_conflicts + 1
        self.state.records[place] = present._replace(open_conflicts=count)
        self._digest_before = self._digest()
        return conflict

    def push(self, *changes, is_admin=False, received=RECEIVED):
        """Merge a batch; return the outcome of each change."""
        merge(self.state, changes, _origin(received, is_admin=is_admin))
        self.check()
        return [str(v.outcome) for v in self.state.verdicts[-len(changes) :]]

    def judge_again(self, *names, is_admin=True):
        """Judge changes that wait once more; return the outcome of each."""
        waiting = [self.state.waiting.get(name) for name in names]
        decide_again(self.state, waiting, _origin(RECEIVED, is_admin=is_admin))
        self.check()
        return [self.outcome(name) for name in names]

    def give_up(self, name):
        """Discard a change that waits, as an administrator does."""
        close_discarded(self.state, self.state.waiting.get(name).validated.change)
        self.check()

    def lay_by(self, validated, waits_for=None, outcome=Outcome.HELD):
        """Lay out a change that waits in custody."""
        change = validated.change
        self.state.waiting.add(WaitingChange(validated, waits_for))
        verdict = Verdict(change.id, PROJECT, outcome, repeated=True)
        self.state.known[change.id] = verdict

    # What is to be seen of it.

    def record(self, record):
        return self.state.find(PROJECT, record.id)

    def fields(self, record):
        """Return the fields of a live record, None when it is deleted or not there."""
        found = self.record(record)
        return None if found is None or found.deleted else found.fields

    def writers(self, record, group=None):
        """Return who wrote each group of a record: change, number and stamp."""
        found = {
            name: [(w.change_id, w.seq, w.hlc) for w in writers]
            for name, writers in self.record(record).writers.items()
        }
        return found if group is None else found[group]

    def verdict(self, name):
        return self.state.known[name]

    def outcome(self, name):
        return str(self.verdict(name).outcome)

    def why(self, name):
        """Return the code and the value of each reason of a verdict."""
        return [(problem.code, problem.value) for problem in self.verdict(name).why]

    def waiting(self):
        """Return the changes that wait, each with the record that it waits for."""
        return {
            found.validated.change.id: found.waits_for
            for found in self.state.waiting.all()
        }

    @property
    def conflicts(self):
        """Return the new conflicts: what stands and what is kept, by their ids."""
        return {found.id: (found.theirs, found.ours) for found in self.state.conflicts}

    @property
    def settled(self):
        """Return the conflicts that were closed, and the change that did it."""
        return {name: by.id for name, by in self.state.closed_conflicts.items()}

    @property
    def history(self):
        """Return what no longer stands: value, who wrote it where, who replaced it."""
        return [
            (
                old.values,
                old.written_by,
                old.written_seq,
                old.replaced_by,
                old.replaced_seq,
            )
            for old in self.state.replaced
        ]

    # What must hold whatever was merged.

    def check(self):
        """Compare what is kept beside the records with what they come to."""
        state, records = self.state, self.state.records.values()
        alive = [record for record in records if not record.deleted]
        assert state.holders == {
            (r.project_id, r.type, key_text(r.type, r.fields)): r.id for r in alive
        }
        referred = {
            (r.project_id, target, r.id)
            for r in alive
            for target in references_of(r.type, r.fields).values()
        }
        assert referred == {
            (*place, name) for place, found in state.referrers.items() for name in found
        }
        gained = Digest()
        for digest in state.digests.values():
            gained = gained.joined(digest)
        assert self._digest_before.joined(gained) == self._digest()
        for record in records:
            known = state.conflicts_of(record.project_id, record.id).values()
            assert record.open_conflicts == sum(found.is_open for found in known)
            assert record.seq <= state.heads[record.project_id]
            numbers = [w.seq for found in record.writers.values() for w in found]
            assert 0 < min(numbers) <= max(numbers) <= record.seq
        assert not set(state.closed) & {(PROJECT, name) for name in self.waiting()}

    def _digest(self):
        found = Digest()
        for record in self.state.records.values():
            if not record.deleted:
                said = (record.type, record.id, record.seq, record.fields)
                found = found.plus(row_hash(*said))
        for (_, name), conflict in self.state.known_conflicts.items():
            if conflict.is_open:
                found = found.plus(conflict_hash(conflict.record_id, name))
        return found


def _origin(received, *, is_admin):
    return Origin("a device", "2026-03-01T12:00:00Z", received, is_admin)


# Campaigns by their days: a group of two fields ----------------------------------------


def period(start, end):
    days = {"start_date": start, "end_date": end}
    return {name: day and f"2026-03-{day:02}" for name, day in days.items()}


def campaign(start, end, by=("ana1", 1, 10)):
    return live(CAMPAIGN, period(start, end), writers={"period": [by]})


def ends(day, **more):
    """Return a change that names the end of the period only."""
    return put("bo1", CAMPAIGN, {"end_date": f"2026-03-{day:02}"}, **more)


def stands(server):
    fields = server.fields(CAMPAIGN)
    return {name: fields.get(name) for name in ("start_date", "end_date")}


def sides(server, name="bo1"):
    return server.conflicts[f"{name}:period"]


def with_past(server, *past):
    server.state.past[PROJECT, CAMPAIGN.id] = {"period": list(past)}
    return server
