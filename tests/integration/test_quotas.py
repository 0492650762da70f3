"""One laptop fills neither the server's disk nor its lists; it loses nothing by a refusal."""

import json

import pytest

from server.access.limits import move_limits
from server.config import DataDirectory
from tests.conftest import running, running_with_project
from tests.integration.test_attachments import Sender, photo, told
from tests.laptop import new_id


async def refused(laptop, most=500):
    status, raw = await laptop.post(laptop.body(most))
    return status, json.loads(raw).get("code"), json.loads(raw).get("detail")


BAD = {"code": "BAD", "area_ha": -1.0}
FULL = {
    "changes": ({"code": "P"}, "laptop_changes"),
    "waiting": (BAD, "laptop_waiting"),
}


@pytest.mark.parametrize(("fields", "limit"), FULL.values(), ids=FULL)
async def test_a_laptop_that_is_full_is_told_and_goes_on_when_it_may(
    tmp_path, fields, limit
):
    data = DataDirectory(tmp_path / "server")
    async with running_with_project(data, **{limit: 100}) as server:
        laptop, other = await server.laptop("a"), await server.laptop("b")
        for number in range(150):
            laptop.add("plot", fields | {"code": f"P{number}"})
        await laptop.sync(most=100)
        body = laptop.body()
        status, code, detail = await refused(laptop)
        assert (status, code) == (403, "quota")
        assert detail.startswith("100 changes")
        assert (await laptop.sync(most=0)).hello, "it reads as ever"
        laptop.acked = 50
        repeated = await laptop.sync(most=50)
        assert len(repeated.verdicts) == 50, "what is here is answered again"
        other.add("plot", {"code": "OTHER"})
        assert (await other.sync()).outcomes == ["accepted"]
    await server.ask(
        lambda store: store.write(lambda tx: move_limits(tx, {limit: 1000}))
    )
    async with running(data) as laptop.url:
        status, raw = await laptop.post(body)
        assert (status, raw.count(b'"k":"v"')) == (200, 50)


async def test_a_laptop_begins_no_log_after_log(tmp_path):
    data = DataDirectory(tmp_path / "server")
    async with running_with_project(data, laptop_logs=10) as server:
        laptop = await server.laptop()
        statuses = []
        for number in range(12):
            laptop.log, laptop.lines, laptop.acked = new_id(), [], 0
            laptop.add("plot", {"code": f"P{number}"})
            statuses.append((await laptop.post(laptop.body()))[0])
        assert statuses == [200] * 10 + [403] * 2


async def test_attached_files_are_counted_once_each_however_they_come(tmp_path):
    data = DataDirectory(tmp_path / "server")
    small, large = photo(100), photo(900_000)
    async with running_with_project(data, laptop_files_mib=1) as server:
        laptop = await server.laptop()
        laptop.add("plot", {"code": "P", "attachments": [told(small), told(large)]})
        await laptop.sync()
        send = Sender(laptop)
        for _ in range(3):
            assert (await send.patch(large, large[:1000]))[0] in {204, 409}
        assert (await send.patch(large, large[1000:], 1000))[0] == 204
        other = photo(200_000, seed=2)
        laptop.add("plot", {"code": "Q", "attachments": [told(other)]})
        await laptop.sync()
        status, _, raw = await send.patch(other, other)
        assert (status, json.loads(raw)["code"]) == (403, "quota")
        laptop.add("plot", {"code": "R"})
        assert (await laptop.sync()).outcomes == ["accepted"], "records go on"
