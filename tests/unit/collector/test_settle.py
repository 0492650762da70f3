"""What is settled, and written, at once comes to what one by one comes to."""

from random import Random

import pytest

from collector.rules.overlay import ChangeStatus
from collector.rules.reply import RemovalGuard, read_reply
from collector.store import pages, verdicts
from collector.store.settle import NOTHING
from collector.store.sqlite import LaptopStore
from schemas.changes import Draft
from schemas.ids import natural_id
from schemas.messages import Op, Outcome, decode_response, encode
from schemas.search import SearchQuery
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
from tests.unit.collector.test_pages import COMPARED, LOG, MOMENT, OTHER_EPOCH, STOCK

pytestmark = pytest.mark.slow

MANY = [natural_id(PROJECT_ID, "point", [str(n)]) for n in range(60)]
SCOPE = {"k": "scope", "streams": [PROJECT_ID]}


def tables_of(store):
    rows = store._read(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'searched%'"
    )
    return [name for (name,) in rows]


def held(store):
    """Return everything that the tables hold; records by their ids, not their numbers."""
    tables = {
        **COMPARED,
        "receipt": "*",
        "purged": "hex(uid)",
        "unindexed JOIN record USING (number)": "id",
    }
    return {
        table: sorted(store._read(f"SELECT {columns} FROM {table}"), key=repr)  # noqa: S608 - constants
        for table, columns in tables.items()
    }


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("settle")
    found = [LaptopStore(folder / f"{name}.db", KEY) for name in ("quick", "slow")]
    yield found
    for store in found:
        store.close()


@pytest.fixture(scope="module")
def one_by_one():
    """Take in an answer as if nothing could be settled or written at once."""

    def apply(store, *said):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verdicts, "settle", lambda *_: NOTHING)
            patch.setattr(pages, "_unknown", lambda *_: [])
            return store.apply(*said)

    return apply


def emptied(store):
    for table in tables_of(store):
        store._read(f"DELETE FROM {table}")  # noqa: S608 - of the database
    store.begin_log(LOG)


class History:
    """What happens on a laptop of three or more records, drawn from a seed."""

    def __init__(self, seed):
        self.chance = Random(seed)
        self.begun = 3  # the server knows of the first
        self.seq = 0

    def often(self, *values):
        """Choose the first value mostly, else one of the others."""
        return values[0] if self.chance.random() < 0.9 else self.chance.choice(values)

    def drafts(self, known):
        """Draw new records, and changes of those that are known."""
        count = self.chance.randint(0, 1)
        fresh, self.begun = MANY[self.begun : self.begun + count], self.begun + count
        new = [_point(name) for name in fresh]
        edited = self.chance.sample(known, min(len(known), self.often(2, 1, 3)))
        if edited:
            edited = [*edited, *self.often([], edited)]
        return [*new, *(self._edit(name) for name in edited)]

    def _edit(self, name):
        op = self.often(Op.PUT, Op.DELETE, Op.UNDELETE)
        patch = {
            "note": self.chance.choice("abc"),
            "plot_id": self.often(None, MANY[0]),
        }
        return Draft(PROJECT_ID, "point", name, op, {} if op is Op.DELETE else patch)

    def answer(self, store):
        """Draw an answer to a push of what waits, or of other lines of the log."""
        head = store.head()
        first = max(head.acked_n + self.often(1, 0), 1)
        last = max(head.n - self.often(0, 1), 0)
        places = [n for n in range(first, last + 1) if self.chance.random() < 0.97]
        said = [self._verdict("", n=n) for n in places]
        changes = logged(store)
        if changes and self.often(0, 1):
            late = self.chance.sample(changes, min(len(changes), 2))
            said += [self._verdict(change.id, n=None) for change in late]
            self.chance.shuffle(said)
        rows = [self._row(name) for name in self._named()]
        epoch = self.often(EPOCH, OTHER_EPOCH)
        more = bool(self.often(0, 1))
        scope = {"k": "scope", "streams": self.often([PROJECT_ID], [])}
        last_line = end(self.seq, epoch=epoch, more=more)
        reply = read_reply(
            lines(
                hello(epoch=epoch), *said, *self.often((), (scope,)), *rows, last_line
            )
        )
        reply.purged[:] = self.often([], [MANY[0]])
        reply.resets[:] = self.often([], [PROJECT_ID])
        return reply

    def _verdict(self, name, n):
        self.seq += 1
        return verdict(
            name,
            str(self.often(Outcome.ACCEPTED, *Outcome)),
            n=n,
            q=self.often(self.seq, None, self.chance.randint(1, self.seq)),
            d=bool(self.often(0, 1)),
            why=self.often([], [], [{"code": "odd"}], [{"code": "discarded"}]),
            cf=self.often([], [], ["k"]),
        )

    def _named(self):
        """Draw the records of a page, some of them twice, and some new to the laptop."""
        named = self.often((), MANY[:2], MANY[1:3], (MANY[0], STOCK, MANY[0]))
        count = self.often(0, 1, 2)
        fresh, self.begun = MANY[self.begun : self.begun + count], self.begun + count
        return [*named, *fresh]

    def _row(self, name):
        self.seq += 1
        kind = "stock" if name == STOCK else "point"
        if self.chance.random() < 0.2:
            return gone(self.seq, name, kind)
        if kind == "stock":
            return row(self.seq, name, kind)
        contested = self.often((), (conflict("k"),))
        return row(self.seq, name, "point", x=contested, code=self.chance.choice("AB"))


