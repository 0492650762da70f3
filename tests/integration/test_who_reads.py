"""Who may read what: tokens of analysts and laptops, and what nobody else hears of."""

import asyncio
import json

import pytest

from server.access.devices import revoke, withdraw
from server.access.read_tokens import revoke_token
from server.clock import Clock
from server.custody.own_log import add_project
from tests.processes import typed as typed_here
from tests.reading import bag, plan, reading, token_for

ADDRESSES = (
    *("/ogc", "/ogc/", "/ogc/api", "/ogc/conformance", "/ogc/collections"),
    *("/ogc/collections/samples", "/ogc/collections/nothing"),
    *("/ogc/collections/samples/queryables", "/ogc/collections/samples/schema"),
    *("/ogc/collections/samples/items", "/ogc/collections/samples/items/x"),
    *("/odata", "/odata/", "/odata/$metadata", "/odata/samples", "/odata/nothing"),
    *("/odata/samples/$count", "/odata/samples('x')"),
)


async def typed(server, *words, code=0):
    return await asyncio.to_thread(typed_here, server.data.path, *words, code=code)


async def other_project(server):
    fields = {"code": "SECRET", "title": "Secret"}
    return await server.ask(lambda store: add_project(store, Clock(), fields, {}))


@pytest.mark.parametrize("path", ADDRESSES)
async def test_nobody_reads_without_a_token_and_hears_how_to_send_one(server, path):
    for token in (None, "read-wrong"):
        async with reading(server, token) as stranger:
            status, headers, _ = await stranger.get(path)
            assert status == 401
            assert "Basic realm=" in headers["WWW-Authenticate"]
            assert "Bearer" in headers["WWW-Authenticate"]


async def test_a_token_is_taken_as_bearer_and_as_password_of_any_name(server):
    token = await token_for(server)
    for basic in (False, True):
        async with reading(server, token, basic=basic) as analyst:
            assert (await analyst.read("/odata/projects"))["value"][0]["code"] == "HF"


async def test_credentials_that_are_none_are_told_as_none(server):
    async with reading(server) as stranger:
        for said in (
            "Basic",
            "Basic !!",
            "Basic eA==",
            "Bearer",
            "Digest x",
            "Basic /w==",
        ):
            stranger.session.headers["Authorization"] = said
            assert (await stranger.get("/ogc"))[0] == 401, said


async def test_an_analyst_cannot_sync_nor_repair(server):
    token = await token_for(server)
    async with reading(server, token) as analyst:
        for path in (
            f"/v1/streams/{server.project_id}/buckets",
            f"/v1/streams/{server.project_id}/rows?in=00",
            f"/v1/blobs/{'0' * 64}",
        ):
            assert (await analyst.get(path))[0] == 401
        async with analyst.session.post(f"{server.url}/v1/sync", data=b"") as answer:
            assert answer.status == 401


async def test_a_laptop_reads_the_projects_that_it_sees(server):
    north = await server.laptop("north")
    bag(north, plan(north)["core"])
    await north.sync()
    async with reading(server, north.token) as analyst:
        assert len(await analyst.items("samples")) == 1
    await server.ask(lambda store: withdraw(store, Clock(), "north", "HF"))
    async with reading(server, north.token) as analyst:
        assert await analyst.items("samples") == []
    await server.ask(lambda store: revoke(store, Clock(), "north"))
    async with reading(server, north.token) as analyst:
        assert (await analyst.get("/ogc"))[0] == 401


async def test_what_one_may_not_know_is_not_there(server):
    secret = await other_project(server)
    spy = await server.laptop("spy", [secret])
    spy.project_id = secret
    hidden = bag(spy, plan(spy, "HIDDEN", lon=2.4)["core"])
    await spy.sync()
    own = await server.laptop("own")
    shown = bag(own, plan(own)["core"])
    await own.sync()
    token = await token_for(server)
    async with reading(server, token) as analyst:
        samples = "/ogc/collections/samples/items"
        foreign = await analyst.get(f"{samples}/{hidden['sample']}")
        unknown = await analyst.get(f"{samples}/{'0' * 8}")
        assert foreign[0] == unknown[0] == 404
        assert foreign[2]["title"] == unknown[2]["title"]
        assert (await analyst.get(f"/odata/samples('{hidden['sample']}')"))[0] == 404
        assert (await analyst.read(f"{samples}/{shown['sample']}"))["id"]
        for query in (
            {},
            {"project_id": secret},
            {"plot": "HIDDEN"},
            {"id": hidden["sample"]},
        ):
            found = await analyst.items("samples", **query)
            assert {one["id"] for one in found} <= {shown["sample"]}
        collection = await analyst.read("/ogc/collections/samples")
        assert collection["extent"]["spatial"]["bbox"][0][2] == 2.355
        assert await analyst.read("/odata/samples/$count") == "1"
        assert [p["code"] for p in await analyst.rows("projects")] == ["HF"]
        page = await analyst.read(samples, after=" ")
        assert (page["numberMatched"], page["numberReturned"]) == (1, 1)
    both = await token_for(server, server.project_id, secret, name="both")
    async with reading(server, both) as analyst:
        found = [one["id"] for one in await analyst.items("samples", limit=1)]
        assert found == sorted([hidden["sample"], shown["sample"]])


