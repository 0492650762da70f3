"""Laptops of every published schema version push to the present server."""

import json
from contextlib import closing
from itertools import takewhile

import pytest

from schemas import evolve
from schemas.messages import Op
from schemas.records import record_id
from schemas.version import SCHEMA_VERSION
from server.access.veil import ALL_OF_IT, SIGHTS
from server.clock import Clock
from server.config import DataDirectory
from server.errors import StorageError
from server.operations.archive import write_backup
from server.operations.audit.audit import find_faults
from server.operations.backup import DATABASE, restore
from server.store import seals
from server.store.driver import checkpoint_wal, connect, copy_to
from server.store.rows import RECORD_COLUMNS, record_of
from server.store.sqlite import SqliteStore, create, look
from server.store.tables import VERSION
from server.store.values import ReadToken
from server.store.version_steps import tables_after
from tests.corpus import FIXTURES
from tests.lines import kept_lines
from tests.processes import by_tests

PLOT = {"code": "P1"}
CORE = {"number": 1, "sampled_at": "2026-05-03T10:00:00+02:00"}
BAG = {"sample_code": "B-1", "depth_top_cm": 0, "depth_bottom_cm": 30}
SOC = {"analyte": "soc", "replicate": 1, "value": 14.0, "unit": "g_kg"}
SOC |= {"method": "tinsley"}


async def replay(server, version):
    """Push the golden lines of a version, byte for byte; return answer and rows.

    Their project, and the older point that theirs revisits, are there already.
    """
    path = FIXTURES / f"wire/v{version}/request.ndjson"
    # What follows undoes a deletion that this server numbers otherwise.
    lines = list(
        takewhile(
            lambda line: json.loads(line)["o"] in {Op.PUT, Op.DELETE},
            path.read_bytes().splitlines()[1:-1],
        )
    )
    point = next(one for one in map(json.loads, lines) if one["t"] == "point")
    project_id, older = point["s"], point["f"]["revisits_point_id"]
    founder = await server.laptop("founder", may_begin=True)
    founder.project_id = project_id
    founder.draft("project", project_id, {"code": "BEAUCE", "title": "Beauce"})
    plot = founder.add("plot", {"code": "OLD"})
    founder.draft("point", older, {"plot_id": plot, "code": "1"})
    assert set((await founder.sync()).outcomes) == {"accepted"}
    laptop = await server.laptop("old", [project_id])
    laptop.schema, laptop.lines = version, lines
    answer = await laptop.sync()
    rows = (await (await server.laptop("reader", [project_id])).sync()).rows
    mine = {json.loads(line)["r"] for line in lines}
    return answer, {row["t"]: row["f"] for row in rows if row["r"] in mine}


async def replayed(server, version):
    """Return what replayed.json says of a version: verdicts with reasons, and rows."""
    answer, rows = await replay(server, version)
    verdicts = [
        [verdict["r"], *(why["code"] for why in verdict["why"])]
        for verdict in answer.verdicts
    ]
    return {"verdicts": verdicts, "rows": rows}


@pytest.mark.parametrize("version", sorted(evolve.PUBLISHED))
async def test_the_golden_request_of_every_version_is_replayed(server, version):
    path = FIXTURES / f"wire/v{SCHEMA_VERSION}/replayed.json"
    expected = json.loads(path.read_text("utf-8"))[str(version)]
    assert await replayed(server, version) == expected


async def test_a_line_of_a_version_to_come_is_kept_and_blocks_nothing(server):
    laptop = await server.laptop()
    laptop.add("plot", PLOT, v=SCHEMA_VERSION + 1)
    laptop.add("plot", {"code": "P2"})
    answer = await laptop.sync()
    assert answer.outcomes == ["quarantined", "accepted"]
    assert [why["code"] for why in answer.verdicts[0]["why"]] == ["unknown_schema"]


def add_bag(laptop, **fields):
    """Record a bag and all it belongs to; return its id."""
    plot = laptop.add("plot", PLOT)
    point = laptop.add("point", {"plot_id": plot, "code": "1"})
    period = {"start_date": "2026-05-01", "purpose": "baseline"}
    campaign = laptop.add("campaign", {"name": "2026", **period})
    core = laptop.add("core", {"point_id": point, "campaign_id": campaign, **CORE})
    return laptop.add("sample", {"core_id": core, **BAG, **fields})


