"""Every refusal and every reason of docs/protocol.md, each brought about once.

A case takes a `Pair` and gives what the server answered: a problem document to a request
that is refused, the verdict of a change that is not applied.
"""

import asyncio
import gzip
import json
from dataclasses import dataclass

from schemas import limits
from server.clock import Clock
from server.flow.access import issue_code
from server.flow.admin import add_project
from server.flow.review import discard
from server.flow.scope import withdraw
from tests.laptop import fresh_id
from tests.protocol.client import Client, RefusedError
from tests.protocol.rules import public_key, write

UNKNOWN = "0190a000-0000-7000-8000-00000000dead"
#: Cases by the rule of the page.
REFUSALS, REASONS = {}, {}


@dataclass
class Pair:
    """Two clients of one project, and the server itself."""

    server: object
    me: Client
    other: Client
    monkeypatch: object

    @property
    def stream(self):
        return self.server.stream

    async def client(self, name="foreign", streams=None, secret=None, log=None):
        return await enrolled(self.server, name, streams, secret, log)

    async def send(self, body, **headers):
        return await self.me.send(body, **headers)

    async def write(self, sql, *values):
        return await self.server.ask(
            lambda store: store.write(
                lambda unit: unit.connection.execute(sql, values).fetchall()
            )
        )

    async def plot(self, code="P1", **fields):
        """Let me record a plot that both have; return its id."""
        name = self.me.create(self.stream, "plot", {"code": code, **fields})
        await self.me.sync()
        await self.other.sync()
        return name


async def code_for(server, streams=None):
    projects = tuple(streams or [server.stream])
    code, _ = await server.ask(lambda s: issue_code(s, Clock(), projects, ""))
    return code


async def enrolled(server, name="foreign", streams=None, secret=None, log=None):
    """Enrol a client."""
    client = Client(server.url, secret or Clock().key(), log or fresh_id())
    await client.enrol(await code_for(server, streams), name)
    return client


def refusal(rule):
    def keep(case):
        REFUSALS[rule] = case
        return case

    return keep


def reason(code):
    def keep(case):
        REASONS[code] = case
        return case

    return keep


async def refused(awaitable):
    """Return status and problem document of a request that is refused."""
    try:
        found = await awaitable
    except RefusedError as error:
        return error.status, error.document
    raise AssertionError(found)


# Requests to enrol ------------------------------------------------------------------


async def _enrol(pair, body):
    said = {"Content-Type": "application/json", "Authorization": None}
    return await _asked(pair.me.post("/v1/enrol", body, said))


async def _asked(awaitable):
    status, raw = await awaitable
    return status, json.loads(raw)


@refusal("enrol-large")
async def _(pair):
    return await _enrol(pair, b" " * (limits.ENROL_BODY_BYTES + 1))


@refusal("enrol-json")
async def _(pair):
    return await _enrol(pair, b'{"code":"A","code":"B"}')


@refusal("enrol-shape")
async def _(pair):
    return await _enrol(pair, b'{"code":"A","name":"x"}')


@refusal("enrol-key")
async def _(pair):
    code = await code_for(pair.server)
    return await refused(pair.me.enrol(code, public_key="AAAA"))


@refusal("enrol-code")
async def _(pair):
    return await refused(pair.me.enrol("NEVER-GIVEN"))


@refusal("enrol-proof")
async def _(pair):
    code = await code_for(pair.server)
    found = await refused(pair.me.enrol(code, public_key=public_key(pair.other.secret)))
    # What is refused uses no code up.
    assert (await pair.me.enrol(code))["token"]
    return found


# Requests to sync, before their lines are read --------------------------------------


@refusal("address")
async def _(pair):
    return await _asked(pair.me.get("/v1/nothing"))


@refusal("method")
async def _(pair):
    return await _asked(pair.me.get("/v1/sync"))


@refusal("token-missing")
async def _(pair):
    return await refused(pair.send(pair.me.body(), Authorization=None))


