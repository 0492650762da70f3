"""What must hold in the evening of the seven-laptop day; each check yields its faults."""

import json
from collections import defaultdict

from schemas.fields import FieldClass
from schemas.groups import WHOLE_RECORD
from schemas.records import DERIVED, TYPES
from tests.faults.day_ledger import as_text, class_of, is_measurement, whole_group


def faults_of(day):
    """Return everything that does not hold, as lines to read."""
    found = _Server(day.server)
    return [
        *rows_differ(day, found),
        *screens_differ(day, found),
        *conflicts_differ(day),
        *counts_differ(day),
        *changes_are_lost(day, found),
        *values_are_lost(day, found),
        *groups_are_mixed(day, found),
        *values_go_unseen(day, found),
        *decisions_are_lost(day, found),
        *checks_repair(day),
        *verify_fails(day),
    ]


class _Server:
    """What the server has in its tables, by record."""

    def __init__(self, server):
        self.records = {
            row[0]: (row[1], json.loads(row[2]), bool(row[3]))
            for row in server.rows("SELECT id, type, fields, deleted FROM record")
        }
        self.history, self.sides = defaultdict(list), defaultdict(list)
        self.replaced = [
            (record, group, json.loads(old), by)
            for record, group, old, by in server.rows(
                "SELECT record_id, group_name, old_values, replaced_by FROM history"
            )
        ]
        for record, group, old, _ in self.replaced:
            self.history[record, group].append(old)
        for record, *sides in server.rows(
            "SELECT record_id, base, theirs, ours, chosen FROM conflict"
        ):
            self.sides[record] += [json.loads(side) for side in sides if side]
        self.outcomes = dict(server.rows("SELECT change_id, outcome FROM change"))
        self.waited = {
            row[0] for row in server.rows("SELECT change_id FROM quarantine")
        }
        self.conflicts = {
            row[0]: (row[1], row[2])
            for row in server.rows("SELECT id, status, change_id FROM conflict")
        }


# Everybody has the same ------------------------------------------------------------


def rows_differ(day, found):
    """Compare the server's rows on each laptop with those on the server, by value.

    Of a number that is derived no more, a laptop need not know that there was one.
    """
    there = _rows(
        (record, kind, fields, deleted)
        for record, (kind, fields, deleted) in found.records.items()
    )
    for laptop in day.laptops:
        sql = "SELECT id, type, fields, deleted FROM base"
        here = _rows((i, t, json.loads(f), d) for i, t, f, d in laptop.read(sql))
        yield from _differing(f"row on {laptop.name} and on the server", here, there)


def _rows(rows):
    return {
        record: (kind, None if deleted else fields)
        for record, kind, fields, deleted in rows
        if not (deleted and kind in DERIVED)
    }


def screens_differ(day, found):
    """Compare the lists on the screens: live and deleted records of every kind.

    A laptop shows what waits on its fix list over the server's row: those records are
    compared as rows only.
    """
    waiting = {
        row[0]
        for laptop in day.laptops
        for row in laptop.read(
            "SELECT record_id FROM change WHERE status IN ('quarantined', 'held')"
        )
    }
    for laptop in day.laptops:
        for kind, shown in laptop.listed().items():
            here = {i: one["fields"] for i, one in shown.items()}
            there = {
                record: fields
                for record, (its, fields, deleted) in found.records.items()
                if its == kind and not deleted
            }
            yield from _differing(
                f"{kind} shown on {laptop.name}", here, there, waiting
            )
        for kind, shown in laptop.listed("--deleted").items():
            there = {
                record: True
                for record, (its, _, deleted) in found.records.items()
                if its == kind and deleted
            }
            here = dict.fromkeys(shown, True)
            where = f"deleted {kind} on {laptop.name}"
            yield from _differing(where, here, there, waiting)


def conflicts_differ(day):
    """Compare the lists of open conflicts: ids, and every side."""
    sides = ("record", "group", "stood", "other", "stands")
    there = {
        one["id"]: {side: one[side] for side in sides}
        for one in day.server.admin("conflict", "list", "--json").data
    }
    for laptop in day.laptops:
        shown = laptop.type("conflicts").data
        here = {one["id"]: {side: one[side] for side in sides} for one in shown}
        yield from _differing(f"conflict on {laptop.name}", here, there)
        for one in shown:
            if one["decided"]:
                yield f"a decision on {one['id']} still waits on {laptop.name}"


