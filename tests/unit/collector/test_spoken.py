"""Commands speak the language of who types them; programs are told the same in all."""

import re
import sys

import pytest

from schemas.phrases import Phrase, _, figure, joined, ngettext
from schemas.speech.languages import LANGUAGES
from tests.processes import PERMILLE, run
from tests.unit.collector.test_core_asked import Terminal

OTHERS = [code for code in LANGUAGES if code != "en"]
CHOOSES = ("PERMILLE_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
LEFT = {"en": "left", "fr": "restent", "es": "quedan", "pt": "faltam"}

#: A field day without the dialogue: what is saved, refused, odd, missing and waiting.
DAY = """
core add P1/1 10=A12:261,5 20=A13:2 A12:3 --person Ada
core add P1/1 A99
core add P9/1 A99
skip add P1/2 --because flooded
skip add P1/2 --because flooded
skip add P1/9 --because flooded
today
plan
plan --near here
where A12
where A77
custody add boxed --box B1 A12 A77
where A12
where B1
label check A12 K7F-0421-1
label read K7F-0421-1
label sheet --out x.pdf
position --average many
position --from nowhere
warnings
warnings explain sample A12 nothing --why so
fix
fix A12
fix --discard
sync
status
doctor
today --date someday
core undo P1/3
core undo --yes
draft list
undo --list
undo --since yesterday
undo --since someday
undo
language
"""
#: What is typed, kept with a change or comes from a person, codes, and details in brackets,
#: stay as they are.
AS_IT_IS = re.compile(
    r"permille .*|-> .*|--[a-z-]+|\([^()]*\)|\[[a-z_]+\]|'[^']*'|\S*/\S*|flooded|nothing$"
    r"|English|[a-z]+(?:-[a-z0-9]+)+|nowhere|here|someday|python -m \S+|gpsd:\S*|of core \S+"
)
#: Words without which hardly a sentence is English.
ENGLISH = re.compile(
    r"\b(the|and|of|with|is|are|was|not|no such|there|this|that|saved|kept|left|next|to"
    r"|nothing|warning|core|cores|bag|bags|point|points|at|it|for|has|from|which|done)\b"
)
#: Words of the others that are spelt so, too.
ALSO = {"fr": {"point", "points"}, "es": set(), "pt": set()}


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """A system that says nothing of languages."""
    for name in CHOOSES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def usual(permille):
    """A laptop of a project that says what a core usually is, with an open campaign."""
    permille("plot", "add", "--code", "P1")
    for code in "123":
        place = ("--lon", f"2.35{code}", "--lat", "48.85")
        permille("point", "add", "--plot", "P1", "--code", code, *place)
    permille(
        *("campaign", "add", "--name", "2026", "--purpose", "baseline"),
        *("--start-date", "2026-05-01", "--end-date", "2199-06-30"),
    )
    usual = ["--usual-tool", "auger", "--usual-diameter-mm", "50.5"]
    permille("project", "edit", "--layer-depths-cm", "10 20 30", *usual)
    return permille


def lines_of_day(permille, code):
    for line in DAY.strip().splitlines():
        done = permille("--lang", code, *line.split(), code=None)
        for said in (done.out + done.err).splitlines():
            yield line, said


@pytest.mark.parametrize("code", OTHERS)
def test_a_field_day_leaves_no_english(usual, code):
    left = [
        (typed, said)
        for typed, said in lines_of_day(usual, code)
        if set(ENGLISH.findall(AS_IT_IS.sub("", said))) - ALSO[code]
    ]
    assert left == []


def test_english_is_found_where_it_is_left(usual):
    found = [
        said
        for _typed, said in lines_of_day(usual, "en")
        if ENGLISH.search(AS_IT_IS.sub("", said))
    ]
    assert len(found) > 40


@pytest.mark.parametrize("code", OTHERS)
def test_numbers_of_a_sentence_and_of_a_table_have_the_comma(usual, code):
    done = usual("--lang", code, "core", "add", "P1/1", "10.5=A12:261,5")
    assert "inner-diameter-mm 50,5" in done.out
    assert usual.json("sample", "show", "A12")["fields"]["field_mass_g"] == 261.5


READ = """
today
plan
status
where A12
label check A12
warnings
custody add boxed A77
skip add P1/9 --because wet
core add P1/1 A1
core add P1/2 --inner-diameter-mm wide
fix
fix A12
position --from nowhere
"""


def test_json_is_the_same_in_every_language_byte_for_byte(usual):
    usual("core", "add", "P1/1", "10=A12:261,5", "20=A13:2")
    for line in READ.strip().splitlines():
        words = [*line.split(), "--json"]
        said = {usual("--lang", code, *words, code=None).out for code in LANGUAGES}
        assert len(said) == 1, (line, said)
        assert said.pop().startswith(("{", "[")), line


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.slow
def test_a_core_is_asked_for_in_the_language(usual, code):
    """On 80 columns, with a decimal comma, and the yes of the language."""
    words = {
        "fr": (
            "Outil [auger]",
            "Diamètre intérieur, mm",
            "étiquette",
            "Enregistrer ?",
            "Carottes par sachet",
        ),
        "es": (
            "Herramienta [auger]",
            "Diámetro interior, mm",
            "etiqueta",
            "¿Guardar?",
            "Testigos por bolsa",
        ),
        "pt": (
            "Ferramenta [auger]",
            "Diâmetro interior, mm",
            "etiqueta",
            "Gravar?",
            "Testemunhos por saco",
        ),
    }[code]
    place = {"fr": "Point, comme", "es": "Punto, como", "pt": "Ponto, como"}[code]
    yes, mass = {"fr": "oui", "es": "s", "pt": "sim"}[code], " g ("
    terminal = Terminal(usual.home, "core", "add", lang=code)
    terminal.answer(place, "P1/2")
    terminal.answer(words[0], "")
    terminal.answer(f"{words[1]} [50,5]", "")
    terminal.answer(words[4], "")
    terminal.answer(f"0-10 cm, {words[2]}", "A12")
    terminal.answer(mass, "261,5")
    terminal.answer(f"10-20 cm, {words[2]}", "")
    terminal.answer(f"{words[3]} [", yes)
    assert terminal.end() == 0, terminal.said
    assert max(map(len, terminal.said.splitlines())) <= 80
    shown = re.sub(r"\[.*?\]", "", terminal.said)
    assert not set(ENGLISH.findall(AS_IT_IS.sub("", shown))) - ALSO[code], shown
    assert usual.json("sample", "show", "A12")["fields"]["field_mass_g"] == 261.5


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.slow
def test_lines_fit_on_80_columns_in_every_language(usual, code):
    usual("core", "add", "P1/1", "10=A12:261,5", "20=A13:2")
    for line in ("today", "plan", "status", "where A12", "warnings", "doctor", "fix"):
        terminal = Terminal(usual.home, *line.split(), lang=code)
        assert terminal.end() in {0, 1}, terminal.said
        wide = [
            said
            for said in terminal.said.splitlines()
            if len(said) > 80 and "permille" not in said and str(usual.home) not in said
        ]
        assert wide == [], line


@pytest.mark.parametrize("asked", ["xx", "de", "english", "fr-FR"])
def test_another_language_is_refused_with_the_four(usual, asked, monkeypatch):
    done = usual("--lang", asked, "today", code=2)
    assert all(f"{code} {name}" in done.err for code, name in LANGUAGES.items())
    monkeypatch.setenv("PERMILLE_LANG", asked)
    assert "PERMILLE_LANG" in usual("today", code=2).err
    assert usual("language", asked, code=2).err


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "fr"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "fr_CH.UTF-8"}, "fr"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "es_MX.UTF-8"}, "es"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "pt_BR"}, "pt"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:pt:en"}, "pt"),
        ({"LANG": "fr_FR.UTF-8", "PERMILLE_LANG": "es"}, "es"),
    ],
)
def test_the_system_says_which_language(usual, monkeypatch, variables, code):
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert LEFT[code] in usual("today").out