@refusal("token-unknown")
async def _(pair):
    return await refused(pair.send(pair.me.body(), Authorization="Bearer x"))


@refusal("token-revoked")
async def _(pair):
    me = pair.me
    pair.me.create(pair.stream, "plot", {"code": "MEANWHILE"})
    await pair.server.ask(
        lambda store: store.write(lambda unit: unit.revoke(me.device, Clock().now()))
    )
    found = await refused(me.sync())
    await me.enrol(await code_for(pair.server))
    (answer,) = await me.sync()
    assert answer.outcomes == ["accepted"]
    return found


@refusal("type")
async def _(pair):
    return await refused(pair.send(pair.me.body(), **{"Content-Type": "text/plain"}))


def _packed(pair, body, encoding="gzip"):
    return refused(pair.send(body, **{"Content-Encoding": encoding}))


@refusal("encoding")
async def _(pair):
    return await _packed(pair, pair.me.body(), "br")


@refusal("large")
async def _(pair):
    return await refused(pair.send(bytes(limits.BODY_BYTES + 1)))


@refusal("large-unpacked")
async def _(pair):
    return await _packed(pair, gzip.compress(bytes(limits.UNPACKED_BYTES + 1)))


@refusal("slow")
async def _(pair):
    from server.http.body import read_body  # noqa: PLC0415 - only its bound is wanted

    pair.monkeypatch.setitem(read_body.__kwdefaults__, "timeout_s", 0.2)

    async def slowly():
        yield pair.me.body()[:20]
        await asyncio.sleep(1)
        yield b"}"

    return await refused(pair.send(slowly()))


@refusal("garbled")
async def _(pair):
    return await _packed(pair, pair.me.body())


@refusal("trailing")
async def _(pair):
    return await _packed(pair, gzip.compress(pair.me.body()) + b"\n")


@refusal("cut-packed")
async def _(pair):
    return await _packed(pair, gzip.compress(pair.me.body())[:-9])


@refusal("empty")
async def _(pair):
    return await refused(pair.send(b""))


# Lines ------------------------------------------------------------------------------


def _lines(*lines):
    return b"\n".join(
        line if isinstance(line, bytes) else write(line) for line in lines
    )


END = {"k": "end"}


@refusal("long-line")
async def _(pair):
    hello = pair.me.hello(more="x" * limits.LINE_BYTES)
    return await refused(pair.send(_lines(hello, END)))


@refusal("hello-json")
async def _(pair):
    twice = write(pair.me.hello()).replace(b'{"k":', b'{"want":1,"want":1,"k":')
    return await refused(pair.send(_lines(twice, END)))


@refusal("hello-shape")
async def _(pair):
    for line in (pair.me.hello(schema="2"), {"k": "hello"}, {"k": "x"}, b"[1]"):
        status, found = await refused(pair.send(_lines(line, END)))
        assert (status, found["code"]) == (400, "bad_message")
    return status, found


@refusal("hello-first")
async def _(pair):
    return await refused(pair.send(_lines(END, END)))


@refusal("cut-lines")
async def _(pair):
    hello = pair.me.hello()
    for lines in ([hello], [hello, hello], [hello, b'{"k":"en']):
        status, found = await refused(pair.send(_lines(*lines)))
        assert (status, found["code"]) == (400, "cut_body")
    return status, found


@refusal("protocol")
async def _(pair):
    return await refused(pair.send(_lines(pair.me.hello(protocol=2), END)))


@refusal("many-changes")
async def _(pair):
    lines = [b"{}"] * (limits.BATCH_CHANGES + 1)
    return await refused(pair.send(_lines(pair.me.hello(), *lines, END)))


@refusal("change-json")
async def _(pair):
    return await refused(pair.send(_lines(pair.me.hello(), b"{]", END)))


