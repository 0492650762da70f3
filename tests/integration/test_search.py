"""Search on the server, beside a server that runs and without one."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main


@pytest.fixture
async def told(server):
    """A server with a project that has things to find."""
    north = await server.laptop("north")
    north.add("plot", {"code": "P1", "name": "Près de la haie", "farm": "Müller"})
    north.add("plot", {"code": "HF-2026-1", "note": "très humide"})
    campaign = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    north.add("campaign", campaign | {"crew": ["Ada Diallo", "Bo"]})
    assert set((await north.sync()).outcomes) == {"accepted"}
    return server


async def found(server, *words, code=0):
    given = ["--data", str(server.data.path), "search", *words]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == code, done.output
    return done


async def names(server, *words):
    said = json.loads((await found(server, *words, "--json")).stdout)
    return sorted(one["name"] for one in said)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["humide"], ["HF-2026-1"]),
        (["TRES", "hum"], ["HF-2026-1"]),
        (["hf-2026"], ["HF-2026-1"]),
        (["muller"], ["P1"]),
        (["diallo"], ["2026"]),
        (["haie", "Bo"], []),
        (["2026", "--type", "campaign"], ["2026"]),
        (["AND"], []),
        (['"; DROP'], []),
        (["humide", "--project", "HF"], ["HF-2026-1"]),
    ],
)
async def test_words_find_codes_names_notes_and_people(told, words, wanted):
    assert await names(told, *words) == wanted


async def test_what_came_since_the_last_search_is_found(told):
    assert await names(told, "sec") == []
    south = await told.laptop("south")
    south.add("plot", {"code": "P9", "note": "sec"})
    await south.sync()
    assert await names(told, "sec") == ["P9"]


async def test_the_words_say_where_and_that_there_are_more(told):
    assert "[humide]" in (await found(told, "humide")).stdout
    said = await found(told, "2026", "--limit", "1")
    assert "there are more than 1" in said.stderr
    assert "nothing has all" in (await found(told, "nowhere")).stdout
    assert (
        "there is no project"
        in (await found(told, "x", "--project", "no", code=4)).output
    )
