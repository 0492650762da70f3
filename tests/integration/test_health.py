"""Who watches a server hears whether it lives, is ready, and what it counted."""

import json
import sqlite3
from contextlib import closing

import psycopg
import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from schemas import limits
from schemas.version import __version__
from server.app import Listening
from server.config import DataDirectory
from server.http.addresses import LOOPBACK, networks
from tests.conftest import running_with_project
from tests.watching import asked, counted, failed

WATCHED = ("/healthz", "/readyz", "/metrics")
AT = Listening("127.0.0.1", 0, networks(LOOPBACK))


@pytest.fixture
async def server(tmp_path):
    """A server that trusts this machine, as it does by default."""
    async with running_with_project(DataDirectory(tmp_path / "server"), AT) as found:
        yield found


async def test_a_server_that_can_serve_is_alive_and_ready(server):
    for path in ("/healthz", "/readyz"):
        status, body = await asked(server.url, path)
        assert (status, json.loads(body)) == (200, {"status": "ok"})


async def test_a_disk_without_room_and_another_table_version_are_named(
    server, monkeypatch
):
    monkeypatch.setattr(limits, "BLOB_RESERVE_BYTES", 2**62)
    assert list(await failed(server.url)) == ["disk"]
    monkeypatch.undo()
    change_version(server.data, "99")
    assert "version 99" in (await failed(server.url))["database"]
    assert (await asked(server.url, "/healthz"))[0] == 200


def change_version(data, version):
    """Note another version of the tables behind the back of the server."""
    if data.address is None:
        with closing(sqlite3.connect(data.database)) as db:
            db.execute(f"PRAGMA user_version={version}")
    else:
        with psycopg.connect(data.address, autocommit=True) as db:
            db.execute(f"COMMENT ON TABLE meta IS '{version}'".encode())


async def test_what_laptops_and_strangers_do_is_counted_under_routes(server):
    laptop = await server.laptop()
    laptop.add("plot", {"code": "P1"})
    body = laptop.body()
    for _ in range(2):
        assert (await laptop.post(body))[0] == 200
    await server.derived()
    await asked(server.url, f"/v1/blobs/{'a' * 64}")
    await asked(server.url, "/v1/secret-7")
    found = await counted(server.url, "permille_requests_total")
    assert found == {
        '{method="POST",route="/v1/enrol",status="200"}': 1,
        '{method="POST",route="/v1/sync",status="200"}': 2,
        '{method="GET",route="/v1/blobs/{sha256}",status="401"}': 1,
        '{method="GET",route="none",status="404"}': 1,
    }
    times = await counted(server.url, "permille_request_seconds_count")
    assert times['{route="/v1/sync"}'] == 2
    changes = await counted(server.url, "permille_changes_total")
    assert changes == {'{outcome="accepted"}': 1, '{outcome="repeated"}': 1}
    assert await counted(server.url, "permille_waiting_plots") == {"": 0}
    assert await counted(server.url, "permille_leads") == {"": 1}
    (build,) = await counted(server.url, "permille_build_info")
    assert f'version="{__version__}"' in build


async def test_a_method_that_nobody_knows_has_no_name_of_its_own(server):
    async with ClientSession() as session:
        for method in ("PROPFIND", "MKCALENDAR", "SUBSCRIBE"):
            async with session.request(method, server.url) as got:
                assert got.status == 405
    found = await counted(server.url, "permille_requests_total")
    assert found == {'{method="none",route="none",status="405"}': 3}


@pytest.mark.parametrize("path", WATCHED[1:])
async def test_strangers_find_nothing_there(server, path):
    for said, status in (
        ("203.0.113.9", 404),
        ("127.0.0.1, 203.0.113.9", 404),
        ("127.0.0.1", 200),
    ):
        found, body = await asked(server.url, path, **{"X-Forwarded-For": said})
        assert found == status, said
        if status == 404:
            assert json.loads(body)["code"] == "not_found"


async def test_where_nobody_is_trusted_only_life_is_told(tmp_path):
    async with running_with_project(DataDirectory(tmp_path / "server")) as found:
        statuses = [(await asked(found.url, path))[0] for path in WATCHED]
    assert statuses == [200, 404, 404]


async def test_who_watches_fills_no_log(server):
    with capture_logs() as lines:
        for path in WATCHED:
            await asked(server.url, path)
            await asked(server.url, path, **{"X-Forwarded-For": "203.0.113.9"})
    assert lines == []
