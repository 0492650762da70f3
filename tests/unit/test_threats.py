"""Each threat names the tests that prove what stands against it; they are there."""

import ast
import re

import pytest

from tests.ways import ROOT

PAGE = (ROOT / "docs" / "threats.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))


@pytest.mark.parametrize(("file", "test"), NAMED, ids="::".join)
def test_a_test_that_proves_something_is_there(file, test):
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    names = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    assert test in names or (not test and any(n.startswith("test_") for n in names))


def test_each_threat_has_one():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    threats = [row for row in rows if not row.startswith("| threat |")]
    assert len(threats) > 30
    assert [row for row in threats if "`tests/" not in row] == []
