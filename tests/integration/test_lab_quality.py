"""A batch whose quality control fails withholds verdicts until somebody decides on it."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from server.cli import main
from server.derivation.recheck import check_derived
from server.figures.report_data import report_of
from server.report.page import render
from tests.integration.test_derivation import SOC, change_of, record_campaign

OF_BATCH = {"lab": "LAS", "lab_batch": "B7", "analyte": "soc"}
CRM = OF_BATCH | {
    "kind": "reference",
    "code": "CRM-A",
    "number": 1,
    "value": 20.0,
    "unit": "g_kg",
    "certified_value": 23.1,
}
WHY = {"reason": "the laboratory measured again"}


@pytest.fixture
async def analysed(server):
    """A plot of two campaigns whose later results are of batch B7; gives its laptop."""
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "P1"})
    ids = {n: record_campaign(laptop, plot, n, values) for n, values in SOC.items()}
    of_batch = {"lab": "LAS", "lab_batch": "B7"}
    last = max(SOC)
    await laptop.sync()
    for one in ids[last]:
        base = [await server.report("epoch"), 0]
        laptop.draft("result", one["result"], of_batch, base=base)
    assert set((await laptop.sync()).outcomes) <= {"accepted", "merged"}
    await server.derived()
    return server, laptop


async def told(server, laptop, kind=None, fields=None):
    """Push a record; return the change that is derived then."""
    if kind:
        laptop.add(kind, fields)
        assert set((await laptop.sync()).outcomes) <= {"accepted", "merged"}
    await server.derived()
    return (await change_of(server))["change"]


async def test_results_of_a_failing_batch_are_shown_and_their_verdict_is_withheld(
    analysed,
):
    before = await told(*analysed)
    assert (before["reasons"], before["verdict_4permille"]) == ([], "above")
    after = await told(*analysed, "lab_control", CRM)
    assert after["reasons"] == ["LAB_QC_FAILED"]
    assert after["verdict_4permille"] == "not assessable"
    assert after["change_t_ha"] == before["change_t_ha"]


async def test_what_a_person_accepts_counts_and_says_so(analysed):
    before = await told(*analysed)
    await told(*analysed, "lab_control", CRM)
    decision = OF_BATCH | WHY | {"decision": "accepted"}
    after = await told(*analysed, "lab_batch", decision)
    assert after["reasons"] == ["LAB_QC_ACCEPTED"]
    assert after["verdict_4permille"] == before["verdict_4permille"]


async def test_what_a_person_rejects_does_not_count(analysed):
    decision = OF_BATCH | WHY | {"decision": "rejected"}
    after = await told(*analysed, "lab_batch", decision)
    server, _ = analysed
    assert after["change_t_ha"] is None
    assert after["verdict_zero"] == "not assessable"
    stocks = await server.report("records", server.project_id, "stock")
    points = [p for row in stocks for p in row.fields["points"]]
    late = [p for p in points if p["campaign"] == max(SOC)]
    assert {p["soc_stock_t_ha"] for p in late} == {None}
    reasons = {tuple(p["reasons"]) for p in late}
    assert reasons == {("MISSING_SOC", "LAB_QC_REJECTED")}


async def test_controls_within_their_limits_and_of_other_analytes_mark_nothing(
    analysed,
):
    before = await told(*analysed)
    near = CRM | {"value": 23.0}
    assert await told(*analysed, "lab_control", near) == before
    nitrogen = CRM | {"analyte": "total_nitrogen", "certified_value": 9.0}
    assert await told(*analysed, "lab_control", nitrogen) == before
    other = CRM | {"lab_batch": "B8"}
    assert await told(*analysed, "lab_control", other) == before


async def test_limits_of_the_project_decide(analysed):
    server, laptop = analysed
    assert (await told(*analysed, "lab_control", CRM))["reasons"] == ["LAB_QC_FAILED"]
    base = await server.seen(server.project_id)
    wide = {"lab_recovery_pct": 20.0}
    laptop.draft("project", server.project_id, wide, base=base)
    assert (await laptop.sync()).outcomes == ["accepted"]
    assert (await told(*analysed))["reasons"] == []


async def test_the_path_of_a_figure_shows_controls_and_decision(analysed):
    server, _ = analysed
    await told(*analysed, "lab_control", CRM)
    decision = OF_BATCH | WHY | {"decision": "accepted", "decided_by": "Ada"}
    await told(*analysed, "lab_batch", decision)
    early, late = sorted(SOC)
    given = ["--data", str(server.data.path), "stocks", "explain", "P1", early, late]
    given += ["--project", "HF"]
    done = await asyncio.to_thread(CliRunner().invoke, main, given)
    assert done.exit_code == 0, done.output
    assert "batch B7 of LAS, soc: 1 control, quality control accepted" in done.output
    assert "fails: reference CRM-A: 20, 86.6% of 23.1" in done.output
    assert "accepted: the laboratory measured again" in done.output
    path = await asyncio.to_thread(CliRunner().invoke, main, [*given, "--json"])
    document = json.loads(path.stdout)
    assert document["same_bytes"]
    first, last = (one["lab_batches"] for one in document["campaigns"])
    assert first == []
    assert [one["fields"]["code"] for one in last[0]["controls"]] == ["CRM-A"]
    # What a row rests on is kept with it.
    inputs = {name for name, _ in document["versions"][-1]["inputs"]}
    assert {last[0]["controls"][0]["id"], last[0]["decisions"][0]["id"]} <= inputs


async def test_the_report_has_control_charts_where_there_are_controls(analysed):
    server, _ = analysed
    before = await server.ask(lambda store: report_of(store, "HF"))
    assert "Quality control" not in render(before)
    await told(*analysed, "lab_control", CRM)
    after = await server.ask(lambda store: report_of(store, "HF"))
    page = render(after)
    assert "Quality control of the laboratories" in page
    assert "reference CRM-A: 20, 86.6% of 23.1" in page


async def edited(server, laptop, record, fields, op="put"):
    """Push a change of a record that its author has just seen; return the change then."""
    kind = (await server.row(record))["t"]
    laptop.draft(kind, record, fields, op=op, base=await server.seen(record))
    assert (await laptop.sync()).outcomes == ["accepted"]
    return await told(server, laptop)


async def test_a_control_that_is_corrected_moved_or_deleted_marks_no_more(analysed):
    server, laptop = analysed
    assert (await told(*analysed, "lab_control", CRM))["reasons"] == ["LAB_QC_FAILED"]
    rows = await server.report("records", server.project_id, "lab_control")
    control = rows[0].id
    moved = await edited(server, laptop, control, {"lab_batch": "B8"})
    assert moved["reasons"] == []
    back = await edited(server, laptop, control, {"lab_batch": "B7"})
    assert back["reasons"] == ["LAB_QC_FAILED"]
    gone = await edited(server, laptop, control, {}, op="del")
    assert gone["reasons"] == []


async def test_a_decision_that_is_deleted_is_open_again(analysed):
    server, laptop = analysed
    await told(*analysed, "lab_control", CRM)
    decision = OF_BATCH | WHY | {"decision": "rejected"}
    assert (await told(*analysed, "lab_batch", decision))["change_t_ha"] is None
    rows = await server.report("records", server.project_id, "lab_batch")
    again = await edited(server, laptop, rows[0].id, {}, op="del")
    assert again["reasons"] == ["LAB_QC_FAILED"]


async def test_a_derived_row_with_controls_follows_from_its_records(analysed):
    server, _ = analysed
    await told(*analysed, "lab_control", CRM)

    def faults(tx):
        return list(check_derived(tx, lambda *_: None))

    assert await server.ask(lambda store: store.read(faults)) == []
