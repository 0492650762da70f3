"""The page of a laptop opens for who started it, and for nobody else."""

import asyncio
import re
import subprocess

import pytest
from aiohttp import ClientSession

from tests.faults.homes import Laptop
from tests.processes import PERMILLE, run, stop, until
from tests.unit.collector.test_core_asked import CTRL_C, Terminal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    return Laptop(tmp_path_factory.mktemp("ui") / "laptop")


@pytest.fixture(scope="module")
def address(laptop):
    """What `permille ui` prints: the address that opens once."""
    process = subprocess.Popen(
        laptop.command("ui", "--no-browser"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield re.search(r"http://\S+", until(process.stdout.readline))[0]
    assert stop(process) == 0


@pytest.fixture
def base(address):
    return address.partition("/open")[0]


async def asked(url, method="GET", **options):
    """Return status, headers and text of one answer."""
    async with (
        ClientSession() as session,
        session.request(method, url, allow_redirects=False, **options) as answer,
    ):
        return answer.status, answer.headers, await answer.text()


@pytest.fixture(scope="module")
def session(address):
    """The cookie that the printed address becomes."""
    status, headers, _ = asyncio.run(asked(address))
    assert (status, headers["Location"]) == (303, "/")
    said = headers["Set-Cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Strict" in said
    return {"Cookie": said.partition(";")[0]}


async def test_without_the_session_nothing_is_shown(base):
    for path in ("/", "/sync", "/bags", "/sync/state"):
        status, _, said = await asked(base + path)
        assert status == 403
        assert "permille ui" in said


async def test_the_address_opens_once(address, session):
    assert session
    status, _, said = await asked(address)
    assert status == 403
    assert "used already" in said
    assert (await asked(address[:-1] + "0"))[0] == 403


async def test_each_answer_says_that_nothing_comes_from_elsewhere(base, session):
    for path, wanted in (("/sync", 200), ("/static/style.css", 200), ("/none", 404)):
        status, headers, _ = await asked(base + path, headers=session)
        assert status == wanted
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


async def test_a_name_that_points_here_is_refused(base, session):
    """DNS may say of any name that it is 127.0.0.1."""
    port = base.rpartition(":")[2]
    for host in (f"evil.example:{port}", "127.0.0.1", f"127.0.0.1.evil.example:{port}"):
        status, _, _ = await asked(base + "/sync", headers=session | {"Host": host})
        assert status == 421
    named = session | {"Host": f"localhost:{port}"}
    assert (await asked(base + "/sync", headers=named))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_form_of_another_page_is_refused(base, session, headers):
    status, _, _ = await asked(
        base + "/language", "POST", headers=session | headers, data={"code": "fr"}
    )
    assert status == 403


async def test_a_form_of_the_page_is_taken(base, session):
    own = session | {"Origin": base, "Referer": f"{base}/bags?q=x"}
    status, headers, _ = await asked(
        base + "/language", "POST", headers=own, data={"code": "es"}
    )
    assert (status, headers["Location"]) == (303, "/bags")
    _, _, said = await asked(base + "/sync", headers=session)
    assert '<html lang="es">' in said


async def test_what_cannot_be_done_is_said_and_leads_back(base, session):
    own = session | {"Origin": base, "Referer": f"{base}/sync"}
    status, _, said = await asked(
        base + "/sync/decide", "POST", headers=own, data={"record": "x"}
    )
    assert status == 422
    assert 'href="/sync"' in said


def test_one_home_has_one_page(address, laptop):
    assert address
    done = laptop.run("ui", "--no-browser")
    assert done.returncode == 5
    assert "open already" in done.stderr


def test_a_port_that_is_taken_is_said(address, tmp_path):
    other = Laptop(tmp_path / "other")
    port = re.search(r":(\d+)/", address)[1]
    done = other.run("ui", "--no-browser", "--port", port)
    assert done.returncode == 4
    assert f"port {port} is taken" in done.stderr
    assert "--port" in done.stderr


def test_a_passphrase_is_asked_once(tmp_path, monkeypatch):
    words = ("--home", tmp_path / "lap", "init", "--name", "lap", "--encrypt")
    with monkeypatch.context() as there:
        there.setenv("PERMILLE_PASSPHRASE", "a meadow in June")
        run(PERMILLE, *words, check=0)
    asking = Terminal(tmp_path / "lap", "ui", "--no-browser")
    asking.answer("Passphrase", "a meadow in June")
    asking.wait_for("the page is open at")
    asking.type(CTRL_C)
    assert asking.end() == 0
    assert asking.said.count("Passphrase") == 1


def test_without_a_laptop_nothing_is_made_and_it_is_said_how_to_begin(tmp_path):
    done = run(PERMILLE, "--home", tmp_path / "none", "ui", "--no-browser")
    assert done.returncode == 4
    assert "permille init" in done.stderr
    assert not (tmp_path / "none").exists()
