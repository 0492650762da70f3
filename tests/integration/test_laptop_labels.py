"""Real laptops ask a real server for numbers of labels, and never print the same."""

import re
import urllib.request

from click.testing import CliRunner

from collector.cli.root import cli
from collector.store.sqlite import LaptopStore
from schemas import limits
from schemas.labels.codes import NUMBERS
from tests.integration.test_laptop_sync import Laptop, Served, copied, pair, served
from tests.processes import server_process, typed

__all__ = ["pair", "served"]

_ASKED = re.compile(r'permille_requests_total{.*route="(/v1/\w+)".*} (\d+)')


def asked(served):
    """Return how many requests the server answered, by route."""
    url = f"{served.url}/metrics"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own
        found = dict(_ASKED.findall(answer.read().decode()))
    return [int(found.get(route, 0)) for route in ("/v1/sync", "/v1/labels")]


def spent(served, work):
    before = asked(served)
    work()
    return [after - then for after, then in zip(asked(served), before, strict=True)]


def leave(laptop, left):
    """Take numbers until so many are left."""
    key = bytes.fromhex((laptop.home / "key").read_text().strip())
    store = LaptopStore(laptop.home / "permille.db", key)
    own = sum(each for _, each in store.own_blocks())
    store.take_numbers(own - left, "now")
    store.close()


def told(laptop, *words, code=0):
    """Return what a command says beside its answer."""
    done = CliRunner().invoke(cli, ["--home", str(laptop.home), *map(str, words)])
    assert done.exit_code == code, (words, done.output)
    return done.stderr


def sheet(laptop, count, **more):
    out = laptop.home.parent / f"{laptop.home.name}-{count}.pdf"
    return laptop.json("label", "sheet", "--count", count, "--out", out, **more)


def test_two_laptops_print_numbers_of_their_own(pair):
    ranges = []
    for laptop in pair:
        assert laptop.json("label", "reserve")["left"] == NUMBERS
        ranges += sheet(laptop, 30)["ranges"]
    assert [(one["first"], one["last"]) for one in ranges] == [(1, 30), (1, 30)]
    assert ranges[0]["block"] != ranges[1]["block"]


def test_a_sync_asks_for_numbers_only_where_few_are_left(served, pair):
    one, other = pair
    one("label", "reserve")
    assert spent(served, one.sync) == [1, 0]
    leave(one, limits.LABELS_LOW)
    assert spent(served, one.sync) == [1, 0]
    leave(one, limits.LABELS_LOW - 1)
    assert spent(served, one.sync) == [1, 1]
    assert spent(served, one.sync) == [1, 0]
    assert spent(served, other.sync) == [1, 0]
    assert sheet(one, 250)["ranges"][1]["first"] == 1


def test_a_laptop_without_numbers_says_what_to_type(pair, tmp_path):
    alone = Laptop(tmp_path, "alone")
    out = tmp_path / "a.pdf"
    said = told(alone, "label", "sheet", "--count", 1, "--out", out, code=4)
    assert "permille label reserve" in said
    assert "permille enrol" in told(alone, "label", "reserve", code=4)


def test_a_sync_goes_well_where_the_server_gives_no_more_numbers(tmp_path):
    data = tmp_path / "data"
    typed(data, "init")
    typed(data, "limits", "--set", "laptop_label_blocks=1")
    with server_process(data) as url:
        served, one = Served(data, url), Laptop(tmp_path, "one")
        one("enrol", url, served.code(served.project()))
        one("label", "reserve")
        leave(one, 7)
        said = told(one, "sync")
        assert "few numbers for labels are left" in said
        assert "permille-server limits" in said
        assert one.json("status")["safe_to_wipe"] is True


def test_a_copy_of_a_laptop_asks_for_numbers_of_its_own(pair, tmp_path):
    one, _ = pair
    one("label", "reserve")
    copy = copied(one, tmp_path / "copy")
    out = tmp_path / "c.pdf"
    said = told(copy, "label", "sheet", "--count", 1, "--out", out, code=4)
    assert "permille label reserve" in said
    copy("label", "reserve")
    first, second = sheet(one, 5)["ranges"][0], sheet(copy, 5)["ranges"][0]
    assert first["block"] != second["block"]


def test_a_laptop_that_is_enrolled_again_keeps_its_numbers(served, pair):
    one, _ = pair
    block = one.json("label", "reserve")["block"]
    project = one.json("project", "list")[0]["name"]
    one("enrol", served.url, served.code(project))
    one("label", "reserve")
    assert sheet(one, 5)["ranges"][0]["block"] == block


def test_a_code_of_another_laptop_is_known_after_asking(pair):
    one, other = pair
    one("label", "reserve")
    code = sheet(one, 1)["first"]
    assert "of a block that is not known here" in other("label", "check", code)
    other("label", "reserve")
    assert "a label of another laptop" in other("label", "check", code)
    assert other.json("label", "read", code.lower())["code"] == code
