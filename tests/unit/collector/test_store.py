"""The laptop's database keeps what it said it kept."""

import json
from dataclasses import replace
from random import Random

import pytest

from collector.errors import RefusedError, StoreError
from collector.rules.overlay import ChangeStatus, RecordState
from collector.rules.reply import RemovalGuard
from collector.store import driver
from collector.store.port import Timestamp
from collector.store.sqlite import LaptopStore
from collector.store.version import ONLY_LACKS, VERSION
from schemas import chain
from schemas.changes import Draft
from schemas.messages import Op
from tests.unit.collector.conftest import KEY
from tests.unit.collector.replies import (
    EPOCH,
    PROJECT_ID,
    RECORD,
    end,
    gone,
    hello,
    reply,
    reset,
    row,
    verdict,
)

NONE = RemovalGuard()
ANOTHER = "0190a000-0000-7000-8000-0000000000ff"


def plot(clock, record=RECORD, **fields):
    fields = fields or {"code": "HF"}
    return Draft(PROJECT_ID, "plot", record, fields=fields, is_new=True)


def edit(clock, record=RECORD, base=None, **fields):
    return Draft(PROJECT_ID, "plot", record, fields=fields, base=base)


@pytest.fixture
def kept(store, clock, moment):
    """A store with one plot; its change is pending."""
    draft = plot(clock, code="HF", area_ha=2.0)
    store.save([draft], moment, "Ada")
    (change,) = store.changes(RECORD)
    return change


def take(store, moment, answer, asked=None, removals=NONE):
    """Take in an answer to what this laptop would ask now."""
    return store.apply(answer, store.head(), asked or {}, moment, removals)


def test_what_was_kept_is_there_when_the_database_is_opened_again(
    tmp_path, store, kept
):
    store.close()
    again = LaptopStore(tmp_path / "laptop.db", KEY)
    assert again.record(RECORD).fields == {"code": "HF", "area_ha": 2.0}
    assert again.find("plot", PROJECT_ID, "HF")[0].id == RECORD
    assert again.count_unacknowledged() == 1
    again.close()


def test_record_and_change_are_one_transaction(store, clock, moment, kept):
    """The second draft is refused: the first one leaves no trace either."""
    other = plot(clock, record=clock.new_id(), code="WB")
    with pytest.raises(RefusedError):
        store.save([other, plot(clock)], moment, None)
    assert store.record(other.record_id) is None
    assert (store.head().n, store.count_unacknowledged()) == (1, 1)
    assert store.save([other], moment, None) == [2]


def test_the_log_is_dense_and_its_chain_verifies(store, clock, moment, kept):
    store.save([edit(clock, note=str(i)) for i in range(9)], moment, "Ada")
    last, stamps = chain.START, []
    for n, raw in enumerate(store.tail(0, 100), 1):
        assert json.loads(raw)["n"] == n
        stamps.append(json.loads(raw)["h"])
        last = chain.link(last, raw)
        assert store.hash_at(n) == last
    assert store.head().hash == last
    assert stamps == sorted(set(stamps))


def test_a_clock_set_back_does_not_turn_stamps_back(store, clock, kept):
    store.save(
        [edit(clock, note="later")], Timestamp(5, "1970-01-01T00:00:00.005+00:00"), None
    )
    first, second = (json.loads(raw)["h"] for raw in store.tail(0, 9))
    assert second > first


def test_durability_is_not_switched_off(store):
    # FULL is 2: a commit is on the disk before it is told.
    assert store._read("PRAGMA synchronous") == [(2,)]
    assert store._read("PRAGMA journal_mode") == [("wal",)]


def test_nothing_is_readable_without_the_key(tmp_path, store, kept):
    store.close()
    raw = (tmp_path / "laptop.db").read_bytes()
    assert b"SQLite format" not in raw
    assert b"area_ha" not in raw
    with pytest.raises(StoreError, match="cannot be read"):
        LaptopStore(tmp_path / "laptop.db", bytes(32))


@pytest.mark.parametrize("seed", range(25))
def test_a_flipped_bit_is_found(tmp_path, store, clock, moment, seed):
    store.save(
        [
            plot(clock, record=clock.new_id(), code=f"P{i}", note="x" * 200)
            for i in range(60)
        ],
        moment,
        None,
    )
    store.close()
    path = tmp_path / "laptop.db"
    data = bytearray(path.read_bytes())
    place = Random(seed).randrange(len(data))
    data[place] ^= 1 << (seed % 8)
    path.write_bytes(data)
    try:
        again = LaptopStore(path, KEY)
    except StoreError:
        return
    found = again.damage()
    again.close()
    assert found


