"""The databases that a server may use, for tests that hold on each of them."""

import pytest

from demo.postgres import cluster, name_of
from server.clock import Clock
from server.config import DataDirectory
from server.custody.own_log import add_project
from server.data import init_data, open_store
from server.store.postgres.store import create

DATABASES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL that runs as long as the tests do."""
    with cluster() as found:
        yield found


@pytest.fixture(scope="session")
def _template(postgres):
    """The name of a database with the tables of a new server."""
    url = postgres.new_database()
    create(url, Clock())
    return name_of(url)


@pytest.fixture
def _making(postgres):
    """What makes a database of a template; all of them are gone after the test."""
    made = []

    def make(template):
        made.append(postgres.new_database(template))
        return made[-1]

    yield make
    for address in made:
        postgres.drop_database(address)


@pytest.fixture
def empty_postgres(_making):
    """What makes an empty database and returns its address."""
    return lambda: _making("template1")


@pytest.fixture
def new_postgres(_making, _template):
    """What makes a database with a new server and returns its address."""
    return lambda: _making(_template)


def new_server(request, path, database):
    """Return a data directory of a new server, by the name of its database."""
    data = DataDirectory(path / "server")
    if database == "postgres":
        _remember(data, request.getfixturevalue("new_postgres")())
    else:
        init_data(data, Clock())
    return data


def on_cluster(own, path, seen_as=lambda address: address):
    """Return a data directory of a new server on a cluster of one's own.

    The server knows the database by what `seen_as` makes of its address.
    """
    data = DataDirectory(path / "server")
    address = own.new_database()
    create(address, Clock())
    _remember(data, seen_as(address))
    return data


def _remember(data, address):
    data.path.mkdir()
    data.remembered.write_text(address)


async def project_of(data):
    """Add a project to a server; return its id."""
    store = open_store(data)
    try:
        return await add_project(store, Clock(), {"code": "HF", "title": "HF"}, {})
    finally:
        store.close()
