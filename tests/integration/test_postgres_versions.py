"""A PostgreSQL database of an earlier Permille is brought up, once, and keeps what it says."""

import asyncio
import hashlib
import threading

import psycopg
import pytest

from server.access.projects import projects
from server.access.veil import ALL_OF_IT, SIGHTS
from server.clock import Clock
from server.config import DataDirectory
from server.derivation.derive import derive_waiting
from server.errors import LockedError, StorageError
from server.figures.programme import programme_board
from server.files.disk import BlobFiles
from server.operations.audit.audit import find_faults
from server.store.postgres.store import PostgresStore, look
from server.store.tables import VERSION
from tests.conftest import RunningServer, running
from tests.corpus import FIXTURES
from tests.faults.test_server_bit_flips import PHOTO
from tests.integration.test_versions import SAID
from tests.processes import start_server, stop, typed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

OLD = FIXTURES / "tables/postgres_5.sql"
#: What its phone sent, beside the photo of its laptop.
OF_PHONE = b"\xff\xd8\xff\xe0" + b"x" * 50
#: The tables that a version lacks, besides those that the next one lacks.
LACKING = {
    4: (
        *("phone", "phone_submission", "phone_file", "audit_line"),
        *("renewal", "next_token"),
    ),
    3: ("label_block",),
}
SHAPE = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY 1, 2
"""
SEALS = (
    "SELECT name, sum(rows), mod(sum(total), 18446744073709551616) FROM seal GROUP BY 1"
)
#: The number of the lock that the process has which leads.
LEAD = 4_001_002


def by_hand(address, sql):
    """Run statements as somebody who works on the database itself; return what is found."""
    with psycopg.connect(address) as connection:
        found = connection.execute(sql.encode())
        return found.fetchall() if found.description else []


@pytest.fixture
def older(empty_postgres):
    """What makes a database of an earlier version and returns its address."""

    def make(version=5):
        address = empty_postgres()
        by_hand(address, OLD.read_text("utf-8"))
        for lacking, names in LACKING.items():
            for name in names if version <= lacking else ():
                by_hand(address, f"DROP TABLE {name}")
                by_hand(address, f"DELETE FROM seal WHERE name = '{name}'")  # noqa: S608 - a constant
        say_version(address, version)
        return address

    return make


def say_version(address, version):
    by_hand(address, f"COMMENT ON TABLE meta IS '{version}'")


def version_of(address):
    ((said,),) = by_hand(address, "SELECT obj_description('meta'::regclass)")
    return int(said)


def faults(address):
    with look(address) as tx:
        return [
            (fault.check, fault.where) for fault in find_faults(tx, lambda *_: None)
        ]


def whole(address):
    """Return the tables with their columns, the seals, and the rows that versions keep."""
    return [by_hand(address, sql) for sql in (SHAPE, SEALS, *SAID)]


@pytest.mark.parametrize("version", [3, 4, 5])
async def test_tables_of_an_earlier_version_say_the_same_in_those_of_today(
    older, version
):
    address = older(version)
    said = [by_hand(address, sql) for sql in SAID]
    assert any(said)
    for _ in range(2):
        PostgresStore(address).close()
        assert version_of(address) == VERSION
        assert faults(address) == []
    assert [by_hand(address, sql) for sql in SAID] == said


async def test_a_token_of_before_roles_goes_on_to_read_all_of_it(older):
    address = older()
    ((hashed,),) = by_hand(address, "SELECT token_hash FROM read_token")
    store = PostgresStore(address)
    try:
        found = await store.read(lambda tx: tx.read_token(hashed, "2026"))
    finally:
        store.close()
    assert (found.name, found.role) == ("analyst", "manager")
    assert SIGHTS[found.role] == ALL_OF_IT
    with pytest.raises(psycopg.errors.NotNullViolation):
        by_hand(address, "INSERT INTO read_token VALUES ('t', 'n', 'h', '2026')")


async def test_plots_are_asked_for_and_then_on_the_boards(older):
    store = PostgresStore(older())
    try:
        names = {one["id"]: one["name"] for one in await projects(store)}
        before = await programme_board(store, names)
        plots = sum(one["plots"] for one in await projects(store))
        assert before["total"]["waiting"] == plots > 0
        await derive_waiting(store, Clock())
        after = await programme_board(store, names)
    finally:
        store.close()
    assert (after["total"]["waiting"], after["total"]["plots"]) == (0, plots)


async def test_laptops_go_on_and_all_of_it_verifies(older, tmp_path):
    data = DataDirectory(tmp_path / "server")
    data.path.mkdir()
    data.remembered.write_text(older())
    for photo in (PHOTO, OF_PHONE):
        name = hashlib.sha256(photo).hexdigest()
        BlobFiles(data.blobs).append(name, photo)
        assert BlobFiles(data.blobs).finish(name)
    told = await asyncio.to_thread(typed, data.path, "verify", code=4)
    assert "tables of an earlier Permille (version 5" in told.output
    assert "permille-server run" in told.output
    assert "Traceback" not in told.output
    ((project_id,),) = by_hand(data.address, "SELECT project_id FROM project")
    async with running(data) as url:
        server = RunningServer(data, url, project_id)
        laptop = await server.laptop("new")
        laptop.add("plot", {"code": "NEW"})
        assert (await laptop.sync()).outcomes == ["accepted"]
        await server.derived()
    done = await asyncio.to_thread(typed, data.path, "verify")
    assert "everything holds" in done.output


@pytest.mark.parametrize(
    ("sql", "table"),
    {
        "UPDATE read_token SET name = 'other'": "read_token",
        "UPDATE project SET created_at = '2020'": "project",
        "UPDATE device SET name = 'x' WHERE name = 'two'": "device",
    }.items(),
)
def test_what_was_altered_before_is_found_after(older, sql, table):
    address = older()
    by_hand(address, sql)
    PostgresStore(address).close()
    assert {where for _, where in faults(address)} == {table}


def test_of_many_that_begin_at_once_one_brings_the_tables_up(older):
    address = older()
    before = dict(by_hand(address, "SELECT project_id, asked FROM project"))
    failed = []

    def begin():
        try:
            PostgresStore(address).close()
        except StorageError as error:
            failed.append(error)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
    after = dict(by_hand(address, "SELECT project_id, asked FROM project"))
    assert after == {project_id: asked + 1 for project_id, asked in before.items()}
    assert faults(address) == []


def test_two_serving_processes_start_on_tables_of_before(older, tmp_path):
    data = DataDirectory(tmp_path / "server")
    data.path.mkdir()
    data.remembered.write_text(older())
    process, _ = start_server(data.path, 0, (), "--workers", "2")
    assert stop(process) == 0
    assert version_of(data.address) == VERSION
    assert faults(data.address) == []


def test_while_an_older_program_serves_nothing_is_changed(older):
    address = older()
    before = whole(address)
    with psycopg.connect(address, autocommit=True) as serving:
        serving.execute(f"SELECT pg_advisory_lock({LEAD})".encode())
        with pytest.raises(LockedError, match="earlier Permille serves this database"):
            PostgresStore(address)
        assert (version_of(address), whole(address)) == (5, before)
    PostgresStore(address).close()
    assert version_of(address) == VERSION


def test_who_cannot_come_to_the_end_changes_nothing(older):
    address = older()
    before = whole(address)
    with psycopg.connect(address) as other:
        other.execute(b"LOCK TABLE read_token IN ACCESS SHARE MODE")
        with pytest.raises(StorageError, match="the database gave up"):
            PostgresStore(f"{address}&options=-clock_timeout%3D300")
        assert (version_of(address), whole(address)) == (5, before)
    PostgresStore(address).close()
    assert faults(address) == []


def test_who_may_not_alter_tables_is_told_and_changes_nothing(older):
    address = older()
    by_hand(
        address,
        "CREATE ROLE another LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO another",
    )
    before = whole(address)
    try:
        with pytest.raises(StorageError, match="refuses: permission denied") as told:
            PostgresStore(address.replace("permille@", "another@"))
        assert "the role that owns its tables" in told.value.hint
        assert (version_of(address), whole(address)) == (5, before)
    finally:
        by_hand(address, "DROP OWNED BY another; DROP ROLE another")


def test_tables_of_a_newer_program_are_refused_and_left_as_they_are(new_postgres):
    address = new_postgres()
    say_version(address, VERSION + 1)
    before = whole(address)
    for opening in (PostgresStore, lambda url: look(url).__enter__()):
        with pytest.raises(
            StorageError, match=rf"newer Permille \(version {VERSION + 1}"
        ):
            opening(address)
    assert (version_of(address), whole(address)) == (VERSION + 1, before)