@refusal("change-shape")
async def _(pair):
    for line in ({"k": "c"}, {"k": "c", "n": 1, "s": "x"}, {"k": "x"}, b"[1]"):
        status, found = await refused(pair.send(_lines(pair.me.hello(), line, END)))
        assert (status, found["code"]) == (400, "bad_message")
    return status, found


@refusal("change-kind")
async def _(pair):
    hello = pair.me.hello()
    return await refused(pair.send(_lines(hello, hello, END)))


@refusal("gap")
async def _(pair):
    pair.me.draft(pair.stream, "plot", fresh_id(), {"code": "P"}, n=3)
    return await refused(pair.send(pair.me.body()))


@refusal("no-epoch")
async def _(pair):
    for claim in ({"cursors": {pair.stream: 3}}, {"late": 3}):
        status, found = await refused(pair.send(pair.me.body(**claim)))
        assert (status, found["code"]) == (400, "bad_message")
    return status, found


def _ended(pair, **more):
    """Return a body with one change and another end line."""
    pair.me.create(pair.stream, "plot", {"code": "P"})
    *lines, last = pair.me.body().splitlines()
    pair.me.log.lines.pop()
    return _lines(*lines, json.loads(last) | more)


@refusal("chain")
async def _(pair):
    body = _ended(pair).replace(b'"code":"P"', b'"code":"Q"')
    for claim in (body, _ended(pair, n=2), _ended(pair, hash="0" * 64)):
        status, found = await refused(pair.send(claim))
        assert (status, found["code"]) == (409, "bad_chain")
    return status, found


@refusal("signature")
async def _(pair):
    for claim in (None, "x", "A" * 88):
        status, found = await refused(pair.send(_ended(pair, sig=claim)))
        assert (status, found["code"]) == (403, "bad_signature")
    return status, found


@refusal("foreign-log")
async def _(pair):
    await pair.plot()
    pair.other.log.id = pair.me.log.id
    return await refused(pair.other.sync())


@refusal("foreign-parent")
async def _(pair):
    await pair.plot()
    log = pair.me.log
    pair.other.log.parent = log.id, 1, log.hashes[1]
    pair.other.log.id = fresh_id()
    return await refused(pair.other.sync())


@refusal("fork-parent")
async def _(pair):
    await pair.plot()
    pair.me.go_on_elsewhere(1, fresh_id())
    name, n, _ = pair.me.log.parent
    pair.me.log.parent = name, n, bytes(32)
    return await refused(pair.me.sync())


@refusal("fork-acked")
async def _(pair):
    await pair.plot()
    log = pair.me.log
    log.lines[0] = log.lines[0].replace(b"P1", b"P9")
    found = await refused(pair.me.sync())
    log.acked = 0
    assert (await refused(pair.me.sync()))[1]["code"] == "fork"
    return found


@refusal("fork-head")
async def _(pair):
    await pair.plot()
    return await refused(pair.send(pair.me.body(head=0)))


# Repair, and faults of the server ---------------------------------------------------


@refusal("repair-scope")
async def _(pair):
    await _asked(pair.me.get(f"/v1/streams/{UNKNOWN}/rows?in=00"))
    return await _asked(pair.me.get(f"/v1/streams/{UNKNOWN}/buckets"))


@refusal("repair-in")
async def _(pair):
    for names in ("", "0", "FF", "00,", "00;01"):
        path = f"/v1/streams/{pair.stream}/rows?in={names}"
        status, found = await _asked(pair.me.get(path))
        assert (status, found["code"]) == (400, "bad_message")
    return status, found


@refusal("storage")
async def _(pair):
    from server.store.driver import connect  # noqa: PLC0415

    holder = connect(pair.server.data.database)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        pair.me.create(pair.stream, "plot", {"code": "P"})
        found = await refused(pair.me.sync())
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    answer = (await pair.me.sync())[0]
    assert answer.outcomes == ["accepted"]
    return found


