"""A server that lies: the laptop stops, says what is wrong, and keeps all that it has."""

import asyncio
import json
import re
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from backports import zstd
from click.testing import CliRunner

from collector.cli.root import cli
from collector.sync import session
from schemas.messages import NDJSON, encode
from server.access.enrolment import issue_code
from server.clock import Clock

pytestmark = pytest.mark.slow

PLOTS = 120


class Between:
    """Stands between a laptop and its server, and rewrites the lines of answers."""

    def __init__(self, url):
        self.url, self.lie, self.asked = url, None, 0

    async def handle(self, request):
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in {"Authorization", "Content-Type"}
        }
        async with (
            ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                self.url + request.path_qs,
                data=await request.read(),
                headers=headers,
            ) as got,
        ):
            raw, kind = await got.read(), got.content_type
            if got.headers.get("Content-Encoding") == "zstd":
                raw = zstd.decompress(raw)
        self.asked += 1
        if self.lie is None or kind != NDJSON:
            return web.Response(body=raw, status=got.status, content_type=kind)
        lines = [json.loads(line) for line in raw.splitlines()]
        told = self.lie(lines)
        if isinstance(told, web.Response):
            return told
        return web.Response(
            body=b"\n".join(map(encode, told)) + b"\n", content_type=NDJSON
        )


@asynccontextmanager
async def standing_between(url):
    found = Between(url)
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.here = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


@pytest.fixture
async def laptop(server, tmp_path):
    """A laptop of 120 plots, one of them its own, behind what rewrites the answers."""
    author = await server.laptop("author")
    for number in range(PLOTS):
        author.add("plot", {"code": f"P{number}", "area_ha": 1.0})
    await author.sync()
    code, _ = await server.ask(
        lambda store: issue_code(store, Clock(), (server.project_id,), "a")
    )
    async with standing_between(server.url) as between:

        async def typed(*words):
            place = ["--home", str(tmp_path / "a"), *words]
            done = await asyncio.to_thread(CliRunner().invoke, cli, place)
            said = [line for line in done.output.splitlines() if line[:2] != "20"]
            return done.exit_code, "\n".join(said)

        typed.between = between
        for words in (
            ("init", "--name", "a", "--person", "Ada"),
            ("enrol", between.here, code),
            ("sync",),
            ("plot", "add", "--code", "MINE"),
        ):
            code, said = await typed(*words)
            assert code == 0, said
        yield typed


async def shown(laptop):
    """Return the plots that a laptop shows; whether they were sent does not matter."""
    code, said = await laptop("plot", "list", "--json")
    assert code == 0
    return {plot["name"]: plot["fields"] for plot in json.loads(said)}


def first_row(lines, change):
    """Return an answer with a row that is changed."""
    plot = {"k": "row", "s": "", "q": 10**6, "t": "plot", "f": {"code": "X"}}
    plot["r"] = "0190a000-0000-7000-8000-00000000dead"
    plot["s"] = "0190a000-0000-7000-8000-00000000beef"
    change(plot)
    return [*lines[:-1], plot, lines[-1]]


def fields(**more):
    return lambda lines: first_row(lines, lambda row: row["f"].update(more))


def row(**more):
    return lambda lines: first_row(lines, lambda row: row.update(more))


def last(**more):
    return lambda lines: [*lines[:-1], lines[-1] | more]


def hello(**more):
    return lambda lines: [lines[0] | more, *lines[1:]]


def scope(*streams):
    return lambda lines: [
        lines[0],
        {"k": "scope", "streams": list(streams)},
        *lines[1:],
    ]


