"""Codes for many laptops at once: on a card each, which a scanner and a person read."""

import json
import re

import pytest

from schemas import limits
from tests.integration.test_laptop_sync import Laptop
from tests.processes import server_process, typed
from tests.unit.collector.test_label_sheets import pages_of, read

pytestmark = pytest.mark.slow

ADDRESS = "https://soil.example.org"


@pytest.fixture
def data(tmp_path):
    """A server with one project, which nobody serves."""
    path = tmp_path / "data"
    typed(path, "init")
    typed(path, "project", "add", "--code", "HF", "--title", "Forêt de Łódź")
    return path


def make(data, *words, code=0):
    return typed(data, "device", "code", "--project", "HF", *words, code=code)


def test_each_card_says_code_project_and_end_and_its_qr_code_what_is_typed(
    data, tmp_path
):
    out = tmp_path / "codes.pdf"
    words = ("--count", "12", "--name", "north", "--qr", "--out", out)
    issued = json.loads(make(data, *words, "--address", f"{ADDRESS}/", "--json").stdout)
    assert len({one["code"] for one in issued}) == 12
    assert [one["name"] for one in issued][::11] == ["north-01", "north-12"]
    commands = [f"permille enrol {ADDRESS} {one['code']}" for one in issued]
    assert [one["command"] for one in issued] == commands
    drawn = out.read_bytes()
    assert [sorted(page) for page in read(drawn)] == [
        sorted(commands[:10]),
        sorted(commands[10:]),
    ]
    texts = "".join(text for _, text in pages_of(drawn))
    for one in issued:
        assert texts.count(one["code"]) == 2  # large, and in the line to type
        assert f": {one['name']}" in texts
    assert texts.count(f"until {issued[0]['expires_at'][:10]}") == 12
    assert texts.count("Forêt de Łódź") == 12
    assert texts.count(f"server key {issued[0]['server_key']}") == 12
    assert out.stat().st_mode & 0o077 == 0


def test_without_qr_a_card_has_no_code_for_scanners(data, tmp_path):
    out = tmp_path / "codes.pdf"
    make(data, "--count", "3", "--out", out, "--address", ADDRESS)
    assert read(out.read_bytes()) == [{}]


def test_each_code_of_many_enrols_one_laptop(data, tmp_path):
    with server_process(data) as url:
        issued = json.loads(make(data, "--count", "3", "--json").stdout)
        for number, one in enumerate(issued):
            Laptop(tmp_path, f"l{number}")("enrol", url, one["code"])
        again = Laptop(tmp_path, "again")
        again("enrol", url, issued[0]["code"], code=4)
    assert len(json.loads(typed(data, "device", "list", "--json").stdout)) == 3


def test_cards_need_an_address_which_is_kept_and_is_that_of_phones(data, tmp_path):
    out = tmp_path / "codes.pdf"
    said = make(data, "--count", "2", "--out", out, code=2).output
    assert "laptops need the address" in said
    assert "--address https://soil.example.org" in said
    assert not out.exists()
    assert "THIS-SERVER" in make(data).stdout
    typed(data, "phone", "add", "HF", "ada", "--address", ADDRESS, "--json")
    make(data, "--count", "2", "--out", out)
    assert f"permille enrol {ADDRESS}" in make(data).stdout


def test_what_is_refused_makes_no_code(data, tmp_path):
    taken = tmp_path / "taken.pdf"
    taken.write_bytes(b"kept")
    refused = [
        (("--qr",), "--out"),
        (("--count", "0"), "--count"),
        (("--count", str(limits.CODES_AT_ONCE + 1)), "--count"),
        (("--out", taken), "is there already"),
        (("--out", tmp_path / "none" / "x.pdf"), "is no folder"),
        (("--address", "http://soil.example.org"), "in the clear"),
        (("--address", "soil"), "no address"),
        (("--expires", "2020-01-01"), "is past"),
        (("--expires", "2999-01-01"), "90 days"),
        (("--expires", "soon"), "is no day"),
        (("--count", "10", "--name", "n" * 62), "too long"),
    ]
    for words, said in refused:
        assert said in make(data, *words, code=2).output, words
    assert taken.read_bytes() == b"kept"
    listed = json.loads(typed(data, "audit", "list", "--json").stdout)
    assert [one for one in listed if one["command"] == "device code"] == []


def test_many_without_a_file_are_a_table(data):
    said = make(data, "--count", "3", "--name", "n").stdout
    rows = re.findall(r"^(\d) +([A-Z0-9]{5}-[A-Z0-9]{5}) +(n-\d)", said, re.MULTILINE)
    assert [(number, name) for number, _, name in rows] == [
        ("1", "n-1"),
        ("2", "n-2"),
        ("3", "n-3"),
    ]
    assert "3 codes, each for one laptop" in said
    assert "permille enrol https://THIS-SERVER CODE" in said


def test_the_codes_of_cards_that_could_not_be_written_are_printed(data, tmp_path):
    # A name as long as a disk takes: the file beside it, which becomes it, is longer.
    out = tmp_path / f"{'x' * 251}.pdf"
    done = make(data, "--count", "2", "--out", out, "--address", ADDRESS, code=4)
    assert "2 codes, each for one laptop" in done.stdout
    assert "can be used" in done.stderr