@refusal("fault")
async def _(pair):
    code = await code_for(pair.server)
    await pair.write("UPDATE code SET projects = 'damaged'")
    return await refused(pair.me.enrol(code))


# Reasons of changes that wait -------------------------------------------------------


async def _verdict(client, place=-1):
    """Push; return the verdict of a change."""
    return (await client.sync())[0].verdicts[place]


def _plain(code):
    """Return a case of a change that alone has this reason."""

    def keep(more, record_type="plot"):
        @reason(code)
        async def _(pair):
            line = {"f": {"code": "P9"}} | more
            pair.me.draft(pair.stream, record_type, fresh_id(), {}, **line)
            return await _verdict(pair.me)

    return keep


_plain("derived_type")({"t": "stock"})
_plain("unknown_type")({"t": "submission"})
_plain("unknown_op")({"o": "erase"})
_plain("unknown_schema")({"v": 99})
_plain("scope_foreign")({"s": UNKNOWN})
_plain("not_this_project")({"f": {"code": "X", "title": "X"}}, "project")
_plain("no_such_conflict")({"o": "resolve"})
_plain("no_such_record")({"o": "del", "f": {}})


@reason("unreadable_change")
async def _(pair):
    record = fresh_id()
    strange = ({"t": 7}, {"h": 0}, {"h": 2**63}, {"f": []}, {"g": "x"}, {"b": [1, 2]})
    for more in ({"c": []}, {"y": "a\nb"}, {"u": "x" * 201}, *strange):
        pair.me.draft(pair.stream, "plot", record, {"code": "P"}, **more)
    twice = pair.me.draft(pair.stream, "plot", record, {"code": "P"})
    line = pair.me.log.lines[-1].replace(b'"o":"put"', b'"o":"put","o":"put"')
    pair.me.log.lines[-1] = line
    (answer,) = await pair.me.sync()
    assert len(answer.verdicts) == twice
    assert {v["r"] for v in answer.verdicts} == {"quarantined"}
    assert {v["why"][0]["code"] for v in answer.verdicts} == {"unreadable_change"}
    return answer.verdicts[-1]


@reason("change_id_taken")
async def _(pair):
    await pair.plot()
    taken = pair.me.change_id(1)
    pair.other.draft(pair.stream, "plot", fresh_id(), {"code": "X"}, i=taken)
    return await _verdict(pair.other)


@reason("base_beyond_head")
async def _(pair):
    plot = await pair.plot()
    epoch, seq = pair.me.base(plot)
    pair.me.edit(plot, {"area_ha": 1.0}, b=[epoch, seq + 99])
    return await _verdict(pair.me)


@reason("group_split")
async def _(pair):
    group = fresh_id()
    for code in ("A", "B"):
        pair.me.create(pair.stream, "plot", {"code": code}, g=group)
    answers = await pair.me.sync(most=1)
    assert answers[0].outcomes == ["accepted"]
    return answers[1].verdicts[0]


@reason("scope_revoked")
async def _(pair):
    me = pair.me.device
    project = (await pair.server.report("projects"))[0]["code"]
    await pair.server.ask(lambda s: add_project(s, Clock(), OTHER_PROJECT, {}))
    await pair.server.ask(lambda s: withdraw(s, Clock(), me, project))
    pair.me.create(pair.stream, "plot", {"code": "P9"})
    found = await _verdict(pair.me)
    assert pair.me.rows == {}
    return found


OTHER_PROJECT = {"code": "OTHER", "title": "Another"}


@reason("purged_id")
async def _(pair):
    plot = await pair.plot()
    pair.me.delete(plot)
    await pair.me.sync()
    later = "2099-01-01T00:00:00.000Z"
    await pair.server.ask(
        lambda store: store.write(lambda unit: unit.purge(later, Clock().now()))
    )
    fresh = await pair.client()
    (answer,) = await fresh.sync()
    assert answer.of("purged") == [{"k": "purged", "s": pair.stream, "r": [plot]}]
    pair.other.create(pair.stream, "plot", {"code": "P1"}, b=None)
    (answer,) = await pair.other.sync()
    assert answer.of("reset") == [{"k": "reset", "s": pair.stream}]
    assert plot not in pair.other.rows
    return answer.verdicts[0]