def _point(name):
    return Draft(PROJECT_ID, "point", name, fields={"code": name[:4]}, is_new=True)


def logged(store):
    """Return the changes of every log, in order."""
    names = [name for (name,) in store._read("SELECT DISTINCT record_id FROM change")]
    return sorted(change for name in names for change in store.changes(name))


@pytest.mark.parametrize("seed", range(80))
def test_at_once_comes_to_what_one_by_one_comes_to(pair, one_by_one, seed):
    quick, slow = pair
    for store in pair:
        emptied(store)
    history = History(seed)
    for _ in range(10):
        known = [name for (name,) in quick._read("SELECT id FROM record ORDER BY id")]
        if drafts := history.drafts(known):
            for store in pair:
                store.save(drafts, MOMENT, "Ada")
        reply = history.answer(quick)
        asked = history.often({}, {PROJECT_ID: (OTHER_EPOCH, 3)})
        said = (reply, quick.head(), asked, MOMENT, RemovalGuard())
        found, expected = quick.apply(*said), one_by_one(slow, *said)
        assert sorted(found.verdicts) == sorted(expected.verdicts)
        assert found._replace(verdicts=()) == expected._replace(verdicts=())
        assert held(quick) == held(slow)


def saved(store, count, first=0):
    """Save new points; return an answer that accepts all of them."""
    names = [natural_id(PROJECT_ID, "point", [f"x{first + n}"]) for n in range(count)]
    new = [
        Draft(PROJECT_ID, "point", name, fields={"code": name[:8]}, is_new=True)
        for name in names
    ]
    store.save(new, MOMENT, "Ada")
    judged = [verdict("", n=first + n + 1, q=first + n + 1) for n in range(count)]
    return read_reply(lines(hello(), *judged, SCOPE, end(first + count)))


def columns_read(store, reply):
    """Return the columns that are read while an answer is taken in."""
    found = set()

    def note(action, table, column, *_):
        if action == 20:  # SQLITE_READ
            found.add((table, column))
        return 0

    store._db.set_authorizer(note)
    store.apply(reply, store.head(), {}, MOMENT, RemovalGuard())
    store._db.set_authorizer(None)
    return found


def test_what_is_accepted_is_not_read_back_from_the_log(tmp_path):
    store = LaptopStore(tmp_path / "laptop.db", KEY)
    store.begin_log(LOG)
    read = columns_read(store, saved(store, 3))
    assert ("change_row", "n") in read
    assert read.isdisjoint({("change_row", "raw"), ("link", "source")})
    assert store.count_changes() == {ChangeStatus.ACCEPTED: 3}
    store.close()


def steps_per_record(store, count, first):
    taken, reply = [], saved(store, count, first)
    store._db.set_progress_handler(lambda: taken.append(1), 1)
    store.apply(reply, store.head(), {}, MOMENT, RemovalGuard())
    store._db.set_progress_handler(None, 1)
    return len(taken) / count


def test_an_acknowledgement_costs_the_same_in_a_large_database(tmp_path):
    store = LaptopStore(tmp_path / "laptop.db", KEY)
    store.begin_log(LOG)
    few = steps_per_record(store, 100, 0)
    store.apply(saved(store, 2000, 100), store.head(), {}, MOMENT, RemovalGuard())
    many = steps_per_record(store, 100, 2100)
    assert many < few * 1.1
    assert many < 200
    store.close()


