"""Seeded bugs of personal data: what is left of who was erased, what a viewer learns."""

from tests.seeded.mutant import Mutant

VEIL = ("tests/integration/test_veil.py",)
CONTACTS = ("tests/integration/test_contacts.py",)

MUTANTS = (
    Mutant(
        "a key of a contact shares a page with others",
        "server/store/contacts.py",
        "_BEFORE: Final = bytes(4096)",
        "_BEFORE: Final = bytes(0)",
        ("tests/unit/server/store/test_erasing.py",),
    ),
    Mutant(
        "what was deleted stays in the WAL",
        "server/store/driver.py",
        '"PRAGMA wal_checkpoint(TRUNCATE)"',
        '"PRAGMA wal_checkpoint(PASSIVE)"',
        ("tests/unit/server/store/test_erasing.py",),
    ),
    Mutant(
        "the audit log keeps what was typed about a person",
        "server/cli/acting.py",
        "name: _PERSONAL if name in personal else _plain(value)",
        "name: _plain(value)",
        CONTACTS,
    ),
    Mutant(
        "a box of a viewer finds by exact places",
        "server/reading/query.py",
        "within = _IN_CELLS if is_coarse else _IN_BOX",
        "within = _IN_BOX",
        VEIL,
    ),
    Mutant(
        "each point lies in a square of its own",
        "server/reading/features.py",
        "    if anchor is not None:\n        return cell_of_anchor(anchor)\n",
        "",
        VEIL,
    ),
    Mutant(
        "one contact of a plot agrees for all",
        "server/access/consents.py",
        "    return shown - hidden",
        "    return shown",
        VEIL,
    ),
    Mutant(
        "a consent that was withdrawn holds",
        "server/access/consents.py",
        "consent.withdrawn_on is None or consent.withdrawn_on > today",
        "consent.withdrawn_on is None or consent.withdrawn_on >= today",
        CONTACTS,
    ),
)