def test_an_undamaged_database_has_no_damage(store, kept):
    assert store.damage() == []


def test_a_database_of_a_newer_program_is_left_alone(tmp_path, store):
    store._read("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreError, match="newer"):
        LaptopStore(tmp_path / "laptop.db", KEY)


def explained(store, monkeypatch, ask):
    """Return how SQLite goes about a question to the store."""
    asked, read = [], store._read
    with monkeypatch.context() as patch:
        patch.setattr(store, "_read", lambda *sql: asked.append(sql) or read(*sql))
        ask(store)
    ((sql, *values),) = asked
    return [row[3] for row in read(f"EXPLAIN QUERY PLAN {sql}", *values)]


@pytest.mark.parametrize(
    ("ask", "way"),
    [
        (
            lambda s: s.find("plot", PROJECT_ID, "HF"),
            "(kind=? AND key=? AND project=?)",
        ),
        (lambda s: s.find("plot", None, "HF"), "(kind=? AND key=?)"),
        (lambda s: s.alike("plot", PROJECT_ID, "hf"), "(kind=? AND skeleton=?)"),
        (lambda s: s.alike("plot", None, "hf"), "(kind=? AND skeleton=?)"),
        (
            lambda s: s.find_all("plot", PROJECT_ID, ["HF", "HG"]),
            "(kind=? AND key=? AND project=?)",
        ),
        (lambda s: s.starting_with("plot", "0190"), "(uid>? AND uid<?)"),
        (lambda s: s.records("plot", PROJECT_ID, [RECORD]), "(rowid=?)"),
        (lambda s: s.contested(), "USING INDEX idx_base_contested"),
    ],
)
def test_a_look_up_costs_the_same_in_a_large_database(store, monkeypatch, ask, way):
    assert explained(store, monkeypatch, ask)[0].endswith(way)


def test_the_first_few_records_of_a_project_are_read_alone(store, monkeypatch):
    steps = explained(
        store, monkeypatch, lambda s: s.records("plot", PROJECT_ID, (), 5)
    )
    assert "USING INDEX idx_record_kind_key_project (kind=?)" in steps[0]
    sorts = [step for step in steps if "B-TREE" in step]
    assert set(sorts) <= {"USE TEMP B-TREE FOR LAST TERM OF ORDER BY"}, steps


def test_only_a_draft_that_replaces_a_change_looks_for_one(store, clock, moment):
    said = []
    store._db.set_trace_callback(said.append)
    store.save([plot(clock)], moment, "Ada")
    (first,) = store.changes(RECORD)
    assert [sql for sql in said if "replaced" in sql] == []
    fix = replace(edit(clock, note="x"), replaces=first.id)
    store.save([fix, edit(clock, note="y")], moment, "Ada")
    store._db.set_trace_callback(None)
    assert len([sql for sql in said if "replaced" in sql]) == 1
    assert store.changes(RECORD)[0].status is ChangeStatus.REPLACED


def test_of_a_new_record_nothing_is_looked_for_that_cannot_be_there(
    store, kept, clock, moment
):
    said = []
    store._db.set_trace_callback(said.append)
    store.save([plot(clock, ANOTHER, code="HG")], moment, "Ada")
    store._db.set_trace_callback(None)
    assert [sql for sql in said if sql.startswith("DELETE")] == []
    about = [sql for sql in said if ANOTHER in sql and sql.startswith("SELECT")]
    assert len(about) == 1, "whether it is here already"
    store.save([edit(clock, ANOTHER, note="x")], moment, "Ada")
    assert store.record(ANOTHER).fields == {"code": "HG", "note": "x"}


@pytest.mark.parametrize("version", [1, ONLY_LACKS - 1, VERSION + 1])
def test_tables_of_another_program_are_refused_and_left_as_they_are(
    tmp_path, store, kept, version
):
    store._read(f"PRAGMA user_version = {version}")
    store.close()
    with pytest.raises(StoreError) as caught:
        LaptopStore(tmp_path / "laptop.db", KEY)
    newer = version > VERSION
    assert caught.value.code == ("newer_database" if newer else "older_database")
    connection = driver.connect(tmp_path / "laptop.db", KEY)
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.close()
    again = LaptopStore(tmp_path / "laptop.db", KEY)
    assert again.find("plot", PROJECT_ID, "HF")[0].id == RECORD
    again.close()


def test_tables_whose_making_was_cut_short_are_made_to_the_end(tmp_path):
    connection = driver.connect(tmp_path / "cut.db", KEY)
    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) STRICT")
    connection.close()
    again = LaptopStore(tmp_path / "cut.db", KEY)
    assert again.cursors() == {}
    assert again._read("PRAGMA user_version") == [(VERSION,)]
    again.close()


