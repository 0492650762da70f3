"""The folder of `make portable`: it runs where there is no Python."""

import json
import re
import subprocess
import sys
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from collector.cli.root import COMMANDS
from schemas.version import __version__
from tests.processes import run, stop, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

pytest.importorskip("PyInstaller", reason="the extra portable is missing")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Build the folder, put it somewhere else, and return its program."""
    out = tmp_path_factory.mktemp("portable")
    words = [sys.executable, "-m", "portable", "--out", out / "built"]
    subprocess.run(words, check=True, capture_output=True, timeout=800)
    (folder,) = (out / "built").iterdir()
    assert folder.name.startswith(f"permille-{__version__}-")
    moved = folder.rename(out / "copied to a laptop é")
    return moved / "permille"


@pytest.fixture
def there(program, tmp_path):
    """Return what runs the program where neither Python nor anything else is found."""
    environment = {
        "PATH": str(tmp_path / "none"),
        "HOME": str(tmp_path),
        "PERMILLE_HOME": str(tmp_path / "lap"),
        "LANG": "C.UTF-8",
    }

    def typed(*words, code=0):
        return run([program], *words, check=code, env=environment, cwd=tmp_path)

    typed.environment = environment
    return typed


def test_it_says_which_it_is(there):
    assert there("--version").stdout == f"permille, version {__version__}\n"


def test_every_command_is_in_it(there):
    for name in COMMANDS:
        assert "Usage: permille" in there(name, "--help").stdout


def test_a_core_is_recorded_printed_and_shown_on_the_page(there, program, tmp_path):
    there("init", "--name", "lap", "--person", "Ada Diallo")
    there("project", "add", "--code", "P", "--title", "Łódź")
    there("plot", "add", "--code", "HF")
    begun = ("--start-date", "today", "--purpose", "baseline")
    there("campaign", "add", "--name", "now", *begun)
    there("core", "add", "HF/1", "10=A12:261", "--new-point")
    there("label", "sheet", "--for", "HF", "--out", "labels.pdf")
    assert (tmp_path / "labels.pdf").read_bytes().startswith(b"%PDF")
    there("export", "xlsx", "hf.xlsx")
    extras = {one["part"]: one["health"] for one in findings(there)}
    assert extras["extra ui"] == extras["extra labels"] == "good"
    assert extras["printer fonts"] == extras["database"] == "good"
    page = subprocess.Popen(
        [program, "ui", "--no-browser"],
        env=there.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        address = re.search(r"http://\S+", until(page.stdout.readline))[0]
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        for path, said in (
            ("", "HF"),
            ("plot?code=HF", "HF"),
            ("static/core.js", "//"),
        ):
            url = address if not path else f"{address.partition('open?')[0]}{path}"
            assert said in shown(browser, url)
        french = {"Accept-Language": "fr"}
        browser.addheaders = list(french.items())
        assert '<html lang="fr">' in shown(browser, address.partition("open?")[0])
    finally:
        assert stop(page) == 0


def shown(browser, url):
    """Return what a page says, also what it says of a defect."""
    try:
        with browser.open(url) as answer:
            return answer.read().decode()
    except HTTPError as error:
        return error.read().decode()


def findings(there):
    return json.loads(there("doctor", "--json", code=1).stdout)


def test_what_is_not_in_it_is_said_without_pip(there, tmp_path):
    there("init", "--name", "lap")
    there("project", "add", "--code", "P", "--title", "T")
    (tmp_path / "plots.gpkg").write_bytes(b"SQLite format 3\0" + bytes(84))
    said = there("import", "places", "plots.gpkg", code=4).stderr
    assert "portable" in said
    assert "pip install" not in said
