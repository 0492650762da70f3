"""Several people may use one laptop: each change carries who made it."""

import json
from contextlib import closing

import pytest

from collector.cli.root import cli
from schemas.changes import person_of
from tests.unit.collector.test_records import SAMPLE

pytestmark = pytest.mark.slow


def authors(typist):
    with closing(typist.open_store()) as store:
        return [person_of(raw) for raw in store.tail(0, 100)]


def test_who_is_at_work_stands_in_each_change(permille):
    permille("plot", "add", "--code", "A")
    permille("person", "Bo Ek")
    permille("plot", "add", "--code", "B")
    permille("plot", "add", "--code", "C", "--person", "Cy Ro")
    permille("plot", "add", "--code", "D")
    permille("person", "ada")
    permille("plot", "add", "--code", "E")
    assert authors(permille)[1:] == ["Ada", "Bo Ek", "Cy Ro", "Bo Ek", "Ada"]


def test_people_are_listed_switched_and_forgotten(permille):
    permille("person", "Bo Ek")
    assert permille("person").out.splitlines()[:2] == ["Ada", "Bo Ek (at work)"]
    assert permille.json("person") == {"at_work": "Bo Ek", "people": ["Ada", "Bo Ek"]}
    permille("person", "--forget", "Ada")
    assert permille.json("person")["people"] == ["Bo Ek"]
    assert "at work now" in permille("person", "--forget", "Bo Ek", code=4).err
    assert "nobody is called Cy" in permille("person", "--forget", "Cy", code=4).err
    assert permille("person", "x" * 999, code=2).err
    assert permille.json("status")["person"] == "Bo Ek"


@pytest.mark.parametrize(
    "words",
    [
        ["plot", "edit", "HF", "--note", "x"],
        ["plot", "add", "--code", "B"],
        [
            *SAMPLE,
            "--sample-code",
            "S",
            "--depth-top-cm",
            "0",
            "--depth-bottom-cm",
            "30",
        ],
        ["core", "delete", "HF/1/2026/1", "--yes"],
    ],
)
def test_every_command_that_writes_takes_a_person(field, words):
    field(*words, "--person", "Bo Ek")
    assert authors(field)[-1] == "Bo Ek"
    assert field.json("person")["people"] == ["Ada"]


def _commands(command, words=()):
    yield words, command
    for name in getattr(command, "list_commands", lambda _: ())(None):
        yield from _commands(command.get_command(None, name), (*words, name))


#: Commands that change what is recorded; all others only look, send or set up.
WRITES = {"add", "edit", "delete", "restore", "resolve", "layers", "remove", "explain"}


def test_no_command_that_records_lacks_the_option():
    for words, command in _commands(cli):
        if words and (words[-1] in WRITES or words in {("fix",), ("attach",)}):
            named = [option for found in command.params for option in found.opts]
            assert "--person" in named, words


def test_a_list_of_people_is_plain_data(permille):
    permille("person", "Bo Ek")
    with closing(permille.open_store()) as store:
        assert json.loads(store.setting("people")) == ["Ada", "Bo Ek"]