@reason("wrong_type")
async def _(pair):
    plot = await pair.plot()
    pair.me.draft(pair.stream, "campaign", plot, {"name": "2026"})
    return await _verdict(pair.me)


@reason("foreign_change")
async def _(pair):
    record = pair.me.create(pair.stream, "plot", {"code": "BAD", "area_ha": -1})
    assert (await _verdict(pair.me))["why"][0]["code"] == "out_of_range"
    pair.other.draft(
        pair.stream, "plot", record, {"code": "BAD"}, x=pair.me.change_id(1)
    )
    return await _verdict(pair.other)


@reason("has_children")
async def _(pair):
    plot = await pair.plot()
    pair.me.create(pair.stream, "point", {"plot_id": plot, "code": "1"})
    pair.me.delete(plot)
    return await _verdict(pair.me)


@reason("parent_deleted")
async def _(pair):
    plot = await pair.plot()
    pair.me.delete(plot)
    await pair.me.sync()
    pair.me.create(pair.stream, "point", {"plot_id": plot, "code": "1"})
    return await _verdict(pair.me)


@reason("wrong_parent")
async def _(pair):
    pair.me.create(pair.stream, "point", {"plot_id": pair.stream, "code": "1"})
    return await _verdict(pair.me)


@reason("key_taken")
async def _(pair):
    await pair.plot()
    pair.me.draft(pair.stream, "plot", fresh_id(), {"code": "P1"})
    return await _verdict(pair.me)


@reason("waits_for")
async def _(pair):
    pair.me.create(pair.stream, "point", {"plot_id": UNKNOWN, "code": "1"})
    found = await _verdict(pair.me)
    assert found["why"][0]["value"] == UNKNOWN
    return found


@reason("parent_discarded")
async def _(pair):
    plot = pair.me.create(pair.stream, "plot", {"code": "BAD", "area_ha": -1})
    pair.me.create(pair.stream, "point", {"plot_id": plot, "code": "1"})
    pair.me.draft(
        pair.stream, "plot", plot, {}, o="del", b=None, x=pair.me.change_id(1)
    )
    (answer,) = await pair.me.sync()
    assert answer.outcomes == ["quarantined", "quarantined", "accepted"]
    assert "q" not in answer.verdicts[2]
    return answer.verdicts[1]


@reason("too_many_held")
async def _(pair):
    pair.monkeypatch.setattr(limits, "HELD_CHANGES", 2)
    for code in ("1", "2", "3"):
        pair.me.create(pair.stream, "point", {"plot_id": UNKNOWN, "code": code})
    return await _verdict(pair.me)


@reason("group_broken")
async def _(pair):
    group = fresh_id()
    pair.me.create(pair.stream, "plot", {"code": "A"}, g=group)
    pair.me.create(pair.stream, "plot", {"code": "B", "area_ha": -1}, g=group)
    found = await _verdict(pair.me, 0)
    assert found["why"][0]["detail"] == pair.me.change_id(2)
    return found


@reason("discarded")
async def _(pair):
    pair.me.create(pair.stream, "plot", {"code": "BAD", "area_ha": -1})
    await pair.me.sync()
    given_up = [pair.me.change_id(1)]
    await pair.server.ask(
        lambda store: discard(store, Clock(), pair.stream, given_up, "typed twice")
    )
    (answer,) = await pair.me.sync()
    (late,) = answer.late
    assert (late["i"], late["why"][0]["detail"]) == (given_up[0], "typed twice")
    return late


@reason("not_deleted")
async def _(pair):
    plot = await pair.plot()
    pair.me.restore(plot, {})
    return await _verdict(pair.me)
