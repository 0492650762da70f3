"""A change of a record that is not there, or that somebody deleted.

The deleted campaign was recorded by ana1 (row 1), cy1 wrote its note (row 2), and dee1
deleted it (row 3), with a conflict about that open. What is written after has number 4.
"""

from typing import NamedTuple

import pytest

from schemas.groups import WHOLE_RECORD
from tests.unit.merge.building import (
    CAMPAIGN,
    FIRST_WORDS,
    Server,
    delete,
    deleted,
    first,
    put,
    say,
    undelete,
)

#: What bo1 says of each class of field.
SAID = {
    "measurement": ("period", {"start_date": "2026-04-01", "end_date": None}),
    "description": ("note", {"note": "dry"}),
    "set": ("crew", {"crew": ["Bo"]}),
}
each_class = pytest.mark.parametrize(("group", "said"), SAID.values(), ids=SAID)


# Absent ---------------------------------------------------------------------------


class Absent(NamedTuple):
    """What is said of a record that is not there, and what comes of it."""

    promise: str
    op: str
    saw: int | None
    verdict: str
    why: str = ""
    waits: str = ""


# fmt: off
ABSENT = [
    Absent("the first word on a record makes it", "put", None, "accepted"),
    Absent("a return of what nobody here had makes it, too", "undel", None, "accepted"),
    Absent("a decision on it names no conflict that there is",
           "resolve", None, "quarantined", "no_such_conflict"),
    Absent("what nobody ever had is not deleted",
           "del", None, "quarantined", "no_such_record"),
    Absent("an edit of what its author saw waits for it",
           "put", 5, "held", "waits_for", "waits"),
    Absent("a return of what its author saw waits for it",
           "undel", 5, "held", "waits_for", "waits"),
    Absent("a deletion of what its author saw waits for it",
           "del", 5, "held", "waits_for", "waits"),
]
# fmt: on


@pytest.mark.parametrize("row", ABSENT, ids=lambda row: row.promise)
def test_a_record_that_is_not_there(row):
    server = Server(head=6)
    said = {} if row.op == "del" else FIRST_WORDS[CAMPAIGN]
    settles = ["cy1:note"] if row.op == "resolve" else []
    change = say(row.op, "bo1", CAMPAIGN, said, saw=row.saw, settles=settles, at=25)
    assert server.push(change) == [row.verdict]
    assert [code for code, _ in server.why("bo1")] == ([row.why] if row.why else [])
    assert (server.conflicts, server.history) == ({}, [])
    if row.verdict == "accepted":
        groups = ("crew", "name", "note", "period", "purpose")
        assert server.fields(CAMPAIGN) == FIRST_WORDS[CAMPAIGN]
        assert list(server.writers(CAMPAIGN).items()) == [
            (group, [("bo1", 7, 25)]) for group in groups
        ]
        assert server.verdict("bo1").seq == server.record(CAMPAIGN).seq == 7
    else:
        assert server.record(CAMPAIGN) is None
        assert server.verdict("bo1").seq is None
        assert server.waiting() == {"bo1": CAMPAIGN.id if row.waits else None}


def test_a_verdict_without_conflicts_names_none():
    server = Server()
    server.push(first("bo1", CAMPAIGN))
    assert not server.verdict("bo1").conflicts
    assert not server.verdict("bo1").why


def test_a_first_word_leaves_out_what_is_empty():
    server = Server()
    server.push(first("bo1", CAMPAIGN, {"note": None}))
    assert "note" not in server.fields(CAMPAIGN)
    assert "note" not in server.writers(CAMPAIGN)


def test_a_deletion_without_a_base_waits_for_what_may_be_fixed_yet():
    server = Server()
    bad = first("ana1", CAMPAIGN, {"name": None})
    assert server.push(bad, delete("bo1", CAMPAIGN)) == ["quarantined", "held"]
    assert server.waiting() == {"ana1": None, "bo1": CAMPAIGN.id}


def test_a_first_word_without_what_is_required_is_quarantined():
    server = Server()
    assert server.push(put("bo1", CAMPAIGN, {"name": "spring"})) == ["quarantined"]
    codes = [code for code, _ in server.why("bo1")]
    assert codes == ["required", "required"]
    assert server.record(CAMPAIGN) is None


# Deleted --------------------------------------------------------------------------

BEFORE = deleted(
    CAMPAIGN, writers={"note": [("cy1", 2, 20)]}, computable_by_author=True
)
CY, DEE, BO = ("cy1", 2, 20), ("dee1", 3, 30), ("bo1", 4, 40)
WRITERS = Server(BEFORE).writers(CAMPAIGN)
SAW_DELETION, SAW_NO_DELETION = 3, 2
WITH_WORDS, WITHOUT = True, False


