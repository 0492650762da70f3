"""What a push and a pull take of the database does not depend on how much is there."""

import asyncio
import re
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.data import init_data
from tests.faults.writing import laptops_of, prepared
from tests.laptop import read_answer

FEW, MANY = 200, 4_000


@pytest.fixture
async def laptops(tmp_path):
    data = DataDirectory(tmp_path / "server")
    init_data(data, Clock())
    given = await prepared(data, 2)
    with laptops_of(given) as found:
        yield found


async def push(laptop, bags):
    """Push new plots; return the bytes of the answer."""
    for _ in range(bags):
        laptop.add("plot", {"code": f"P{len(laptop.lines)}"})
    while laptop.acked < len(laptop.lines):
        status, raw = await laptop.post(laptop.body())
        assert status == 200, raw
        laptop.acked = min(laptop.acked + 500, len(laptop.lines))
    return raw


async def read_all(laptop):
    """Pull until nothing is left; return how many rows came."""
    rows = 0
    while True:
        answer = read_answer((await laptop.post(laptop.body()))[1])
        rows += len(answer.rows)
        laptop.cursors |= {s: tuple(c) for s, c in answer.end["cursors"].items()}
        if not answer.end["more"]:
            return rows


@contextmanager
def counted(connections):
    """Count the machine's steps of all that connections do."""
    taken = []
    for connection in connections:
        connection.set_progress_handler(lambda: taken.append(1), 1)
    try:
        yield taken
    finally:
        for connection in connections:
            connection.set_progress_handler(None, 1)


def writer_of(laptop):
    return laptop.store._writer._sealed.connection


@contextmanager
def statements(laptop):
    """Count the statements of the writer, but one for each row that is written."""
    connection = writer_of(laptop)
    said = Counter()
    rows = ("INSERT INTO record_ro", "INSERT INTO change_ro", "INSERT INTO job (pro")

    def note(text):
        start = re.sub("[0-9]+", "#", " ".join(text.split()))[:21]
        said[start] += not start.startswith(rows)

    connection.set_trace_callback(note)
    try:
        yield said
    finally:
        connection.set_trace_callback(None)


async def test_a_push_sends_as_many_statements_however_many_changes_it_has(laptops):
    laptop = laptops[0]
    await push(laptop, 3)
    found = []
    for bags in (5, 400):
        with statements(laptop) as said:
            await push(laptop, bags)
        found.append(+said)
    assert found[0] == found[1]
    # Half of them are of the seals: each table that a push touches has one.
    # One of them, with the seal of its table, notes what the laptop says of itself.
    assert sum(found[0].values()) < 125


async def test_a_push_takes_as_many_steps_however_much_is_there(laptops):
    laptop = laptops[0]
    await push(laptop, FEW)
    with counted([writer_of(laptop)]) as small:
        await push(laptop, 100)
    await push(laptop, MANY)
    with counted([writer_of(laptop)]) as large:
        await push(laptop, 100)
    assert 0 < len(large) <= 1.1 * len(small), (len(small), len(large))


async def test_a_pull_of_nothing_takes_as_many_steps_however_much_is_there(laptops):
    writer, reader = laptops
    found = []
    for bags in (FEW, MANY):
        await push(writer, bags)
        assert await read_all(reader) >= bags
        # Both of the threads that read have their connection by then.
        await asyncio.gather(
            *(reader.store.read(lambda _: time.sleep(0.1)) for _ in range(2))
        )
        await read_all(reader)
        with counted(reader.store._opened) as taken:
            assert await read_all(reader) == 0
        found.append(len(taken))
    # A connection takes a few more steps where it reads the tables anew.
    assert 0 < found[1] <= 1.2 * found[0], found


async def test_a_row_is_sent_with_the_words_that_are_stored(laptops):
    writer, reader = laptops
    await push(writer, 3)
    sent = (await reader.post(reader.body()))[1]
    stored = await reader.store.read(
        lambda tx: tx.connection.execute(
            "SELECT fields FROM record WHERE type = 'plot'"
        ).fetchall()
    )
    assert all(b'"f":' + fields.encode() + b"}" in sent for (fields,) in stored)
