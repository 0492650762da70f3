"""One change meets a record that stands: each class of field, seen and unseen writers.

ana1 recorded the campaign (row 1), cy1 wrote one field group after it (row 2, stamp 20).
Then bo1 comes, who saw row 1 or row 2. What stands after it has number 3.
"""

from typing import NamedTuple

import pytest

from schemas.groups import WHOLE_RECORD
from tests.unit.merge.building import (
    CAMPAIGN,
    Server,
    delete,
    live,
    put,
    resolve,
    undelete,
)


class Field(NamedTuple):
    """A field group and what is said of it; `both` is what joined sets come to."""

    group: str
    theirs: dict
    ours: dict
    both: dict | None = None


MEASUREMENT = Field(
    "period",
    theirs={"start_date": "2026-03-01", "end_date": "2026-03-09"},
    ours={"start_date": "2026-03-05", "end_date": "2026-03-06"},
)
DESCRIPTION = Field("note", theirs={"note": "wet"}, ours={"note": "dry"})
SET = Field(
    "crew",
    theirs={"crew": ["Ana", "Cy"]},
    ours={"crew": ["Ana", "Bo"]},
    both={"crew": ["Ana", "Bo", "Cy"]},
)

# Writers after it: change, number, stamp. One whose value stands no more has stamp 0.
CY, CY_SUPERSEDED = ("cy1", 2, 20), ("cy1", 2, 0)
BO, BO_SUPERSEDED = ("bo1", 3, 25), ("bo1", 3, 0)
BO_EARLIER = ("bo1", 3, 15)
# What is history after it: whose value, who wrote it where, who replaced it where.
THEIRS_WERE = ("theirs", "cy1", 2, "bo1", 3)
OURS_NEVER_STOOD = ("ours", "bo1", 3, "bo1", 3)


class Row(NamedTuple):
    """What bo1 says, having seen a row, and what comes of it."""

    promise: str
    field: Field
    saw: int
    says: str
    stamp: int
    verdict: str
    stands: str
    writers: list
    history: tuple = ()
    conflict: str = ""


SEEN, UNSEEN = 2, 1
# fmt: off
ROWS = [
    Row("who saw a measurement replaces it",
        MEASUREMENT, SEEN, "ours", 25, "accepted", "ours", [BO], (THEIRS_WERE,)),
    Row("who saw a measurement replaces it whatever the clocks say",
        MEASUREMENT, SEEN, "ours", 15, "accepted", "ours", [BO_EARLIER], (THEIRS_WERE,)),
    Row("who repeats a measurement that they saw is its writer",
        MEASUREMENT, SEEN, "theirs", 25, "accepted", "theirs", [BO]),
    Row("two who measured the same, unseen, are both its writers",
        MEASUREMENT, UNSEEN, "theirs", 25, "accepted", "theirs", [CY, BO]),
    Row("another measurement, unseen, is kept beside the first, which stands",
        MEASUREMENT, UNSEEN, "ours", 25, "conflict", "theirs", [CY], (), "contested"),
    Row("an earlier measurement, unseen, is kept beside the first just the same",
        MEASUREMENT, UNSEEN, "ours", 15, "conflict", "theirs", [CY], (), "contested"),

    Row("who saw a description replaces it",
        DESCRIPTION, SEEN, "ours", 25, "accepted", "ours", [BO], (THEIRS_WERE,)),
    Row("who saw a description replaces it whatever the clocks say",
        DESCRIPTION, SEEN, "ours", 15, "accepted", "ours", [BO_EARLIER], (THEIRS_WERE,)),
    Row("who repeats a description that they saw is its writer",
        DESCRIPTION, SEEN, "theirs", 25, "accepted", "theirs", [BO]),
    Row("two who described the same, unseen, are both its writers",
        DESCRIPTION, UNSEEN, "theirs", 25, "accepted", "theirs", [CY, BO]),
    Row("a later description, unseen, stands and the earlier one is history",
        DESCRIPTION, UNSEEN, "ours", 25, "merged", "ours",
        [CY_SUPERSEDED, BO], (THEIRS_WERE,)),
    Row("an earlier description, unseen, is history at once",
        DESCRIPTION, UNSEEN, "ours", 15, "merged", "theirs",
        [BO_SUPERSEDED, CY], (OURS_NEVER_STOOD,)),

    Row("who saw a set replaces it",
        SET, SEEN, "ours", 25, "accepted", "ours", [BO], (THEIRS_WERE,)),
    Row("who repeats a set that they saw is its writer",
        SET, SEEN, "theirs", 25, "accepted", "theirs", [BO]),
    Row("two who named the same set, unseen, are both its writers",
        SET, UNSEEN, "theirs", 25, "accepted", "theirs", [CY, BO]),
    Row("two sets, unseen, are joined",
        SET, UNSEEN, "ours", 25, "merged", "both", [CY_SUPERSEDED, BO], (THEIRS_WERE,)),
    Row("two sets, unseen, are joined whatever the clocks say",
        SET, UNSEEN, "ours", 15, "merged", "both",
        [CY_SUPERSEDED, BO_EARLIER], (THEIRS_WERE,)),
]
# fmt: on
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.promise)