def test_an_accepted_change_becomes_the_base_without_an_echo(store, moment, kept):
    scope = {"k": "scope", "streams": [PROJECT_ID]}
    answer = reply(hello(1), verdict(kept.id, q=7), scope, end(7))
    take(store, moment, answer)
    base = store.base(RECORD)
    assert (base.seq, base.epoch) == (7, EPOCH)
    assert base.fields == {"code": "HF", "area_ha": 2.0}
    assert store.record(RECORD).state == RecordState.ACCEPTED
    assert store.count_unacknowledged() == 0
    assert store.cursors() == {PROJECT_ID: (EPOCH, 7)}


def test_the_same_answer_twice_changes_nothing(store, moment, kept):
    answer = reply(hello(1), verdict(kept.id, q=7), row(8, code="HF", note="n"), end(8))
    take(store, moment, answer)
    once = (store.base(RECORD), store.record(RECORD), store.cursors())
    take(store, moment, answer, {PROJECT_ID: (EPOCH, 8)})
    assert (store.base(RECORD), store.record(RECORD), store.cursors()) == once


def test_a_late_verdict_does_not_turn_a_newer_row_back(store, moment, kept):
    take(store, moment, reply(hello(), row(9, code="HF", area_ha=5.0), end(9)))
    answer = reply(hello(1), verdict(kept.id, q=7, d=True), end(9))
    take(store, moment, answer, {PROJECT_ID: (EPOCH, 9)})
    assert store.record(RECORD).fields == {"code": "HF", "area_ha": 5.0}


def test_an_answer_to_an_old_question_is_used_for_its_verdicts_only(
    store, moment, kept
):
    take(store, moment, reply(hello(), end(5)))
    late = reply(
        hello(1), verdict(kept.id, "conflict", q=6), row(3, code="OLD"), end(3)
    )
    applied = take(store, moment, late, {PROJECT_ID: (EPOCH, 4)})
    assert applied.stale
    assert store.cursors() == {PROJECT_ID: (EPOCH, 5)}
    assert store.base(RECORD) is None
    assert store.count_changes() == {ChangeStatus.CONFLICT: 1}


def test_only_what_was_judged_is_acknowledged(store, clock, moment, kept):
    """The server has both changes, but told of the first only."""
    store.save([edit(clock, note="n")], moment, None)
    take(store, moment, reply(hello(2), verdict(kept.id, q=7), end(8)))
    assert store.head().acked_n == 1
    assert store.count_unacknowledged() == 1


def test_a_quarantined_change_keeps_its_reasons(store, moment, kept):
    why = [{"code": "key_taken", "path": "code", "value": "HF", "detail": ""}]
    answer = reply(hello(1), verdict(kept.id, "quarantined", why=why), end())
    take(store, moment, answer)
    (found,) = store.changes_with(ChangeStatus.QUARANTINED)
    assert found.reasons == why
    assert store.record(RECORD).state == RecordState.TO_FIX


def test_a_deleted_record_leaves_a_tombstone_and_no_name(store, moment, kept):
    take(store, moment, reply(hello(1), verdict(kept.id, q=7), end(7)))
    take(store, moment, reply(hello(1), gone(8), end(8)))
    assert store.record(RECORD).deleted
    assert store.find("plot", PROJECT_ID, "HF") == []


def test_a_project_that_was_withdrawn_takes_its_rows_but_no_pending_change(
    store, clock, moment, kept
):
    other = clock.new_id()
    scope = {"k": "scope", "streams": [PROJECT_ID]}
    take(store, moment, reply(hello(), scope, row(2, record=other, code="X"), end(2)))
    none = {"k": "scope", "streams": []}
    take(store, moment, reply(hello(), none, end(cursors={})), {PROJECT_ID: (EPOCH, 2)})
    assert store.record(other) is None
    assert store.cursors() == {}
    assert store.record(RECORD).fields["code"] == "HF"
    assert store.count_unacknowledged() == 1


def test_a_reset_lets_go_of_what_is_not_sent_again(store, clock, moment, kept):
    gone_now, sent_again = clock.new_id(), clock.new_id()
    first = reply(
        hello(1),
        verdict(kept.id, q=7),
        row(8, record=gone_now, code="X"),
        row(9, record=sent_again, code="Y"),
        end(9),
    )
    take(store, moment, first)
    new = "0190a000-0000-7000-8000-00000000000f"
    page = reply(
        hello(epoch=new, shared={PROJECT_ID: 7}),
        reset(),
        row(2, code="HF"),
        end(2, more=True, epoch=new),
    )
    take(store, moment, page, {PROJECT_ID: (EPOCH, 9)})
    assert store.record(gone_now) is not None, "the snapshot is not whole yet"
    last = reply(
        hello(epoch=new), row(3, record=sent_again, code="Y"), end(3, epoch=new)
    )
    take(store, moment, last, {PROJECT_ID: (new, 2)})
    assert store.record(gone_now) is None
    assert store.record(sent_again).fields == {"code": "Y"}
    assert store.record(RECORD).fields == {"code": "HF"}