async def test_an_old_and_a_new_laptop_meet_in_one_field(server):
    old, new = await server.laptop("old"), await server.laptop("new")
    old.schema = 1
    bag = add_bag(old, carbonate_reaction=True)
    assert set((await old.sync()).outcomes) == {"accepted"}
    await new.sync()
    seen = await server.seen(bag)
    new.draft("sample", bag, {"carbonate_class": "strong"}, base=seen)
    assert (await new.sync()).outcomes == ["accepted"]
    old.draft("sample", bag, {"carbonate_reaction": False}, base=seen)
    assert (await old.sync()).outcomes == ["conflict"]
    row = await server.row(bag)
    assert row["f"]["carbonate_class"] == "strong"
    (conflict,) = row["x"]
    assert conflict["group"] == "carbonate_class"
    assert conflict["ours"] == {"carbonate_class": "none"}


async def test_two_laptops_attach_files_unseen_and_both_stay(server):
    one, other = await server.laptop("one"), await server.laptop("other")
    photos = [
        {"sha256": c * 64, "size": 9, "mime": "image/png", "name": f"{c}.png"}
        for c in "ab"
    ]
    for laptop, photo in zip((one, other), photos, strict=True):
        laptop.add("plot", {**PLOT, "attachments": [photo]})
    plot = record_id(server.project_id, "plot", PLOT)
    assert (await one.sync()).outcomes == ["accepted"]
    assert (await other.sync()).outcomes == ["merged"]
    assert (await server.row(plot))["f"]["attachments"] == photos


async def test_tables_of_a_newer_program_are_refused_and_left_as_they_are(
    server, tmp_path
):
    path = tmp_path / "newer.db"
    with closing(connect(server.data.database)) as source:
        copy_to(source, path, lambda *_: None)
    _say_version(path, VERSION + 1)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=rf"newer Permille \(version {VERSION + 1}"):
        SqliteStore(path)
    with pytest.raises(StorageError, match="newer Permille"), look(path):
        pass
    assert path.read_bytes() == before


OLD = FIXTURES / "tables/server_2.sql"
#: What a server says of its records and changes, whichever version its tables have.
SAID = (
    """SELECT project_id, id, type, seq, fields, parent_id, natural_key, deleted,
    computable_by_author, open_conflicts, last_log, last_n FROM record ORDER BY 1, 2""",
    """SELECT log_id, n, project_id, change_id, hash, received_at, outcome, seq, why,
    conflicts FROM change ORDER BY 1, 2""",
)


def older(path, version):
    """Make the database of an earlier version; return what it says, line by line."""
    with closing(connect(path, create=True)) as connection:
        connection.executescript(OLD.read_text("utf-8"))
        if version == 1:
            for name in ("read_token", "read_token_project"):
                connection.execute(f"DROP TABLE {name}")
                connection.execute("DELETE FROM seal WHERE name = ?", (name,))
        said = [connection.execute(sql).fetchall() for sql in SAID]
        raw = connection.execute("SELECT raw FROM change ORDER BY log_id, n").fetchall()
        written = connection.execute("SELECT id, writers FROM record").fetchall()
    _say_version(path, version)
    writers = {name: json.loads(text) for name, text in written}
    return said, [bytes(line) for (line,) in raw], writers


def is_whole(path):
    """Return whether an audit finds no fault but the file that is not here."""
    with look(path) as tx:
        return [fault.check for fault in find_faults(tx, lambda *_: None)] == []


