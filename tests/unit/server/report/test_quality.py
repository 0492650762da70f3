"""Control charts: only where there are controls, and readable without their colours."""

from dataclasses import replace

import pytest

from server.report.page import digest, render
from server.report.quality import quality_of

OF_BATCH = {"lab": "LAS", "lab_batch": "B7", "analyte": "soc", "unit": "g_kg"}
CRM = OF_BATCH | {"kind": "reference", "code": "CRM-A", "certified_value": 20.0}


def reference(*values, batch="B7", day=None):
    dated = {"analysed_on": day} if day else {}
    return [
        CRM | dated | {"lab_batch": batch, "number": number, "value": value}
        for number, value in enumerate(values, start=1)
    ]


def blank(value, **more):
    return (
        OF_BATCH | {"kind": "blank", "code": "BLK", "number": 1, "value": value} | more
    )


def pair(first, second, code="P1-1"):
    values = {"number": 1, "first_value": first, "value": second}
    return OF_BATCH | {"kind": "duplicate", "code": code} | values


def test_a_project_without_controls_has_the_page_that_it_had(small):
    page = render(small)
    assert "Quality control" not in page
    decided = replace(small, lab_decisions=[OF_BATCH | {"decision": "accepted"}])
    assert render(decided) == page
    assert digest(replace(small, lab_controls=[blank(0.1)])) != digest(small)


def test_a_chart_says_in_words_what_is_beyond_its_limit(small):
    view = quality_of(replace(small, lab_controls=reference(20.1, 17.0, 19.9)))
    (panel,) = view.references
    assert panel.picture.summary.startswith(
        "3 controls, 1 beyond the limit. B7: 85.0 %"
    )
    assert "85.0" in panel.picture.svg
    ((*_, verdict, beyond, decision),) = view.batches.rows
    assert verdict == "✗ failed"
    assert beyond == "reference CRM-A: 17, 85.0% of 20"
    assert decision == "nobody has decided"


def test_what_a_person_decided_stands_beside_the_batch(small):
    said = {"decision": "accepted", "reason": "asked", "decided_by": "Ada"}
    view = quality_of(
        replace(
            small,
            lab_controls=reference(17.0),
            lab_decisions=[OF_BATCH | said],
        )
    )
    assert view.batches.rows[0][-1] == "accepted: asked (Ada)"


def test_batches_stand_in_the_order_of_their_days_and_drift_is_told(small):
    later = reference(20.9, batch="A1", day="2026-06-01")
    middle = reference(20.0, batch="C3", day="2026-04-01")
    first = reference(19.1, batch="B2", day="2026-02-01")
    view = quality_of(replace(small, lab_controls=[*later, *middle, *first]))
    (panel,) = view.references
    svg = panel.picture.svg
    assert svg.index("B2") < svg.index("C3") < svg.index("A1")
    assert panel.warning == "drifts from 95.5% to 104.5%"


@pytest.mark.parametrize(
    ("control", "kind", "beyond"),
    [
        (blank(0.1), "blanks", 0),
        (blank(0.6), "blanks", 1),
        (blank(0.3, detection_limit=0.2), "blanks", 1),
        (pair(20.0, 21.0), "pairs", 0),
        (pair(20.0, 25.0), "pairs", 1),
        (pair(5.0, 5.9), "pairs", 0),
        (pair(0.0, 0.0), "pairs", 0),
    ],
)
def test_blanks_and_pairs_have_charts_of_their_own(small, control, kind, beyond):
    view = quality_of(replace(small, lab_controls=[control]))
    (panel,) = getattr(view, kind)
    assert f"1 control, {beyond} beyond" in panel.picture.summary
    assert render(replace(small, lab_controls=[control])).count("<h2>Quality") == 1


def test_field_replicates_are_shown_and_have_no_limit(small):
    row = {"point": "P1/1", "campaign": "2026", "soc_g_kg": [10.0, 20.0]}
    view = quality_of(
        replace(
            small,
            lab_controls=[blank(0.1)],
            field_replicates=[row | {"apart_pct": 66.7}],
        )
    )
    (panel,) = view.replicates
    assert "1 control, 0 beyond" in panel.picture.summary


def test_a_value_far_off_does_not_flatten_the_others(small):
    view = quality_of(replace(small, lab_controls=reference(20.0, 20.1, 2000.0)))
    (panel,) = view.references
    assert "10000.0" in panel.picture.svg
    assert ">105<" in panel.picture.svg or ">100<" in panel.picture.svg


def test_values_that_are_no_share_of_mass_have_no_chart(small):
    ph = {"analyte": "ph_water", "unit": "none", "certified_value": 7.0, "value": 6.0}
    view = quality_of(replace(small, lab_controls=[reference(20.0)[0] | ph]))
    assert (view.references, view.batches.rows[0][-3]) == ([], "✓ passed")