def campaign_with(field):
    return live(CAMPAIGN, field.theirs, writers={field.group: [CY]})


def check(row, server, found, *, verdict, others):
    field = row.field
    before = campaign_with(field)
    assert found == [verdict]
    assert server.fields(CAMPAIGN) == before.fields | getattr(field, row.stands)
    unmoved = dict.fromkeys(before.writers, others)
    assert server.writers(CAMPAIGN) == unmoved | {field.group: row.writers}
    sides = {f"bo1:{field.group}": (field.theirs, getattr(field, row.says))}
    assert server.conflicts == (sides if row.conflict else {})
    assert server.history == [
        (getattr(field, whose), *places) for whose, *places in row.history
    ]
    assert server.record(CAMPAIGN).seq == server.verdict("bo1").seq == 3
    assert server.verdict("bo1").conflicts == list(server.conflicts)


@each_row
def test_a_put(row):
    server = Server(campaign_with(row.field))
    words = getattr(row.field, row.says)
    found = server.push(put("bo1", CAMPAIGN, words, saw=row.saw, at=row.stamp))
    check(row, server, found, verdict=row.verdict, others=[("ana1", 1, 10)])
    assert not server.verdict("bo1").why


@each_row
def test_a_decision(row):
    """It settles an older conflict, of the name, unless it is in conflict itself."""
    server = Server(campaign_with(row.field))
    older = server.contest(CAMPAIGN, "name", "eve1", {"name": "spring 2"}, seq=1)
    change = resolve(
        "bo1",
        CAMPAIGN,
        getattr(row.field, row.says),
        settles=[older],
        saw=row.saw,
        at=row.stamp,
    )
    found = server.push(change)
    check(row, server, found, verdict=row.verdict, others=[("ana1", 1, 10)])
    assert server.settled == ({} if row.conflict else {older: "bo1"})


@each_row
def test_a_return_of_what_was_never_deleted(row):
    """It is an edit with a note; who says it is a writer of all the rest, too."""
    server = Server(campaign_with(row.field))
    words = getattr(row.field, row.says)
    found = server.push(undelete("bo1", CAMPAIGN, words, saw=row.saw, at=row.stamp))
    verdict = "merged" if row.verdict == "accepted" else row.verdict
    check(row, server, found, verdict=verdict, others=[("bo1", 3, row.stamp)])
    assert server.why("bo1") == [("not_deleted", CAMPAIGN.id)]


FIELDS = {"measurement": MEASUREMENT, "description": DESCRIPTION, "set": SET}
each_class = pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)


@each_class
def test_who_saw_all_of_a_record_deletes_it(field):
    server = Server(campaign_with(field))
    assert server.push(delete("bo1", CAMPAIGN, saw=2, at=15)) == ["accepted"]
    before = campaign_with(field)
    assert server.fields(CAMPAIGN) is None
    assert server.record(CAMPAIGN).fields == before.fields
    kept = Server(before).writers(CAMPAIGN)
    assert server.writers(CAMPAIGN) == kept | {WHOLE_RECORD: [BO_EARLIER]}
    assert (server.conflicts, server.history) == ({}, [])
    assert server.verdict("bo1").seq == server.record(CAMPAIGN).seq == 3


@each_class
def test_who_deletes_without_having_seen_a_write_is_in_conflict_with_it(field):
    server = Server(campaign_with(field))
    assert server.push(delete("bo1", CAMPAIGN, saw=1, at=25)) == ["conflict"]
    before = campaign_with(field)
    assert server.fields(CAMPAIGN) == before.fields
    assert server.writers(CAMPAIGN) == Server(before).writers(CAMPAIGN)
    assert server.conflicts == {"bo1:*": (before.fields, {})}
    assert server.history == []
    assert server.verdict("bo1").seq == server.record(CAMPAIGN).seq == 3


