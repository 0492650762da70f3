"""Every text of the page is there in each language, with what is filled in."""

import re
from io import BytesIO

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from collector.web.languages import speech
from schemas.problem_kinds import CHAPTERS, KINDS
from schemas.problems import Problem
from schemas.speech.languages import LANGUAGES
from schemas.told import problem_line
from tests.corpus import FIXTURES

WEB = FIXTURES.parent / "collector" / "web"
SPEECH = FIXTURES.parent / "schemas" / "speech"
METHODS = [("**/templates/**.j2", "jinja2"), ("**.py", "python")]
COMMAND = re.compile(r"permille [a-z]+(?: [a-z]+)?|--[a-z-]+")
FILLED_IN = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def texts():
    """Return what the page says in English."""
    found = extract_from_dir(str(WEB), METHODS)
    return {each[2] for each in found}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_each_text_is_translated(code, texts):
    catalog = read_po(BytesIO((WEB / "texts" / f"{code}.po").read_bytes()), code)
    there = {message.id: message.string for message in catalog if message.id}
    assert there.keys() == texts
    for asked, said in there.items():
        every = [said] if isinstance(said, str) else list(said)
        assert all(every), asked
        wanted = set(FILLED_IN.findall(asked if isinstance(asked, str) else asked[1]))
        assert all(set(FILLED_IN.findall(one)) == wanted for one in every), asked


#: What no page of a laptop says: answers of the server, rows of tables, what phones sent.
ELSEWHERE = {
    *("Requests", "Warnings of tables"),
    *("Custody of phones", "Requests of phones", "The desk"),
}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_what_the_rules_say_is_translated(code):
    path = SPEECH / "texts" / "rules" / f"{code}.po"
    there = {
        one.id: one.string for one in read_po(BytesIO(path.read_bytes())) if one.id
    }
    said = [
        text
        for chapter, kinds in CHAPTERS.items()
        if chapter not in ELSEWHERE
        for kind in kinds
        for text in (KINDS[kind].text, KINDS[kind].hint)
    ]
    assert there.keys() == set(said)
    assert all(there.values())
    # A command is typed as it is in any language.
    for asked, words in there.items():
        assert set(COMMAND.findall(asked)) == set(COMMAND.findall(words))


def test_a_problem_is_said_in_the_language_of_the_page():
    odd = Problem("not_a_number", "area_ha", "two", "P 1")
    assert speech("fr").problem(odd) == (
        "area-ha = two: un nombre était attendu (P 1);"
        " donnez un nombre simple, comme 12.5"
    )
    assert speech("en").problem(odd) == problem_line(odd)


@pytest.mark.parametrize(
    ("code", "number", "day"),
    [
        ("en", "2.5", "Nov 30, 2026"),
        ("fr", "2,5", "30 nov. 2026"),
        ("es", "2,5", "30 nov 2026"),
        ("pt", "2,5", "30 de nov. de 2026"),
    ],
)
def test_numbers_and_days_are_written_as_a_language_does(code, number, day):
    own = speech(code)
    assert own.number(2.5) == number
    assert own.number(None) == ""
    assert own.day("2026-11-30") == day


def test_a_moment_is_shown_as_it_was_where_it_was_recorded():
    assert "09:05" in speech("fr").moment("2026-11-30T09:05:00+01:00")