def counts_differ(day):
    """Compare what `permille status` says of records and conflicts."""
    said = {laptop.name: laptop.type("status").data for laptop in day.laptops}
    at_rest = [s for s in said.values() if not s["quarantined"] and not s["held"]]
    for name, status in said.items():
        if status["pending"]:
            yield f"{name}: {status['pending']} changes are not sent"
        for word in ("conflicts", "projects"):
            if status[word] != said["lap0"][word]:
                yield f"{name}: {status[word]} {word}, lap0 has {said['lap0'][word]}"
        if status in at_rest and status["records"] != at_rest[0]["records"]:
            yield f"{name} counts {status['records']}, {at_rest[0]['records']} elsewhere"


def checks_repair(day):
    """Compare every row by its digest: nothing may have to come right."""
    for laptop in day.laptops:
        found = day.sync(laptop, "--check")
        if found["repaired"]:
            yield f"{laptop.name}: {found['repaired']} rows came right by a check"


def verify_fails(day):
    done = day.server.verify()
    if done.returncode:
        yield f"permille-server verify: {done.returncode}: {done.stdout[:2000]}"


# Nothing is lost -------------------------------------------------------------------


def changes_are_lost(day, found):
    """Look for changes that were saved and are not on the server."""
    for change, (laptop, words) in day.ledger.changes.items():
        if change not in found.outcomes and change not in day.ledger.gone:
            yield f"LOST: change {change} of {laptop} is nowhere: {words}"


def values_are_lost(day, found):
    """Look for values that stand nowhere, in no history, no conflict, no quarantine."""
    for entry in day.ledger.entries:
        is_gone = entry.change in day.ledger.gone
        if not is_gone and not _is_somewhere(entry, found):
            stands = found.records.get(entry.record_id)
            yield f"LOST: {entry}; outcome {found.outcomes.get(entry.change)}, {stands}"


def _is_somewhere(entry, found):
    kind, group = entry.type, entry.group
    _, fields, _ = found.records.get(entry.record_id, (kind, {}, True))
    places = [
        fields,
        *found.history[entry.record_id, group],
        *found.history[entry.record_id, WHOLE_RECORD],
        *found.sides[entry.record_id],
    ]
    if any(_has(entry, place) for place in places):
        return True
    return entry.change in found.waited


def _has(entry, values):
    whole = whole_group(entry.type, entry.group, values)
    if class_of(entry.type, entry.group) is FieldClass.SET:
        return all(
            set(map(as_text, typed or ())) <= set(map(as_text, whole[name] or ()))
            for name, typed in entry.whole.items()
        )
    return as_text(whole) == as_text(entry.whole)


def groups_are_mixed(day, found):
    """Look for standing measurements that nobody saw and kept as they stand."""
    for record, (kind, fields, _) in found.records.items():
        if kind in DERIVED:
            continue
        for group in dict.fromkeys(TYPES[kind].groups.values()):
            whole = whole_group(kind, group, fields)
            is_empty = all(value is None for value in whole.values())
            shown = day.ledger.displayed[record, group]
            if not is_measurement(kind, group) or is_empty:
                continue
            if as_text(whole) not in shown:
                yield f"MIXED: {kind} {record} {group} = {whole}; shown: {shown}"


def values_go_unseen(day, found):
    """Look for measurements that were replaced by somebody who was not shown them."""
    for record, group, old, by in found.replaced:
        kind = found.records[record][0] if record in found.records else None
        if by not in day.ledger.changes or group == WHOLE_RECORD or kind is None:
            continue
        laptop, words = day.ledger.changes[by]
        said = as_text(whole_group(kind, group, old))
        knew = day.ledger.knew(laptop, (record, group, said))
        if is_measurement(kind, group) and not knew:
            yield f"UNSEEN: {kind} {record} {said} replaced by {by} of {laptop}: {words}"


def decisions_are_lost(day, found):
    """Look for conflicts that were decided and are open again."""
    for decision in day.ledger.decisions:
        outcome = found.outcomes.get(decision.change)
        if outcome is None:
            continue  # told by `changes_are_lost`, or entered again by an administrator
        for name in decision.conflicts:
            status, _ = found.conflicts.get(name, ("settled", None))
            if status == "open" and outcome in {"accepted", "merged"}:
                yield (
                    f"REOPENED: conflict {name} of {decision.record_id} is open, and"
                    f" {decision.by} decided it in {decision.change} ({outcome})"
                )


def _differing(what, here, there, leave=frozenset()):
    for key in (here.keys() | there.keys()) - leave:
        if here.get(key) != there.get(key):
            yield f"{what}: {key}: {here.get(key)} here, {there.get(key)} there"