CONFLICT = {"id": "x:area_ha", "group": "area_ha", "change": "x", "ours": {}}
LIES = {
    "text where a number belongs": fields(area_ha="two"),
    "a number where text belongs": fields(code=7),
    "a list where text belongs": fields(note=["x"]),
    "an object where text belongs": fields(name={"x": 1}),
    "a flag where a number belongs": fields(area_ha=True),
    "files that are none": fields(attachments=[{"name": 3}]),
    "a boundary that is none": fields(geometry="here"),
    "people that are none": row(t="campaign", f={"crew": [1]}),
    "figures that are none": row(t="change", f={"change": [1]}),
    "points that are none": row(t="stock", f={"points": {"a": 1}}),
    "an interval of three": row(
        t="change", f={"change": {"rate_ci95_permille_year": [1, 2, 3]}}
    ),
    "a conflict without sides": row(x=[CONFLICT]),
    "a conflict of lists": row(x=[CONFLICT | {"theirs": [], "ours": []}]),
    "fields that are a list": row(f=[1]),
    "a number that is no count": row(q=-1),
    "a number beyond all": row(q=2**70),
    "a type that is a number": row(t=7),
    "an id that is none": row(r="x"),
    "a line of another kind": lambda lines: [*lines[:-1], {"k": "z"}, lines[-1]],
    "no end": lambda lines: lines[:-1],
    "an end in the middle": lambda lines: [*lines, lines[-1]],
    "a cursor that is text": last(cursors={"x": "y"}),
    "more that is no flag": last(more="yes"),
    "a digest that is a number": last(digest=7),
    "a receipt of another": last(receipt={"raw": "{}", "sig": "x"}),
    "a receipt that is a list": last(receipt={"raw": "[]", "sig": "x"}),
    "no epoch": hello(epoch="x"),
    "a time that is none": hello(epoch=None),
    "a log that was never here": hello(need_from=1, need_log="x"),
    "changes that were never made": hello(need_from=10**9),
    "a list as the whole": lambda _: web.Response(body=b"[]\n", content_type=NDJSON),
    "nothing": lambda _: web.Response(body=b"", content_type=NDJSON),
    "a bomb": lambda _: web.Response(
        body=zstd.compress(bytes(2**28)),
        headers={"Content-Encoding": "zstd", "Content-Type": NDJSON},
    ),
    "a deep line": lambda _: web.Response(body=b"[" * 10**6, content_type=NDJSON),
}


async def test_an_answer_that_is_none_is_told_in_words_and_nothing_is_taken(
    laptop, monkeypatch
):
    monkeypatch.setattr("collector.client.retry.DELAYS_S", (0.0,))
    before = await shown(laptop)
    for name, lie in LIES.items():
        laptop.between.lie = lie
        code, said = await laptop("sync")
        assert code in {3, 4}, (name, said)
        assert "error: " in said, (name, said)
        assert "defect" not in said, (name, said)
        assert await shown(laptop) == before, name
    laptop.between.lie = None
    assert (await laptop("sync"))[0] == 0
    assert await shown(laptop) == before


async def test_a_scope_that_takes_everything_away_asks_first(laptop, server):
    before = await shown(laptop)
    laptop.between.lie = scope()
    code, said = await laptop("sync")
    assert code == 4, said
    assert re.search(r"take away 12\d of 12\d records of project HF", said), said
    assert "permille sync --accept-removals" in said
    assert await shown(laptop) == before
    laptop.between.lie = None
    assert (await laptop("sync"))[0] == 0
    laptop.between.lie = scope()
    assert (await laptop("sync", "--accept-removals"))[0] in {0, 1}
    assert "P7" not in await shown(laptop)


PAGES = {
    "that are empty": lambda lines: [lines[0], {"k": "end", "more": True}],
    "that say the same": lambda lines: [*lines[:-1], lines[-1] | {"more": True}],
}


@pytest.mark.parametrize("page", PAGES)
async def test_pages_without_end_come_to_an_end(laptop, monkeypatch, page):
    assert (await laptop("sync"))[0] == 0
    monkeypatch.setattr(session, "PAGES", 50)
    laptop.between.lie, laptop.between.asked = PAGES[page], 0
    code, said = await laptop("sync")
    assert (code, "page after page" in said) == (4, True), said
    assert laptop.between.asked <= 51
    laptop.between.lie = None
    assert (await laptop("sync"))[0] == 0


async def test_rows_without_end_come_to_an_end_and_what_came_is_kept(
    laptop, monkeypatch
):
    assert (await laptop("sync"))[0] == 0
    monkeypatch.setattr(session, "PAGES", 30)

    def more_rows(lines):
        number = laptop.between.asked
        plot = {
            "k": "row",
            "q": 10**6 + number,
            "t": "plot",
            "f": {"code": f"N{number}"},
        }
        plot["r"] = f"0190a000-0000-7000-8000-{number:012x}"
        plot["s"] = more_rows.project
        return [*lines[:-1], plot, lines[-1] | {"more": True}]

    _, said = await laptop("project", "list", "--json")
    more_rows.project = json.loads(said)[0]["id"]
    laptop.between.lie, laptop.between.asked = more_rows, 0
    code, said = await laptop("sync")
    assert (code, "what came is kept" in said) == (4, True), said
    assert "N20" in await shown(laptop)
