"""The seeded bugs still fit the code that they are put into."""

import pytest

from tests.mutants import MUTANTS, ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_seeded_bug_has_one_place_in_the_code(mutant):
    text = (ROOT / mutant.file).read_text("utf-8")
    assert text.count(mutant.sound) == 1
    assert mutant.sound != mutant.broken


def test_the_documentation_lists_each_seeded_bug():
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    assert [m.name for m in MUTANTS if m.name not in page] == []
