"""What is altered past the program is found on PostgreSQL, without a trigger."""

import psycopg
import pytest

from server.operations.audit.audit import find_faults
from server.store.postgres.store import PostgresStore, look
from tests.contract.values import Batch, begin, plot, saved

#: What somebody does by hand, and the table that is found.
ALTERED = {
    "UPDATE device SET name = 'x' WHERE name = 'laptop'": "device",
    "UPDATE device SET skew_s = 1.5": "device",
    "UPDATE segment SET received_at = 'never'": "segment",
    "DELETE FROM device_project": "device_project",
    "INSERT INTO meta (key, value) VALUES ('x', 'y')": "meta",
    "UPDATE quarantine SET reason = 'x'": "",
    "UPDATE record_row SET natural_key = natural_key || 'x'": "record_row",
    "UPDATE epoch SET reason = 'x'": "epoch",
}


@pytest.fixture
async def address(new_postgres):
    """A database with a project, a laptop and a plot."""
    found = new_postgres()
    store = PostgresStore(found)
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    batch.put("plot", plot("P1"))
    await saved(store, batch)
    store.close()
    return found


def faults(address):
    """Return the tables whose seals are broken."""
    with look(address) as tx:
        return {f.where for f in find_faults(tx, lambda *_: None) if "seal" in f.what}


def test_a_seal_fits_what_the_program_wrote(address):
    assert faults(address) == set()


@pytest.mark.parametrize(("sql", "table"), ALTERED.items())
async def test_what_is_altered_by_hand_is_found_and_stays_found(address, sql, table):
    with psycopg.connect(address) as connection:
        connection.execute(sql.encode())
    expected = {table} if table else set()
    assert faults(address) == expected
    store = PostgresStore(address)
    await store.write(lambda tx: tx.set_setting("x", "written by the program"))
    await begin(store, name="another")
    store.close()
    assert faults(address) == expected


async def test_a_damaged_row_that_is_written_again_leaves_the_seal_broken(address):
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE meta SET value = 'x' WHERE key = 'own_device'")
    store = PostgresStore(address)
    await store.write(lambda tx: tx.set_setting("own_device", "y"))
    store.close()
    assert "meta" in faults(address)


async def test_what_is_rolled_back_is_not_sealed(address):
    store = PostgresStore(address)

    def job(tx):
        tx.set_setting("x", "y")
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(job)
    store.close()
    assert faults(address) == set()


@pytest.mark.parametrize(
    "sql",
    [
        "DROP INDEX idx_job_project_id_asked",
        "ALTER TABLE job ADD COLUMN more text",
        "ALTER TABLE device ALTER COLUMN name DROP NOT NULL",
    ],
)
def test_tables_of_another_shape_are_found(address, sql):
    with psycopg.connect(address) as connection:
        connection.execute(sql.encode())
    with look(address) as tx:
        (fault, *_) = find_faults(tx, lambda *_: None)
    assert sql.split()[2].replace("idx_", "").startswith(fault.where.split(".")[0])
