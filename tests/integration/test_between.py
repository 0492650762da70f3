"""What lies between laptop and server: each has words of its own, and loses nothing."""

import asyncio
import errno
import json
import socket
from contextlib import closing
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web
from click.testing import CliRunner

from collector.cli.app import App
from collector.cli.root import cli
from collector.client.files import BlobClient
from collector.client.http import HttpClient
from collector.clock import Clock
from collector.files.transfer import send_waiting
from collector.laptop.open import opened
from tests.between import Issuer, always, answering, proxying
from tests.faults.homes import Laptop, admin, init_server, write_table
from tests.processes import server_process

pytestmark = pytest.mark.slow

#: The first bytes of a JPEG: enough to be attached.
JPEG = b"\xff\xd8\xff\xe0" + bytes(15_000)
DOORS = ("enrol", "sync", "files")


class Quick(Clock):
    """Waits for nothing; may be days off."""

    def __init__(self, days=0):
        self.off = timedelta(days=days)

    def now(self):
        return super().now() + self.off

    async def pause(self, _seconds):
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    data = tmp_path_factory.mktemp("between") / "data"
    init_server(data)
    with server_process(data) as url:
        yield data, url


@pytest.fixture
def laptop(served, tmp_path, monkeypatch):
    """A laptop that is enrolled, with a change to send and a file that waits."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NO_PROXY", "no_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    data, url = served
    made = Laptop(tmp_path / "lap")
    made("enrol", url, code_of(data))
    made.json("sync")
    made("plot", "add", "--code", tmp_path.name)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(JPEG + str(tmp_path).encode())
    made("attach", tmp_path.name, photo, "--type", "plot")
    return made


def code_of(data):
    return json.loads(admin(data, "device", "code", "--project", "P", "--json"))["code"]


def at(laptop, address):
    """Make the laptop believe that its server is at another address."""
    store = laptop.store()
    store.set_settings({"server": address})
    store.close()


def typed(laptop, *words, days=0):
    given = ["--home", str(laptop.home), *map(str, words)]
    done = CliRunner().invoke(cli, given, obj=App(clock=Quick(days)))
    assert "Traceback" not in done.output
    return done


def knock(laptop, door, address):
    """Go to an address by one of the three doors; return exit code and words."""
    if door == "enrol":
        done = typed(laptop, "enrol", address, "AAAA-BBBB", "--another-server")
        return done.exit_code, done.stderr
    if door == "files":
        # The records are on the server: only the file is left to send.
        laptop.json("sync", "--no-attachments")
    at(laptop, address)
    if door == "sync":
        done = typed(laptop, "sync")
        return done.exit_code, done.stderr
    error = send_files(laptop)
    return error.exit_code, f"{error.text} {error.hint}"


def send_files(laptop):
    """Send what waits, as a sync does after its records."""
    app = App(clock=Quick()).at(str(laptop.home))
    with opened(app.home, app.clock, str, print) as open_laptop:
        done = asyncio.run(send_waiting(open_laptop, None, lambda *_: None))

    return done.stopped


ANSWERS = [
    (403, {}, "forbids the way", "another network"),
    (404, {}, "no Permille server at this address", "check the address"),
    (407, {}, "asks for a name and a password", "NAME:PASSWORD@HOST"),
    (429, {"Retry-After": "7"}, "tried less often", "wait a while"),
    (502, {}, "behind it was not", "try again"),
    (503, {}, "busy, or away", "try again"),
    (504, {}, "no answer in time", "try again"),
    (511, {}, "wants a login", "web browser"),
    (200, {}, "a web page answered", "web browser"),
    (302, {"Location": "https://login.example.org/x"}, "login.example.org", "browser"),
    (418, {}, "answered 418", "check the address"),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("status", "headers", "text", "hint"), ANSWERS)
def test_whoever_answers_instead_of_the_server_is_told_in_words(
    laptop, door, status, headers, text, hint
):
    with always(status, "<html>hello</html>", headers) as (port, asked):
        code, said = knock(laptop, door, f"http://127.0.0.1:{port}")
    assert code == 3, said
    assert text in " ".join(said.split())
    assert hint in " ".join(said.split())
    assert asked


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(laptop, door, status):
    with always(200, "{}", content_type="application/json") as (other, followed):

        async def elsewhere(request):
            place = f"http://127.0.0.1:{other}{request.path_qs}"
            return web.Response(status=status, headers={"Location": place})

        with answering(elsewhere) as port:
            code, said = knock(laptop, door, f"http://127.0.0.1:{port}")
    assert (code, followed) == (3, [])
    assert f"127.0.0.1:{other}" in said
    if status in {301, 308}:
        assert f"has moved to http://127.0.0.1:{other}" in said
        assert f"permille enrol --another-server http://127.0.0.1:{other} CODE" in said


def test_what_is_no_address_is_wrong_usage_wherever_the_laptop_is_enrolled(laptop):
    done = typed(laptop, "enrol", "soil.example.org", "AAAA-BBBB")
    assert (done.exit_code, "https://soil.example.org" in done.stderr) == (2, True)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("http://127.0.0.1:PORT", "Connection refused"),
        ("https://no-such-name.invalid", "name of the server no-such-name.invalid"),
        ("https://127.0.0.1:PORT", "Connection refused"),
    ],
)
def test_a_server_that_is_not_there_is_told_in_words(laptop, door, address, text):
    code, said = knock(laptop, door, address.replace("PORT", str(free_port())))
    assert code == 3
    assert text in said
    assert "Errno" not in said
    assert "ssl:" not in said


def test_a_laptop_without_a_network_is_told_so(laptop, monkeypatch):
    async def no_way(*_arguments, **_more):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr("aiohappyeyeballs.start_connection", no_way)
    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", no_way)
    code, said = knock(laptop, "sync", "http://127.0.0.1:9")
    assert (code, "no network that leads there" in said) == (3, True)


@pytest.mark.parametrize("door", DOORS)
def test_a_server_that_says_nothing_is_told_in_words(laptop, monkeypatch, door):
    monkeypatch.setattr(HttpClient, "silence_s", 0.2)
    monkeypatch.setattr(BlobClient, "silence_s", 0.2)
    asked = asyncio.Event()

    async def silence(request):
        await request.read()
        await asked.wait()
        return web.Response()

    with answering(silence) as port:
        code, said = knock(laptop, door, f"http://127.0.0.1:{port}")
    assert (code, "no answer in time" in said) == (3, True)


# Certificates ----------------------------------------------------------------------


CERTIFICATES = [
    ({"days": (-100, -1)}, True, "has expired", "clock"),
    ({"days": (1, 100)}, True, "is not valid yet", "clock"),
    ({"host": "other.example.org"}, True, "for another name than localhost", "address"),
    ({}, False, "of an issuer unknown here", "SSL_CERT_FILE=FILE"),
    ({"signed_by_itself": True}, False, "signed by itself", "SSL_CERT_FILE=FILE"),
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("made", "is_trusted", "text", "hint"), CERTIFICATES)
def test_a_certificate_that_is_no_proof_is_told_in_words(  # noqa: PLR0917
    laptop, tmp_path, monkeypatch, door, made, is_trusted, text, hint
):
    issuer, asked = Issuer(tmp_path), []

    async def answer(request):
        asked.append(request.path)
        return web.Response()

    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
    with answering(answer, issuer.context(**made)) as port:
        code, said = knock(laptop, door, f"https://localhost:{port}")
    assert (code, asked) == (3, [])
    assert text in said
    assert hint in said
    assert "_ssl.c" not in said


async def passed_on(request, url):
    """Hand a request to the real server, as a reverse proxy does."""
    body = await request.read()
    headers = {
        k: v
        for k, v in request.headers.items()
        if k not in {"Host", "Content-Encoding", "Content-Length"}
    }
    async with (
        ClientSession(auto_decompress=False) as session,
        session.request(
            request.method, url + request.path_qs, data=body, headers=headers
        ) as got,
    ):
        kept = {
            k: v
            for k, v in got.headers.items()
            if k not in {"Transfer-Encoding", "Content-Length"}
        }
        return web.Response(status=got.status, body=await got.read(), headers=kept)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_and_an_issuer_of_the_environment_are_used(
    laptop, served, tmp_path, monkeypatch, variable
):
    """The name exists nowhere: only through the proxy, and under the issuer, it is reached."""
    issuer, host = Issuer(tmp_path), "soil.example.org"

    async def answer(request):
        return await passed_on(request, served[1])

    with (
        answering(answer, issuer.context(host)) as port,
        proxying(port) as (proxy, seen),
    ):
        monkeypatch.setenv(variable, f"http://ada:secret@127.0.0.1:{proxy}")
        monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
        at(laptop, f"https://{host}")
        done = typed(laptop, "sync")
    assert done.exit_code == 0, done.output
    assert "1 attached file sent" in done.output
    assert seen[0].startswith(f"CONNECT {host}:443")
    assert "Proxy-Authorization: Basic" in seen[0]
    assert laptop.json("status")["pending"] == 0


def test_a_proxy_is_used_for_plain_http_too_and_not_where_it_is_excepted(
    laptop, served, monkeypatch
):
    host, port = served[1].removeprefix("http://").split(":")
    with proxying(int(port)) as (proxy, seen):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        assert typed(laptop, "sync").exit_code == 0
        assert seen[0].startswith(f"POST http://{host}:{port}/v1/sync")
        count = len(seen)
        monkeypatch.setenv("NO_PROXY", host)
        assert typed(laptop, "sync").exit_code == 0
        assert len(seen) == count


@pytest.mark.parametrize(
    ("refuse", "text"),
    [(407, "asks for a name and a password"), (403, "forbids the way")],
)
def test_a_proxy_that_refuses_is_told_by_its_name(laptop, monkeypatch, refuse, text):
    with proxying(free_port(), refuse) as (proxy, _):
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:secret@127.0.0.1:{proxy}")
        code, said = knock(laptop, "sync", "https://soil.example.org")
    assert code == 3
    assert f"the proxy 127.0.0.1:{proxy}" in said
    assert text in said
    assert "secret" not in said


def test_a_proxy_that_is_away_is_told_by_its_name(laptop, monkeypatch):
    port = free_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    code, said = knock(laptop, "sync", "https://soil.example.org")
    assert (code, f"the proxy 127.0.0.1:{port} was not reached" in said) == (3, True)
    assert "HTTPS_PROXY" in said


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("HTTPS_PROXY", "proxy.example.org:3128", "holds no address of a proxy"),
        ("SSL_CERT_FILE", "/no/such/file.pem", "which is no file"),
    ],
)
def test_a_variable_that_cannot_be_used_is_wrong_usage(
    laptop, monkeypatch, variable, value, text
):
    monkeypatch.setenv(variable, value)
    code, said = knock(laptop, "sync", "https://soil.example.org")
    assert (code, text in said) == (2, True)


# Sizes -----------------------------------------------------------------------------


def narrow(most, url, sizes):
    """Play a proxy that takes bodies of so many bytes at most."""

    async def answer(request):
        body = await request.read()
        if len(body) > most:
            return web.Response(
                status=413, text="<h1>413</h1>", content_type="text/html"
            )
        sizes.append(len(body))
        return await passed_on(request, url)

    return answering(answer)


def test_batches_and_files_shrink_to_what_a_proxy_takes(laptop, served, tmp_path):
    laptop(*write_table(tmp_path / "a.csv", "NARROW", 60))
    waiting = laptop.json("status")["pending"]
    sizes = []
    with narrow(6000, served[1], sizes) as port:
        at(laptop, f"http://127.0.0.1:{port}")
        done = typed(laptop, "sync", "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert (found["pushed"], found["pending"]) == (waiting, 0), done.output
        assert found["attachments"]["sent"] == 1
        requests = len(sizes)
        laptop("plot", "edit", "NARROW", "--note", "x")
        assert json.loads(typed(laptop, "sync", "--json").stdout)["pushed"] == 1
    assert max(sizes) <= 6000
    assert requests > 4
    with closing(laptop.store()) as store:
        kept = [int(store.setting(name)) for name in ("batch_bytes", "piece_bytes")]
    # Of lines before they are put in columns and packed.
    assert max(kept) < 20_000, "it is kept for the next sync"


def test_a_change_that_is_too_large_by_itself_is_named(laptop, served, tmp_path):
    name = tmp_path.name
    laptop.json("sync")
    note = "".join(chr(0x4E00 + i % 20000) for i in range(3900))
    laptop("plot", "edit", name, "--note", note)
    with narrow(1000, served[1], []) as port:
        code, said = knock(laptop, "sync", f"http://127.0.0.1:{port}")
    assert code == 3
    assert f"plot {name} cannot be sent in parts" in said
    assert "permille bundle export" in said
    assert laptop.json("status")["pending"] == 1


# The clock -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "word"), [(-40, "40 days behind"), (3, "3 days ahead")]
)
def test_a_clock_that_is_far_off_is_told_where_it_shows(served, tmp_path, days, word):
    laptop = Laptop(tmp_path / "lap")
    done = typed(laptop, "enrol", served[1], code_of(served[0]), days=days)
    assert f"this laptop's clock is {word}" in done.stderr
    assert f"clock is {word}" in typed(laptop, "sync", days=days).output
    wrong = typed(laptop, "enrol", served[1], "AAAA-BBBB", days=days)
    assert wrong.exit_code == 4
    assert word in wrong.stderr
