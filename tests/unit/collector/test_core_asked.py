"""A core asked for on a real terminal: few prompts, nothing lost."""

import os
import pty
import select
import sys
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.slow

#: What a person is asked at most for a core with three layers.
MOST_PROMPTS = 12
_PATIENCE_S = 40.0
CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    """A command on a pseudo terminal of 80 columns."""

    def __init__(self, home, *words, lang="en"):
        self.said = ""
        self.answered = 0
        self._seen = 0
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.environ |= {"COLUMNS": "80", "TERM": "dumb", "PERMILLE_LANG": lang}
            command = [sys.executable, "-m", "collector", "--home", str(home)]
            os.execv(sys.executable, [*command, *map(str, words)])  # noqa: S606 - on the terminal

    def wait_for(self, text):
        """Read until the terminal shows a text behind what was waited for before."""
        while text not in self.said[self._seen :]:
            assert self._read(), (text, self.said)
        self._seen = self.said.index(text, self._seen) + len(text)

    def answer(self, prompt, text):
        """Wait for a prompt, then type a line."""
        self.wait_for(prompt)
        self.answered += 1
        self.type(f"{text}\r")

    def type(self, keys):
        os.write(self._fd, keys.encode())

    def end(self):
        """Read to the end; return the exit code."""
        while self._read():
            pass
        _, status = os.waitpid(self._pid, 0)
        os.close(self._fd)
        return os.waitstatus_to_exitcode(status)

    def _read(self):
        ready, _, _ = select.select([self._fd], [], [], _PATIENCE_S)
        assert ready, self.said
        try:
            found = os.read(self._fd, 4096)
        except OSError:
            return False  # the other end was closed
        self.said += found.decode()
        return bool(found)


@pytest.fixture
def usual(permille):
    """A laptop of a project that says what a core usually is, with an open campaign."""
    permille("plot", "add", "--code", "P1")
    for code in "12":
        permille("point", "add", "--plot", "P1", "--code", code)
    permille(
        *("campaign", "add", "--name", "2026", "--purpose", "baseline"),
        *("--start-date", "2026-05-01", "--end-date", "2199-06-30"),
    )
    usual = ["--usual-tool", "auger", "--usual-diameter-mm", "50"]
    permille("project", "edit", "--layer-depths-cm", "10 20 30", *usual)
    return permille


@contextmanager
def asked(permille, *words, code=0):
    terminal = Terminal(permille.home, *words)
    yield terminal
    assert terminal.end() == code, terminal.said


def codes(permille):
    return [one["name"] for one in permille.json("sample", "list")]


def to_the_layers(terminal, point="P1/2"):
    terminal.answer("Point", point)
    terminal.answer("Tool [auger]", "")
    terminal.answer("Inner diameter, mm [50]", "")
    terminal.answer("Cores in one bag", "")


def test_a_core_of_three_layers_takes_twelve_prompts(usual):
    with asked(usual, "core", "add") as terminal:
        to_the_layers(terminal)
        for code, ends in (("A12", "0-10"), ("A13", "10-20"), ("A14", "20-30")):
            terminal.answer(f"{ends} cm, label", code)
            terminal.answer("mass as taken, g", "261")
        terminal.answer("From 30 cm", "")
        terminal.wait_for("mass g")
        terminal.answer("Save? [Y/n]", "")
    assert terminal.answered <= MOST_PROMPTS
    assert codes(usual) == ["A12", "A13", "A14"]
    assert max(map(len, terminal.said.splitlines())) <= 80
    core = usual.json("core", "show", "P1/2/2026/1")["fields"]
    assert (core["tool"], core["inner_diameter_mm"]) == ("auger", 50)


