"""A copy of the records in a browser: read by Datasette, private, and gone afterwards."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from schemas.export.views import FILES
from tests.processes import PERMILLE_SERVER, run, typed

NAME = "permille-look-*"


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    """Copies lie where those of other tests do not."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def copies():
    return sorted(Path(os.environ["TMPDIR"]).glob(NAME))


@contextmanager
def looking(data, *words, ends_with=signal.SIGINT):
    """Run the command; give what it says first, stop it by its id."""
    command = [*PERMILLE_SERVER, "--data", str(data), "look", "--json", *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        said = ""
        while not said.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        yield json.loads(said)
    finally:
        os.kill(process.pid, ends_with)
        process.communicate(timeout=30)
    assert process.returncode == 0


def ask(url, method="GET"):
    with urlopen(Request(url, method=method), timeout=30) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read())


@pytest.mark.parametrize("ends_with", [signal.SIGINT, signal.SIGTERM])
async def test_a_copy_is_shown_on_this_machine_and_removed_afterwards(
    server, ends_with
):
    north = await server.laptop("north")
    for n in range(3):
        north.add("plot", {"code": f"P{n}", "note": f"clay beside the mill {n}"})
    await north.sync()
    before = copies()

    def look():
        with looking(server.data.path, "--project", "HF", ends_with=ends_with) as told:
            url = told["url"]
            assert url.startswith("http://127.0.0.1:")
            named = ask(f"{url}/permille/plots_named.json?_shape=array")
            assert [row["project"] for row in named] == ["HF"] * 3
            found = ask(f"{url}/permille/plots.json?_search=mill&_shape=array")
            assert len(found) == told["rows"]["plots"] == 3
            for source, _ in FILES.values():
                ask(f"{url}/permille/{source}.json?_size=1&_shape=array")
            (made,) = set(copies()) - set(before)
            assert made.stat().st_mode & 0o077 == 0
            with pytest.raises(HTTPError):
                ask(f"{url}/permille/-/insert", "POST")
            with pytest.raises(HTTPError):
                ask(f"{url}/permille.json?sql=delete+from+plots")
        with pytest.raises(OSError, match="refused"):
            ask(url)

    await asyncio.to_thread(look)
    assert copies() == before


async def test_a_port_in_use_is_said_so(server):
    port = int(server.url.rpartition(":")[2])
    words = ("--data", server.data.path, "look", "--port", port)
    done = await asyncio.to_thread(run, PERMILLE_SERVER, *words, check=4)
    assert "choose another --port" in done.stderr
    assert copies() == []


def test_without_datasette_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasette", None)
    done = typed(tmp_path, "look", code=4)
    assert "pip install 'permille[look]'" in done.output
