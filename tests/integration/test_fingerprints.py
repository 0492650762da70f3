"""Two people compare keys over the telephone: both programs say the same of the same key."""

import json

import pytest

from schemas.fingerprint import fingerprint
from tests.integration.test_laptop_sync import Laptop, Served
from tests.processes import server_process, typed

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path):
    data = tmp_path / "data"
    typed(data, "init")
    typed(data, "project", "add", "--code", "P", "--title", "P")
    with server_process(data) as url:
        yield Served(data, url)


def keys(said):
    """Return the lines about keys that a program printed, without blanks around."""
    return {line.strip() for line in said.splitlines() if " key " in line.strip()[:12]}


def shown(served, name):
    found = json.loads(served.admin("device", "show", name, "--json"))
    return found["laptop_key"], found["server_key"], found["public_key"]


def test_both_say_the_same_when_enrolling_and_ever_after(served, tmp_path):
    laptop = Laptop(tmp_path, "one")
    assert keys(laptop("status")) == set()
    printed = keys(laptop("enrol", served.url, served.code("P")))
    own, server, public = shown(served, "one")
    assert printed == {f"laptop key {own}", f"server key {server}"}
    assert keys(laptop("status")) == printed
    assert keys(served.admin("device", "show", "one")) == printed
    assert own == fingerprint(public) != server


def test_a_laptop_has_a_key_of_its_own_and_keeps_it_when_it_enrols_again(
    served, tmp_path
):
    one, two = (Laptop(tmp_path, name) for name in ("one", "two"))
    for laptop in (one, two):
        laptop("enrol", served.url, served.code("P"))
    before = shown(served, "one")
    assert before[0] != shown(served, "two")[0]
    assert before[1] == shown(served, "two")[1]
    one("enrol", served.url, served.code("P"))
    assert shown(served, "one") == before
