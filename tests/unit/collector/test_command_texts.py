"""Each text of a command is there in each language; translated modules print no other."""

import ast
import re
from io import BytesIO

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from collector.cli.root import COMMANDS
from collector.record.custody import STEPS
from schemas.record_words import TYPE_WORDS, counted_records
from schemas.records import TYPES
from schemas.speech.languages import LANGUAGES
from schemas.vocabulary import CUSTODY_STEP
from tests.corpus import FIXTURES

ROOT = FIXTURES.parent
OTHERS = [code for code in LANGUAGES if code != "en"]
#: What is typed is the same in every language, and so is what is filled in.
TYPED = re.compile(rf"permille (?:{'|'.join(COMMANDS)})\b|--[a-z-]+")
FILLED_IN = re.compile(r"\{(\w+)\}")
#: The page has texts of its own: test_languages.py.
METHODS = [("web/**", "ignore"), ("**.py", "python")]

#: Modules that are translated as a whole: whatever they print or refuse is a phrase.
WHOLE = """
collector/cli: app asking core core_asking core_told custody doctor draft edge home label options
 output plan position progress review saved_told speaking sync sync_files sync_report today waiting
 undo warnings where
collector/client: between
collector/fix: fixing
collector/laptop: address
collector/store: lock
collector/labels: checking extra files
collector/plan: visits
collector/position: address fix here receivers sources
collector/record: core_checks core_defaults core_entry core_undo custody entry field_drafts field_place
 holes local_day names
collector/sync: doctor status
schemas/gis: extra
schemas: record_words
schemas/labels: scans
schemas/sampling: advice
schemas/speech: languages
schemas/undo: lists plan told
"""
#: What prints or refuses; the words of each argument but these are for people.
SAYS = {
    *("say", "fact", "agreed", "confirmed", "named", "followed", "echo", "UsageError"),
    *("RefusedError", "NotFoundError", "TableForm", "prose", "HealthFinding", "Kept"),
}
NOT_SAID = {"indent", "code", "err", "yes", "default"}
#: Two letters side by side make a word; a command is typed in any language.
WORD = re.compile(r"[^\W\d_]{2}")
IS_TYPED = re.compile(r"permille [^;]*|--[a-z-]+|\b[A-Z]+\b|\bid\b")


@pytest.fixture(scope="module")
def texts():
    """Return what commands say in English; of a plural, its two forms."""
    return {
        found[1]
        for room in ("collector", "schemas")
        for found in extract_from_dir(str(ROOT / room), METHODS)
        for found in [(found[0], found[2])]
    }


def catalogue(code):
    path = ROOT / "collector" / "speech" / "texts" / "commands" / f"{code}.po"
    found = read_po(BytesIO(path.read_bytes()), code, abort_invalid=True)
    return {message.id: message.string for message in found if message.id}


@pytest.mark.parametrize("code", OTHERS)
def test_each_text_of_a_command_is_translated_with_all_that_is_filled_in(code, texts):
    there = catalogue(code)
    assert there.keys() == texts
    for asked, said in there.items():
        forms = [asked] if isinstance(asked, str) else [*asked]
        every = [said] if isinstance(said, str) else [*said]
        assert len(every) == len(forms), asked
        for one in every:
            assert one.strip(), asked
            assert set(FILLED_IN.findall(one)) == set(FILLED_IN.findall(forms[-1]))
            assert set(TYPED.findall(one)) == set(TYPED.findall(forms[-1]))
            assert len(one) - len(one.lstrip()) == len(forms[0]) - len(
                forms[0].lstrip()
            )


@pytest.mark.parametrize("code", OTHERS)
def test_heads_of_facts_have_room(code):
    """They stand in ten letters, so that what is said of them stands in one column."""
    there = catalogue(code)
    heads = {
        call.args[0].args[0].value
        for name in ("home", "today")
        for call in calls(ROOT / "collector" / "cli" / f"{name}.py")
        if call_name(call) == "fact"
    }
    assert len(heads) > 15
    assert {there[head] for head in heads if len(there[head]) > 10} == set()


def test_each_type_and_each_step_has_words():
    assert TYPE_WORDS.keys() == TYPES.keys()
    assert all(counted_records(name, 2).startswith("2 ") for name in TYPES)
    assert STEPS.keys() == set(CUSTODY_STEP.codes)


def whole():
    for line in WHOLE.replace("\n ", " ").strip().splitlines():
        room, names = line.split(":")
        for name in names.split():
            yield ROOT / room / f"{name}.py"


def calls(path):
    return [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]


def call_name(call):
    return getattr(call.func, "id", None) or getattr(call.func, "attr", None)


def bare(node):
    """Return the words of a text that no catalogue has."""
    match node:
        case ast.Constant(value=str(text)):
            found = [text]
        case ast.JoinedStr():
            found = [one.value for one in node.values if isinstance(one, ast.Constant)]
        case ast.IfExp():
            found = [*bare(node.body), *bare(node.orelse)]
        case ast.BoolOp():
            found = [text for one in node.values for text in bare(one)]
        case ast.List() | ast.Tuple():
            found = [text for one in node.elts for text in bare(one)]
        case ast.Call() if call_name(node) == "joined":
            found = [text for one in node.args for text in bare(one)]
        case _:
            found = []
    return [text for text in found if WORD.search(IS_TYPED.sub("", text))]


def test_a_bare_text_is_found():
    for code in ('say("saved")', 'say(x or f"saved {y}")', 'say(joined(["no", x]))'):
        (call, *_others) = calls_of(code)
        assert bare(call.args[0]), code
    (call, *_others) = calls_of('say(_("saved"), f"permille {x}")')
    assert not [*bare(call.args[0]), *bare(call.args[1])]


def calls_of(code):
    return [one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Call)]


@pytest.mark.parametrize("path", list(whole()), ids=lambda path: path.stem)
def test_a_translated_module_says_phrases_alone(path):
    found = [
        (call.lineno, text)
        for call in calls(path)
        if call_name(call) in SAYS
        for argument in said_of(call)
        for text in bare(argument)
    ]
    assert found == []


def said_of(call):
    # The title of a table is for tests.
    first = 1 if call_name(call) == "TableForm" else 0
    named = [one.value for one in call.keywords if one.arg not in NOT_SAID]
    return [*call.args[first:], *named]
