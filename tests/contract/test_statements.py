"""Every statement of the store is one that both databases take, on tables of one shape."""

import ast
import importlib
import inspect
import re
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from server.clock import Clock
from server.store import driver, sqlite
from server.store.postgres.dialect import in_postgres
from server.store.postgres.tables import statements
from server.store.shape import HISTORY, TABLES

#: Each database seals its rows in its own way: that table is of neither.
ROOT = Path(inspect.getfile(sqlite)).parents[2]
#: They speak to SQLite alone: its files, its versions, its seals; `moving` names every
#: table with all of its columns.
OF_SQLITE = {
    *("driver", "faults", "leaner", "plain", "seals", "sqlite", "tables", "versions"),
    *("moving", "remaking"),
}
#: They name a project and are of the server: docs/decisions/0031.
OF_ALL = {"late", "epoch_start"}
ASKING = {"execute", "executemany", "stream"}


def modules():
    """Return the modules whose statements are for both."""
    for path in sorted((ROOT / "server" / "store").glob("*.py")):
        if path.stem not in OF_SQLITE | {"__init__"}:
            yield importlib.import_module(f"server.store.{path.stem}")


def constants(module):
    """Return the statements that a module has as constants, also those in mappings."""
    for found in vars(module).values():
        yield from (found,) if isinstance(found, str) else ()
        if hasattr(found, "values") and not inspect.isclass(found):
            yield from (each for each in found.values() if isinstance(each, str))


def written_in_place(module):
    """Return the statements that stand where they are run, but those put together there."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if getattr(node.func, "attr", "") not in ASKING:
            continue
        said = ast.unparse(node.args[0])
        try:
            yield eval(said, vars(module))  # noqa: S307 - our own source
        except NameError:
            assert re.search(r"where|sql|query|_SEGMENT", said), said


def every_statement():
    found = set()
    for module in modules():
        found |= {*constants(module), *written_in_place(module)}
    verbs = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b")
    # An audit sorts in a file of its own, `applied`, beside whatever database.
    return sorted(sql for sql in found if verbs.match(sql) and "applied" not in sql)


STATEMENTS = every_statement()


def test_the_statements_are_found():
    assert len(STATEMENTS) > 120


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    path = tmp_path_factory.mktemp("statements") / "permille.db"
    sqlite.create(path, Clock())
    with closing(driver.connect(path)) as connection:
        yield connection


@pytest.fixture
def on_postgres(new_postgres):
    with psycopg.connect(new_postgres(), autocommit=True) as connection:
        yield connection


def test_sqlite_prepares_every_statement(on_sqlite):
    for sql in STATEMENTS:
        places = [int(n or 0) for n in re.findall(r"\?(\d*)", sql)]
        count = max(places, default=0) or len(places)
        on_sqlite.execute(f"EXPLAIN {sql}", [None] * count)


def test_postgres_prepares_every_statement(on_postgres):
    for number, sql in enumerate(STATEMENTS):
        count = iter(range(1, 100))
        text = re.sub(
            r"%\(p(\d+)\)s|%s",
            lambda found, n=count: f"${found.group(1) or next(n)}",
            in_postgres(sql),
        ).replace("%%", "%")
        on_postgres.execute(f"PREPARE statement_{number} AS {text}".encode())


def test_both_have_the_same_tables_with_the_same_columns(on_sqlite, on_postgres):
    ours = on_sqlite.execute(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%'"
        " AND m.name <> 'seal'"
    ).fetchall()
    theirs = on_postgres.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name <> 'seal'"
    ).fetchall()
    assert sorted(ours) == sorted(theirs)
    assert {name for name, _ in ours} >= {
        table.name for table in TABLES if table.name != "seal"
    }


def test_both_ask_for_a_value_in_the_same_columns(on_sqlite, on_postgres):
    ours = on_sqlite.execute(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND m.name <> 'seal' AND (c.[notnull] OR c.pk)"
    ).fetchall()
    theirs = on_postgres.execute(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE t.table_type = 'BASE TABLE' AND c.table_schema = 'public'"
        " AND c.table_name <> 'seal'"
        " AND c.is_nullable = 'NO'"
    ).fetchall()
    assert sorted(ours) == sorted(theirs)


def test_both_look_up_by_the_same_columns(on_sqlite, on_postgres):
    """Keys and indexes, each with whether it is unique."""
    ours = {
        (table, name): (columns, bool(unique))
        for table, name, unique, columns in on_sqlite.execute(
            "SELECT m.name, i.name, i.[unique],"
            " (SELECT group_concat(name) FROM pragma_index_info(i.name))"
            " FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table'"
            " AND m.name <> 'seal'"
        )
    }
    theirs = on_postgres.execute(
        "SELECT t.relname, i.indisunique, (SELECT string_agg(a.attname, ',' ORDER BY n)"
        "   FROM unnest(i.indkey) WITH ORDINALITY AS k(place, n)"
        "   JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.place)"
        " FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid"
        " JOIN pg_namespace s ON s.oid = t.relnamespace WHERE s.nspname = 'public'"
        " AND t.relname <> 'seal'"
    ).fetchall()
    numbered = {(t.name, t.key[0]) for t in TABLES if t.columns[t.key[0]] is int}
    found = {(t, columns, unique) for t, unique, columns in theirs}
    # A key that is a number is the place of a row in SQLite, and needs no index there.
    found -= {(t, key, True) for t, key in numbered if (t, key) in numbered}
    assert found == {(t, columns, unique) for (t, _), (columns, unique) in ours.items()}


def test_the_tables_of_a_project_name_it_first():
    """What is spread over machines by projects is found by its project."""
    for table in TABLES:
        if "project_id" in table.columns and table.name not in OF_ALL:
            assert (table.unique or table.key)[0] == "project_id", table.name
    assert next(iter(HISTORY)) == "project_id"
    assert any("history" in statement for statement in statements())


#: What a push, a pull and a derivation ask.
HOT = (
    "merge_tables",
    "save",
    "feed",
    "derivation",
    "figures",
    "lab_records",
    "custody",
)
#: They are found by numbers, by their log, or look for the next of any project.
BESIDE_PROJECTS = re.compile(
    r"numbered_id|UPDATE log|FROM job LIMIT 1|count\(\*\) FROM job$|FROM release LIMIT 1|FROM quarantine q JOIN"
    r"|FROM conflict f|deleted = 1 AND r.open_conflicts = 0"
)


@pytest.mark.parametrize("name", HOT)
def test_what_is_asked_often_names_the_project(name):
    """So that one machine of several answers it."""
    module = importlib.import_module(f"server.store.{name}")
    found = {*constants(module), *written_in_place(module)} & set(STATEMENTS)
    assert found
    for sql in found:
        assert "project" in sql or BESIDE_PROJECTS.search(sql), sql
