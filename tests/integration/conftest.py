"""Which integration tests run on each database that a server may use."""

import pytest

from server.config import DATABASE_VARIABLE

#: What is asked of the store. The others look at files of SQLite, count its statements,
#: or hold what comes before the store: words, screens, tables of layers.
ON_EACH = frozenset(
    {
        *("test_beginning_projects", "test_bridge", "test_controls", "test_undo"),
        *("test_crowded_records", "test_deleting_plots", "test_derivation"),
        *(
            "test_device_scope",
            "test_export_since",
            "test_health",
            "test_hostile_sync",
            "test_inbox",
            "test_desk_inbox",
            "test_desk_lab",
        ),
        *(
            "test_lab",
            "test_lab_quality",
            "test_label_blocks",
            "test_odata",
            "test_own_value_at_stake",
        ),
        *("test_portfolio", "test_questions", "test_quotas", "test_repair"),
        *("test_report", "test_year"),
        *("test_phones", "test_same_words", "test_search"),
        *("test_strangers", "test_sync", "test_two_stage", "test_undo_anything"),
        *("test_warnings", "test_who_reads", "test_desk", "test_rights"),
        *("test_contacts", "test_veil", "test_webhooks", "test_webhook_events"),
    }
)


def pytest_generate_tests(metafunc):
    """Run the tests of some modules once for each database."""
    if metafunc.module.__name__.rpartition(".")[2] in ON_EACH:
        metafunc.fixturenames.insert(0, "database")
        # On PostgreSQL the same code runs once more: its coverage need not be measured.
        each = [
            pytest.param("sqlite"),
            pytest.param("postgres", marks=pytest.mark.slow),
        ]
        metafunc.parametrize("database", each, indirect=True)


@pytest.fixture
def database(request, monkeypatch):
    """The name of the database that servers of the test use."""
    if request.param == "postgres":
        address = request.getfixturevalue("empty_postgres")()
        monkeypatch.setenv(DATABASE_VARIABLE, address)
    return request.param
