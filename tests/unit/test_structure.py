"""The house: what a newcomer may rely on in every file of the product."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from radon.complexity import cc_visit

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("schemas", "collector", "server")
#: A file that passes it is asking to be two.
MOST_LINES = 400
MOST_LINES_MEDIAN = 130
#: Branches of one function, loops inside comprehensions counted.
MOST_COMPLEX = 12
DEFINITIONS = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
#: Docstrings begin with an ordinary verb.
UNUSUAL = ("Give ", "Gives ", "Tell whether ", "Tells whether ", "Let ")


def modules(*packages):
    found = [path for name in packages for path in (ROOT / name).rglob("*.py")]
    assert found
    return found


def definitions(path):
    tree = ast.parse(path.read_text("utf-8"))
    return [tree, *(node for node in ast.walk(tree) if isinstance(node, DEFINITIONS))]


@pytest.mark.parametrize("package", PACKAGES)
def test_each_class_of_a_package_has_a_name_of_its_own(package):
    places = defaultdict(list)
    for path in modules(package):
        for node in definitions(path):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_docstrings_begin_with_ordinary_verbs():
    unusual = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path in modules(*PACKAGES, "demo", "benchmarks", "docs", "tests")
        for node in definitions(path)
        if (text := ast.get_docstring(node)) and text.startswith(UNUSUAL)
    ]
    assert unusual == []


def test_no_file_passes_comfort():
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in modules(*PACKAGES)
    }
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    lengths = sorted(lines.values())
    assert lengths[len(lengths) // 2] <= MOST_LINES_MEDIAN


@pytest.mark.parametrize(
    "room", ["server/flow", "server/exchange", "collector/core", "collector/flow"]
)
def test_the_corridors_of_before_are_gone(room):
    assert not (ROOT / room).exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_function_has_too_many_branches(package):
    found = {
        f"{path.relative_to(ROOT)}: {block.fullname}": block.complexity
        for path in modules(package)
        for block in cc_visit(path.read_text("utf-8"))
        if block.letter != "C" and block.complexity > MOST_COMPLEX
    }
    assert found == {}


def test_no_statement_of_the_server_replaces_a_row_behind_its_seal():
    """SQLite fires no trigger for the row that REPLACE takes away."""
    found = [p.name for p in modules("server") if "OR REPLACE" in p.read_text("utf-8")]
    assert found == []
