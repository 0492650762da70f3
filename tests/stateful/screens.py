"""S1 and S4: what each laptop shows is what the server has, or what waits visibly."""

import json

from schemas.records import DERIVED
from tests.stateful.chosen import holds, promise
from tests.stateful.groups import GROUPS, whole

WAITING = {"quarantined", "held"}


@promise("S1")
def screens_show_the_rows(world):
    """S1: each group on a screen is the row's, or what the own waiting changes say."""
    rows = {record: row for s in world.project_ids for record, row in _rows(world, s)}
    for name in world.names:
        store = world.laptop(name).store
        waiting = _waiting(store)
        shown = {
            record
            for record, project_id in store._read("SELECT id, project_id FROM record")
            if project_id in store.cursors()
        }
        of_projects = {r for s in store.cursors() for r, _ in _rows(world, s)}
        for record in shown | of_projects:
            own, row = waiting.get(record, []), rows.get(record)
            if row is None and own and (base := store.base(record)) and base.deleted:
                # It was deleted long ago: the server has its id only.
                row = (base.type, {}, True)
            _shows(name, store.record(record), row, own)


def _rows(world, project_id):
    return [
        (record, (kind, json.loads(fields), bool(deleted)))
        for record, (kind, _, fields, deleted) in world.records(project_id).items()
        if kind not in DERIVED
    ]


def _waiting(store):
    """Return the changes of each record that wait for a person or another record."""
    found = {}
    for status in WAITING:
        for change in store.changes_with(status):
            found.setdefault(change.record_id, []).append(change)
    return {k: sorted(v, key=lambda change: change.place) for k, v in found.items()}


def _shows(name, view, row, waiting):
    """Check what one laptop shows of one record."""
    if row is None and not waiting:
        # What was deleted long ago is listed as deleted where it was seen last.
        is_gone = view is None or view.deleted
        holds("S1", is_gone, "shown, and nowhere", name, view)
        return
    kind, fields, deleted = row or (waiting[0].type, {}, False)
    was_deleted, said = deleted or row is None, set()
    for change in waiting:
        deleted = change.op == "del" or (deleted and change.op != "undel")
        if change.op != "del":
            said |= {*change.fields}
            fields = {**fields, **change.fields}
    if deleted:
        is_gone = view is None or view.deleted
        holds("S1", is_gone, "shown as if it were there", name, view)
        return
    holds("S1", view is not None, "not shown", name, kind, fields)
    if view is None:
        return
    holds("S1", not view.deleted, "shown as deleted", name, view)
    for group, names in GROUPS[kind].items():
        # The fields of a deleted or purged row do not travel: only what was said is shown.
        compared = said & set(names) if was_deleted else set(names)
        here, there = whole(kind, group, view.fields), whole(kind, group, fields)
        is_shown = all(here.get(name) == there.get(name) for name in compared)
        holds("S1", is_shown, "shown", name, view.id, group, here, there, waiting)


@promise("S4")
def lists_of_conflicts_agree(world):
    """S4: every laptop lists the server's open conflicts, those of deletions too."""
    for name in world.names:
        store = world.laptop(name).store
        contested = store.contested()
        for project_id in store.cursors():
            here = {
                (base.id, conflict["id"]): _sides(conflict)
                for base in contested
                if base.project_id == project_id
                for conflict in base.conflicts
            }
            there = {
                (record, conflict): _sides({"theirs": theirs, "ours": ours})
                for record, conflict, theirs, ours in world.sql(
                    "SELECT record_id, id, theirs, ours FROM conflict"
                    " WHERE status = 'open' AND project_id = ?",
                    project_id,
                )
            }
            holds("S4", here == there, name, here, there)


def _sides(conflict):
    """Return both sides without what is empty."""
    sides = []
    for name in ("theirs", "ours"):
        side = conflict[name]
        fields = json.loads(side) if isinstance(side, str) else side
        sides.append({k: v for k, v in fields.items() if v is not None})
    return sides
