"""The seeded bugs still fit the code that they are put into."""

import re

import pytest

from tests.mutants import MUTANTS, ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_seeded_bug_has_one_place_in_the_code(mutant):
    text = (ROOT / mutant.file).read_text("utf-8")
    assert text.count(mutant.sound) == 1
    assert mutant.sound != mutant.broken


def test_the_documentation_lists_each_seeded_bug_once():
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    section = page.split("### Seeded bugs\n")[1].split("\n## ")[0]
    listed = re.findall(r"^- (.+)$", section, re.MULTILINE)
    assert sorted(listed) == sorted(mutant.name for mutant in MUTANTS)
