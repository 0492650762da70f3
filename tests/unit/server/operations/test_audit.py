"""An audit of what is laid out in memory: no database, no disk."""

import pytest

from schemas.signing import NO_RECEIPT, public_key
from server.operations.audit.audit import find_faults
from server.store import kept_values as kinds
from tests.unit.server.operations.ledger import (
    AT,
    LAPTOP,
    LOG,
    PROJECT,
    SERVER,
    an_id,
    whole,
)

LINE, RECORD = (kinds.KeptLine, LOG), (kinds.KeptRecord,)
RECEIPT, GIVEN = (kinds.KeptReceipt, LOG), (kinds.GivenReceipt,)
COUNTED, HEAD = (kinds.KeptProject,), (kinds.KeptLog,)

#: What is altered, and the one thing that is found.
ALTERED = {
    "a hash": (LINE, {"hash": bytes(32)}, ("logs", "its line or its hash was altered")),
    "a line's project": (
        LINE,
        {"project_id": "other"},
        ("logs", "its number, project or id is not that of its line"),
    ),
    "a head": (HEAD, {"n": 3}, ("logs", "its head is not its change 2")),
    "a laptop's key": (
        HEAD,
        {"public_key": public_key(SERVER)},
        ("receipts", "the laptop's key did not sign the push"),
    ),
    "a time": (
        LINE,
        {"received_at": "2026-05-05"},
        (
            "receipts",
            f"received at 2026-05-05, says the change; {AT}, says its receipt",
        ),
    ),
    "a reason": (
        LINE,
        {"why": '[{"code": "not_text"}]'},
        ("verdicts", "it is accepted with a reason"),
    ),
    "a number": (LINE, {"seq": None}, ("verdicts", "it is accepted and has no number")),
    "conflicts": (
        LINE,
        {"conflicts": '["c"]'},
        ("verdicts", "it is accepted and names 1 conflicts"),
    ),
    "texts of JSON": (
        LINE,
        {"conflicts": "["},
        ("logs", "cannot be read: Expecting value: line 1 column 2 (char 1)"),
    ),
    "a signature": (
        RECEIPT,
        {"signature": "00" * 64},
        ("receipts", "the server's key did not sign its receipt"),
    ),
    "the place of a receipt": (
        RECEIPT,
        {"n": 3},
        ("receipts", "a receipt for change 3, not here"),
    ),
    "the chain of receipts": (
        COUNTED,
        {"receipt_hash": NO_RECEIPT},
        ("receipts", "its last receipt is not the one it counts"),
    ),
    "a value": (
        RECORD,
        {"fields": '{"code":"P9"}', "natural_key": "P9"},
        ("records", 'code is "P9"; change {change} wrote "P1"'),
    ),
    "a label": (
        RECORD,
        {"natural_key": "P9"},
        (
            "records",
            "its parent, label or last line do not follow from its fields and writers",
        ),
    ),
    "a field that nobody wrote": (
        RECORD,
        {"fields": '{"code":"P1","note":"x"}'},
        ("records", "nobody wrote note"),
    ),
    "a record's number": (
        RECORD,
        {"seq": 7},
        ("records", "its number is 7; its latest change has 1"),
    ),
    "a project's head": (
        COUNTED,
        {"head": 9},
        ("projects", "its head is 9; its latest row has 2"),
    ),
    "a purge": (
        COUNTED,
        {"gc_floor": 9},
        ("projects", "it was purged up to 9, its head is 2"),
    ),
    "the server's key": (
        (kinds.ServerIdentity,),
        {"public_key": public_key(LAPTOP)},
        ("timelines", "its key is not the one it shows"),
    ),
}


def test_nothing_is_found_where_everything_holds():
    assert whole("P1", "P2").faults() == []
    assert whole("P1").faults() == []


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_is_found(name):
    ledger = whole("P1", "P2")
    place, fields, (check, words) = ALTERED[name]
    first = ledger.rows[LINE[0], (LOG,)][0]
    ledger.alter(*place, **fields)
    assert (check, words.format(change=first.change_id)) in ledger.faults()


def test_a_missing_line_is_told_where_it_was():
    ledger = whole("P1", "P2", "P3")
    del ledger.rows[LINE[0], (LOG,)][1]
    found = list(find_faults(ledger, lambda *_: None))
    assert found[0].where == f"log {LOG}, change 3"
    assert found[0].what == "change 2 is missing before it"


def test_a_digest_of_other_rows_is_found():
    ledger = whole("P1")
    ledger.add(kinds.DigestItem(an_id(9), 5), PROJECT)
    ((check, what),) = ledger.faults()
    assert check == "projects"
    assert what.startswith("its digest is 1 items ")
    assert " its rows give 2 items " in what


def test_what_names_nothing_here_is_found():
    ledger = whole("P1")
    ledger.add(kinds.Mention("devices", "gone", is_here=False))
    ledger.add(kinds.Mention("parents", "there", is_here=True))
    ledger.add(kinds.LogRows("change", "lost", 2, is_here=False))
    ledger.add(kinds.EpochNumber(2))
    assert ledger.faults() == [
        ("logs", "there is no such log, but 2 changes"),
        ("timelines", "their numbers are [2]"),
        ("timelines", "gone is not here"),
    ]


def test_what_the_database_says_of_itself_comes_first_and_last():
    ledger = whole("P1")
    ledger.add(kinds.PageDamage("row 3 missing from index"))
    ledger.add(kinds.Misshapen("history"))
    ledger.add(kinds.BrokenSeal("late", 1, 2))
    assert ledger.faults() == [
        ("pages", "row 3 missing from index"),
        ("tables", "it is not as Permille makes it"),
        ("tables", "1 rows do not fit its seal of 2 rows: some were altered"),
    ]


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (kinds.KeptLine, "logs"),
        (kinds.GivenReceipt, "receipts"),
        (kinds.KeptRecord, "records"),
        (kinds.KeptProject, "receipts"),
    ],
)
def test_what_cannot_be_read_is_a_fault_and_the_other_checks_go_on(kind, check):
    ledger = whole("P1")
    ledger.damaged.add(kind)
    ledger.add(kinds.Misshapen("history"))
    found = ledger.faults()
    assert (check, "cannot be read: the page is gone") in found
    assert found[-1] == ("tables", "it is not as Permille makes it")


def test_a_fault_is_told_before_the_rest_is_read():
    """A log is never in memory as a whole."""
    ledger = whole(*(f"P{number}" for number in range(1, 50)))
    ledger.alter(*LINE, at=2, hash=bytes(32))
    first = next(find_faults(ledger, lambda *_: None))
    assert first.where == f"log {LOG}, change 3"
    read = [value for value in ledger.read if isinstance(value, kinds.KeptLine)]
    assert len(read) == 3
    assert not any(isinstance(value, kinds.KeptRecord) for value in ledger.read)


def test_progress_is_told_as_far_as_it_goes():
    told = []
    ledger = whole(*(f"P{number}" for number in range(1, 8)))
    assert list(find_faults(ledger, lambda *said: told.append(said))) == []
    assert ("changes", 7, 7) in told
    assert ("records", 7, 7) in told
    assert told[0] == ("pages of the database", 0, 1)
    assert told[-1] == ("tables", 1, 1)