async def test_one_id_in_two_projects_shows_each_reader_their_own(server):
    """A laptop that lies about an id costs nobody a row, and shows nobody another's."""
    secret = await other_project(server)
    own, liar = await server.laptop("own"), await server.laptop("liar", [secret])
    liar.project_id = secret
    plot = own.add("plot", {"code": "MINE", "note": "mine"})
    await own.sync()
    liar.draft("plot", plot, {"code": "THEIRS", "note": "theirs"})
    assert (await liar.sync()).outcomes == ["accepted"]
    for project, code in ((server.project_id, "MINE"), (secret, "THEIRS")):
        token = await token_for(server, project, name=code)
        async with reading(server, token) as analyst:
            (row,) = await analyst.rows("plots")
            assert (row["code"], row["note"]) == (code, code.lower())
            (feature,) = await analyst.items("plots")
            assert feature["properties"]["code"] == code


async def test_a_revoked_token_and_one_that_expired_are_refused(server):
    gone = await token_for(server, name="gone")
    async with reading(server, gone) as analyst:
        await analyst.read("/ogc")
        await server.ask(lambda store: revoke_token(store, Clock(), "gone"))
        assert (await analyst.get("/ogc"))[0] == 401
    short = await token_for(server, name="short", until="2999-12-31")
    async with reading(server, short) as analyst:
        await analyst.read("/ogc")
        await server.ask(_expire)
        assert (await analyst.get("/ogc"))[0] == 401


async def _expire(store):
    await store.write(
        lambda tx: tx.connection.execute(
            "UPDATE read_token SET expires_at = '2001-01-01T00:00:00.000Z'"
        )
    )


async def test_who_guesses_tokens_has_to_wait(server):
    async with reading(server, "read-guess") as stranger:
        told = [(await stranger.get("/ogc"))[0] for _ in range(12)]
    assert told[:10] == [401] * 10
    assert told[-1] == 429


async def test_the_command_makes_lists_and_revokes_tokens(server):
    words = ("token", "create", "qgis", "--project", "HF")
    secret = (await typed(server, *words)).stdout.split()[1]
    async with reading(server, secret) as analyst:
        await analyst.read("/ogc")
        listed = (await typed(server, "token", "list")).stdout
        assert "qgis" in listed
        assert secret not in listed
        again = await typed(server, *words, code=4)
        assert "there is a token qgis already" in again.output
        await typed(server, "token", "revoke", "qgis")
        assert (await analyst.get("/ogc"))[0] == 401
    (told,) = json.loads((await typed(server, "token", "list", "--json")).stdout)
    assert told["revoked_at"]


@pytest.mark.parametrize("day", ["2001-01-01", "tomorrow", "9999-12-31"])
async def test_a_day_that_is_none_or_past_ends_no_token(server, day):
    words = ("token", "create", "x", "--project", "HF", "--expires", day)
    assert day in (await typed(server, *words, code=2)).output
    assert (await typed(server, "token", "list", "--json")).stdout == "[]\n"


async def test_a_database_keeps_no_token_as_it_is(server):
    token = await token_for(server)
    for path in server.data.path.glob("permille.db*"):
        assert token.encode() not in path.read_bytes()


async def test_a_renewed_token_reads_and_the_old_one_for_a_while(server):
    old = await token_for(server, name="qgis")

    async def reads(token):
        async with reading(server, token) as analyst:
            return (await analyst.get("/ogc"))[0] == 200

    said = await typed(server, "token", "renew", "qgis", "--json")
    new = json.loads(said.stdout)["token"]
    assert new != old
    assert await reads(old)
    assert await reads(new)
    said = await typed(server, "token", "renew", "qgis", "--overlap", "0", "--json")
    newest = json.loads(said.stdout)["token"]
    assert await reads(newest)
    assert not await reads(new)
    # By its name it is revoked with what it was before.
    await typed(server, "token", "revoke", "qgis")
    assert not any([await reads(token) for token in (old, new, newest)])
    said = await typed(server, "token", "renew", "qgis", code=4)
    assert "taken no more" in said.output
