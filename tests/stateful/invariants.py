"""What must hold whenever all laptops have come to rest (docs/testing.md names them)."""

import json
from collections import Counter

from schemas import chain
from schemas.digest import digest_of
from schemas.messages import decode_request
from schemas.signing import NO_RECEIPT, is_signed, receipt_hash, receipt_text
from server.intake.receipts import own_device
from server.operations.audit.audit import find_faults
from tests.stateful.chosen import holds, promise
from tests.stateful.screens import lists_of_conflicts_agree, screens_show_the_rows


def check_all(world):
    """Check everything that needs no memory of what happened before."""
    nothing_is_pending(world)
    every_change_has_one_verdict(world)
    each_is_applied_once(world)
    everybody_has_the_same_rows(world)
    screens_show_the_rows(world)
    lists_of_conflicts_agree(world)
    chains_and_receipts_verify(world)
    digests_are_right(world)
    counts_are_right(world)
    nobody_sees_beyond_their_scope(world)
    the_database_verifies(world)


@promise("I5")
def nothing_is_pending(world):
    for name in world.names:
        store = world.laptop(name).store
        holds("I5", store.count_unacknowledged() == 0, name)


def every_change_has_one_verdict(world):
    """I1 and I9: what is on a laptop is on the server, with the same verdict."""
    verdicts = {}
    for change, outcome in world.sql("SELECT change_id, outcome FROM change"):
        holds("I9", verdicts.setdefault(change, outcome) == outcome, change)
    for name in world.names:
        store = world.laptop(name).store
        for change, status in store._read("SELECT id, status FROM change"):
            holds("I1", change in verdicts, "lost", name, change)
            if status != "replaced":
                holds("I9", status == verdicts.get(change), name, change, status)


@promise("I2")
def each_is_applied_once(world):
    """I2: no two changes have one number, and none has two."""
    rows = world.sql(
        "SELECT DISTINCT project_id, seq, change_id, outcome FROM change"
        " WHERE seq IS NOT NULL AND outcome IN ('accepted', 'merged', 'conflict')"
    )
    deletions = {line.change_id for line in world.lines() if b'"o":"del"' in line.raw}
    rows = [
        (project_id, seq, change)
        for project_id, seq, change, outcome in rows
        if outcome != "accepted" or change not in deletions
    ]
    numbers = Counter((project_id, seq) for project_id, seq, _ in rows)
    changes = Counter(change for _, _, change in rows)
    holds("I2", max(numbers.values(), default=1) == 1, "one number twice", rows)
    holds("I2", max(changes.values(), default=1) == 1, "applied twice", rows)


@promise("I3")
def everybody_has_the_same_rows(world):
    """I3: base rows are the server's rows."""
    for name in world.names:
        store = world.laptop(name).store
        for project_id in store.cursors():
            here = {
                row[0]: (row[1], row[2], json.loads(row[3]))
                for row in store._read(
                    "SELECT id, type, seq, fields FROM base"
                    " WHERE project_id = ? AND deleted = 0",
                    project_id,
                )
            }
            there = {
                record: (kind, seq, json.loads(fields))
                for record, (kind, seq, fields, deleted) in world.records(
                    project_id
                ).items()
                if not deleted
            }
            differing = {
                record: (here.get(record), there.get(record))
                for record in here.keys() | there.keys()
                if here.get(record) != there.get(record)
            }
            holds("I3", not differing, "here and there", name, differing)


@promise("I8")
def chains_and_receipts_verify(world):
    """I8: each log is one chain, the same on both sides; receipts follow each other."""
    hashes = {}
    for log, n, head in world.sql("SELECT log_id, n, hash FROM log"):
        digest = chain.START
        lines = world.lines("log_id = ?", log)
        assert [line.n for line in lines] == list(range(1, n + 1)), ("I8 hole", log)
        for _, place, raw, kept, _ in lines:
            digest = chain.link(digest, raw)
            assert digest == kept, ("I8 chain", log, place)
            assert decode_request(raw)["n"] == place
            hashes[log, place] = digest
        assert digest == bytes(head), ("I8 head", log)
    for name in world.names:
        for log in world.laptop(name).store.logs():
            for n in range(1, log.n + 1):
                own = world.laptop(name).store.hash_at(n, log.number)
                holds("I8", hashes.get((log.id, n)) == own, name, log.id, n)
    _receipts_verify(world, hashes)


def _receipts_verify(world, hashes):
    own = world.read(own_device)
    last = {}
    rows = world.sql("SELECT log_id, n, raw, signature FROM receipt ORDER BY rowid")
    for log, n, raw, signature in rows:
        assert is_signed(own.public_key, signature, receipt_text(raw)), "I8 receipt"
        said = json.loads(raw)
        assert bytes.fromhex(said["hash"]) == hashes[log, n], "I8 receipt's hash"
        for project_id, (count, before) in said["streams"].items():
            assert last.get(project_id, (0, NO_RECEIPT)) == (count - 1, before), (
                "I8 receipts"
            )
            last[project_id] = (count, receipt_hash(raw))


@promise("S8")
def digests_are_right(world):
    """S8: the digest that is kept is what the rows come to, on both sides."""
    for project_id in world.project_ids:
        rows = world.read(lambda tx, s=project_id: tx.digest_items(s))
        heads = world.read(lambda tx, s=project_id: tx.project_heads([s]))
        kept = heads[project_id].digest
        holds("S8", kept == digest_of(rows), project_id)
        for name in world.names:
            store = world.laptop(name).store
            if project_id in store.cursors():
                here = list(store.digest_items(project_id))
                differing = {*map(tuple, rows)} ^ {*map(tuple, here)}
                holds("S8", kept == digest_of(here), project_id, name, differing)


@promise("S9")
def counts_are_right(world):
    """S9: what a laptop keeps as a number is what its rows and its logs come to."""
    for name in world.names:
        holds("S9", world.laptop(name).store.mend_counts() == [], name)


@promise("verify")
def the_database_verifies(world):
    """What `permille-server verify` checks holds after any course of events."""
    found = world.read(lambda tx: list(find_faults(tx, lambda *_: None)))
    holds("verify", not found, found)


@promise("I11")
def nobody_sees_beyond_their_scope(world):
    """I11: a laptop has rows of its own projects only."""
    for name in world.names:
        device = world.device(name)
        granted = {
            row[0]
            for row in world.sql(
                "SELECT project_id FROM device_project"
                " WHERE device_id = ? AND withdrawn_at IS NULL",
                device,
            )
        }
        rows = world.laptop(name).store._read("SELECT DISTINCT project_id FROM base")
        holds("I11", {row[0] for row in rows} <= granted, name)
