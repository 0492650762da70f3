"""The rules of an audit one by one: values in, words out."""

import json

import pytest

from schemas.changes import Draft
from schemas.groups import WHOLE_RECORD
from schemas.messages import Op, Outcome
from schemas.signing import NO_RECEIPT, receipt_hash
from server.operations.audit.attachments import missing_from
from server.operations.audit.conflicts import wrong_conflict
from server.operations.audit.quarantine import wrong_custody
from server.operations.audit.receipts import Links
from server.operations.audit.records import Latest, wrong_derived, wrong_record
from server.operations.audit.verdicts import wrong_effect, wrong_place_in_custody
from server.store.kept_values import (
    KeptConflict,
    KeptCustody,
    KeptRecord,
    KeptVersion,
    LatestChange,
    RecordPlace,
    WrittenLine,
)
from tests.unit.server.operations.ledger import (
    LOG,
    PROJECT,
    an_id,
    kept_record,
    line_of,
    plot,
)

CHANGE = line_of(plot(1, "P1"))
OTHER = line_of(plot(2, "P1"))


@pytest.mark.parametrize(
    ("outcome", "custody", "is_right"),
    [
        ("accepted", None, True),
        ("accepted", "released", True),
        ("merged", "held", False),
        ("conflict", "open", False),
        ("held", "held", True),
        ("held", "discarded", True),
        ("held", "open", False),
        ("held", None, False),
        ("quarantined", "open", True),
        ("quarantined", "replaced", True),
        ("quarantined", "released", False),
    ],
)
def test_a_change_is_in_custody_as_its_verdict_says(outcome, custody, is_right):
    found = list(wrong_place_in_custody(Outcome(outcome), custody))
    said = f"it is {outcome} and {custody or 'not'} in custody"
    assert found == ([] if is_right else [said])


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (RecordPlace("plot", 4), None),
        (RecordPlace("plot", 9), None),
        (RecordPlace("plot", None), None),
        (RecordPlace("plot", 3), f"its record {an_id(1)} has an earlier number"),
        (RecordPlace("core", 4), f"its record {an_id(1)} is a core"),
        (None, f"it is accepted and its record {an_id(1)} is not here"),
    ],
)
def test_an_applied_change_is_in_its_record(place, words):
    found = list(wrong_effect(CHANGE, Outcome.ACCEPTED, 4, place))
    assert found == ([words] if words else [])


def written(change, outcome="accepted", seq=1):
    """Return what is found at the place of a writer."""
    line = WrittenLine(change.raw, change.hash, change.id, outcome, seq)
    return lambda log, n: line if (log, n) == (LOG, 1) else None


def nowhere(_log, _n):
    """Return no line for any place."""


@pytest.mark.parametrize(
    ("line_at", "words"),
    [
        (written(CHANGE), None),
        (nowhere, f"code: written by a change that is not here ({CHANGE.id})"),
        (
            written(CHANGE, seq=2),
            f"code: change {CHANGE.id} did not write it with number 1",
        ),
        (
            written(OTHER),
            f"code: change {CHANGE.id} did not write it with number 1",
        ),
        (
            written(CHANGE, "quarantined"),
            f"code: written by change {CHANGE.id}, which is quarantined",
        ),
    ],
)
def test_each_writer_of_a_record_is_a_line_that_was_applied(line_at, words):
    found = list(wrong_record(kept_record(CHANGE), 1, line_at))
    assert found == ([words] if words else [])


def test_a_stamp_is_not_later_than_that_of_its_line():
    stamped = json.dumps({"code": [[1, LOG, 1, 2, CHANGE.id]]})
    found = list(wrong_record(kept_record(CHANGE, writers=stamped), 1, written(CHANGE)))
    assert found == [f"code: change {CHANGE.id} was stamped earlier"]


def test_a_record_is_deleted_by_a_change_that_deletes_it():
    gone = line_of(Draft(PROJECT, "plot", an_id(1), Op.DELETE))
    writers = json.dumps({WHOLE_RECORD: [[1, LOG, 1, 1, gone.id]]})
    row = kept_record(CHANGE, fields="{}", writers=writers)._replace(natural_key=None)
    assert list(wrong_record(row._replace(deleted=1), 1, written(gone))) == []


def derived(**more):
    """Return a derived row as it is kept."""
    fields = '{"plot_id":"p","digest":"d"}'
    last = (None, None)
    row = KeptRecord("s", "d", "stock", 3, fields, "{}", 0, 0, 0, *last, "p", None)
    return row._replace(**more)


STANDS = KeptVersion('{"plot_id":"p","digest":"d"}', "p", "stock")


@pytest.mark.parametrize(
    ("row", "version", "words"),
    [
        (derived(), STANDS, None),
        (derived(deleted=1), None, None),
        (derived(), None, "its version 3 is not in its history"),
        (
            derived(),
            STANDS._replace(plot_id="q"),
            "it is not its version 3 in its history",
        ),
        (
            derived(natural_key="x"),
            STANDS,
            "its plot or writers are not those of a derived row",
        ),
    ],
)
def test_a_derived_row_is_its_version(row, version, words):
    assert list(wrong_derived(row, version)) == ([words] if words else [])


