"""The daily check asks for as many rows at once as a page has, and mends them all."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from collector.cli.root import cli
from collector.clock import Clock
from collector.config import Home
from collector.laptop.open import opened
from schemas import limits
from server.access.enrolment import issue_code
from server.clock import Clock as ServerClock
from tests.laptop import new_id

PLOTS = 300


@pytest.mark.parametrize("bound", ["REPAIR_ROWS", "REPAIR_BYTES"])
async def test_rows_that_differ_are_fetched_in_parts(
    server, tmp_path, monkeypatch, bound
):
    author = await server.laptop("author")
    for number in range(PLOTS):
        author.add("plot", {"code": f"P{number}", "area_ha": 1.0})
    await author.sync()
    other = await server.laptop("other")
    other.draft("plot", new_id(), {"code": "P1"})
    await other.sync()
    code, _ = await server.ask(
        lambda store: issue_code(store, ServerClock(), (server.project_id,), "a")
    )

    def laptop(*words):
        done = CliRunner().invoke(cli, ["--home", str(tmp_path / "a"), *words])
        assert done.exit_code in {0, 1}, (words, done.output)
        # The server of this process logs to the same place.
        said = done.stdout.splitlines()
        return "\n".join(line for line in said if not line.startswith("20"))

    def live():
        laptop("init", "--name", "a", "--person", "Ada")
        laptop("enrol", server.url, code)
        laptop("sync")
        with opened(Home(tmp_path / "a"), Clock(), lambda: "") as found:
            found.store._db.execute(
                "UPDATE item SET seq = NULL, base_fields = NULL, base_deleted = NULL WHERE number % 2 = 0"
            )
        monkeypatch.setattr(limits, bound, 20 if bound == "REPAIR_ROWS" else 500)
        return json.loads(laptop("sync", "--check", "--json"))

    report = await asyncio.to_thread(live)
    assert report["repaired"] == (PLOTS + 1) // 2
    assert report["requests"] > 10, "as one part of 32 buckets each they were 6"
    shown = await asyncio.to_thread(laptop, "plot", "list", "--json")
    assert len(json.loads(shown)) == PLOTS
