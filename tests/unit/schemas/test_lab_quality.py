"""What controls say of a batch: the same in any unit and order, and never more by wider limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.lab.batches import DecisionError, decided, listed
from schemas.lab.quality import (
    BatchKey,
    Level,
    Limits,
    Mark,
    Quality,
    is_failed,
    limits_of,
)
from schemas.lab.replicates import field_replicates
from schemas.plausibility.records import Records

OF_BATCH = {"lab": "LAS", "lab_batch": "B7", "analyte": "soc", "unit": "g_kg"}
KEY = BatchKey("LAS", "B7", "soc")
USUAL = Limits()

soc = st.floats(0.5, 60.0)
references = st.builds(
    lambda number, certified, share: (
        OF_BATCH
        | {"kind": "reference", "code": "CRM", "number": number}
        | {"certified_value": certified, "value": certified * share}
    ),
    st.integers(1, 50),
    soc,
    st.floats(0.8, 1.2),
)
blanks = st.builds(
    lambda value: (
        OF_BATCH | {"kind": "blank", "code": "BLK", "number": 1, "value": value}
    ),
    st.floats(-1.0, 1.0),
)
duplicates = st.builds(
    lambda first, share: (
        OF_BATCH
        | {"kind": "duplicate", "code": "P1", "number": 1}
        | {"first_value": first, "value": first * share}
    ),
    soc,
    st.floats(0.7, 1.3),
)
batches = st.lists(references | blanks | duplicates, max_size=25)


def levels(controls, limits=USUAL):
    """Return how often each thing was found; drift depends on the order and is left out."""
    found = Quality(limits, controls).findings.get(KEY, ())
    said = [
        one for one in found if "drifts" not in one.found and "row" not in one.found
    ]
    return sorted((one.what, str(one.level)) for one in said)


def in_percent(control):
    values = ("value", "certified_value", "first_value", "detection_limit")
    return (
        control
        | {n: control[n] / 10.0 for n in values if n in control}
        | {"unit": "pct"}
    )


@given(batches, st.randoms())
def test_a_batch_is_judged_whatever_the_order_of_its_controls(controls, random):
    other = [*controls]
    random.shuffle(other)
    assert levels(other) == levels(controls)


@given(batches)
def test_a_batch_is_judged_alike_in_every_unit(controls):
    near = any(
        abs(abs(one["value"] / one["certified_value"] - 1.0) - 0.05) < 1e-6
        for one in controls
        if one["kind"] == "reference"
    )
    if not near:  # on a limit the last digit decides
        assert levels(map(in_percent, controls)) == levels(controls)


@given(batches, st.floats(1.0, 3.0))
def test_wider_limits_fail_nothing_that_narrower_ones_let_pass(controls, factor):
    wide = Limits(*(limit * factor for limit in USUAL))
    failed = is_failed(Quality(wide, controls).findings.get(KEY, ()))
    assert not failed or is_failed(Quality(USUAL, controls).findings[KEY])


@given(batches, batches)
def test_controls_of_another_batch_say_nothing(controls, others):
    elsewhere = [one | {"lab_batch": "B8"} for one in others]
    both = Quality(USUAL, [*controls, *elsewhere])
    assert both.marks.get(KEY) == Quality(USUAL, controls).marks.get(KEY)


def control(kind, value, **more):
    said = {"kind": kind, "code": "X", "number": 1, "value": value}
    return OF_BATCH | said | more


def crm(value, **more):
    return control("reference", value, certified_value=20.0, **more)


def pair(first, second, number=1):
    return control("duplicate", second, first_value=first, number=number)


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (crm(19.0), Level.WITHIN),
        (crm(21.0), Level.WITHIN),
        (crm(18.99), Level.FAILS),
        (crm(21.01), Level.FAILS),
        (control("reference", 20.0), Level.WARNS),
        (crm(None, censored="<", detection_limit=0.5), Level.FAILS),
        (control("blank", 0.49), Level.WITHIN),
        (control("blank", 0.5), Level.FAILS),
        (control("blank", -0.6), Level.FAILS),
        (control("blank", 0.2, detection_limit=0.1), Level.FAILS),
        (control("blank", 0.9, detection_limit=1.0), Level.WITHIN),
        (control("blank", None, censored="<", detection_limit=0.1), Level.WITHIN),
        (pair(19.0, 21.0), Level.WITHIN),
        (pair(19.0, 21.2), Level.FAILS),
        (pair(9.0, 10.9), Level.WITHIN),
        (pair(8.0, 10.0), Level.FAILS),
        (pair(0.0, 0.0), Level.WITHIN),
    ],
)
def test_each_control_is_held_against_its_limit(one, level):
    ((found,),) = Quality(USUAL, [one]).findings.values()
    assert found.level is level, found


def test_the_limit_of_a_blank_is_what_the_laboratory_can_detect_in_its_batch():
    below = control("blank", None, censored="<", detection_limit=0.1)
    above = control("blank", 0.3, number=2)
    assert Quality(USUAL, [above]).marks == {}
    assert Quality(USUAL, [below, above]).marks == {KEY: Mark.FAILED}


def test_of_twenty_pairs_one_is_beyond_its_limit_by_chance():
    good = [pair(20.0, 20.5, n) for n in range(2, 21)]
    bad = pair(20.0, 26.0)
    assert Quality(USUAL, [bad, *good[:-1]]).marks == {KEY: Mark.FAILED}
    assert Quality(USUAL, [bad, *good]).marks == {}
    worse = [bad, bad | {"number": 21}, *good]
    assert Quality(USUAL, worse).marks == {KEY: Mark.FAILED}


def test_a_value_that_is_no_share_of_mass_is_not_judged():
    ph = {"analyte": "ph_water", "unit": "none"}
    quality = Quality(USUAL, [crm(10.0) | ph, pair(4.0, 8.0) | ph])
    assert (quality.marks, [*quality.findings.values()]) == ({}, [[]])


def test_drift_within_a_batch_and_from_batch_to_batch_warns_and_fails_nothing():
    rising = [crm(v, number=n) for n, v in enumerate([19.2, 19.7, 20.3, 20.8], start=1)]
    (*_, found) = Quality(USUAL, rising).findings[KEY]
    assert (found.what, found.level) == ("reference X within the batch", Level.WARNS)
    apart = [
        one | {"lab_batch": f"B{n}", "number": 1, "analysed_on": f"2026-0{n}-01"}
        for n, one in enumerate(rising, start=1)
    ]
    ((key, found),) = Quality(USUAL, apart).drifts()
    assert (key.lab_batch, found.level) == ("B4", Level.WARNS)
    assert Quality(USUAL, [*rising, *apart]).marks == {}


def test_limits_are_those_of_the_project():
    assert limits_of({}) == Limits(5.0, 10.0, 20.0, 0.5, 5.0)
    narrow = limits_of({"lab_recovery_pct": 1.0, "lab_blank_g_kg": 0.1})
    assert Quality(narrow, [crm(20.3)]).marks == {KEY: Mark.FAILED}
    assert Quality(narrow, [control("blank", 0.2)]).marks == {KEY: Mark.FAILED}


def decision(what, **more):
    return {"lab": "LAS", "lab_batch": "B7", "analyte": "soc", "decision": what} | more


@pytest.mark.parametrize(
    ("value", "what", "mark"),
    [
        (10.0, None, Mark.FAILED),
        (10.0, "accepted", Mark.ACCEPTED),
        (10.0, "rejected", Mark.REJECTED),
        (20.0, None, None),
        (20.0, "accepted", None),
        (20.0, "rejected", Mark.REJECTED),
    ],
)
def test_a_decision_stands_over_what_the_controls_say(value, what, mark):
    decisions = [decision(what)] if what else []
    assert Quality(USUAL, [crm(value)], decisions).marks.get(KEY) is mark


def kept(*records):
    return Records((kind, f"{kind}{n}", one) for n, (kind, one) in enumerate(records))


def test_a_decision_is_about_what_fails_or_was_named():
    clay = decision("x", analyte="clay") | control(
        "reference", 200.0, certified_value=200.0
    )
    records = kept(
        ("lab_control", crm(10.0)), ("lab_control", clay | {"analyte": "clay"})
    )
    said = {"decision": "accepted", "reason": "asked"}
    batch = KEY._replace(analyte="")
    assert [one.analyte for one in decided(records, batch, said)] == ["soc"]
    named = decided(records, batch._replace(analyte="clay"), said)
    assert named[0].addition.fields["analyte"] == "clay"
    with pytest.raises(DecisionError, match="reason"):
        decided(records, batch, said | {"reason": " "})
    again = kept(
        ("lab_control", crm(20.0)), ("lab_batch", decision("accepted", reason="x"))
    )
    (changed,) = decided(again, batch, said | {"decision": "rejected"})
    assert changed.addition.record_id == "lab_batch1"
    assert "analyte" not in changed.addition.fields


def test_too_few_second_readings_are_to_be_looked_at():
    results = [
        (
            "result",
            {"sample_id": f"s{n}", "replicate": 1, "value": 20.0, "method": "oven"}
            | OF_BATCH,
        )
        for n in range(40)
    ]
    (row,) = listed(kept(*results, ("lab_control", crm(20.0))))
    assert (row["results"], row["bags"], row["verdict"]) == (40, 40, "to be looked at")
    twice = [("lab_control", pair(20.0, 20.1) | {"code": f"s{n}"}) for n in range(2)]
    (row,) = listed(kept(*results, *twice))
    assert row["verdict"] == "passed"


def test_cores_of_one_point_are_field_replicates_and_bags_of_one_core_are_none():
    core = {"point_id": "t", "campaign_id": "c"}
    core |= {"sampled_at": "2026-05-01T09:00:00Z"}
    records = [
        ("plot", "p", {"code": "P1"}),
        ("point", "t", {"plot_id": "p", "code": "1"}),
        (
            "campaign",
            "c",
            {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"},
        ),
    ]
    for n, (number, value) in enumerate([(1, 10.0), (1, 12.0), (2, 22.0)]):
        records += [
            ("core", f"core{number}", core | {"number": number}),
            (
                "sample",
                f"s{n}",
                {"core_id": f"core{number}", "sample_code": f"A{n}"}
                | {"depth_top_cm": 0.0, "depth_bottom_cm": 30.0},
            ),
            (
                "result",
                f"r{n}",
                {"sample_id": f"s{n}", "analyte": "soc", "replicate": 1}
                | {"value": value, "unit": "g_kg", "method": "dry_combustion"},
            ),
        ]
    (found,) = field_replicates(Records(records))
    assert (found.point, found.campaign) == ("P1/1", "2026")
    assert found.soc_g_kg == (11.0, 22.0)
    assert found.apart_pct == pytest.approx(200.0 / 3.0)
