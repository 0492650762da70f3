"""A programme and a campaign at a glance, from the first point to the last figure."""

import asyncio
import json
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from server.access.projects import projects
from server.clock import Clock
from server.custody.own_log import add_project
from server.data import look_into
from server.derivation.derive import derive_waiting
from server.derivation.recheck import check_derived
from server.errors import NotFoundError
from server.figures.campaign_board import CampaignChoices, Team, campaign_board
from server.figures.pages import PageChoice
from server.figures.programme import NO_CHANGE, programme_board
from server.figures.queries import stocks_document
from server.store.driver import connect
from server.store.sqlite import SqliteStore
from tests.conftest import RunningServer, running
from tests.databases import DATABASES, new_server
from tests.integration.test_portfolio import A, B, record_plot, synced
from tests.integration.test_versions import is_whole, older
from tests.processes import typed

pytestmark = pytest.mark.slow
PROJECT = {
    "code": "HF",
    "title": "Highfield",
    "reference_depth_cm": 30.0,
    "stock_method_profile": "fixed_depth",
}
SQUARE = [[2.0, 48.0], [2.02, 48.0], [2.02, 48.01], [2.0, 48.01], [2.0, 48.0]]
TODAY = date(2026, 6, 1)


@pytest.fixture(params=DATABASES)
async def served(request, tmp_path):
    """A running server with one project, on each database."""
    data = new_server(request, tmp_path, request.param)
    async with running(data) as url:
        found = RunningServer(data, url, "")
        found.project_id = await found.ask(
            lambda store: add_project(store, Clock(), PROJECT, {})
        )
        yield found


async def campaign_of(server, name="2026", **choices):
    chosen = CampaignChoices(today=TODAY, **choices)
    return await server.ask(
        lambda store: campaign_board(store, server.project_id, name, chosen)
    )


async def programme_of(server, *asked):
    names = {server.project_id: "HF"}
    return await server.ask(lambda store: programme_board(store, names, *asked))


async def reached(server):
    """Return stage and day of each point of the campaign 2026."""
    found = await campaign_of(server)
    assert found["waiting"] == 0
    return {
        f"{plot['plot']}/{visit['point']}": (visit["stage"], visit["since"])
        for plot in found["plots"]
        for visit in plot["visits"]
    }


DENSITY = {
    "bulk_density_g_cm3": 1.25,
    "bulk_density_definition": "fine_in_total",
    "bulk_density_method": "ring",
}
SOC = {
    "analyte": "soc",
    "replicate": 1,
    "value": 14.0,
    "unit": "g_kg",
    "method": "dry_combustion",
    "analysed_on": "2026-05-20",
}


async def planned_points(server, laptop):
    """Plan two points of a plot in a campaign; return the ids of all."""
    plot = laptop.add("plot", {"code": "P1"})
    points = [laptop.add("point", {"plot_id": plot, "code": c}) for c in "12"]
    fields = {"name": "2026", "start_date": "2026-05-01", "purpose": "baseline"}
    campaign = laptop.add("campaign", fields)
    await synced(server, laptop)
    return plot, points, campaign


