"""Numbers that are kept are what a recount finds, and cost no more in a large database."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.client.traffic import Traffic
from collector.config import Home
from collector.laptop.laptop import Laptop
from collector.rules.overlay import ChangeStatus
from collector.rules.reply import RemovalGuard
from collector.store.sqlite import LaptopStore
from collector.store.vault import Vault
from collector.sync.session import SyncOptions, sync_with
from collector.sync.status import laptop_status, needs_person
from schemas.changes import Draft
from schemas.ids import natural_id
from tests.stateful.world import QUIET
from tests.unit.collector.conftest import KEY
from tests.unit.collector.replies import (
    EPOCH,
    PROJECT_ID,
    end,
    hello,
    reply,
    row,
    verdict,
)
from tests.unit.collector.test_pages import (
    LOG,
    MOMENT,
    OTHER_EPOCH,
    POINTS,
    STOCK,
    TABLES,
    answer,
    clean,
    drafts,
    epochs,
    replacing,
)

pytestmark = pytest.mark.slow

SCOPE = {"k": "scope", "streams": [PROJECT_ID]}


def recounted(store):
    """Count as it was counted when every row was read for it."""
    live = store._read("SELECT project_id FROM base WHERE deleted = 0")
    waiting = store._read(
        "SELECT count(*) FROM change JOIN log ON log.number = change.log"
        " WHERE change.n > log.acked_n OR change.status = 'pending'"
    )
    return dict(Counter(row[0] for row in live)), waiting[0][0]


def shown_by_type(store):
    """Count what is shown by reading every row."""
    live = store._read("SELECT type FROM record WHERE deleted = 0")
    return dict(Counter(row[0] for row in live))


def kept_counts(store):
    return store.count_live(), store.count_unacknowledged()


@pytest.fixture(scope="module")
def laptop_store(tmp_path_factory):
    found = LaptopStore(tmp_path_factory.mktemp("counts") / "laptop.db", KEY)
    yield found
    found.close()


def emptied(store):
    for table in (*TABLES, "purged"):
        store._read(f"DELETE FROM {table}")  # noqa: S608 - a constant
    store.begin_log(LOG)
    return store


def own_changes(store):
    return [change for name in POINTS for change in store.changes(name)]


def save(store, data):
    kept = own_changes(store)
    found = data.draw(st.lists(drafts, min_size=1, max_size=3))
    store.save([replacing(data, draft, kept) for draft in found], MOMENT, "Ada")


def sync(store, data):
    """Take in an answer, of which the request may have spoken of another log."""
    head = data.draw(st.sampled_from(store.logs()))
    asked = data.draw(st.sampled_from([{}, {PROJECT_ID: (OTHER_EPOCH, 3)}]))
    epoch = data.draw(epochs)
    said = answer(data, own_changes(store), epoch, is_news=False)
    resets = data.draw(st.sampled_from([[], [PROJECT_ID]]))
    purged = data.draw(st.lists(st.sampled_from(POINTS), max_size=1))
    said.resets[:], said.purged[:] = resets, purged
    store.apply(said, head, asked, MOMENT, RemovalGuard())


def apply_late(store, data):
    """Take in an answer to a request of before the log was rewound."""
    head = store.head()
    if head.n:
        store.rewind(head.number, data.draw(st.integers(0, head.n)))
    said = answer(data, own_changes(store), data.draw(epochs), is_news=False)
    store.apply(said, head, {}, MOMENT, RemovalGuard())


def rewind(store, data):
    log = data.draw(st.sampled_from(store.logs()))
    store.rewind(log.number, data.draw(st.integers(0, log.n)))


def split(store, data):
    log = data.draw(st.sampled_from(store.logs()))
    new_id = natural_id(PROJECT_ID, "log", [str(len(store.logs()))])
    store.split(log.number, data.draw(st.integers(0, log.n)), new_id)


def discard(store, data):
    store.discard(data.draw(st.sampled_from(POINTS)))


def mend_rows(store, data):
    there, gone = (
        data.draw(st.lists(st.sampled_from(POINTS), unique=True)) for _ in range(2)
    )
    rows = [row(9, name, "point", **data.draw(clean)) for name in there]
    missing = sorted(set(gone) - set(there))
    store.take_bucket(EPOCH, rows, [*missing, STOCK][: data.draw(st.integers(0, 4))])


steps = st.sampled_from(
    [save, save, sync, sync, sync, apply_late, rewind, split, discard, mend_rows]
)


@settings(deadline=None)  # dozens of commits reach the disk
@given(data=st.data())
def test_what_is_kept_is_what_a_recount_finds_after_any_history(laptop_store, data):
    store = emptied(laptop_store)
    for step in data.draw(st.lists(steps, min_size=1, max_size=8)):
        step(store, data)
        assert kept_counts(store) == recounted(store), step
        assert store.count_records() == shown_by_type(store), step
    assert store.mend_counts() == []


@pytest.fixture
def filled(store, moment):
    """A laptop on which one of two changes is judged."""
    store.save([_plot(n) for n in range(2)], moment, "Ada")
    said = reply(hello(1), verdict("", q=1), SCOPE, end(1))
    store.apply(said, store.head(), {}, moment, RemovalGuard())
    assert kept_counts(store) == ({PROJECT_ID: 1}, 1)
    return store


def _plot(n):
    name = natural_id(PROJECT_ID, "plot", [str(n)])
    return Draft(PROJECT_ID, "plot", name, fields={"code": str(n)}, is_new=True)


def test_an_answer_of_before_a_rewind_passes_over_nothing(filled, moment):
    asked = filled.head()
    filled.rewind(asked.number, 0)
    said = reply(hello(2), verdict("", n=2, q=2), SCOPE, end(2))
    filled.apply(said, asked, {}, moment, RemovalGuard())
    assert kept_counts(filled) == recounted(filled) == ({PROJECT_ID: 2}, 2)


def test_where_all_is_right_nothing_is_written(filled):
    said = []
    filled._db.set_trace_callback(said.append)
    assert filled.mend_counts() == []
    filled._db.set_trace_callback(None)
    assert {sql.split()[0] for sql in said} == {"BEGIN", "SELECT", "COMMIT"}
    assert "BEGIN IMMEDIATE" not in said


def test_a_count_of_rows_that_is_wrong_is_mended_and_told(filled):
    filled._read("UPDATE live SET records = 7")
    assert filled.mend_counts() == [f"project {PROJECT_ID}: 7 records counted, 1 here"]
    assert kept_counts(filled) == recounted(filled) == ({PROJECT_ID: 1}, 1)
    assert filled.mend_counts() == []


def test_a_count_of_what_is_shown_that_is_wrong_is_mended_and_told(filled):
    filled._read("UPDATE shown SET records = 7")
    assert filled.mend_counts() == ["type plot: 7 records counted, 2 here"]
    assert filled.count_records() == shown_by_type(filled) == {"plot": 2}
    assert filled.mend_counts() == []


def test_a_change_that_was_passed_over_waits_again(filled):
    filled._read("UPDATE log SET acked_n = 2")
    assert filled.count_unacknowledged() == 0
    assert filled.mend_counts() == ["log 1: change 2 was counted as sent"]
    assert kept_counts(filled) == recounted(filled) == ({PROJECT_ID: 1}, 1)


def test_a_thorough_look_mends_and_tells(permille):
    store = permille.open_store()
    store._read("INSERT INTO live VALUES (?, 7)", PROJECT_ID)
    store.close()
    found = permille("status", "--check", "--json")
    assert f"mended: project {PROJECT_ID}: 7 records counted, 0 here" in found.err
    assert found.data["damage"] == []
    assert permille("status", "--check").err == ""


class NothingNew:
    """A way to a server that has all and has nothing to say."""

    def __init__(self, n):
        self.n, self.traffic, self.asked = n, Traffic(), 0

    async def sync(self, _body, _asked_epoch=""):
        self.asked += 1
        return reply(hello(self.n), end(self.n))


@pytest.fixture
def laptop(tmp_path, store, clock):
    home = Home(tmp_path)
    return Laptop(home, store, clock, Vault(home.attachments, KEY))


def steps_of(laptop, n):
    """Return how many steps SQLite takes for a sync that finds n changes settled."""
    store, taken = laptop.store, []
    transport = NothingNew(n)
    store._db.set_progress_handler(lambda: taken.append(1), 1)
    report = asyncio.run(sync_with(laptop, transport, QUIET, SyncOptions()))
    assert not needs_person(laptop)
    store._db.set_progress_handler(None, 1)
    assert (report.pending, transport.asked) == (0, 1)
    return len(taken)


def settled(store, moment, n, more):
    """Save more plots, take in their verdicts; return how many there are."""
    store.save([_plot(n + place) for place in range(more)], moment, "Ada")
    judged = [verdict("", n=n + place + 1, q=n + place + 1) for place in range(more)]
    n += more
    said = reply(hello(n), *judged, SCOPE, end(n))
    store.apply(said, store.head(), {}, moment, RemovalGuard())
    return n


def steps_of_status(laptop, n):
    """Return how many steps SQLite takes for the status of n settled plots."""
    taken = []
    laptop.store._db.set_progress_handler(lambda: taken.append(1), 1)
    found = laptop_status(laptop)
    laptop.store._db.set_progress_handler(None, 1)
    assert (found.records, found.pending) == ({"plot": n}, 0)
    return len(taken)


def test_the_status_costs_the_same_in_a_large_database(laptop, moment):
    store, taken, n = laptop.store, [], 0
    for more in (20, 280):
        n = settled(store, moment, n, more)
        taken.append(steps_of_status(laptop, n))
    assert taken[1] < taken[0] * 1.1


def test_a_sync_without_news_costs_the_same_in_a_large_database(laptop, moment):
    store, taken, n = laptop.store, [], 0
    for more in (20, 280):
        n = settled(store, moment, n, more)
        assert store.count_changes() == {ChangeStatus.ACCEPTED: n}
        steps_of(laptop, n)
        taken.append(steps_of(laptop, n))
    assert store.count_live() == {PROJECT_ID: 300}
    # A few more levels of a tree, no more rows.
    assert taken[1] < taken[0] * 1.1
