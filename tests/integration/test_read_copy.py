"""The read copy: kept up piece by piece it is as if made anew, and it may be thrown away."""

import asyncio
from contextlib import asynccontextmanager, closing

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.data import open_read_copy
from server.errors import RequestError, StorageError
from server.operations.backup import back_up, restore
from server.reading.collections import COLLECTIONS, TABLES
from server.reading.features import query_of
from server.reading.follow import Follower, heads_of
from server.reading.port import RowSelection
from server.store.driver import connect
from server.store.sqlite import SqliteStore
from tests.conftest import running
from tests.processes import by_tests
from tests.reading import bag, plan, reading, token_for


@asynccontextmanager
async def following(server, path):
    """Follow a server's store with a copy of its own."""
    store = SqliteStore(server.data.database)
    follower = Follower(store, open_read_copy(DataDirectory(path)), wait_s=20)
    try:
        yield follower
    finally:
        await follower.stop()
        store.close()


async def all_of(follower, *projects):
    """Return every feature of every collection."""
    return {
        name: (
            await follower.copy.features(
                RowSelection(collection=name, projects=projects, most=10_000)
            )
        ).texts
        for name in COLLECTIONS
    }


async def found(follower, words, project):
    return sorted(await follower.copy.search(words, [project], 50))


def dump(path):
    """Return the rows of every table of a copy that others read."""
    with closing(connect(path / "read-copy.db")) as connection:
        return {
            name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}")))  # noqa: S608
            for name in (*(table.name for table in TABLES), *views(), *places())
        }


def views():
    return [collection.source.view for collection in COLLECTIONS.values()]


def places():
    return [
        (
            "(SELECT collection, project_id, id, p.west <= f.west AND p.east >= f.east"
            " FROM feature f LEFT JOIN place p USING (number))"
        )
    ]


async def test_a_copy_kept_up_piece_by_piece_is_one_made_anew(server, tmp_path):
    north = await server.laptop("north")
    for path in ("kept", "anew"):
        (tmp_path / path).mkdir()
    async with following(server, tmp_path / "kept") as kept:
        one, two = plan(north), plan(north, "P2", lon=2.5)
        bags = [bag(north, one["core"], n) for n in range(6)]
        judged = {"decision": "accepted", "reason": "near enough", "lab": "L"}
        batch = north.add("lab_batch", {"lab_batch": "7", "analyte": "soc", **judged})
        await north.sync()
        await server.derived()
        await kept.catch_up()
        steps = [
            ("plot", one["plot"], {"code": "RENAMED", "area_ha": 9.0}),
            ("point", one["point"], {"plot_id": two["plot"], "code": "2"}),
            ("campaign", one["campaign"], {"name": "other", "end_date": None}),
            ("core", one["core"], {"number": 7, "lon": 3.0, "lat": 50.0}),
            ("sample", bags[0]["sample"], {"core_id": two["core"]}),
            ("result", bags[1]["result"], {"value": 30.0, "unit": "g_kg"}),
            ("result", bags[1]["result"], {"lab": "L", "lab_batch": "7"}),
            ("lab_batch", batch, {"decision": "rejected", "reason": "drift"}),
            ("lab_batch", batch, {"lab_batch": "8"}),
            ("project", server.project_id, {"code": "NEW"}),
            ("plot", two["plot"], {"geometry": None}),
        ]
        for kind, record, fields in steps:
            base = await server.seen(record)
            north.draft(kind, record, fields, base=base)
            assert (await north.sync()).outcomes == ["accepted"], kind
            await server.derived()
            await kept.catch_up()
        for each in (bags[2]["result"], bags[2]["sample"], bags[3]["result"]):
            kind = "result" if each != bags[2]["sample"] else "sample"
            north.draft(kind, each, {}, op="del", base=await server.seen(each))
        await north.sync()
        north.draft("result", bags[3]["result"], {}, op="undel")
        await north.sync()
        await server.derived()
        await kept.catch_up()
        async with following(server, tmp_path / "anew") as anew:
            await anew.catch_up()
            project = server.project_id
            assert await all_of(kept, project) == await all_of(anew, project)
            assert (await all_of(anew, project))["changes"] is not None
            for words in ("RENAMED", "P1", "casts 3", "casts 2", "zoe", "NEW"):
                assert await found(kept, words, project) == await found(
                    anew, words, project
                )
    assert dump(tmp_path / "kept") == dump(tmp_path / "anew")