async def test_a_point_goes_from_stage_to_stage_as_records_come(served):
    laptop = await served.laptop("north")
    _, points, campaign = await planned_points(served, laptop)

    async def then(kind, fields):
        name = laptop.add(kind, fields)
        await synced(served, laptop)
        return name, (await reached(served))["P1/1"]

    assert set((await reached(served)).values()) == {("planned", "2026-05-01")}
    hole = {"point_id": points[0], "campaign_id": campaign, "number": 1}
    when = {"sampled_at": "2026-05-04T12:00:00Z"}
    core, now = await then("core", hole | when)
    assert now == ("visited", "2026-05-04")
    layer = {"core_id": core, "depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
    bag, now = await then("sample", layer | DENSITY | {"sample_code": "HF-1"})
    assert now == ("bagged", "2026-05-04")
    for step, day, stage in (
        ("boxed", "2026-05-05", "bagged"),
        ("handed_over", "2026-05-06", "handed over"),
        ("received", "2026-05-08", "at the lab"),
    ):
        event = {"sample_id": bag, "step": step, "at": f"{day}T08:00:00Z", "who": "Bo"}
        assert (await then("custody_event", event))[1] == (stage, day)
    result, now = await then("result", SOC | {"sample_id": bag})
    assert now == ("derived", "2026-05-20")
    laptop.draft("result", result, {}, op="del", base=await served.seen(result))
    await laptop.sync()
    await served.derived()
    assert (await reached(served))["P1/1"] == ("at the lab", "2026-05-08")


async def test_skipped_points_deleted_points_and_other_codes_are_told(served):
    laptop = await served.laptop("north")
    plot, points, campaign = await planned_points(served, laptop)
    skip = {"point_id": points[1], "campaign_id": campaign, "because": "wet"}
    laptop.add("skip", skip)
    await synced(served, laptop)
    assert (await reached(served))["P1/2"] == ("skipped", "2026-05-01")
    laptop.draft("point", points[0], {}, op="del", base=await served.seen(points[0]))
    laptop.draft("plot", plot, {"code": "Q"}, base=await served.seen(plot))
    await laptop.sync()
    await served.derived()
    assert await reached(served) == {"Q/2": ("skipped", "2026-05-01")}


async def test_points_are_counted_by_laptop_and_by_person(served):
    north, south = await served.laptop("north"), await served.laptop("south")
    await two_teams(served, north, south)
    found = await campaign_of(served)
    assert [(row["team"], row["points"], row["stages"]) for row in found["teams"]] == [
        ("north", 2, {"visited": 2}),
        ("south", 1, {"visited": 1}),
        (None, 1, {"planned": 1}),
    ]
    found = await campaign_of(served, by=Team.PERSON)
    assert [(row["team"], row["points"]) for row in found["teams"]] == [
        ("Ada", 1),
        ("Bo", 2),
        (None, 1),
    ]
    assert [row["points"] for row in found["stages"] if row["points"]] == [1, 3]
    assert (found["points"], found["late"]) == (4, 1)


async def two_teams(server, north, south):
    plot = north.add("plot", {"code": "P1"})
    points = [north.add("point", {"plot_id": plot, "code": c}) for c in "1234"]
    fields = {"name": "2026", "start_date": "2026-04-01", "purpose": "baseline"}
    campaign = north.add("campaign", fields)
    await synced(server, north)
    await south.sync()
    visits = ((north, "Ada"), (north, "Bo"), (south, "Bo"))
    for point, (laptop, person) in zip(points, visits, strict=False):
        hole = {"point_id": point, "campaign_id": campaign, "number": 1}
        when = {"sampled_at": "2026-05-20T12:00:00Z"}
        laptop.add("core", hole | when, u=person)
    await synced(server, north)
    await synced(server, south)


async def test_late_points_come_first_and_days_are_chosen(served):
    north, south = await served.laptop("north"), await served.laptop("south")
    await two_teams(served, north, south)
    (plot,) = (await campaign_of(served))["plots"]
    assert [(v["point"], v["late"], v["days"]) for v in plot["visits"]] == [
        ("4", True, 61),
        ("1", False, 12),
        ("2", False, 12),
        ("3", False, 12),
    ]
    assert (await campaign_of(served, late_days=11))["late"] == 4
    assert (await campaign_of(served, late_days=12))["late"] == 1
    assert (await campaign_of(served, late_days=61))["late"] == 0
    assert (await campaign_of(served, late_days=10**9))["late"] == 0


async def test_what_is_not_there_is_said(served):
    laptop = await served.laptop("north")
    record_plot(laptop, "P1", A)
    await synced(served, laptop)
    with pytest.raises(NotFoundError, match="campaign"):
        await campaign_of(served, "1999")
    with pytest.raises(NotFoundError, match="no page 2") as refused:
        await campaign_of(served, "2020", page=PageChoice(2))
    assert refused.value.hint == "pages are 1 to 1"
    with pytest.raises(NotFoundError, match="no page 3"):
        await programme_of(served, None, PageChoice(3))


@pytest.fixture
async def judged(served):
    """Three plots: one gained, one did not, one was sampled once."""
    laptop = await served.laptop("north")
    boundary = {"type": "Polygon", "coordinates": [SQUARE]}
    record_plot(laptop, "P1", A, geometry=boundary, land_use="cropland")
    record_plot(laptop, "P2", B)
    record_plot(laptop, "P10", {"2010": A["2010"]})
    await synced(served, laptop)
    return served


async def test_the_newest_change_of_each_plot_is_told_as_elsewhere(judged):
    found = await programme_of(judged)
    rows, _ = await judged.ask(lambda store: stocks_document(store, "HF"))
    verdicts = {row["plot"]: row["verdict_4permille"] for row in rows["changes"]}
    told = {row["plot"]: row["verdict_4permille"] for row in found["plots"]}
    assert told == {**verdicts, "P10": None}
    assert [row["plot"] for row in found["plots"]] == ["P1", "P2", "P10"]
    first, _, last = found["plots"]
    (change,) = (row for row in rows["changes"] if row["plot"] == "P1")
    for name in ("rate_permille_year", "change_t_ha", "from_campaign", "reasons"):
        assert first[name] == change[name]
    assert (first["lon"], first["lat"]) == pytest.approx((2.01, 48.005))
    assert first["land_use"] == "cropland"
    assert last["why"] == ["not measured in two campaigns yet"]
    total = found["total"]
    assert (total["plots"], total["above"], total["no_change"]) == (3, 1, 1)
    assert found["projects"] == [{"project": "HF", **total}]
    assert found["map"]["dots"][0]["plot"] == "P1"


async def test_plots_of_one_verdict_are_asked_for(judged):
    above = await programme_of(judged, "above")
    assert [row["plot"] for row in above["plots"]] == ["P1"]
    assert above["plots_found"] == 1
    none = await programme_of(judged, NO_CHANGE)
    assert [row["plot"] for row in none["plots"]] == ["P10"]
    assert (await programme_of(judged, "below"))["plots"] == []


async def test_why_plots_are_not_assessable_is_counted(served):
    laptop = await served.laptop("north")
    changed = {"2010": "dry_combustion", "2020": "tinsley"}
    record_plot(laptop, "P1", A, method=changed)
    record_plot(laptop, "P2", {"2010": A["2010"]})
    await synced(served, laptop)
    found = await programme_of(served)
    counted = {row["reason"]: row["plots"] for row in found["not_assessable"]}
    assert counted["METHOD_CHANGED"] == 1
    assert counted["not measured in two campaigns yet"] == 1
    (plot, _) = found["plots"]
    assert plot["verdict_4permille"] == "not assessable"
    assert any("METHOD_CHANGED" in why for why in plot["why"])


async def test_a_plot_that_was_deleted_is_on_no_board(judged):
    laptop = await judged.laptop("south")
    laptop.add("plot", {"code": "P3"})
    await synced(judged, laptop)
    (row,) = (r for r in (await programme_of(judged))["plots"] if r["plot"] == "P3")
    assert row["verdict_4permille"] is None
    plots = await judged.report("records", judged.project_id, "plot")
    (gone,) = (one.id for one in plots if one.fields["code"] == "P3")
    laptop.draft("plot", gone, {}, op="del", base=await judged.seen(gone))
    await laptop.sync()
    await judged.derived()
    assert "P3" not in {r["plot"] for r in (await programme_of(judged))["plots"]}


class _Counted:
    """A connection that keeps the statements that it is asked."""

    def __init__(self, connection, asked):
        self._connection, self._asked = connection, asked

    def execute(self, sql, values=()):
        self._asked.append(sql)
        return self._connection.execute(sql, values)


class _CountedStore:
    """A store whose statements are counted."""

    def __init__(self, store):
        self._store, self.asked = store, []

    async def read(self, job):
        return await self._store.read(
            lambda tx: job(replace(tx, connection=_Counted(tx.connection, self.asked)))
        )


async def _statements(server, board):
    async def job(store):
        counted = _CountedStore(store)
        await board(counted)
        return len(counted.asked)

    return await server.ask(job)


async def test_a_board_asks_the_same_few_statements_however_many_plots(judged):
    names = {judged.project_id: "HF"}
    boards = (
        lambda store: programme_board(store, names),
        lambda store: campaign_board(
            store, judged.project_id, "2020", CampaignChoices(today=TODAY)
        ),
    )
    before = [await _statements(judged, board) for board in boards]
    laptop = await judged.laptop("more")
    for number in range(60):
        plot = laptop.add("plot", {"code": f"X{number}"})
        laptop.add("point", {"plot_id": plot, "code": "1"})
    await synced(judged, laptop)
    after = [await _statements(judged, board) for board in boards]
    assert before == after
    assert max(after) <= 6
    assert (await campaign_of(judged, "2020"))["pages"] == 2


async def test_boards_are_typed(judged):
    def run(*words, code=0):
        return typed(judged.data.path, "board", *words, code=code)

    said = (await asyncio.to_thread(run, "programme", "--project", "HF")).stdout
    assert "not measured in two campaigns yet" in said
    assert "illustration" in said
    words = ("campaign", "--project", "HF", "--campaign", "2020")
    said = (await asyncio.to_thread(run, *words)).stdout
    assert "2020, resampling, 2020-09-01: 9 points, 3 late" in said
    assert "P10/1  planned" in said
    listed = (await asyncio.to_thread(run, *words, "--by", "person", "--json")).stdout
    assert json.loads(listed)["by"] == "person"
    for wrong, code in (
        ((*words, "--late", "-1"), 2),
        ((*words, "--by", "colour"), 2),
        ((*words, "--page", "0"), 2),
        ((*words, "--page", "9"), 4),
        (("campaign", "--project", "HF", "--campaign", "1999"), 4),
        (("campaign", "--project", "none", "--campaign", "2020"), 4),
        (("programme", "--verdict", "good"), 2),
    ):
        done = await asyncio.to_thread(run, *wrong, code=code)
        assert "Traceback" not in done.output


async def test_plots_of_an_earlier_version_are_asked_for_and_then_on_the_boards(
    tmp_path,
):
    path = tmp_path / "older.db"
    older(path, 2)
    store = SqliteStore(path)
    try:
        names = {one["id"]: one["name"] for one in await projects(store)}
        before = await programme_board(store, names)
        plots = sum(one["plots"] for one in await projects(store))
        assert before["total"]["waiting"] == plots > 0
        await derive_waiting(store, Clock())
        after = await programme_board(store, names)
    finally:
        store.close()
    assert (after["total"]["waiting"], after["total"]["plots"]) == (0, plots)
    assert is_whole(path)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE board_plot SET verdict = 'below' WHERE code = 'P1'",
        "UPDATE board_points SET stage = 'bagged'",
        "UPDATE board_points SET person = 'Eve'",
        "DELETE FROM board_plot",
    ],
)
async def test_what_boards_say_follows_from_records_and_figures(server, sql):
    laptop = await server.laptop("north")
    record_plot(laptop, "P1", A)
    await synced(server, laptop)

    def faults():
        with look_into(server.data) as tx:
            return [fault.what for fault in check_derived(tx, lambda *_: None)]

    assert faults() == []
    with closing(connect(server.data.database)) as connection:
        connection.execute(sql)
    assert faults() == ["boards say something else of it"]