@each_class
def test_an_unseen_write_elsewhere_makes_an_edit_merged_and_both_stand(field):
    server = Server(campaign_with(field))
    edit = put("bo1", CAMPAIGN, {"protocol": "IPCC"}, saw=1, at=25)
    assert server.push(edit) == ["merged"]
    before = campaign_with(field)
    assert server.fields(CAMPAIGN) == before.fields | {"protocol": "IPCC"}
    kept = Server(before).writers(CAMPAIGN)
    assert server.writers(CAMPAIGN) == kept | {"protocol": [BO]}
    assert (server.conflicts, server.history) == ({}, [])


@each_class
def test_a_change_of_several_fields_is_judged_field_by_field(field):
    """All that bo1 saw is replaced, whatever becomes of what they did not see."""
    server = Server(campaign_with(field))
    words = field.ours | {"name": "autumn"}
    (found,) = server.push(put("bo1", CAMPAIGN, words, saw=1, at=25))
    assert found == ("conflict" if field is MEASUREMENT else "merged")
    assert server.fields(CAMPAIGN)["name"] == "autumn"
    assert server.writers(CAMPAIGN, "name") == [BO]
    assert ({"name": "spring"}, "ana1", 1, "bo1", 3) in server.history


@each_class
def test_what_an_author_wrote_before_was_not_unseen_by_them(field):
    server = Server(campaign_with(field))
    edit = put("cy2", CAMPAIGN, field.ours, saw=1, at=5)
    assert server.push(edit) == ["accepted"]
    assert server.fields(CAMPAIGN) == campaign_with(field).fields | field.ours
    assert server.writers(CAMPAIGN, field.group) == [("cy2", 3, 5)]
    assert server.history == [(field.theirs, "cy1", 2, "cy2", 3)]


@each_class
def test_a_field_that_is_cleared_is_not_there(field):
    server = Server(campaign_with(field))
    cleared = dict.fromkeys(field.ours, None)
    cleared |= {"start_date": "2026-03-05"} if field is MEASUREMENT else {}
    assert server.push(put("bo1", CAMPAIGN, cleared, saw=2)) == ["accepted"]
    gone = {name for name, value in cleared.items() if value is None}
    assert not gone & set(server.fields(CAMPAIGN))


def test_a_row_is_computed_by_its_author_only_where_that_author_has_all_beneath():
    """Else the row is sent to them: docs/sync.md."""
    own, stranger = live(CAMPAIGN, computable_by_author=True), live(CAMPAIGN)
    note, unsorted, hidden = {"note": "dry"}, {"crew": ["Bo", "Ana"]}, {"name": 0}
    # fmt: off
    cases = {
        "a first word": (None, first_words("bo1"), True),
        "a first word that is kept otherwise": (None, first_words("bo1", unsorted), False),
        "an edit over a group that was hidden": (own, put("bo1", CAMPAIGN, note, saw=1, bases=hidden), False),
        "an edit of the row as it stands": (stranger, put("bo1", CAMPAIGN, note, saw=1), True),
        "an edit of an older row": (stranger, put("bo1", CAMPAIGN, note, saw=0), False),
        "a second word, over a row that is computed": (own, put("ana2", CAMPAIGN, note), True),
        "a second word, over a row that was sent": (stranger, put("ana2", CAMPAIGN, note), False),
        "the author's word over an older row": (own, put("ana2", CAMPAIGN, note, saw=0), True),
        "a deletion of the row as it stands": (stranger, delete("bo1", CAMPAIGN, saw=1), True),
        "the author's deletion": (own, delete("ana2", CAMPAIGN), True),
        "the author's deletion of a row that was sent": (stranger, delete("ana2", CAMPAIGN), False),
        "a return": (own, undelete("ana2", CAMPAIGN, note, saw=1), False),
    }
    # fmt: on
    found = {}
    for name, (before, change, _) in cases.items():
        server = Server(*([before] if before else []))
        server.push(change)
        found[name] = server.record(CAMPAIGN).computable_by_author
    assert found == {name: expected for name, (*_, expected) in cases.items()}


def first_words(name, more=None):
    return put(name, CAMPAIGN, campaign_with(SET).fields | (more or {}))
