"""Blocks of labels: each is handed out once, to one laptop."""

import asyncio
import json

import aiohttp
import pytest

from schemas import limits
from schemas.labels.codes import every_block, is_block
from server.config import DataDirectory
from server.store.values import LabelBlock
from tests.conftest import running, running_with_project
from tests.laptop import new_id


async def ask(laptop, body, token=None):
    headers = {"Authorization": f"Bearer {token or laptop.token}"}
    url = f"{laptop.url}/v1/labels"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        return answer.status, json.loads(await answer.read())


async def block_of(laptop, request=None, has=()):
    asked = {"request": request or new_id(), "has": list(has)}
    status, found = await ask(laptop, json.dumps(asked))
    assert status == 200, found
    return found


async def test_no_two_laptops_get_the_same_block_however_they_meet(tmp_path):
    async with running_with_project(DataDirectory(tmp_path / "server")) as server:
        laptops = [await server.laptop(name) for name in ("a", "b", "c")]
        every = [block_of(one) for one in laptops for _ in range(4)]
        found = await asyncio.gather(*every)
    blocks = [one["block"] for one in found]
    assert all(map(is_block, blocks))
    assert len(set(blocks)) == 12
    assert {len(one["known"]) for one in found} == set(range(1, 13))


async def test_a_repeat_of_a_request_gets_the_same_block(tmp_path):
    data = DataDirectory(tmp_path / "server")
    async with running_with_project(data) as server:
        laptop, other = await server.laptop("a"), await server.laptop("b")
        request = new_id()
        first = await block_of(laptop, request)
        assert (await block_of(laptop, request))["block"] == first["block"]
        assert (await block_of(other, request))["block"] != first["block"]
    async with running(data) as laptop.url:
        assert (await block_of(laptop, request))["block"] == first["block"]


async def test_a_server_that_lost_what_it_gave_learns_it_from_the_laptops(tmp_path):
    async with running_with_project(DataDirectory(tmp_path / "server")) as server:
        laptop, other = await server.laptop("a"), await server.laptop("b")
        found = await block_of(laptop, has=["K7F"])
        assert found["known"] == sorted([found["block"], "K7F"])
        assert found["lost"] == []
        assert (await block_of(other, has=["K7F"]))["lost"] == ["K7F"]


async def test_a_laptop_gets_as_many_blocks_as_it_may(tmp_path):
    data = DataDirectory(tmp_path / "server")
    async with running_with_project(data, laptop_label_blocks=2) as server:
        laptop, other = await server.laptop("a"), await server.laptop("b")
        request = new_id()
        await block_of(laptop, request)
        await block_of(laptop)
        status, found = await ask(laptop, json.dumps({"request": new_id()}))
        assert (status, found["code"]) == (403, "quota")
        assert found["detail"] == "2 blocks of labels"
        assert await block_of(laptop, request), "a repeat is answered"
        assert await block_of(other)


async def test_what_was_handed_out_is_never_free_and_the_last_block_is_found(tmp_path):
    blocks = list(every_block())
    (free,) = blocks[4000:4001]

    def fill(tx):
        for block in blocks:
            if block != free:
                tx.add_label_block(LabelBlock(block, "another", "", "2026"))

    async with running_with_project(DataDirectory(tmp_path / "server")) as server:
        laptop = await server.laptop()
        await server.ask(lambda store: store.write(fill))
        found = await block_of(laptop)
        assert (found["block"], found["known"]) == (free, sorted(blocks))
        status, refused = await ask(laptop, json.dumps({"request": new_id()}))
    assert (status, refused["code"]) == (403, "quota")
    assert "every block" in refused["detail"]


BAD = {
    "no JSON": (b"{", 400, "bad_json"),
    "no request": (b"{}", 400, "bad_message"),
    "no id": (b'{"request": "1"}', 400, "bad_message"),
    "no block": (b'{"request": "%s", "has": ["KFF"]}', 400, "bad_message"),
    "large": (b" " * (limits.LABELS_BODY_BYTES + 1), 413, "too_large"),
}


@pytest.mark.parametrize(("body", "status", "code"), BAD.values(), ids=BAD)
async def test_what_is_no_request_is_refused(tmp_path, body, status, code):
    body = body.replace(b"%s", new_id().encode())
    async with running_with_project(DataDirectory(tmp_path / "server")) as server:
        found = await ask(await server.laptop(), body)
    assert (found[0], found[1]["code"]) == (status, code)


async def test_strangers_get_no_block(tmp_path):
    async with running_with_project(DataDirectory(tmp_path / "server")) as server:
        laptop = await server.laptop()
        status, found = await ask(laptop, json.dumps({"request": new_id()}), "wrong")
    assert (status, found["code"]) == (401, "bad_token")
