"""What boards say of plots, kept and counted in any store."""

from functools import partial

import pytest

from server.store.board_values import (
    NOBODY,
    CampaignQuestion,
    PlotBoard,
    PointGroup,
    Recorder,
    SkippedPoint,
)
from server.store.values import DerivedPlot
from tests.contract.test_derivation import BAG, CORE, ask, claim
from tests.contract.values import Batch, begin, new_id, nothing, point, saved

ENDED = ("skipped", "derived")
CAMPAIGN = "2026"


def group(stage, since, codes, campaign=CAMPAIGN, hand=NOBODY):
    ended = stage in ENDED
    return PointGroup(campaign, stage, since, ended, hand, tuple(codes.split()))


def board(code, *groups, verdict="", place=None, reasons=(), change=None):
    return PlotBoard(code, place, verdict, tuple(reasons), change, groups)


async def put(store, laptop, project, boards):
    """Derive plots, each to what boards are to say of it."""
    await ask(store, laptop, project, *(made for made, _ in boards))
    jobs = {job.plot_id: job for job in await claim(store, now=10**9, most=100)}
    rows = [DerivedPlot(jobs[made.id], [], None, found) for made, found in boards]
    await store.write(lambda tx: tx.save_derived(rows, "2026-06-01T00:00:00.000Z"))


def asked(project, late_before="2026-05-10", campaign=CAMPAIGN):
    return CampaignQuestion(project.id, campaign, "2026-05-01", late_before)


