"""Every store that the server can use, each of them new and empty for each test."""

from functools import partial

import pytest

from server.clock import Clock
from server.config import DataDirectory
from server.data import init_data, open_store
from server.operations.audit.audit import find_faults
from server.store.postgres.store import PostgresStore
from tests.databases import DATABASES


def sqlite(_request, tmp_path):
    """Make a new SQLite store; return what opens it."""
    data = DataDirectory(tmp_path / "server")
    init_data(data, Clock())
    return partial(open_store, data)


def postgres(request, _tmp_path):
    """Make a new store on PostgreSQL; return what opens it."""
    return partial(PostgresStore, request.getfixturevalue("new_postgres")())


#: The stores by name; each returns a way to open a new store.
STORES = {"sqlite": sqlite, "postgres": postgres}


@pytest.fixture(params=DATABASES)
def opened(request, tmp_path):
    """A way to open one and the same store, more than once."""
    return STORES[request.param](request, tmp_path)


@pytest.fixture
async def store(opened):
    """A store without a project; after the test nothing in it may be at fault."""
    found = opened()
    yield found
    found.close()
    again = opened()
    try:
        assert await again.read(lambda tx: list(find_faults(tx, lambda *_: None))) == []
    finally:
        again.close()
