"""Columns of exports stay where programs of others know them, and are told."""

import hashlib
import json
from contextlib import closing

import pytest
from sqlcipher3 import dbapi2
from sqlite_utils import Database

from schemas.export.database import columns_of, fill
from schemas.export.frozen import ADDED, known_columns
from schemas.export.meanings import meaning_of
from schemas.export.views import FILES
from schemas.version import SCHEMA_VERSION


@pytest.fixture(scope="module")
def columns():
    with closing(dbapi2.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        fill(db, [])
        return {table: columns_of(db, table) for table in FILES}


def test_every_column_of_before_is_where_it_was(columns):
    for version in sorted(ADDED):
        assert version <= SCHEMA_VERSION
    for table in FILES:
        known = known_columns(table)
        assert columns[table][: len(known)] == known, table


def test_a_column_belongs_to_the_schema_version_that_added_it(columns):
    missing = {
        table: added
        for table in FILES
        if (added := columns[table][len(known_columns(table)) :])
    }
    assert not missing, f"add these to version {SCHEMA_VERSION} of ADDED in frozen.py"


#: Of each published schema version, once: the start of the SHA-256 of what it added.
PUBLISHED = {4: "4ceb57a6ec5a1f40"}


@pytest.mark.parametrize("version", PUBLISHED)
def test_what_a_published_version_added_is_never_written_anew(version):
    added = json.dumps(ADDED[version], sort_keys=True).encode()
    assert hashlib.sha256(added).hexdigest()[:16] == PUBLISHED[version]


def test_every_column_says_what_it_means(columns):
    for table, names in columns.items():
        assert len(set(names)) == len(names), table
        for name in names:
            assert meaning_of(table, name), (table, name)
