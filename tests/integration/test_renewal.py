"""A laptop gets another token at its next sync, whatever answer is lost on the way."""

import asyncio
import json

import pytest
from aiohttp import ClientSession

from collector.clock import Clock
from collector.config import Home
from collector.laptop import settings
from collector.laptop.open import opened
from schemas.signing import enrolment_text, sign
from tests.integration.test_laptop_sync import Laptop, Served
from tests.processes import server_process, typed

PLOT = {"code": "A", "area_ha": 1.0}


def token_of(laptop):
    with opened(Home(laptop.home), Clock(), lambda: "") as found:
        return found.store.setting(settings.TOKEN)


@pytest.mark.slow
def test_nobody_types_anything_on_the_laptop_and_nothing_is_lost(tmp_path):
    data = tmp_path / "data"
    typed(data, "init")
    typed(data, "project", "add", "--code", "P", "--title", "P")
    with server_process(data) as url:
        served, laptop = Served(data, url), Laptop(tmp_path, "north")
        laptop("enrol", url, served.code("P"))
        laptop.sync()
        before, status = token_of(laptop), laptop.json("status")
        said = json.loads(served.admin("device", "renew", "north", "--json"))
        assert said["gets_new_token"]
        assert "code" not in json.dumps(said)
        assert "another one at its next sync" in served.admin("device", "show", "north")
        laptop("plot", "add", "--code", "A", "--area-ha", "1")
        assert laptop.sync()["pushed"] == 1
        assert token_of(laptop) != before
        laptop("plot", "add", "--code", "B", "--area-ha", "1")
        assert laptop.sync()["pushed"] == 1
        after = token_of(laptop)
        laptop.sync()
        # It is the same device, and is asked no more.
        assert token_of(laptop) == after
        (device,) = json.loads(served.admin("device", "list", "--json"))
        assert not device["gets_new_token"]
        assert laptop.json("status")["device"] == status["device"] == device["id"]
        assert laptop.json("status")["laptop_key"] == status["laptop_key"]
        noted = json.loads(served.admin("audit", "list", "--json"))
        assert noted[-1]["command"] == "device renew"
        assert noted[-1]["said"] == {"name": "north"}
    typed(data, "verify")


async def admin(server, *words):
    return await asyncio.to_thread(typed, server.data.path, *words)


async def renewed(server, laptop, code, secret=None, key=None):
    """Enrol by a code, as a laptop does that is told to; return status and answer."""
    body = {
        "code": code,
        "name": "laptop",
        "log": laptop.log,
        "public_key": key or laptop.public_key,
        "proof": sign(secret or laptop.secret, enrolment_text(code)),
    }
    async with (
        ClientSession() as session,
        session.post(f"{server.url}/v1/enrol", json=body) as answer,
    ):
        return answer.status, await answer.json()


async def works(server, token):
    """Return whether a token is taken."""
    async with (
        ClientSession() as session,
        session.get(
            f"{server.url}/v1/streams/{server.project_id}/buckets",
            headers={"Authorization": f"Bearer {token}"},
        ) as answer,
    ):
        assert answer.status in {200, 401}
        return answer.status == 200


async def asked(server, laptop):
    """Have the laptop get another token; return the code that its sync is told."""
    await admin(server, "device", "renew", "laptop")
    answer = await laptop.sync()
    return answer.hello["renew"]


async def test_answers_that_were_lost_lock_nobody_out(server):
    laptop = await server.laptop()
    code = await asked(server, laptop)
    # The answers to all of these may be lost, or one of them arrive last.
    given = [(await renewed(server, laptop, code))[1] for _ in range(3)]
    assert {one["device"] for one in given} == {given[0]["device"]}
    tokens = [one["token"] for one in given]
    assert len(set(tokens)) == 3
    laptop.add("plot", PLOT)
    answer = await laptop.sync()
    assert answer.outcomes == ["accepted"]
    assert answer.hello["renew"] == code
    assert await works(server, tokens[0])
    for refused in (laptop.token, *tokens[1:]):
        assert not await works(server, refused)
    assert await works(server, tokens[0])
    laptop.token = tokens[0]
    laptop.add("plot", PLOT | {"code": "B"})
    answer = await laptop.sync()
    assert answer.outcomes == ["accepted"]
    assert "renew" not in answer.hello


async def test_a_code_to_renew_is_of_no_use_without_the_key(server):
    laptop, other = await server.laptop(), await server.laptop("other")
    code = await asked(server, laptop)
    status, refused = await renewed(server, other, code)
    assert (status, refused["code"]) == (403, "bad_code")
    wrong = await renewed(server, laptop, code, secret=other.secret)
    assert (wrong[0], wrong[1]["code"]) == (403, "bad_signature")
    status, answer = await renewed(server, laptop, code)
    assert status == 200
    assert await works(server, answer["token"])
    used = await renewed(server, laptop, code)
    assert (used[0], used[1]["code"]) == (403, "bad_code")


async def test_who_is_revoked_gets_no_token_by_a_code_of_before(server):
    laptop = await server.laptop()
    code = await asked(server, laptop)
    given = (await renewed(server, laptop, code))[1]["token"]
    await admin(server, "device", "revoke", "laptop")
    assert not await works(server, given)
    assert (await renewed(server, laptop, code))[0] == 403
    done = await asyncio.to_thread(
        typed, server.data.path, "device", "renew", "laptop", code=4
    )
    assert "was revoked" in done.stderr
    assert "device code" in done.stderr


async def test_a_renewal_that_is_asked_for_twice_takes_the_last_code(server):
    laptop = await server.laptop()
    first = await asked(server, laptop)
    second = await asked(server, laptop)
    assert (await renewed(server, laptop, first))[0] == 403
    assert (await renewed(server, laptop, second))[0] == 200