@pytest.mark.parametrize("n", [0, 1, 10**17])
def test_a_verdict_that_only_accepts_is_read_as_any_line(n):
    said = {"k": "v", "n": n, "r": "accepted", "q": n + 1}
    reply = read_reply(lines(hello(), said, end()))
    assert reply.verdicts == [decode_response(encode(said))]
    assert [*reply.verdicts[0]] == [*decode_response(encode(said))]


def test_an_undone_deletion_is_settled_as_it_is_shown(tmp_path):
    store = LaptopStore(tmp_path / "laptop.db", KEY)
    store.begin_log(LOG)
    store.apply(saved(store, 1), store.head(), {}, MOMENT, RemovalGuard())
    name = natural_id(PROJECT_ID, "point", ["x0"])
    for n, op in ((2, Op.DELETE), (3, Op.UNDELETE)):
        store.save([Draft(PROJECT_ID, "point", name, op)], MOMENT, "Ada")
        reply = read_reply(lines(hello(), verdict("", n=n, q=n), SCOPE, end(n)))
        store.apply(reply, store.head(), {}, MOMENT, RemovalGuard())
        base = store.base(name)
        assert (base.deleted, base.seq, base.epoch) == (op is Op.DELETE, n, EPOCH)
        assert store.record(name).deleted == base.deleted
    assert store.count_live() == {PROJECT_ID: 1}
    store.close()


@pytest.fixture
def fresh(tmp_path):
    found = LaptopStore(tmp_path / "laptop.db", KEY)
    found.begin_log(LOG)
    yield found
    found.close()


def edited(store, *notes):
    """Take in a new point, then edit it once for each note."""
    store.apply(saved(store, 1), store.head(), {}, MOMENT, RemovalGuard())
    name = natural_id(PROJECT_ID, "point", ["x0"])
    for note in notes:
        draft = Draft(PROJECT_ID, "point", name, fields={"note": note})
        store.save([draft], MOMENT, "Ada")
    return name


def taken(store, *said, resets=(), more=False):
    reply = read_reply(lines(hello(), *said, SCOPE, end(9, more=more)))
    reply.resets[:] = resets
    store.apply(reply, store.head(), {}, MOMENT, RemovalGuard())


def test_a_row_that_is_settled_at_once_is_confirmed(fresh):
    name = edited(fresh, "dry")
    taken(fresh, resets=[PROJECT_ID], more=True)
    assert fresh.count_stale() == 1
    taken(fresh, verdict("", n=2, q=9), more=True)
    assert (fresh.count_stale(), fresh.base(name).seq) == (0, 9)


def test_what_stands_late_is_not_settled_with_what_follows(fresh):
    name = edited(fresh, "dry", "wet")
    taken(fresh, verdict("", "held", n=2))
    late = fresh.changes(name)[1].id
    taken(fresh, verdict(late, n=None, q=7))
    taken(fresh, verdict("", n=3, q=8))
    assert fresh.record(name).state == "accepted"
    assert [c.status for c in fresh.changes(name)] == [ChangeStatus.ACCEPTED] * 3
    assert fresh.base(name).fields["note"] == "wet"


def test_an_edit_that_links_nothing_else_writes_no_link(fresh):
    target = edited(fresh)
    name = natural_id(PROJECT_ID, "point", ["y"])
    fields = {"code": "y", "plot_id": target}
    new = Draft(PROJECT_ID, "point", name, fields=fields, is_new=True)
    fresh.save([new], MOMENT, "Ada")
    said = []
    fresh._db.set_trace_callback(said.append)
    draft = Draft(PROJECT_ID, "point", name, fields={"note": "dry"})
    fresh.save([draft], MOMENT, "Ada")
    fresh._db.set_trace_callback(None)
    assert [sql for sql in said if "link" in sql] == []
    assert [view.id for view in fresh.referrers(target)] == [name]
    moved = Draft(PROJECT_ID, "point", name, fields={"plot_id": name})
    fresh.save([moved], MOMENT, "Ada")
    assert [view.id for view in fresh.referrers(target)] == []
    assert [view.id for view in fresh.referrers(name)] == [name]


def test_fields_that_the_server_has_are_kept_once(fresh):
    name = edited(fresh)
    of_item = "SELECT base_fields IS NULL FROM item WHERE uid = unhex(?, '-')"
    assert fresh._read(of_item, name) == [(1,)]
    draft = Draft(PROJECT_ID, "point", name, fields={"note": "dry"})
    fresh.save([draft], MOMENT, "Ada")
    code = name[:8]
    assert fresh._read(of_item, name) == [(0,)]
    assert fresh.record(name).fields == {"code": code, "note": "dry"}
    assert fresh.base(name).fields == {"code": code}
    taken(fresh, verdict("", n=2, q=9))
    assert fresh._read(of_item, name) == [(1,)]
    assert fresh.base(name).fields == {"code": code, "note": "dry"}