class Deleted(NamedTuple):
    """What is said of a deleted record, having seen a row, and what comes of it."""

    promise: str
    op: str
    words: bool
    saw: int
    verdict: str
    seq: int
    deleters: list | None  # None: it stands again
    is_contested: str = ""
    settles: str = ""


# fmt: off
DELETED = [
    Deleted("a put brings no deleted record back",
            "put", WITH_WORDS, SAW_DELETION, "conflict", 4, [DEE], "contested"),
    Deleted("a put that saw no deletion is a conflict with it",
            "put", WITH_WORDS, SAW_NO_DELETION, "conflict", 4, [DEE], "contested"),
    Deleted("a put that says nothing leaves a deleted record as it is",
            "put", WITHOUT, SAW_DELETION, "accepted", 3, [DEE]),
    Deleted("a put that says nothing and saw nothing leaves it as it is, too",
            "put", WITHOUT, SAW_NO_DELETION, "accepted", 3, [DEE]),

    Deleted("who deletes what they saw deleted writes nothing",
            "del", WITHOUT, SAW_DELETION, "accepted", 3, [DEE]),
    Deleted("two who delete a record unseen are both writers of that",
            "del", WITHOUT, SAW_NO_DELETION, "accepted", 4, [DEE, BO]),
    Deleted("who decides to delete what they saw deleted is the writer of that",
            "del", WITHOUT, SAW_DELETION, "accepted", 4, [BO], "", "settles"),
    Deleted("who decides to delete beside an unseen deletion is a writer beside it",
            "del", WITHOUT, SAW_NO_DELETION, "accepted", 4, [DEE, BO], "", "settles"),

    Deleted("who saw the deletion brings a record back, with what they say",
            "undel", WITH_WORDS, SAW_DELETION, "accepted", 4, None),
    Deleted("a return without a word brings back what was",
            "undel", WITHOUT, SAW_DELETION, "accepted", 4, None),
    Deleted("who decides that it stays settles the conflict",
            "undel", WITH_WORDS, SAW_DELETION, "accepted", 4, None, "", "settles"),
    Deleted("who did not see the deletion brings nothing back",
            "undel", WITH_WORDS, SAW_NO_DELETION, "conflict", 4, [DEE], "contested"),
    Deleted("who did not see the deletion brings nothing back without a word either",
            "undel", WITHOUT, SAW_NO_DELETION, "conflict", 4, [DEE], "contested"),

    Deleted("a decision without a word leaves it deleted",
            "resolve", WITHOUT, SAW_DELETION, "accepted", 4, [DEE], "", "settles"),
    Deleted("a decision with words is a conflict like any put",
            "resolve", WITH_WORDS, SAW_DELETION, "conflict", 4, [DEE], "contested"),
]
# fmt: on


@each_class
@pytest.mark.parametrize("row", DELETED, ids=lambda row: row.promise)
def test_a_deleted_record(row, group, said):
    server = Server(BEFORE)
    kept = server.contest(CAMPAIGN, WHOLE_RECORD, "cy2", {"note": "wet"}, seq=3)
    words = said if row.words else {}
    settles = [kept] if row.settles or row.op == "resolve" else []
    change = say(row.op, "bo1", CAMPAIGN, words, saw=row.saw, at=40, settles=settles)
    assert server.push(change) == [row.verdict]
    assert server.verdict("bo1").seq == server.record(CAMPAIGN).seq == row.seq
    assert server.conflicts == ({"bo1:*": ({}, words)} if row.is_contested else {})
    assert all(found.base_seq == row.saw for found in server.state.conflicts)
    assert server.settled == ({kept: "bo1"} if row.settles else {})
    was_written = row.seq == 4
    assert server.record(CAMPAIGN).computable_by_author != was_written
    assert [*server.verdict("bo1").conflicts] == [*server.conflicts]
    if row.deleters:
        assert server.record(CAMPAIGN).deleted
        assert server.record(CAMPAIGN).fields == BEFORE.fields
        assert server.writers(CAMPAIGN) == WRITERS | {WHOLE_RECORD: row.deleters}
        assert server.history == []
        return
    assert server.fields(CAMPAIGN) == {
        name: value for name, value in (BEFORE.fields | words).items() if value
    }
    groups = WRITERS.keys() - {WHOLE_RECORD}
    assert server.writers(CAMPAIGN) == {name: [BO] for name in groups}
    was = {name: BEFORE.fields.get(name) for name in words}
    wrote = ("cy1", 2) if group == "note" else ("ana1", 1)
    assert server.history == ([(was, *wrote, "bo1", 4)] if words else [])