async def test_deletions_that_were_purged_meanwhile_are_gone_from_a_copy(
    server, tmp_path
):
    north = await server.laptop("north")
    made = plan(north)
    gone = bag(north, made["core"])
    await north.sync()
    async with following(server, tmp_path) as follower:
        await follower.catch_up()
        north.draft("result", gone["result"], {}, op="del")
        north.draft("sample", gone["sample"], {}, op="del")
        await north.sync()
        purged = await server.ask(
            lambda s: s.write(lambda tx: tx.purge("2999-01-01", "2999-01-01"))
        )
        assert sum(purged.values()) >= 2
        await follower.catch_up()
        found = await all_of(follower, server.project_id)
        assert found["samples"] == found["results"] == found["layers"] == []


async def test_words_are_found_in_codes_names_notes_and_crews(server, tmp_path):
    north = await server.laptop("north")
    made = plan(north)
    bag(north, made["core"])
    await north.sync()
    async with following(server, tmp_path) as follower:
        await follower.catch_up()
        search, own = follower.copy.search, [server.project_id]
        (sample,) = await search("worm cas", own, 9)
        assert (sample.type, sample.project, sample.name) == ("sample", "HF", "B-1")
        assert sample.snippet == "[worm] [casts] 1"
        (crew,) = await search("zoe ümit", own, 9)
        assert (crew.type, crew.id) == ("campaign", made["campaign"])
        assert [m.type for m in await search("B-1", own, 9)] == ["sample"]
        assert [m.type for m in await search("highfield", own, 9)] == ["project"]
        assert await search("worm", [], 9) == []
        for odd in (
            "",
            "  ",
            '"',
            "NEAR(",
            "* OR",
            "a" * 9999,
            "\0",
            "-",
            "x" * 3 + " y" * 99,
        ):
            assert await search(odd, own, 9) == []


DAMAGE = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "no database": lambda path: path.write_bytes(b"not a database" * 999),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: 64 * 1024]),
    "scribbled over": lambda path: path.write_bytes(
        path.read_bytes()[:8192] + b"\x5a" * 200_000 + path.read_bytes()[208_192:]
    ),
}


def plant(path, key, value):
    with closing(connect(path)) as connection:
        connection.execute("UPDATE state SET value = ? WHERE key = ?", (value, key))


DAMAGE |= {
    "of another program": lambda path: plant(path, "signature", "9.9"),
    "of another timeline": lambda path: plant(path, "epoch", "other"),
}


@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_copy_that_cannot_be_used_is_made_anew(server, damage):
    north = await server.laptop("north")
    made = plan(north)
    own = {bag(north, made["core"], n)["sample"] for n in range(40)}
    await north.sync()
    token = await token_for(server)
    async with reading(server, token) as analyst:
        assert len(await analyst.items("samples")) == 40
    folder = server.data.path.parent / "second"
    await _copied(server, folder)
    copy = DataDirectory(folder).read_copy
    # A whole copy is made by a server, and damaged while none runs.
    async with running(DataDirectory(folder)) as url:
        server.url = url
        async with reading(server, token) as analyst:
            await analyst.items("samples")
    DAMAGE[damage](copy)
    async with running(DataDirectory(folder)) as url:
        server.url = url
        async with reading(server, token) as analyst:
            found = await analyst.items("samples")
            assert {one["id"] for one in found} == own


async def _copied(server, folder):
    archive = folder.with_suffix(".tar")
    await back_up(server.data, archive, Clock(), lambda *_: None)
    assert b"read-copy" not in archive.read_bytes()
    await restore(DataDirectory(folder), archive, Clock(), lambda *_: None, by_tests())


async def test_a_copy_that_is_damaged_or_removed_under_way_is_made_anew(server):
    north = await server.laptop("north")
    plot = plan(north)["plot"]
    await north.sync()
    async with reading(server, await token_for(server)) as analyst:
        await analyst.items("plots")
        for path in server.data.path.glob("read-copy.db*"):
            path.unlink()
        other = north.add("plot", {"code": "LATER"})
        await north.sync()
        found = await analyst.items("plots")
        assert {one["id"] for one in found} == {plot, other}
        assert server.data.read_copy.exists()