def many(clock, count):
    return [row(q, record=clock.new_id(), code=f"P{q}") for q in range(1, count + 1)]


def test_a_reset_that_takes_much_away_is_not_followed_unasked(store, clock, moment):
    take(store, moment, reply(hello(), *many(clock, 60), end(60)))
    new = "0190a000-0000-7000-8000-00000000000f"
    empty = reply(hello(epoch=new), reset(), end(0, epoch=new))
    had = RemovalGuard(store.count_live())
    applied = take(store, moment, empty, {PROJECT_ID: (EPOCH, 60)}, had)
    assert applied.removals.too_many() == {PROJECT_ID: (60, 60)}
    assert store.count_records() == {"plot": 60}
    again = reply(hello(epoch=new), end(cursors={}, epoch=new))
    allowed = RemovalGuard(had.had, are_accepted=True)
    take(store, moment, again, {PROJECT_ID: (new, 0)}, allowed)
    assert store.count_records() == {}


def test_deletions_that_take_much_away_leave_cursor_and_rows(store, clock, moment):
    rows = many(clock, 60)
    take(store, moment, reply(hello(), *rows, end(60)))
    gone_rows = [gone(q, record=r["r"]) for q, r in enumerate(rows, start=61)]
    answer, had = reply(hello(), *gone_rows, end(120)), RemovalGuard(store.count_live())
    take(store, moment, answer, {PROJECT_ID: (EPOCH, 60)}, had)
    assert store.cursors() == {PROJECT_ID: (EPOCH, 60)}
    assert store.count_records() == {"plot": 60}
    allowed = RemovalGuard(had.had, are_accepted=True)
    take(store, moment, answer, {PROJECT_ID: (EPOCH, 60)}, allowed)
    assert store.count_records() == {}


def test_a_log_is_split_and_nothing_of_it_is_lost(store, clock, moment, kept):
    store.save([edit(clock, note=str(i)) for i in range(4)], moment, "Ada")
    ids = [change.id for change in store.changes(RECORD)]
    old = store.head()
    assert store.split(old.number, 2, clock.new_id()) == 3
    closed, new = store.logs()
    assert (closed.n, closed.is_closed, new.n, new.is_closed) == (2, True, 3, False)
    assert (new.parent.log_id, new.parent.n) == (old.id, 2)
    assert [change.id for change in store.changes(RECORD)] == ids
    last = chain.START
    for raw in store.tail(0, 9):
        last = chain.link(last, raw)
    assert store.head().hash == last
    assert [json.loads(raw)["i"] for raw in store.tail(0, 9)] == ids[2:]
    assert store.count_unacknowledged() == 5
    store.save([edit(clock, note="on")], moment, None)
    assert store.head().n == 4


def test_derived_rows_are_kept_and_are_no_records(store, clock, moment):
    derived = clock.new_id()
    points = [{"plot": "HF", "soc_stock_t_ha": 61.0}]
    message = row(4, record=derived, t="stock", points=points)
    take(store, moment, reply(hello(), message, end(4)))
    assert store.bases("stock", PROJECT_ID)[0].fields == {"points": points}
    assert store.record(derived) is None


def test_deleting_is_a_change_that_hides_the_record_at_once(store, clock, moment, kept):
    draft = Draft(PROJECT_ID, "plot", RECORD, Op.DELETE)
    store.save([draft], moment, None)
    assert store.record(RECORD).deleted
    assert store.records("plot") == []


def test_a_second_writer_waits_for_the_first(tmp_path, store, clock, moment, kept):
    other = LaptopStore(tmp_path / "laptop.db", KEY)
    other.save([edit(clock, note="other")], moment, None)
    assert store.save([edit(clock, note="first")], moment, None) == [3]
    other.close()


def test_a_locked_database_is_said_to_be_busy(tmp_path, store, clock, moment):
    other = driver.connect(tmp_path / "laptop.db", KEY)
    other.execute("PRAGMA busy_timeout = 1")
    store._db.execute("PRAGMA busy_timeout = 1")
    with (
        driver.transaction(other),
        pytest.raises(Exception, match="another permille command"),
    ):
        store.save([plot(clock)], moment, None)
    other.close()