def test_a_record_that_takes_the_number_of_one_that_went_is_found_by_its_own_words(
    fresh,
):
    name = edited(fresh, "acorn")
    taken(fresh, verdict("", n=2, q=2))
    query = SearchQuery("acorn", None, None, 9)
    assert fresh.search(query) == [name]
    taken(fresh, gone(3, name, "point"))
    said = lines(hello(), {"k": "scope", "streams": []}, end(cursors={}))
    asked = {PROJECT_ID: (EPOCH, 9)}
    fresh.apply(
        read_reply(said),
        fresh.head(),
        asked,
        MOMENT,
        RemovalGuard(are_accepted=True),
    )
    assert fresh._read("SELECT count(*) FROM item") == [(0,)]
    other = natural_id(PROJECT_ID, "point", ["z"])
    new = Draft(PROJECT_ID, "point", other, fields={"code": "oak"}, is_new=True)
    fresh.save([new], MOMENT, "Ada")
    assert fresh.search(query) == []
    assert fresh.search(query._replace(words="oak")) == [other]


def referring(count, first=0):
    """Return an answer with points that refer to plots which come after all of them."""
    plots = [natural_id(PROJECT_ID, "plot", [str(n)]) for n in range(count)]
    points = [
        row(n + 1, MANY[first + n], "point", code="x", plot_id=plots[n])
        for n in range(count)
    ]
    later = [row(50 + n, name, code="HF") for n, name in enumerate(plots)]
    return plots, [hello(), SCOPE, *points], [hello(), SCOPE, *later]


def test_who_is_referred_to_may_come_later(fresh):
    plots, first, second = referring(2)
    taken(fresh, *first[2:])
    assert [fresh.record(name) for name in plots] == [None, None]
    assert fresh.records("plot") == []
    assert [view.id for view in fresh.referrers(plots[0])] == [MANY[0]]
    taken(fresh, *second[2:])
    assert len(fresh.records("plot")) == 2
    assert [view.id for view in fresh.referrers(plots[1])] == [MANY[1]]
    assert [view.id for view in fresh.records("point", None, [plots[1]])] == [MANY[1]]


def test_who_was_only_referred_to_is_forgotten_with_who_referred(fresh):
    _, first, second = referring(2)
    taken(fresh, *first[2:])
    taken(fresh, *second[2:3])
    said = lines(hello(), {"k": "scope", "streams": []}, end(cursors={}))
    removals = RemovalGuard(are_accepted=True)
    asked = {PROJECT_ID: (EPOCH, 9)}
    fresh.apply(read_reply(said), fresh.head(), asked, MOMENT, removals)
    assert fresh._read("SELECT count(*) FROM item") == [(0,)]
    assert fresh._read("SELECT count(*) FROM link") == [(0,)]


def statements_of(store, count, first):
    """Return what a page of new rows says to the database, but one for each row and link."""
    said = []
    names = [natural_id(PROJECT_ID, "plot", [f"p{first + n}"]) for n in range(count)]
    rows = [row(first + n + 1, name, code=name[:8]) for n, name in enumerate(names)]
    store._db.set_trace_callback(said.append)
    taken(store, *rows)
    store._db.set_trace_callback(None)
    return [sql[:20] for sql in said if not sql.startswith("INSERT INTO item")]


def test_a_page_of_new_rows_takes_as_many_statements_however_many_they_are(fresh):
    statements_of(fresh, 2, 0)
    few, many = statements_of(fresh, 3, 100), statements_of(fresh, 60, 200)
    assert few == many
    assert len(few) < 25


def test_a_whole_number_of_any_size_is_kept(fresh):
    taken(fresh, row(1, MANY[0], "point", code="x", novel=2**80))
    assert fresh.record(MANY[0]).fields["novel"] == 2**80


def test_who_is_referred_to_may_go_and_come_back(fresh):
    plots, first, second = referring(2)
    taken(fresh, *first[2:])
    taken(fresh, *second[2:])
    fresh.take_bucket(EPOCH, [], plots)
    assert [fresh.record(name) for name in plots] == [None, None]
    # A row that takes the number of one that went is another one.
    taken(fresh, row(60, plots[0], code="HF"), row(61, plots[1], code="HG"))
    found = [[view.id for view in fresh.referrers(name)] for name in plots]
    assert found == [[MANY[0]], [MANY[1]]]