async def test_damage_that_nobody_has_read_is_found_and_mended(server, tmp_path):
    north = await server.laptop("north")
    core = plan(north)["core"]
    own = [bag(north, core, n) for n in range(200)]
    await north.sync()
    async with following(server, tmp_path) as follower:
        await follower.catch_up()
        await follower.copy.check()
        assert (tmp_path / "read-copy.db").exists()
    with closing(connect(tmp_path / "read-copy.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'results'"
        page = connection.execute(root).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with (tmp_path / "read-copy.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x5a" * size)
    async with following(server, tmp_path) as follower:
        await follower.catch_up()
        await follower.copy.check()
        assert not (tmp_path / "read-copy.db").exists()
        heads = await server.ask(
            lambda s: s.read(lambda tx: heads_of(tx, (server.project_id,)))
        )
        page = await follower.read(
            heads, lambda copy: copy.features(results_of(server.project_id))
        )
        assert page.matched == len(own)


def results_of(project_id):
    return RowSelection(collection="results", projects=(project_id,))


async def test_while_it_is_made_for_the_first_time_readers_are_told_to_come_again(
    server, tmp_path
):
    store = SqliteStore(server.data.database)
    copy = open_read_copy(DataDirectory(tmp_path))
    follower = Follower(store, copy, wait_s=0, first_wait_s=0)
    heads = await store.read(lambda tx: heads_of(tx, (server.project_id,)))
    with pytest.raises(RequestError) as refused:
        await follower.until_there(heads)
    assert refused.value.status == 503
    assert int(refused.value.headers["Retry-After"]) > 0
    await follower.catch_up()
    await follower.until_there(heads)
    await follower.stop()
    store.close()


async def test_who_cannot_wait_is_answered_from_what_is_there_once_it_was_whole(
    server, tmp_path
):
    north = await server.laptop("north")
    plan(north)
    await north.sync()
    store = SqliteStore(server.data.database)
    copy = open_read_copy(DataDirectory(tmp_path))
    follower = Follower(store, copy, wait_s=0)
    await follower.catch_up()
    north.add("plot", {"code": "LATER"})
    await north.sync()
    own = (server.project_id,)
    heads = await store.read(lambda tx: heads_of(tx, own))
    plots = RowSelection(collection="plots", projects=own)
    # As it stands, or with what came: never refused.
    early = await follower.read(heads, lambda asked: asked.features(plots))
    assert early.matched in {1, 2}
    await follower.catch_up()
    late = await follower.read(heads, lambda asked: asked.features(plots))
    assert late.matched == 2
    await follower.stop()
    store.close()


async def test_a_copy_that_cannot_be_written_costs_laptops_nothing(tmp_path, server):
    async with reading(server, await token_for(server)) as analyst:
        await analyst.items("plots")
        for path in server.data.path.glob("read-copy.db*"):
            path.unlink()
        server.data.read_copy.mkdir()
        north = await server.laptop("north")
        north.add("plot", {"code": "P1"})
        assert (await north.sync()).outcomes == ["accepted"]
        status, headers, problem = await analyst.get("/ogc/collections/plots/items")
        assert (status, problem["code"]) == (503, "storage")
        assert headers["Retry-After"]
        server.data.read_copy.rmdir()
        assert len(await analyst.items("plots")) == 1


async def test_many_who_read_at_once_are_all_answered(server):
    north = await server.laptop("north")
    made = plan(north)
    for n in range(30):
        bag(north, made["core"], n)
    await north.sync()
    async with reading(server, await token_for(server)) as analyst:
        answers = await asyncio.gather(
            *(analyst.get("/ogc/collections/samples/items") for _ in range(16))
        )
    assert {status for status, *_ in answers} == {200}


async def test_who_asks_for_too_much_at_once_is_told(server):
    async with reading(server, await token_for(server)) as analyst:
        answers = await asyncio.gather(*(analyst.get("/ogc") for _ in range(60)))
    assert {status for status, *_ in answers} <= {200, 429}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_columns_of_a_collection_are_those_of_its_view(name, tmp_path):
    copy = open_read_copy(DataDirectory(tmp_path))
    asyncio.run(copy.standing())
    copy.close()
    collection = COLLECTIONS[name]
    with closing(connect(tmp_path / "read-copy.db")) as connection:
        view = collection.source.view
        found = connection.execute(f"SELECT * FROM {view} LIMIT 0")  # noqa: S608
        names = [column[0] for column in found.description]
        assert sorted(column.name for column in collection.columns) == sorted(names)
        query = query_of(collection)
        told = connection.execute(f"EXPLAIN QUERY PLAN {query}", ("p", "[]"))
        steps = [row[3] for row in told.fetchall()]
    assert not [s for s in steps if s.startswith("SCAN") and "json_each" not in s]


async def test_what_a_copy_says_of_its_disk_is_no_fault_of_ours(tmp_path):
    copy = open_read_copy(DataDirectory(tmp_path / "missing" / "folder"))
    with pytest.raises(StorageError):
        await copy.standing()
    copy.close()
