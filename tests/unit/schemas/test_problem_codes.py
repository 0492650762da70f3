"""Every problem code is said somewhere, once, in words that help."""

import re
from pathlib import Path

import pytest

from schemas.problem_kinds import CHAPTERS, KINDS, WARNINGS

ROOT = Path(__file__).parents[3]
SOURCES = [
    path
    for package in ("schemas", "collector", "server")
    for path in (ROOT / package).rglob("*.py")
    if path != ROOT / "schemas" / "problems.py"
]


def test_every_code_is_used_by_the_program():
    text = "\n".join(path.read_text("utf-8") for path in SOURCES)
    # from_data in problems.py itself says unknown_problem.
    unused = [c for c in KINDS if f'"{c}"' not in text and c != "unknown_problem"]
    assert unused == [], "say them where they happen, or remove them from problems.py"


@pytest.mark.parametrize("code", KINDS)
def test_a_code_says_what_is_wrong_and_what_to_do(code):
    kind = KINDS[code]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    for words in (kind.text, kind.hint):
        assert words.strip() == words
        assert words
        assert not words.endswith(".")
    assert 400 <= kind.status < 600


def test_every_code_stands_in_one_chapter():
    listed = [code for codes in CHAPTERS.values() for code in codes]
    assert sorted(listed) == sorted(KINDS)
    assert {
        code
        for chapter, codes in CHAPTERS.items()
        if chapter.startswith("Warnings")
        for code in codes
    } == WARNINGS
