"""Every text of the desk is there in each language, with what is filled in."""

import re
from io import BytesIO

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from schemas.problem_kinds import CHAPTERS, KINDS
from schemas.speech.languages import LANGUAGES
from server.access.rights import Right, Role
from tests.corpus import FIXTURES

DESK = FIXTURES.parent / "server" / "desk"
METHODS = [("**/templates/**.j2", "jinja2"), ("**.py", "python")]
FILLED_IN = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def texts():
    """Return what pages say in English: theirs, of roles and rights, and what they refuse."""
    refused = {
        text
        for kind in CHAPTERS["The desk"]
        for text in (KINDS[kind].text, KINDS[kind].hint)
    }
    named = {one.value for one in (*Role, *Right)}
    return {each[2] for each in extract_from_dir(str(DESK), METHODS)} | refused | named


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_each_text_of_the_desk_is_translated(code):
    catalog = read_po(BytesIO((DESK / "texts" / f"{code}.po").read_bytes()), code)
    there = {message.id: message.string for message in catalog if message.id}
    assert there.keys() == texts()
    for asked, said in there.items():
        every = [said] if isinstance(said, str) else list(said)
        assert all(every), asked
        wanted = set(FILLED_IN.findall(asked if isinstance(asked, str) else asked[1]))
        assert all(set(FILLED_IN.findall(one)) == wanted for one in every), asked