@pytest.mark.parametrize("version", [1, 2])
async def test_tables_of_an_earlier_version_say_the_same_in_those_of_today(
    tmp_path, version
):
    path = tmp_path / "older.db"
    said, raw, writers = older(path, version)
    for _ in range(2):
        store = SqliteStore(path)
        token = ReadToken(Clock().new_id(), "x", Clock().stamp(), ())
        await store.write(lambda tx, t=token: tx.add_read_token(t, t.id))
        store.close()
        assert is_whole(path)
    with look(path) as tx:
        assert [tx.connection.execute(sql).fetchall() for sql in SAID] == said
        assert [line.raw for line in kept_lines(tx.connection)] == raw
        sql = f"SELECT {RECORD_COLUMNS} FROM record"  # noqa: S608 - a constant
        now = {row[1]: record_of(row).writers for row in tx.connection.execute(sql)}
        lists = {
            name: {group: [list(w) for w in found] for group, found in ws.items()}
            for name, ws in now.items()
        }
        assert lists == writers
        segments = tx.connection.execute("SELECT count(*) FROM segment").fetchone()[0]
        assert segments < len(raw) / 2
        tokens = tx.connection.execute("SELECT count(*) FROM read_token").fetchone()[0]
        assert tokens == (2 if version == 1 else 3)
        roles = [one.role for one in tx.read_tokens()]
        assert sorted(set(roles)) == (
            ["viewer"] if version == 1 else ["manager", "viewer"]
        )


def before_roles(path):
    """Make the database of version 5 with a token, whose table has no roles yet."""
    create(path, Clock())
    with closing(connect(path)) as connection:
        for table in tables_after(5):
            connection.execute(f"DROP TABLE {table.name}")
            connection.execute("DELETE FROM seal WHERE name = ?", (table.name,))
        connection.execute("DROP INDEX idx_read_token_token_hash")
        connection.execute("ALTER TABLE read_token DROP COLUMN role")
        connection.execute(
            "CREATE INDEX idx_read_token_token_hash ON read_token (token_hash)"
        )
        connection.execute(
            "INSERT INTO read_token VALUES ('t', 'qgis', 'hash', '2026', NULL, NULL)"
        )
        seals.seal(connection, "read_token")
    _say_version(path, 5)


async def test_a_token_of_before_roles_goes_on_to_read_all_of_it(tmp_path):
    path = tmp_path / "older.db"
    before_roles(path)
    for _ in range(2):
        store = SqliteStore(path)
        found = await store.read(lambda tx: tx.read_token("hash", "2026"))
        assert (found.name, found.role) == ("qgis", "manager")
        assert SIGHTS[found.role] == ALL_OF_IT
        store.close()
        assert is_whole(path)


def test_a_token_that_was_altered_before_roles_is_found_after(tmp_path):
    path = tmp_path / "older.db"
    before_roles(path)
    with closing(connect(path)) as connection:
        connection.execute("UPDATE read_token SET name = 'other'")
    SqliteStore(path).close()
    with look(path) as tx:
        found = [f.where for f in find_faults(tx, lambda *_: None)]
    assert any("read_token" in where for where in found), found


def test_a_row_that_was_damaged_before_is_found_after_it_has_moved(tmp_path):
    path = tmp_path / "older.db"
    older(path, 2)
    with closing(connect(path)) as connection:
        connection.execute("UPDATE change SET received_at = '2020' WHERE n = 2")
        connection.execute("UPDATE record SET fields = '{' WHERE type = 'campaign'")
    SqliteStore(path).close()
    with look(path) as tx:
        found = {(f.check, f.where) for f in find_faults(tx, lambda *_: None)}
    tables = {where for check, where in found if check == "tables"}
    assert any("change_row" in where for where in tables), found
    assert any("record_row" in where for where in tables), found


async def test_a_backup_of_an_earlier_version_is_restored(tmp_path):
    old = DataDirectory(tmp_path / "old")
    old.path.mkdir()
    said, raw, _ = older(old.database, 2)
    with (
        pytest.raises(StorageError, match="tables of an earlier Permille"),
        look(old.database),
    ):
        pass
    about = {"made_at": Clock().stamp(), "permille": "0.0.1", "schema": 5, "tables": 2}
    file = tmp_path / "old.backup"
    write_backup(file, [(DATABASE, old.database)], about, lambda *_: None)
    new = DataDirectory(tmp_path / "new")
    await restore(new, file, Clock(), lambda *_: None, by_tests())
    with look(new.database) as tx:
        assert [tx.connection.execute(sql).fetchall() for sql in SAID] == said
        assert [line.raw for line in kept_lines(tx.connection)] == raw


def test_a_database_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.db"
    _say_version(path, 0)
    with pytest.raises(StorageError, match="no tables of a released Permille"):
        SqliteStore(path)


def _say_version(path, version):
    with closing(connect(path, create=True)) as connection:
        connection.execute(f"PRAGMA user_version={version}")
        checkpoint_wal(connection)
