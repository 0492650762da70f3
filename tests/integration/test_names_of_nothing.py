"""An empty name selects nothing, in any command that takes a name or the start of one."""

import asyncio

import click
import pytest
from click.testing import CliRunner

from collector.cli.root import cli
from server.cli import main
from tests.laptop import new_id

#: Options that name a record, a project or a laptop.
NAMING = ("project", "plot", "point", "campaign", "core", "sample", "organisation")
#: What a command wants besides, so that it comes to look at its names.
NEEDED = {
    ("device", "grant"): ("--project", ""),
    ("device", "withdraw"): ("--project", ""),
    ("contact", "erase"): ("--reason", "why", "--yes"),
    ("contact", "edit"): ("--name", "x"),
    ("contact", "consent", "add"): ("--purpose", "sampling", "--how", "paper"),
    ("contact", "consent", "withdraw"): ("--purpose", "sampling"),
    ("quarantine", "discard"): ("--reason", "why", "--yes"),
    ("inbox", "decide"): ("--choose", "keep", "--reason", "why", "--yes"),
    ("conflict", "resolve"): ("--keep", "--person", "Ada"),
}


def leaves(command, context, path=()):
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        inner = click.Context(found, parent=context, info_name=name)
        yield from leaves(found, inner, (*path, name))


def lines(root):
    """Return command lines with one empty name each."""
    for path, command in leaves(root, click.Context(root)):
        names = [p for p in command.params if isinstance(p, click.Argument)]
        if names:
            yield (*path, *("" for _ in names), *NEEDED.get(path, ()))
        for option in command.params:
            if isinstance(option, click.Option) and option.name in NAMING:
                yield (*path, *("A" for _ in names), option.opts[0], "")


def refused(root, place, words):
    done = CliRunner().invoke(root, [*place, *words], input="")
    assert isinstance(done.exception, SystemExit), (words, done.exception)
    return done.exit_code in {2, 4}


def taken(root, place, every):
    """Return the lines that were not refused."""
    return [words for words in every if not refused(root, place, words)]


async def test_no_command_of_a_server_takes_an_empty_name_for_everything(server):
    laptop = await server.laptop()
    laptop.add("plot", {"code": "A", "area_ha": 1.0})
    laptop.add("plot", {"code": "B", "area_ha": -1.0})
    plot = laptop.add("plot", {"code": "C", "area_ha": 1.0})
    await laptop.sync()
    other = await server.laptop("other")
    other.draft("plot", plot, {"area_ha": 2.0})
    other.draft("plot", new_id(), {}, op="del")
    await other.sync()
    before = await server.report("stats")
    assert (before["open_conflicts"], before["verdicts"]["quarantined"]) == (1, 2)
    place = ["--data", str(server.data.path)]
    assert await asyncio.to_thread(taken, main, place, list(lines(main))) == []
    after = await server.report("stats")
    assert {k: v for k, v in after.items() if k != "plots_to_derive"} == {
        k: v for k, v in before.items() if k != "plots_to_derive"
    }


@pytest.mark.parametrize("kind", ["records", "others"])
def test_no_command_of_a_laptop_takes_an_empty_name_for_everything(tmp_path, kind):
    place = ["--home", str(tmp_path)]

    def typed(*words):
        done = CliRunner().invoke(cli, [*place, *words])
        assert done.exit_code == 0, done.output

    typed("init", "--name", "a", "--person", "Ada")
    typed("project", "add", "--code", "P", "--title", "P")
    typed("plot", "add", "--code", "A")
    typed("point", "add", "--plot", "A", "--code", "1")
    is_record = {"plot", "point", "practice", "campaign", "core", "sample", "result"}
    chosen = [
        words
        for words in lines(cli)
        if (words[0] in is_record) == (kind == "records")
        # Without a file, an address or bytes they do not come to look at names.
        and words[0] not in {"init", "import", "bundle"}
    ]
    assert taken(cli, place, chosen) == []
