"""Laptops, projects and batches of the contract: what a merge would give a store."""

import itertools
import json
from dataclasses import dataclass, field, replace

from schemas import chain
from schemas.changes import read_change
from schemas.conflicts import conflict_id
from schemas.digest import conflict_hash, digest_of, row_hash
from schemas.groups import WHOLE_RECORD, by_group
from schemas.messages import Op, Outcome, encode
from schemas.problems import Problem
from schemas.records import record_id
from schemas.signing import public_key, push_text, receipt_hash, receipt_text, sign
from schemas.version import SCHEMA_VERSION
from server.clock import Clock, iso
from server.intake.receipts import server_key
from server.merge.model import Conflict, HistoryEntry, KeptBack, Record, Verdict, Writer
from server.store.merge_values import (
    ConflictClosing,
    CustodyClosing,
    DecidedOn,
    Effects,
    LogLine,
)
from server.store.values import Device, StoredReceipt

new_id = Clock().new_id
_stamps = itertools.count(1)


def at(second):
    """Return a moment of the tests as text."""
    return iso(1_750_000_000_000 + second * 1000)


class Laptop:
    """A device with one log; it drafts change lines as a laptop writes them."""

    def __init__(self, name="laptop", secret=None):
        self.name, self.id, self.log = name, new_id(), new_id()
        self.secret = secret or Clock().key()
        self.n, self.hash = 0, chain.START

    def device(self, *projects, created=0):
        """Return what the server keeps of it."""
        return Device(
            self.id,
            self.name,
            at(created),
            None,
            None,
            projects=tuple(projects),
            public_key=public_key(self.secret),
        )

    def enrol(self, tx, *projects, created=0, parent=None):
        """Enrol it through the port, with its log."""
        tx.add_device(self.device(*projects, created=created), f"token {self.id}")
        tx.save_log(self.log, self.id, parent)

    def change(self, project_id, kind, record, fields, op=Op.PUT, **more):
        """Append a change to its log; return it as the server reads it."""
        self.n += 1
        line = {
            "k": "c",
            "n": self.n,
            "i": new_id(),
            "h": next(_stamps),
            "s": project_id,
            "t": kind,
            "r": record,
            "o": op,
            "b": None,
            "v": SCHEMA_VERSION,
            "f": fields,
            "u": "Ann",
        } | more
        raw = json.dumps(line).encode()  # ASCII: may say what UTF-8 cannot
        self.hash = chain.link(self.hash, raw)
        return read_change(self.log, raw, self.hash)

    def repeat(self, line):
        """Append a line of another log, at the same place; return its change."""
        self.n, self.hash = self.n + 1, chain.link(self.hash, line.raw)
        return read_change(self.log, line.raw, self.hash)

    def receipt(self, tx, now, *projects):
        """Return the signed receipt of all it sent, and its links in the projects."""
        heads = tx.project_heads([project.id for project in projects])
        before = {
            name: (found.receipt_count + 1, found.receipt_hash)
            for name, found in heads.items()
        }
        said = {
            "epoch": tx.epoch(),
            "log": self.log,
            "n": self.n,
            "hash": self.hash.hex(),
            "at": now,
            "streams": {name: list(link) for name, link in before.items()},
        }
        raw = encode(said).decode()
        signature = sign(server_key(tx), receipt_text(raw))
        pushed = sign(self.secret, push_text(self.log, self.n, self.hash))
        link = receipt_hash(raw)
        return (
            StoredReceipt(self.log, self.n, raw, signature, pushed),
            {name: (count, link) for name, (count, _) in before.items()},
        )


