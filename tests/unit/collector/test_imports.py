"""What each command may import: a start is quick as long as it imports little."""

import json
import sys

import pytest

from collector.config import Home
from collector.laptop import settings
from collector.store.driver import read_key
from collector.store.sqlite import LaptopStore
from tests.processes import PERMILLE, run

pytestmark = pytest.mark.slow

#: Modules of Python that take milliseconds, and that some commands need.
HEAVY = {"asyncio", "email", "hashlib", "http", "shutil", "ssl", "statistics"}
#: Parts of the libraries that are named, and what site-packages brings along.
PARTS = {"backports", "cython_runtime", "typing_extensions", "sitecustomize"}

LOOKS = {"click", "sqlcipher3"}
WRITES = LOOKS | {"hashlib"}
JUDGES = {"marshmallow", "email"}
#: A sync speaks HTTP, reads what it is answered and signs what it sends.
SPEAKS = {
    *("aiohttp", "aiohappyeyeballs", "aiosignal", "attr", "frozenlist", "idna"),
    *("multidict", "propcache", "yarl", "asyncio", "http", "ssl", "filelock", "shutil"),
    *("cryptography", "orjson"),
}
BAG = ("--plot", "HF", "--point", "1", "--campaign", "2026", "--sample-code", "HF-1")
BEGUN = ("--start-date", "2026-05-01", "--purpose", "baseline")
ROUND = ("--campaign", "2026")
CORED = ("--sampled-at", "2026-05-03T10:15+02:00")
LAYER = ("--depth-top-cm", "0", "--depth-bottom-cm", "30")

#: A command, and what it may import of libraries and of HEAVY.
MAY = [
    (("--version",), set()),
    (("--help",), {"click", "hashlib", "shutil"}),
    (("status",), LOOKS | {"hashlib"}),
    (("person",), LOOKS),
    (("plot", "list"), LOOKS),
    (("sample", "list"), LOOKS),
    (("plot", "show", "HF"), LOOKS),
    (("search", "HF"), LOOKS),
    (("plan",), LOOKS | {"hashlib"}),
    (("position", "--help"), {"click", "shutil"}),
    (("warnings",), LOOKS),
    (("conflicts",), LOOKS),
    (("fix",), WRITES),
    (("stocks",), LOOKS),
    (("today",), LOOKS),
    (("language",), LOOKS),
    (("--lang", "fr", "today"), LOOKS | {"babel", "email", "shutil"}),
    (("draft", "list"), LOOKS),
    (("receipts",), LOOKS),
    (("sample", "add", *BAG, *LAYER), WRITES),
    (("plot", "edit", "HF", "--note", "dry"), WRITES),
    (("campaign", "delete", "2027", "--yes"), WRITES),
    (("sample", "add", *BAG, "--depth-top-cm", "deep"), WRITES | JUDGES),
    (("core", "hole", "HF/1", *ROUND), LOOKS),
    (("core", "add", "HF/1", "10=A1:261", "20=A2", "--another", *ROUND), WRITES),
    (("core", "undo", "--yes"), WRITES),
    (("sync",), WRITES | JUDGES | SPEAKS),
]

#: How those end that do not end well.
CODES = {("sync",): 3, ("sample", "add", *BAG, "--depth-top-cm", "deep"): 2}

SCRIPT = """
import json, sys
from collector.cli import main
try:
    main()
finally:
    found = {name.partition(".")[0] for name in sys.modules}
    print("\\n" + json.dumps(sorted(found)))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A laptop with a plan, enrolled at a server that is away."""
    place = tmp_path_factory.mktemp("imports")
    for words in (
        ("init", "--name", "lap-1"),
        ("project", "add", "--code", "P", "--title", "T"),
        ("plot", "add", "--code", "HF"),
        ("point", "add", "--plot", "HF", "--code", "1"),
        ("campaign", "add", "--name", "2026", *BEGUN),
        ("campaign", "add", "--name", "2027", *BEGUN),
        (
            *("core", "add", "--plot", "HF", "--point", "1", "--campaign", "2026"),
            *CORED,
        ),
    ):
        run(PERMILLE, "--home", place, *words, check=0)
    store = LaptopStore(Home(place).database, read_key(Home(place).key))
    key = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    away = {
        settings.SERVER: "http://127.0.0.1:9",
        settings.TOKEN: "x",
        settings.DEVICE: "0190a000-0000-7000-8000-0000000000aa",
        settings.PUBLIC_KEY: key,
        settings.SERVER_KEY: key,
    }
    store.set_settings(away)
    store.close()
    return place


@pytest.mark.parametrize(("words", "may"), MAY, ids=[" ".join(w) for w, _ in MAY])
def test_a_command_imports_no_more_than_it_needs(home, words, may):
    code = CODES.get(words, 0)
    where = () if words == ("--version",) else ("--home", home)
    done = run([sys.executable, "-c", SCRIPT], *where, *words, check=code)
    found = set(json.loads(done.stdout.splitlines()[-1]))
    found = {name for name in found if not name.startswith("_")}
    others = found - sys.stdlib_module_names - PARTS - {"collector", "schemas"}
    assert (others | (found & HEAVY)) <= may, done.stderr