def test_the_latest_change_is_found_for_places_in_order():
    changes = [LatestChange("p", "b", 2), LatestChange("p", "d", 5)]
    latest = Latest(changes)
    places = [("p", name) for name in "abcde"]
    assert [latest.of(place) for place in places] == [None, 2, None, 5, None]
    assert Latest([]).of(("p", "a")) is None


def conflict(**more):
    """Return a conflict of one change about the label of a plot."""
    said = KeptConflict(
        project_id=PROJECT,
        id="c",
        record_id=an_id(1),
        type="plot",
        group="code",
        theirs='{"code":"P2"}',
        ours='{"code":"P1"}',
        status="open",
        settled_by=None,
        base=None,
        chosen=None,
        log_id=LOG,
        raw=CHANGE.raw,
        hash=CHANGE.hash,
        outcome="conflict",
        conflicts='["c"]',
        settling_log=None,
        settling_raw=b"",
        settling_hash=b"",
    )
    return said._replace(**more)


DECISION = line_of(
    Draft(PROJECT, "plot", an_id(1), Op.RESOLVE, {"code": "P1"}, resolves=("c",))
)


def settled(change):
    """Return the conflict as a change settled it."""
    return conflict(
        status="settled",
        settled_by=change.id,
        settling_log=LOG,
        settling_raw=change.raw,
        settling_hash=change.hash,
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (conflict(), None),
        (settled(DECISION), None),
        (settled(CHANGE), None),
        (settled(OTHER), f"change {OTHER.id} did not settle it"),
        (conflict(settled_by="x"), "it is open by x"),
        (conflict(status="settled"), "it is settled by nobody"),
        (conflict(log_id=None), "its change is not here"),
        (
            conflict(conflicts=None),
            f"its change {CHANGE.id} is conflict and does not name it",
        ),
        (conflict(type="core"), f"its change {CHANGE.id} is for another record"),
        (
            conflict(ours='{"code":"P9"}'),
            f'it keeps {{"code":"P9"}}; its change {CHANGE.id} wrote {{"code":"P1"}}',
        ),
        (
            conflict(ours="{}"),
            f'it keeps {{}}; its change {CHANGE.id} wrote {{"code":"P1"}}',
        ),
    ],
)
def test_a_conflict_is_that_of_its_change(found, words):
    told = list(wrong_conflict(found))
    assert told[:1] == ([words] if words else [])


def custody(**more):
    """Return a change that waits for a record."""
    said = KeptCustody(
        project_id=PROJECT,
        change_id=CHANGE.id,
        record_id=an_id(1),
        type="plot",
        fields='{"code":"P1"}',
        why='[{"code": "waits_for"}]',
        person="Ann",
        waits_for="x",
        status="held",
        log_id=LOG,
        raw=CHANGE.raw,
        hash=CHANGE.hash,
        line_change_id=CHANGE.id,
    )
    return said._replace(**more)


FOR_NOTHING = "it is held and waits for nothing"
OTHER_REASON = "it is quarantined and its reason is not what it waits for"


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (custody(), None),
        (custody(status="released", waits_for=None), None),
        (custody(line_change_id=None), "its line is not here"),
        (
            custody(person="Bo"),
            "its record, fields or person are not those of its line",
        ),
        (custody(waits_for=None), FOR_NOTHING),
        (custody(why='[{"code": "not_text"}]'), FOR_NOTHING),
        (custody(status="open"), OTHER_REASON),
        (custody(status="open", why='[{"code": "too_many_held"}]'), None),
        (custody(status="open", waits_for=None), None),
    ],
)
def test_what_is_in_custody_is_what_its_line_says(held, words):
    assert list(wrong_custody(held)) == ([words] if words else [])


def test_receipts_of_a_project_follow_each_other():
    links = Links()
    first = json.dumps({"streams": {"p": [1, NO_RECEIPT]}})
    second = json.dumps({"streams": {"p": [2, receipt_hash(first)]}})
    assert [*links.add(first), *links.add(second)] == []
    assert links.of("p") == (2, receipt_hash(second))
    assert links.of("q") == (0, NO_RECEIPT)
    assert list(links.add(second)) == ["does not follow the one before (p)"]


@pytest.mark.parametrize(
    ("there", "wanted", "missing"),
    [
        ("", "", ""),
        ("ab", "ab", ""),
        ("b", "abc", "ac"),
        ("abc", "b", ""),
        ("ac", "b", "b"),
    ],
)
def test_what_one_list_has_and_the_other_lacks_is_found(there, wanted, missing):
    def files(letters):
        return [("p", "r", letter) for letter in letters]

    assert list(missing_from(files(there), files(wanted))) == files(missing)