async def test_what_boards_say_of_a_plot_is_kept_and_replaced(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    hand = Recorder(laptop.log, "Ada")
    first = board(
        "P1",
        group("planned", "", "1 2", ""),
        group("bagged", "2026-05-04", "1", hand=hand),
        group("planned", "", "2"),
        verdict="above",
        place=(2.25, 48.5),
        reasons=("GAP", "METHOD_CHANGED"),
        change="a change",
    )
    await put(store, laptop, project, [(one, first), (two, board("P2"))])
    read = partial(store.read, lambda tx: tx.plot_boards(project.id, [one.id, two.id]))
    assert await read() == {one.id: first, two.id: board("P2")}
    second = board("P1", group("derived", "2026-06-01", "1 2"))
    await put(store, laptop, project, [(one, second)])
    assert await read() == {one.id: second, two.id: board("P2")}
    await put(store, laptop, project, [(one, None)])
    assert await read() == {two.id: board("P2")}
    assert await store.read(lambda tx: tx.plot_boards(new_id(), [two.id])) == {}


async def test_plots_are_counted_by_verdict_and_reasons(store):
    laptop, project, *plots = await begin(store, *(f"P{n}" for n in range(5)))
    verdicts = ("above", "above", "not assessable", "not assessable", "")
    reasons = ((), (), ("GAP",), ("GAP",), ())
    await put(
        store,
        laptop,
        project,
        [
            (made, board(f"P{n}", verdict=verdict, reasons=why))
            for n, (made, verdict, why) in enumerate(
                zip(plots, verdicts, reasons, strict=True)
            )
        ],
    )
    counted = await store.read(lambda tx: tx.verdict_counts([project.id]))
    assert [one[1:] for one in counted] == [
        ("", (), 1),
        ("above", (), 2),
        ("not assessable", ("GAP",), 2),
    ]
    assert await store.read(lambda tx: tx.verdict_counts([new_id()])) == []
    await ask(store, laptop, project, plots[0])
    waiting = await store.read(lambda tx: tx.waiting_counts([project.id, new_id()]))
    assert waiting == {project.id: 1}


async def test_plots_come_by_their_codes_page_by_page(store):
    codes = ("P10", "P2", "P1", "P20")
    laptop, project, *plots = await begin(store, *codes)
    boards = [
        (made, board(code, verdict="below" if code == "P2" else "", place=(n, n)))
        for n, (code, made) in enumerate(zip(codes, plots, strict=True))
    ]
    await put(store, laptop, project, boards)

    async def page(verdict=None, skip=0, most=2):
        job = partial(_page, ids=[project.id], verdict=verdict, skip=skip, most=most)
        found = await store.read(job)
        return [one.code for one in found]

    assert await page() == ["P1", "P2"]
    assert await page(skip=2) == ["P10", "P20"]
    assert await page(skip=4) == []
    assert await page(verdict="below") == ["P2"]
    assert await page(verdict="", most=9) == ["P1", "P10", "P20"]
    places = await store.read(lambda tx: tx.plot_places([project.id]))
    assert sorted((one.code, one.lon) for one in places) == [
        ("P1", 2.0),
        ("P10", 0.0),
        ("P2", 1.0),
        ("P20", 3.0),
    ]


def _page(tx, ids, verdict, skip, most):
    return tx.plot_verdicts(ids, verdict, skip, most)


@pytest.fixture
async def sampled(store):
    """Three plots of a campaign: one late, one on its way, one that nobody has visited."""
    laptop, project, *plots = await begin(store, "P1", "P2", "P3")
    ada = Recorder(laptop.log, "Ada")
    planned = group("planned", "", "1 2", "")
    boards = [
        board("P1", planned, group("derived", "2026-05-02", "1 2", hand=ada)),
        board(
            "P2",
            planned,
            group("bagged", "2026-05-04", "1", hand=ada),
            group("planned", "", "2"),
            group("measured", "2016-05-04", "1 2", "2016", ada),
        ),
        board("P3", planned),
    ]
    await put(store, laptop, project, list(zip(plots, boards, strict=True)))
    return store, project, plots


async def test_points_are_counted_by_stage_and_by_who_recorded_them(sampled):
    store, project, _ = sampled
    counted = await store.read(lambda tx: tx.stage_counts(asked(project)))
    assert [tuple(one) for one in counted] == [
        ("bagged", "laptop", "Ada", 1, 1, "2026-05-04"),
        ("derived", "laptop", "Ada", 2, 0, "2026-05-02"),
        ("planned", "", "", 1, 1, "2026-05-01"),
        ("planned", "", "", 2, 2, "2026-05-01"),
    ]
    early = asked(project, late_before="2026-05-04")
    counted = await store.read(lambda tx: tx.stage_counts(early))
    assert [(one.stage, one.late) for one in counted] == [
        ("bagged", 0),
        ("derived", 0),
        ("planned", 1),
        ("planned", 2),
    ]


async def test_a_campaign_that_nobody_has_begun_is_planned_whole(sampled):
    store, project, _ = sampled
    question = asked(project, campaign="2036")
    (counted,) = await store.read(lambda tx: tx.stage_counts(question))
    assert (counted.stage, counted.points) == ("planned", 6)


async def test_plots_with_late_points_come_first_and_then_the_longest_wait(sampled):
    store, project, plots = sampled

    async def page(question, skip=0, most=10):
        found = await store.read(lambda tx: tx.plot_progress(question, skip, most))
        return [tuple(one)[1:] for one in found.plots], found.total

    late = [("P2", 2, 2), ("P3", 2, 2), ("P1", 2, 0)]
    assert await page(asked(project)) == (late, 3)
    assert await page(asked(project), 1, 1) == (late[1:2], 3)
    assert await page(asked(project, late_before="2026-01-01")) == (
        [("P2", 2, 0), ("P3", 2, 0), ("P1", 2, 0)],
        3,
    )
    ids = [plots[1].id, plots[2].id]
    found = await store.read(lambda tx: tx.points_in_stages(asked(project), ids))
    assert sorted((one[1:]) for one in found) == [
        ("bagged", "2026-05-04", False, "laptop", "Ada", ("1",)),
        ("planned", "2026-05-01", False, "", "", ("1", "2")),
        ("planned", "2026-05-01", False, "", "", ("2",)),
    ]


async def test_handling_is_read_by_points_and_bags(store):
    laptop, project, one = await begin(store, "P1")
    batch = Batch(project, laptop)
    made = [batch.put("point", point(one.id, code)) for code in "AB"]
    fields = {"name": "C1", "start_date": "2025-05-01", "purpose": "baseline"}
    campaign = batch.put("campaign", fields)
    core = batch.put(
        "core", CORE | {"point_id": made[0].id, "campaign_id": campaign.id}
    )
    bag = batch.put("sample", BAG | {"core_id": core.id, "sample_code": "HF-1"})
    skip = {"point_id": made[1].id, "campaign_id": campaign.id, "because": "wet"}
    skipped = batch.put("skip", skip)
    for step, at in (
        ("boxed", "2025-05-02T10:00:00Z"),
        ("boxed", "2025-05-03T10:00:00Z"),
        ("received", "2025-05-09T10:00:00Z"),
    ):
        batch.put("custody_event", {"sample_id": bag.id, "step": step, "at": at})
    gone = {"sample_id": bag.id, "step": "dried", "at": "2025-05-10T10:00:00Z"}
    batch.delete(batch.put("custody_event", gone))
    await saved(store, batch)
    other = Batch(project, laptop)
    other.put("core", {"moved_because": "a hedge"}, record=core.id)
    await saved(store, other)
    ids = ([each.id for each in made], [core.id], [bag.id])
    found = await store.read(lambda tx: tx.handling(project.id, *ids))
    assert found.skips == {made[1].id: [SkippedPoint(skipped.id, campaign.id)]}
    assert found.steps == {bag.id: {"boxed": "2025-05-03", "received": "2025-05-09"}}
    hand = Recorder(laptop.log, "Ann")
    assert found.recorders == {core.id: hand, skipped.id: hand}
    nobody = await store.read(lambda tx: tx.handling(project.id, [], [], []))
    assert (nobody.skips, nobody.steps, nobody.recorders) == ({}, {}, {})


async def test_who_recorded_a_core_first_is_told_after_another_has_edited_it(store):
    laptop, project, one = await begin(store, "P1")
    second, _, _ = await begin(store, "X", name="second")
    batch = Batch(project, laptop)
    made = batch.put("point", point(one.id))
    fields = {"name": "C1", "start_date": "2025-05-01", "purpose": "baseline"}
    campaign = batch.put("campaign", fields)
    core = batch.put("core", CORE | {"point_id": made.id, "campaign_id": campaign.id})
    await saved(store, batch)
    edit = Batch(project, second)
    edit.put("core", {"number": 2}, record=core.id)
    await saved(store, edit)
    await store.write(lambda tx: tx.save(nothing(laptop)))
    found = await store.read(lambda tx: tx.handling(project.id, [], [core.id], []))
    assert found.recorders == {core.id: Recorder(laptop.log, "Ann")}
