"""What batches do to the SOC of a bag: only those that it comes from say anything."""

import pytest

from server.derivation.lab_quality import counted_results
from server.stocks.reasons import Reason
from server.store.values import DerivationInput, LabRecords

FAILED, ACCEPTED, REJECTED = (
    Reason.LAB_QC_FAILED,
    Reason.LAB_QC_ACCEPTED,
    Reason.LAB_QC_REJECTED,
)


def of_batch(record_type, place, analyte, batch="B7", **more):
    fields = {"lab": "LAS", "lab_batch": batch, "analyte": analyte} | more
    return DerivationInput(f"{record_type} {place}", record_type, 1, fields, 0)


def lab(decision=None, *analytes):
    """The controls of batch B7: a reference of each analyte that is far off."""
    said = {"kind": "reference", "code": "CRM", "number": 1, "unit": "g_kg"}
    said |= {"value": 1.0, "certified_value": 2.0}
    controls = [
        of_batch("lab_control", n, analyte, **said)
        for n, analyte in enumerate(analytes)
    ]
    decisions = [
        of_batch("lab_batch", n, analyte, decision=decision, reason="x")
        for n, analyte in enumerate(analytes)
        if decision
    ]
    return LabRecords({}, controls, decisions)


def result(number, analyte, batch="B7"):
    values = {"sample_id": "S", "value": 1.0, "unit": "g_kg", "method": "oven"}
    return of_batch("result", number, analyte, batch, **values)


@pytest.mark.parametrize(
    ("analytes", "decision", "failing", "kept", "reasons"),
    [
        (["soc"], None, ["soc"], 1, (FAILED,)),
        (["soc"], "accepted", ["soc"], 1, (ACCEPTED,)),
        (["soc"], "rejected", ["soc"], 0, (REJECTED,)),
        (["soc", "clay"], None, ["clay"], 2, ()),
        (["soc", "clay"], "rejected", ["clay"], 1, ()),
        (["soc", "total_carbon"], None, ["total_carbon"], 2, ()),
        (
            ["total_carbon", "inorganic_carbon"],
            None,
            ["inorganic_carbon"],
            2,
            (FAILED,),
        ),
        (["soc", "total_carbon"], "rejected", ["soc"], 1, (REJECTED,)),
        (["organic_matter"], None, ["organic_matter"], 1, (FAILED,)),
    ],
)
def test_only_the_batches_that_soc_comes_from_say_something(
    analytes, decision, failing, kept, reasons
):
    results = [result(n, analyte) for n, analyte in enumerate(analytes)]
    found = counted_results(results, lab(decision, *failing))
    assert (len(found.results), found.reasons) == (kept, reasons)


def test_a_bag_that_was_analysed_again_counts_by_its_other_batch():
    results = [result(1, "soc"), result(2, "soc", "B8")]
    found = counted_results(results, lab("rejected", "soc"))
    assert [one.id for one in found.results] == ["result 2"]
    assert found.reasons == (REJECTED,)


def test_results_without_a_batch_are_left_alone():
    plain = result(1, "soc")
    bare = {n: v for n, v in plain.fields.items() if not n.startswith("lab")}
    found = counted_results([plain._replace(fields=bare)], lab(None, "soc"))
    assert (len(found.results), found.reasons) == (1, ())