def test_a_wrong_answer_is_asked_again_and_costs_nothing_that_was_typed(usual):
    usual("core", "add", "P1/1", "A12")
    with asked(usual, "core", "add") as terminal:
        terminal.answer("Point", "P1/9")
        terminal.wait_for("there is no point P1/9")
        terminal.answer("A new point?", "n")
        terminal.answer("Point", "P1/2")
        terminal.answer("Tool [auger]", "spade")
        terminal.wait_for("not in the code list")
        terminal.answer("Tool [auger]", "corer")
        terminal.answer("Inner diameter", "")
        terminal.answer("Cores in one bag", "")
        terminal.answer("0-10 cm, label", "A12")
        terminal.wait_for("P1/1/2026/1")
        terminal.answer("0-10 cm, label", "12=A15")
        terminal.answer("mass as taken, g", "heavy")
        terminal.wait_for("a number was expected")
        terminal.answer("mass as taken, g", "261,5")
        terminal.answer("12-20 cm, label", "")
        terminal.answer("Save? [Y/n]", "")
    found = usual.json("sample", "show", "A15")["fields"]
    assert (found["depth_bottom_cm"], found["field_mass_g"]) == (12, 261.5)
    assert usual.json("core", "show", "P1/2/2026/1")["fields"]["tool"] == "corer"


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["interrupt", "end of input"])
def test_a_dialogue_that_is_cut_short_is_kept_and_goes_on(usual, key):
    with asked(usual, "core", "add", code=130) as terminal:
        to_the_layers(terminal)
        terminal.answer("0-10 cm, label", "A12")
        terminal.answer("mass as taken, g", "261")
        terminal.wait_for("10-20 cm, label")
        terminal.type(key)
        terminal.wait_for("kept as draft 1; to go on: permille draft finish 1")
    assert codes(usual) == []
    with asked(usual, "draft", "finish", "1") as terminal:
        terminal.answer("Tool [auger]", "")
        terminal.answer("Inner diameter", "")
        terminal.answer("Cores in one bag", "")
        terminal.answer("10-20 cm, label", "A13:262")
        terminal.answer("20-30 cm, label", "")
        terminal.answer("Save? [Y/n]", "")
    assert codes(usual) == ["A12", "A13"]
    assert usual.json("draft", "list") == []


def test_nothing_typed_leaves_no_draft(usual):
    with asked(usual, "core", "add", code=130) as terminal:
        terminal.wait_for("Point")
        terminal.type(CTRL_C)
    assert usual.json("draft", "list") == []


FORM = """
| survey |
| | type | name | label | hint | required | constraint | constraint_message | relevant |
| | note | hello | Look around | | | | | |
| | decimal | slope | Slope, % | of ten metres | yes | . <= 100 | 100 at most | |
| | select_one uses | use | Use | | | | | ${slope} > 10 |
| | text | why | Why ${slope} %? | | | | | ${slope} > 90 |
| choices |
| | list_name | name | label |
| | uses | crop | Crops |
"""


def test_what_the_project_asks_is_asked_after_the_layers(usual, tmp_path):
    form = tmp_path / "form.md"
    form.write_text(FORM, "utf-8")
    usual("questions", "add", form, "--write")
    with asked(usual, "core", "add") as terminal:
        to_the_layers(terminal)
        terminal.answer("0-10 cm, label", "A12")
        terminal.answer("mass as taken, g", "261")
        terminal.answer("10-20 cm, label", "")
        terminal.wait_for("Look around")
        terminal.wait_for("of ten metres")
        terminal.answer("Slope, %", "steep")
        terminal.wait_for("does not fit its question")
        terminal.answer("Slope, %", "101")
        terminal.wait_for("outside of what the form allows")
        terminal.answer("Slope, %", "12,5")
        terminal.wait_for("crop: Crops")
        terminal.answer("Use (may be left out)", "crops")
        terminal.answer("Save? [Y/n]", "")
    assert "Why" not in terminal.said
    found = usual.json("answer", "list")
    assert {one["name"]: one["fields"]["value"] for one in found} == {
        "P1/2/2026/1/slope": "12.5",
        "P1/2/2026/1/use": "crop",
    }
    with asked(usual, "answer", "add", "core", "P1/2/2026/1") as terminal:
        terminal.wait_for("nothing was answered")