@dataclass
class Project:
    """A project as a merge keeps it in memory: its records and open conflicts."""

    id: str = field(default_factory=new_id)
    head: int = 0
    records: dict = field(default_factory=dict)
    conflicts: dict = field(default_factory=dict)
    is_new: bool = True

    @property
    def items(self):
        """Return what its digest is made of."""
        live = [r for r in self.records.values() if not r.deleted]
        return [(r.id, row_hash(r.type, r.id, r.seq, r.fields)) for r in live] + [
            (record, conflict_hash(record, name))
            for name, record in self.conflicts.items()
        ]

    @property
    def digest(self):
        """Return the digest of its records and open conflicts."""
        return digest_of(self.items)


class Batch:
    """What a merge of one laptop's changes comes to, change by change."""

    def __init__(self, project, laptop, second=0):
        self.project, self.laptop, self.at = project, laptop, at(second)
        self._before = project.digest
        self._written = {}
        self._parts = {
            name: []
            for name in (
                "lines",
                "late",
                "conflicts",
                "closed_conflicts",
                "quarantined",
                "closed",
                "history",
                "decisions",
            )
        }

    def put(self, kind, fields, *, record=None, computable=False, joins=False):
        """Accept a change that makes or updates a record; return the record."""
        name = record or record_id(self.project.id, kind, fields)
        change = self.laptop.change(self.project.id, kind, name, fields)
        return self._apply(change, computable=computable, joins=joins)

    def delete(self, record, *, computable=False):
        """Accept a change that deletes a record; return what is left of it."""
        change = self.laptop.change(
            self.project.id, record.type, record.id, {}, op=Op.DELETE
        )
        return self._apply(change, computable=computable)

    def contest(self, record, group, fields, base=None):
        """Keep a change whose value of a group does not stand; return the conflict."""
        change = self.laptop.change(self.project.id, record.type, record.id, fields)
        standing = self.project.records[record.id]
        theirs = by_group(record.type, standing.fields)[group]
        found = Conflict(
            conflict_id(change.id, group),
            self.project.id,
            record.id,
            record.type,
            group,
            standing.seq,
            theirs,
            fields,
            change,
        )
        self._show(standing, open_conflicts=standing.open_conflicts + 1)
        self._verdict(change, Outcome.CONFLICT, conflicts=[found.id])
        self.project.conflicts[found.id] = record.id
        self._parts["conflicts"].append((found, base))
        return found

    def settle(self, conflict, fields, reason="seen again in the field"):
        """Accept a change that decides a conflict; return that change."""
        change = self.laptop.change(
            self.project.id,
            conflict.type,
            conflict.record_id,
            fields,
            c=[conflict.id],
            y=reason,
        )
        del self.project.conflicts[conflict.id]
        standing = self.project.records[conflict.record_id]
        self._apply(change, open_conflicts=standing.open_conflicts - 1)
        self._parts["closed_conflicts"].append(
            ConflictClosing(self.project.id, conflict.id, change, reason)
        )
        self._parts["decisions"].append(
            DecidedOn(self.project.id, conflict.change.id, conflict.group, change.id)
        )
        return change

    def refuse(self, kind, fields, record=None, why=None, parent=None):
        """Keep a change back for a person; return it."""
        problem = why or Problem("out_of_range", "depth_top_cm", -1.0, "0 to 1000")
        return self._keep(kind, fields, record, KeptBack(None, parent, [problem]))

    def hold(self, kind, fields, waits_for, *, held=True, parent=None):
        """Keep a change back until a record comes; return the change."""
        why = [Problem("waits_for" if held else "parent_discarded", value=waits_for)]
        kept = KeptBack(None, parent or waits_for, why, waits_for, held)
        return self._keep(kind, fields, None, kept)

    def release(self, change, *, is_told=True):
        """Apply a change that waited, with a verdict given anew; return the record."""
        found = self._apply(change, is_late=True, is_told=is_told)
        self.close(change, "released")
        return found

    def close(self, change, status, reason=None):
        """Close a waiting change."""
        self._parts["closed"].append(
            CustodyClosing(self.project.id, change.id, status, reason)
        )

    def effects(self, **more):
        """Return everything that it comes to, once."""
        project = self.project
        new = [project.id] if project.is_new else []
        project.is_new = False
        return replace(
            Effects(
                device_id=self.laptop.id,
                received_at=self.at,
                new_projects=new,
                records=list(self._written.values()),
                heads={project.id: project.head},
                digests={project.id: project.digest.without(self._before)},
                **self._parts,
            ),
            **more,
        )

    def _apply(self, change, *, is_late=False, is_told=True, **more):
        seq = self.project.head + 1
        writer = Writer(seq, change.log_id, change.n, change.hlc, change.id)
        old = self.project.records.get(change.record_id)
        groups = by_group(change.type, change.fields)
        if change.op == Op.DELETE:
            groups = {WHOLE_RECORD: {}}
        self._remember(change, old, groups, seq)
        joins = more.pop("joins", False)
        made = old or Record(self.project.id, change.type, change.record_id, 0, {}, {})
        found = self._show(
            made,
            fields=made.fields | change.fields,
            writers=made.writers
            | {
                group: (*(made.writers.get(group, ()) if joins else ()), writer)
                for group in groups
            },
            deleted=change.op == Op.DELETE,
            computable_by_author=more.pop("computable", False),
            **more,
        )
        if is_late:
            verdict = self._judged(change, Outcome.ACCEPTED, seq=seq)
            self._parts["late"].append((verdict, is_told))
        else:
            self._verdict(change, Outcome.ACCEPTED)
        return found

    def _remember(self, change, old, groups, seq):
        shown = by_group(old.type, old.fields) if old else {}
        for group in groups.keys() & shown.keys():
            was = old.writers[group][-1]
            self._parts["history"].append(
                HistoryEntry(
                    self.project.id,
                    old.id,
                    group,
                    shown[group],
                    was.seq,
                    seq,
                    was.change_id,
                    change.id,
                )
            )

    def _keep(self, kind, fields, record, kept):
        name = record or record_id(self.project.id, kind, fields)
        change = self.laptop.change(self.project.id, kind, name, fields)
        outcome = Outcome.HELD if kept.is_held else Outcome.QUARANTINED
        self._verdict(change, outcome, seq=None, why=kept.why)
        self._parts["quarantined"].append(replace(kept, change=change))
        return change

    def _show(self, record, **more):
        self.project.head += 1
        found = record._replace(seq=self.project.head, **more)
        self.project.records[found.id] = self._written[found.id] = found
        return found

    def _verdict(self, change, outcome, **more):
        seq = more.pop("seq", self.project.head)
        verdict = self._judged(change, outcome, seq=seq, **more)
        self._parts["lines"].append((line_of(change), verdict))

    def _judged(self, change, outcome, **more):
        return Verdict(change.id, change.project_id, outcome, n=change.n, **more)


def line_of(change):
    """Return the line that a change came in."""
    return LogLine(
        change.log_id,
        change.n,
        change.project_id,
        change.id,
        change.raw,
        change.hash,
    )


def nothing(laptop, second=0, **more):
    """Return effects in which nothing happens but what is named."""
    return Effects(device_id=laptop.id, received_at=at(second), **more)


def plot(code="P1", **more):
    """Return the fields of a plot."""
    return {"code": code} | more


def point(plot_id, code="A"):
    """Return the fields of a point."""
    return {"plot_id": plot_id, "code": code}


async def begin(store, *codes, name="laptop", second=0):
    """Save a laptop and a project with plots; return all of them, the plots in order."""
    laptop, project = Laptop(name), Project()
    batch = Batch(project, laptop, second)
    plots = [batch.put("plot", plot(code)) for code in codes]

    def job(tx):
        laptop.enrol(tx, created=second)
        tx.save(batch.effects())

    await store.write(job)
    return laptop, project, *plots


async def saved(store, batch, **more):
    """Write what a batch comes to."""
    effects = batch.effects(**more)
    await store.write(lambda tx: tx.save(effects))
