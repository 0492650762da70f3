"""What the pages for contributors name is where they say."""

import ast
import re
import tomllib

import pytest

from tests.ways import PAGE, ROOT, steps_of

PAGES = [
    *sorted((ROOT / "docs/contributing").glob("*.md")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
]
#: A folder, a file, or a function of one: `a/`, `a/b.py`, `a/b.py:f`, `a/b.py:C.m`.
NAMED = re.compile(
    r"`((?:[\w.-]+/)+|(?:[\w.-]+/)*[\w.-]+\.(?:py|toml|md|json|ndjson))`"
)
FUNCTION = re.compile(r"`([\w./-]+\.py):([\w.]+)`")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def definitions(tree, before=""):
    """Return the names of functions, classes and methods: f, C, C.m."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(before + node.name)
        if isinstance(node, ast.ClassDef):
            found |= definitions(node, f"{node.name}.")
    return found


@each_page
def test_every_path_that_is_named_exists(page):
    named = NAMED.findall(page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@each_page
def test_every_function_that_is_named_exists(page):
    missing = [
        f"{path}:{name}"
        for path, name in FUNCTION.findall(page.read_text("utf-8"))
        if not (ROOT / path).exists()
        or name not in definitions(ast.parse((ROOT / path).read_text("utf-8")))
    ]
    assert missing == []


@each_page
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_room_is_on_the_page():
    text = PAGE.read_text("utf-8")
    rooms = [
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for package in ("schemas", "collector", "server")
        for path in (ROOT / package).rglob("__init__.py")
    ]
    assert [room for room in rooms if f"| `{room}` |" not in text] == []


@pytest.mark.parametrize("package", ["collector", "server"])
def test_the_rooms_stand_in_the_order_in_which_they_may_import(package):
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = said["tool"]["importlinter"]["contracts"]
    (layers,) = (c["layers"] for c in contracts if c["id"] == f"{package}-layers")
    depth = {
        f"{package}/{name}": n
        for n, layer in enumerate(layers)
        for name in re.split(r" [|:] ", layer)
    }
    rows = re.findall(
        r"^\| `([\w/]+?)(?:/|\.py)`", PAGE.read_text("utf-8"), re.MULTILINE
    )
    shown = [depth[row] for row in rows if row in depth]
    assert len(set(shown)) == len([each for each in layers if "(" not in each])
    assert shown == sorted(shown)


def folders(names):
    return {name.rpartition("/")[0] for name in names}


def said_of(heading):
    """Return the numbers that the page says of a way before its first step."""
    section = PAGE.read_text("utf-8").split(f"## {heading}\n")[1]
    return [int(number) for number in re.findall(r"\d+", section.split("\n1. ")[0])]


def test_a_push_passes_24_modules_in_4_folders_at_most_as_the_page_says():
    """tests/integration/test_ways.py follows a push and finds these modules."""
    names = steps_of("The way of a push")
    server = [name for name in names if name.startswith("server/")]
    assert len(server) == len(set(server))
    assert [len(server), len(folders(server))] == said_of("The way of a push")
    assert len(server) <= 24
    assert len(folders(server)) <= 4


def test_a_sync_passes_12_files_in_4_folders_at_most_and_the_store_as_the_page_says():
    """tests/integration/test_ways.py follows a sync and finds these files."""
    names = steps_of("The way of a sync")
    assert len(names) == len(set(names))
    kept = [name for name in names if name.startswith("collector/store/")]
    others = [name for name in names if name not in kept]
    counts = [len(others), len(folders(others)), len(kept)]
    assert counts == said_of("The way of a sync")
    assert len(others) <= 12
    # docs/decisions/0017 says why not fewer.
    assert len(folders(others)) <= 4
