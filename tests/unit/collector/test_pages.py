"""Many records at once come to what each of them alone comes to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rules.reply import RemovalGuard, Reply, read_reply
from collector.store.port import Timestamp
from collector.store.showing import refresh
from collector.store.sqlite import LaptopStore
from schemas.changes import Draft
from schemas.ids import natural_id
from schemas.messages import Op, Outcome
from tests.unit.collector.conftest import KEY
from tests.unit.collector.replies import (
    EPOCH,
    PROJECT_ID,
    conflict,
    end,
    gone,
    hello,
    lines,
    row,
    verdict,
)

pytestmark = pytest.mark.slow

OTHER_EPOCH = "0190a000-0000-7000-8000-00000000000f"
OTHER_PROJECT_ID = "0190a000-0000-7000-8000-000000000002"
POINTS = [natural_id(PROJECT_ID, "point", [code]) for code in "ABC"]
STOCK = natural_id(PROJECT_ID, "stock", ["A"])
TABLES = ("item", "live", "shown", "change_row", "link", "project", "meta", "log")
#: What is compared: rows name projects, types and timelines by numbers of their own store.
COMPARED = {
    "live": "*",
    "shown": "*",
    "project": "*",
    "meta": "*",
    "log": "*",
    "change": "place, log, n, id, project_id, type, record_id, op, raw, hash, status,"
    " verdict, created_at, stood, former",
    "base": "id, project_id, type, seq, epoch, fields, conflicts, deleted, before, stale",
    "record": "id, project_id, type, key, fields, deleted, state, skeleton, waits",
    "link JOIN record ON record.number = source JOIN item ON item.number = target": "hex(item.uid), field, id",
}
LOG = "0190a000-0000-7000-8000-00000000000a"
MOMENT = Timestamp(1_780_000_000_000, "2026-05-28T20:26:40.000+00:00")

numbers = st.integers(1, 12)
epochs = st.sampled_from([EPOCH, OTHER_EPOCH])
patches = st.fixed_dictionaries(
    {"code": st.sampled_from(["A", "B"])},
    optional={
        "plot_id": st.sampled_from([None, *POINTS]),
        "revisits_point_id": st.sampled_from([None, *POINTS]),
        "note": st.sampled_from([None, "old", "new"]),
    },
)
clean = patches.map(lambda found: {k: v for k, v in found.items() if v is not None})
drafts = st.builds(
    Draft,
    st.just(PROJECT_ID),
    st.just("point"),
    st.sampled_from(POINTS),
    st.sampled_from([Op.PUT, Op.PUT, Op.PUT, Op.DELETE, Op.UNDELETE]),
    patches,
)
conflicts = st.sampled_from([(), (conflict("k"),)])
messages = st.one_of(
    st.builds(
        lambda q, record, x, fields: row(q, record, "point", x=x, **fields),
        numbers,
        st.sampled_from(POINTS),
        conflicts,
        clean,
    ),
    st.builds(gone, numbers, st.sampled_from(POINTS), st.just("point")),
    st.builds(row, numbers, st.just(STOCK), st.just("stock")),
    st.builds(gone, numbers, st.just(STOCK), st.just("stock")),
)
scopes = st.sampled_from([[PROJECT_ID], [PROJECT_ID, OTHER_PROJECT_ID], []])


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    found = [LaptopStore(folder / f"{name}.db", KEY) for name in ("quick", "slow")]
    yield found
    for store in found:
        store.close()


def held(store):
    """Return everything that the tables hold."""
    return {
        table: sorted(store._read(f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608 - constants
        for table, columns in COMPARED.items()
    }


def refreshed(store):
    """Renew every view by the one way, from what is on disk."""
    refresh(store._db, [*POINTS, STOCK])
    return held(store)


def replacing(data, found, kept):
    """Make a draft perhaps replace a change of the same record."""
    own = [change.id for change in kept if change.record_id == found.record_id]
    chosen = data.draw(st.none() | st.sampled_from(own)) if own else None
    return replace(found, replaces=chosen)


def answer(data, kept, epoch, *, is_news):
    """Draw a reply that judges some of the changes, some of them twice.

    What a new timeline doubts depends on all that one answer judges by name, so there
    each verdict names its place: cut into lines it says the same.
    """
    judged = data.draw(st.lists(st.sampled_from(kept), max_size=6)) if kept else []
    verdicts = [
        verdict(
            change.id,
            str(data.draw(st.sampled_from(Outcome))),
            n=change.place
            if is_news
            else data.draw(st.sampled_from([change.place, None])),
            q=data.draw(st.none() | numbers),
            cf=data.draw(st.sampled_from([[], ["k"]])),
        )
        for change in sorted({c.id: c for c in judged}.values(), key=lambda c: c.place)
    ]
    verdicts.append(
        verdict(natural_id(PROJECT_ID, "change", ["of another log"]), n=None)
    )
    rows = data.draw(st.lists(messages, max_size=8))
    said = {"k": "scope", "streams": data.draw(scopes)}
    last = end(12, epoch=epoch)
    return read_reply(lines(hello(epoch=epoch), *verdicts, said, *rows, last))


def line_by_line(reply):
    """Cut a reply into replies of one line each."""
    nothing = {**reply.end, "cursors": {}, "more": True}
    scope = reply.scope
    for found in reply.verdicts:
        yield Reply(reply.hello, nothing, [found], scope=scope)
    for found in reply.rows:
        yield Reply(reply.hello, nothing, rows=[found], scope=scope)
    yield Reply(reply.hello, reply.end, scope=scope)


@given(data=st.data())
def test_a_batch_and_a_page_come_to_what_line_by_line_comes_to(pair, data):
    quick, slow = pair
    for store in pair:
        for table in TABLES:
            store._read(f"DELETE FROM {table}")  # noqa: S608 - a constant
    for store in pair:
        store.begin_log(LOG)
    kept, known = [], None
    for _ in range(data.draw(st.integers(1, 3))):
        found = data.draw(st.lists(drafts, min_size=1, max_size=4))
        batch = [replacing(data, draft, kept) for draft in found]
        quick.save(batch, MOMENT, "Ada")
        for draft in batch:
            slow.save([draft], MOMENT, "Ada")
        kept = [change for name in POINTS for change in quick.changes(name)]
        epoch = data.draw(epochs)
        reply = answer(data, kept, epoch, is_news=epoch != known)
        known = epoch
        quick.apply(reply, quick.head(), {}, MOMENT, RemovalGuard())
        for one in line_by_line(reply):
            slow.apply(one, slow.head(), {}, MOMENT, RemovalGuard())
        shown = held(quick)
        assert shown == refreshed(quick)
        assert shown == refreshed(slow)


def test_a_project_goes_though_two_late_verdicts_of_one_record_await_its_row(pair):
    store, _ = pair
    for table in TABLES:
        store._read(f"DELETE FROM {table}")  # noqa: S608 - a constant
    store.begin_log(LOG)
    fields = {"code": "A", "plot_id": POINTS[1]}
    twice = [Draft(PROJECT_ID, "point", POINTS[0], fields=fields) for _ in range(2)]
    store.save(twice, MOMENT, "Ada")
    late = [
        verdict(change.id, "accepted", n=None, q=3)
        for change in store.changes(POINTS[0])
    ]
    held = [verdict("", "held", n=n) for n in (1, 2)]
    first = read_reply(lines(hello(), *held, end(1)))
    store.apply(first, store.head(), {}, MOMENT, RemovalGuard())
    # A third one waits to be sent: the record goes on being shown.
    store.save(twice[:1], MOMENT, "Ada")
    asked = {PROJECT_ID: (EPOCH, 1)}
    gone_scope = {"k": "scope", "streams": []}
    answered = read_reply(lines(hello(), *late, gone_scope, end(cursors={})))
    store.apply(answered, store.head(), asked, MOMENT, RemovalGuard())
    assert store.cursors() == {}
    assert store.record(POINTS[0]).fields == fields
