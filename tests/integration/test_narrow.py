"""Every command of both programs on a screen of 80 characters: no line is wider."""

import pytest
from click.testing import CliRunner

from collector.cli import output
from collector.cli.root import cli
from server.cli import common, main
from tests.integration.test_raw_characters import (
    LAPTOP,
    SERVER,
    lines,
    places,  # noqa: F401 - a fixture
)
from tests.unit.test_tables_fit import modules

pytestmark = pytest.mark.slow

WIDTH = 80


def too_wide(said):
    """Return the lines that a screen breaks itself, but for what cannot be broken."""
    for line in said.splitlines():
        if len(line) <= WIDTH or line.lstrip().startswith(("{", "[", "->", "or ")):
            continue
        words = line.split()
        # A path, a hash or a command to type is one thing.
        is_typed = "permille" in line
        if max(map(len, words)) < WIDTH // 2 and not is_typed:
            yield line


@pytest.mark.parametrize("side", ["server", "laptop"])
def test_no_line_is_wider_than_the_screen(places, tmp_path, monkeypatch, side):  # noqa: F811
    for module in {*modules(), output, common}:
        if hasattr(module, "screen_width"):
            monkeypatch.setattr(module, "screen_width", lambda **_: WIDTH)
    root, table = (main, SERVER) if side == "server" else (cli, LAPTOP)
    place = ("--data", places[0]) if side == "server" else ("--home", places[1])
    found = {}
    # What completes commands is a program for a shell.
    typed = [words for words in lines(table, tmp_path) if words[0] != "completion"]
    for words in typed:
        done = CliRunner().invoke(root, [*map(str, place), *words], input="")
        if wide := list(too_wide(done.output)):
            found[" ".join(words)] = wide
    assert not found, "\n".join(f"{k}: {line}" for k, v in found.items() for line in v)
