"""Numbers of labels: each is given once, whatever happens to the laptop."""

import asyncio
import shutil

import pytest

from collector.config import Home
from collector.errors import RefusedError, UnreachableError
from collector.laptop import blocks
from collector.laptop.open import opened
from collector.store.port import LabelRange
from schemas import limits
from schemas.labels.codes import NUMBERS, label_code
from tests.unit.collector.conftest import Typist

LEFT = NUMBERS - 500


def keep(typist, block="K7F", known=(), lost=()):
    store = typist.open_store()
    store.keep_block(block, [block, *known], lost)
    store.close()


def state(typist):
    store = typist.open_store()
    found = store.own_blocks(), store.known_blocks()
    store.close()
    return found


class Server:
    """Answers with one block after the other, or not at all."""

    def __init__(self, *given):
        self.given, self.asked = list(given), []

    async def labels(self, request):
        self.asked.append(request)
        block = self.given.pop(0)
        if block is None:
            raise UnreachableError("cut")
        return {"block": block, "known": [block, "D1D"], "lost": []}


def test_numbers_go_on_and_from_one_block_to_the_next(store):
    store.keep_block("K7F", ["K7F"], [])
    store.keep_block("C0D", ["C0D"], [])
    assert store.take_numbers(500, "now") == [LabelRange("K7F", 1, 500)]
    assert store.own_blocks() == [("K7F", LEFT), ("C0D", NUMBERS)]
    assert store.take_numbers(LEFT + 3, "now") == [
        LabelRange("K7F", 501, NUMBERS),
        LabelRange("C0D", 1, 3),
    ]
    assert store.own_blocks() == [("K7F", 0), ("C0D", NUMBERS - 3)]
    assert store.take_numbers(NUMBERS, "now") == []
    assert store.take_numbers(1, "now") == [LabelRange("C0D", 4, 4)]
    assert store._read("SELECT sum(last - first + 1) FROM label_run") == [
        (NUMBERS + 4,)
    ]


def test_a_block_that_comes_again_is_not_begun_again(store):
    store.keep_block("K7F", ["K7F"], [])
    store.take_numbers(9, "now")
    store.keep_block("K7F", ["K7F"], [])
    assert store.own_blocks() == [("K7F", NUMBERS - 9)]


def test_a_block_that_another_laptop_has_is_given_up(store):
    store.keep_block("K7F", ["K7F"], [])
    store.keep_block("C0D", ["C0D", "K7F"], ["K7F"])
    assert store.own_blocks() == [("C0D", NUMBERS)]
    assert store.known_blocks() == {"K7F", "C0D"}


def test_a_copy_gives_its_blocks_up_and_the_laptop_keeps_them(permille, tmp_path):
    keep(permille)
    copied = tmp_path / "copied"
    shutil.copytree(permille.home, copied)
    copy = Typist(copied)
    refused = copy("label", "sheet", "--count", 1, "--out", "copy.pdf", code=4)
    assert "permille label reserve" in refused.err
    assert state(copy) == ([], {"K7F"})
    permille("label", "sheet", "--count", 1, "--out", "own.pdf")
    assert state(permille) == ([("K7F", NUMBERS - 1)], {"K7F"})


def test_a_copy_does_not_repeat_the_request_of_the_laptop(permille, tmp_path):
    store = permille.open_store()
    request = store.label_request("one")
    assert store.label_request("two") == request == "one"
    store.split(store.head().number, 0, permille.app.clock.new_id())
    assert store.label_request("two") == "two"
    store.close()


def test_a_request_that_was_cut_is_asked_again_as_it_was(permille):
    server = Server(None, "K7F", "C0D")
    with opened(Home(permille.home), permille.app.clock, str) as laptop:
        with pytest.raises(UnreachableError):
            asyncio.run(blocks.reserve_with(laptop, server))
        assert asyncio.run(blocks.reserve_with(laptop, server)) == "K7F"
        assert asyncio.run(blocks.reserve_with(laptop, server)) == "C0D"
        assert laptop.store.known_blocks() == {"K7F", "C0D", "D1D"}
    requests = [one["request"] for one in server.asked]
    assert requests[0] == requests[1] != requests[2]
    assert [one["has"] for one in server.asked] == [[], [], ["K7F"]]


def test_a_laptop_that_prints_no_labels_never_runs_low(permille):
    with opened(Home(permille.home), permille.app.clock, str) as laptop:
        assert not blocks.runs_low(laptop)
        laptop.store.keep_block("K7F", ["K7F"], [])
        assert not blocks.runs_low(laptop)
        blocks.take(laptop, NUMBERS - limits.LABELS_LOW)
        assert not blocks.runs_low(laptop)
        assert blocks.codes_of(blocks.take(laptop, 1)) == [label_code("K7F", 9_800)]
        assert blocks.runs_low(laptop)
        with pytest.raises(RefusedError, match="199 numbers are left") as caught:
            blocks.take(laptop, 200)
        assert "permille label reserve" in caught.value.hint


def test_numbers_of_a_sheet_that_could_not_be_written_are_not_given_again(permille):
    keep(permille)
    # Where the file is begun a folder lies in the way.
    in_the_way = permille.home.parent / "first.pdf.part"
    in_the_way.mkdir()
    permille("label", "sheet", "--count", 24, "--out", "first.pdf", code=4)
    assert not (permille.home.parent / "first.pdf").exists()
    again = permille.json("label", "sheet", "--count", 24, "--out", "second.pdf")
    assert again["ranges"] == [{"block": "K7F", "first": 25, "last": 48}]


def test_tables_of_the_version_before_get_what_they_lack(permille):
    permille("plot", "add", "--code", "HF")
    store = permille.open_store()
    for table in ("label_block", "label_run"):
        store._db.execute(f"DROP TABLE {table}")
    store._db.execute("PRAGMA user_version = 13")
    store.close()
    assert permille("plot", "list").out
    keep(permille)
    assert state(permille) == ([("K7F", NUMBERS)], {"K7F"})