def test_a_deletion_that_says_fields_is_a_deletion():
    server = Server(BEFORE)
    change = say("del", "bo1", CAMPAIGN, {"note": "dry"}, saw=SAW_DELETION)
    assert server.push(change) == ["accepted"]
    assert server.state.written == {}


def test_what_is_deleted_again_by_who_saw_it_deleted_is_not_written():
    server = Server(BEFORE)
    server.push(delete("bo1", CAMPAIGN, saw=SAW_DELETION))
    assert server.state.written == {}


def test_who_saw_one_of_two_deletions_brings_nothing_back():
    server = Server(BEFORE)
    server.push(delete("bo1", CAMPAIGN, saw=SAW_NO_DELETION))
    assert server.push(undelete("ed1", CAMPAIGN, saw=SAW_DELETION)) == ["conflict"]
    assert server.push(undelete("fay1", CAMPAIGN, saw=4)) == ["accepted"]


def test_who_saw_the_deletion_and_not_the_last_edit_brings_back_the_edit():
    server = Server(BEFORE)
    note = {"note": "dry"}
    back = undelete("bo1", CAMPAIGN, note, saw=3, bases={"note": 1}, at=15)
    assert server.push(back) == ["merged"]
    assert server.fields(CAMPAIGN)["note"] == BEFORE.fields["note"]
    assert server.writers(CAMPAIGN, "note") == [("bo1", 4, 0), CY]


def test_who_returns_a_record_beside_an_unseen_writer_is_a_writer_beside_them():
    server = Server(BEFORE)
    back = undelete("bo1", CAMPAIGN, saw=3, bases={"note": 1}, at=40)
    assert server.push(back) == ["merged"]
    assert server.writers(CAMPAIGN, "note") == [CY, BO]
    assert server.writers(CAMPAIGN, "name") == [BO]


# Deletions and returns that have not seen each other -------------------------------


def test_a_deletion_that_has_not_seen_a_return_is_a_conflict():
    server = Server(BEFORE)
    back = undelete("bo1", CAMPAIGN, saw=SAW_DELETION)
    again = delete("cy2", CAMPAIGN, saw=SAW_DELETION)
    assert server.push(back) == ["accepted"]
    assert server.push(again) == ["conflict"]
    assert server.fields(CAMPAIGN) == BEFORE.fields
    assert server.conflicts == {"cy2:*": (BEFORE.fields, {})}


def test_a_return_that_has_not_seen_a_deletion_is_a_conflict():
    server = Server(BEFORE)
    again = delete("cy2", CAMPAIGN, saw=SAW_NO_DELETION)
    back = undelete("bo1", CAMPAIGN, saw=SAW_DELETION)
    assert server.push(again) == ["accepted"]
    assert server.push(back) == ["conflict"]
    assert server.fields(CAMPAIGN) is None


def test_who_brings_a_record_back_may_delete_it_again():
    server = Server(BEFORE)
    back = undelete("bo1", CAMPAIGN, saw=SAW_DELETION)
    again = delete("bo2", CAMPAIGN, saw=SAW_DELETION)
    assert server.push(back, again) == ["accepted", "accepted"]
    assert server.fields(CAMPAIGN) is None
    assert server.writers(CAMPAIGN, WHOLE_RECORD) == [("bo2", 5, 100)]


def test_who_saw_a_return_may_delete_the_record():
    server = Server(BEFORE)
    server.push(undelete("bo1", CAMPAIGN, saw=SAW_DELETION))
    assert server.push(delete("cy2", CAMPAIGN, saw=4)) == ["accepted"]
    assert server.fields(CAMPAIGN) is None


def test_two_who_bring_a_record_back_are_both_writers_of_it():
    """A deletion has to have seen both of them."""
    server = Server(BEFORE)
    server.push(undelete("bo1", CAMPAIGN, saw=SAW_DELETION, at=40))
    second = undelete("cy2", CAMPAIGN, saw=SAW_DELETION, at=41)
    assert server.push(second) == ["merged"]
    assert server.why("cy2") == [("not_deleted", CAMPAIGN.id)]
    assert server.writers(CAMPAIGN, "name") == [("bo1", 4, 40), ("cy2", 5, 41)]
    assert server.push(delete("dee2", CAMPAIGN, saw=4)) == ["conflict"]
