"""Every refusal of docs/protocol.md, brought about once.

A case takes a `Pair` and returns status and problem document.
"""

import asyncio
import gzip
import json
from urllib.parse import urlsplit

from schemas import limits
from server.clock import Clock
from server.config import DataDirectory, Limits
from tests.conftest import running_with_project
from tests.laptop import new_id
from tests.protocol.pair import UNKNOWN, code_for, enrolled
from tests.protocol.rules import public_key, write
from tests.protocol.values import RefusedError

#: Cases by the rule of the page.
REFUSALS = {}


def refusal(rule):
    def save(case):
        REFUSALS[rule] = case
        return case

    return save


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


# Requests for labels ----------------------------------------------------------------


async def _labels(pair, body):
    said = {"Content-Type": "application/json"}
    return await _asked(pair.me.post("/v1/labels", body, said))


@refusal("labels-large")
async def _(pair):
    return await _labels(pair, b" " * (limits.LABELS_BODY_BYTES + 1))


@refusal("labels-json")
async def _(pair):
    return await _labels(pair, b'{"request":1,"request":1}')


@refusal("labels-shape")
async def _(pair):
    return await _labels(pair, write({"request": new_id(), "has": ["KFF"]}))


@refusal("labels-quota")
async def _(pair):
    data = DataDirectory(pair.server.data.path.with_name("few"))
    async with running_with_project(data, laptop_label_blocks=1) as few:
        pair.me = await enrolled(few, "few")
        status, found = await _labels(pair, write({"request": new_id()}))
        assert (status, len(found["known"])) == (200, 1)
        return await _labels(pair, write({"request": new_id()}))


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
    pair.me.create(pair.project_id, "plot", {"code": "MEANWHILE"})
    await pair.server.ask(
        lambda store: store.write(
            lambda tx: tx.update_device(me.device, revoked_at=Clock().stamp())
        )
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
    pair.monkeypatch.setattr(limits, "BODY_TIMEOUT_S", 0.2)

    async def slowly():
        yield pair.me.body()[:20]
        await asyncio.sleep(1)
        yield b"}"

    return await refused(pair.send(slowly()))


@refusal("quota")
async def _(pair):
    data = DataDirectory(pair.server.data.path.with_name("small"))
    async with running_with_project(data, laptop_changes=100) as small:
        me = await enrolled(small, "small")
        for number in range(101):
            me.create(small.project_id, "plot", {"code": f"P{number}"})
        found = await refused(me.sync(most=100))
        assert me.log.acked == 100, "what was taken is answered"
        assert await me.send(me.body(most=0)), "rows are read as ever"
    return found


@refusal("many-values")
async def _(pair):
    return await refused(pair.send(b"[" + b"1," * limits.BODY_VALUES + b"1]"))


@refusal("repair-large")
async def _(pair):
    pair.monkeypatch.setattr(limits, "REPAIR_BYTES", 100)
    for number in range(40):
        pair.me.create(pair.project_id, "plot", {"code": f"P{number}"})
    await pair.me.sync()
    every = ",".join(f"{n:02x}" for n in range(256))
    return await _asked(pair.me.get(f"/v1/streams/{pair.project_id}/rows?in={every}"))


@refusal("no-http")
async def _(pair):
    return await _raw(pair, b"\x16\x03\x01 GET / HTTP/9.9\r\n\r\n")


@refusal("guesses")
async def _(pair):
    for number in range(Limits().wrong_guesses + 1):
        said = {"Authorization": f"Bearer wrong {number}"}
        status, raw = await pair.me.post("/v1/sync", pair.me.body(), said)
    return status, json.loads(raw)


@refusal("at-once")
async def _(pair):
    async def slowly():
        yield pair.me.body()[:20]
        await asyncio.sleep(0.5)

    most = Limits().requests_per_laptop
    under_way = [asyncio.create_task(refused(pair.send(slowly()))) for _ in range(most)]
    await asyncio.sleep(0.2)
    found = await refused(pair.send(pair.me.body()))
    await asyncio.gather(*under_way)
    return found


@refusal("busy")
async def _(pair):
    data = DataDirectory(pair.server.data.path.with_name("small"))
    async with running_with_project(data, connections=10) as small:
        url = small.url
        place = urlsplit(url)
        head = b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
        kept = []
        for _ in range(10):
            _, writer = await asyncio.open_connection(place.hostname, place.port)
            writer.write(head)
            kept.append(writer)
        await asyncio.sleep(0.1)
        found = await _raw(pair, b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n", url)
        for writer in kept:
            writer.close()
    return found


async def _raw(pair, said, url=None):
    """Send bytes as they are; return status and document of what is answered."""
    place = urlsplit(url or pair.server.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(said)
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


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
    for protocol in (0, 3):
        hello = pair.me.hello(protocol=protocol)
        status, found = await refused(pair.send(_lines(hello, END)))
        assert (status, found["code"]) == (400, "protocol_unknown")
    return status, found


@refusal("many-changes")
async def _(pair):
    lines = [b"{}"] * (limits.BATCH_CHANGES + 1)
    return await refused(pair.send(_lines(pair.me.hello(), *lines, END)))


async def _by_columns(pair, **more):
    shape = {"k": ["c"], "n": [1], "h": [1], "s": [pair.project_id], "t": ["plot"]}
    said = {"k": "cs", "at": [0], "of": [shape | {"r": [UNKNOWN]}]} | more
    hello = pair.me.hello(protocol=2)
    return await refused(pair.send(_lines(hello, said, END)))


@refusal("columns-json")
async def _(pair):
    hello = pair.me.hello(protocol=2)
    return await refused(pair.send(_lines(hello, b'{"k":"cs","at":[0,]}', END)))


@refusal("columns-shape")
async def _(pair):
    odd = ({"n": [1, 1]}, {"n": [-1]}, {"r": [None]}, {"f": 7}, {"h": []})
    whole = {"k": ["c"], "n": [1], "h": [1], "t": ["plot"], "r": [UNKNOWN]}
    cases = [{"of": [whole | more]} for more in odd]
    for more in ({"of": []}, {"at": [1]}, {"at": None}, *cases):
        status, found = await _by_columns(pair, **more)
        assert (status, found["code"]) == (400, "bad_message")
    return status, found


@refusal("columns-large")
async def _(pair):
    long = {"k": ["c"], "n": [1], "h": [1], "y": ["x" * 10_000]}
    wide = {"k": ["c"], "n": [1], "h": [1], "y": [[0] * 999]}
    for size, shape in ((501, {"n": [1], "h": [1]}), (500, long), (500, wide)):
        found = await _by_columns(pair, at=[0] * size, of=[shape])
        assert (found[0], found[1]["code"]) == (413, "too_large")
    return found


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
    pair.me.draft(pair.project_id, "plot", new_id(), {"code": "P"}, n=3)
    return await refused(pair.send(pair.me.body()))


@refusal("no-epoch")
async def _(pair):
    for claim in ({"cursors": {pair.project_id: 3}}, {"late": 3}):
        status, found = await refused(pair.send(pair.me.body(**claim)))
        assert (status, found["code"]) == (400, "bad_message")
    return status, found


def _ended(pair, **more):
    """Return a body with one change and another end line."""
    pair.me.create(pair.project_id, "plot", {"code": "P"})
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
    pair.other.log.id = new_id()
    return await refused(pair.other.sync())


@refusal("fork-parent")
async def _(pair):
    await pair.plot()
    pair.me.go_on_elsewhere(1, new_id())
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
        path = f"/v1/streams/{pair.project_id}/rows?in={names}"
        status, found = await _asked(pair.me.get(path))
        assert (status, found["code"]) == (400, "bad_message")
    return status, found


@refusal("storage")
async def _(pair):
    from server.store.driver import connect  # noqa: PLC0415

    holder = connect(pair.server.data.database)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        pair.me.create(pair.project_id, "plot", {"code": "P"})
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