def test_a_laptop_remembers_its_language(usual, monkeypatch):
    assert "(spoken here)" in usual("language").out
    assert "Português (falado aqui)" in usual("language", "pt").out
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert LEFT["pt"] in usual("today").out
    assert LEFT["es"] in usual("--lang", "es", "today").out
    assert usual.json("language") == {
        "spoken": "pt",
        "remembered": "pt",
        "known": list(LANGUAGES),
    }
    usual("language", "en")
    assert LEFT["en"] in usual("today").out


def test_without_babel_english_is_spoken_and_nothing_stops(usual):
    script = "import sys; sys.modules['babel'] = None; from collector.cli import main; main()"
    without = [sys.executable, "-c", script, "--home", str(usual.home)]
    done = run([*without, "--lang", "fr"], "today", check=0)
    assert LEFT["en"] in done.stdout
    assert "needs the package babel; run: pip install 'permille[ui]'" in done.stderr
    done = run([*without], "language", "fr", check=4)
    assert "pip install 'permille[ui]'" in done.stderr
    assert run([*PERMILLE, "--home", str(usual.home)], "today", check=0).stderr == ""


def test_a_phrase_is_plain_english_until_it_is_said():
    said = _("{way} m to {point}", way=figure(2.345, 1), point="P1/2")
    assert (said, said.one) == ("2.3 m to P1/2", "{way} m to {point}")
    several = ngettext("{num} bag", "{num} bags", 3)
    assert joined([said, several]) == "2.3 m to P1/2, 3 bags"
    assert isinstance(said, Phrase)
