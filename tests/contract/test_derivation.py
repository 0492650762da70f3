"""Jobs, plot trees, derived rows and their versions in any store."""

import asyncio

import pytest

from server.store.values import (
    DerivedPlot,
    DerivedRow,
    DerivedVersion,
    FrozenMass,
    Job,
)
from tests.contract.values import Batch, at, begin, new_id, nothing, plot, point, saved

CORE = {"number": 1, "sampled_at": "2025-05-02T10:00:00Z", "sampled_precision": None}
BAG = {"depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
SOC = {
    "analyte": "soc",
    "replicate": 1,
    "value": 14.0,
    "unit": "g_kg",
    "method": "dry_combustion",
}


async def ask(store, laptop, project, *plots):
    """Ask that the numbers of plots be derived again."""
    wanted = {project.id: [made.id for made in plots]}
    await store.write(lambda tx: tx.save(nothing(laptop, plots=wanted)))


async def claim(store, now=0, lease=1000, most=10):
    """Take jobs at a moment, for so long."""
    return await store.write(lambda tx: tx.claim_jobs(now, lease, most))


async def derive(store, job, *rows, reference=None, second=0):
    """Save what a job came to; return how many rows changed."""
    made = [DerivedPlot(job, list(rows), reference)]
    return await store.write(lambda tx: tx.save_derived(made, at(second)))


async def derive_anew(store, laptop, project, made, *rows, reference=None, second=0):
    """Ask for a plot, and save what that job came to; return how many rows changed."""
    await ask(store, laptop, project, made)
    jobs = await claim(store, now=10**9)
    (taken,) = (job for job in jobs if job.plot_id == made.id)
    return await derive(store, taken, *rows, reference=reference, second=second)


def row(made, kind="stock", digest="d1", name=None, **fields):
    """Return a derived row of a plot."""
    inputs = [(made.id, made.seq)]
    return DerivedRow(
        kind, name or new_id(), made.id, {"digest": digest} | fields, inputs
    )


async def test_plots_that_a_merge_names_wait_to_be_derived(store):
    laptop, project, one, two, _ = await begin(store, "P1", "P2", "P3")
    other, elsewhere, far = await begin(store, "P1", name="other")
    assert await store.read(lambda tx: tx.waiting_jobs()) == []
    assert not await store.read(lambda tx: tx.is_waiting())
    assert await claim(store) == []
    for _ in range(2):
        await ask(store, laptop, project, one, two)
    await ask(store, other, elsewhere, far)
    own = sorted([one.id, two.id])
    assert await store.read(lambda tx: tx.is_waiting())
    assert await store.read(lambda tx: tx.count_waiting()) == 3
    assert await store.read(lambda tx: tx.waiting_jobs(project.id)) == own
    assert await store.read(lambda tx: tx.waiting_jobs(elsewhere.id)) == [far.id]
    assert await store.read(lambda tx: tx.waiting_jobs()) == sorted([*own, far.id])
    assert await store.read(lambda tx: tx.waiting_jobs(new_id())) == []


async def test_jobs_are_taken_from_one_project_at_a_time_and_only_so_many(store):
    laptop, project, *plots = await begin(store, "P1", "P2", "P3")
    other, elsewhere, far = await begin(store, "P1", name="other")
    await ask(store, laptop, project, *plots)
    await ask(store, other, elsewhere, far)
    taken = []
    while found := await claim(store, most=2):
        assert len(found) <= 2
        assert len({job.project_id for job in found}) == 1
        taken += [(job.project_id, job.plot_id) for job in found]
    wanted = [(project.id, made.id) for made in plots] + [(elsewhere.id, far.id)]
    assert sorted(taken) == sorted(wanted)


async def test_a_job_names_the_number_of_its_asking(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    await ask(store, laptop, project, one)
    assert await claim(store) == [Job(project.id, one.id, 1)]
    await ask(store, laptop, project, two)
    assert await claim(store) == [Job(project.id, two.id, 2)]


async def test_a_job_that_is_taken_comes_back_when_its_lease_runs_out(store):
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (job,) = await claim(store, now=5000, lease=1000)
    assert await claim(store, now=5000) == []
    assert await claim(store, now=5999) == []
    assert await store.read(lambda tx: tx.waiting_jobs()) == [one.id]
    assert await claim(store, now=6000) == [job]


async def test_the_end_of_a_job_closes_it(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    await ask(store, laptop, project, one, two)
    jobs = await claim(store)
    job = next(job for job in jobs if job.plot_id == one.id)
    assert await derive(store, job) == 0
    assert await store.read(lambda tx: tx.waiting_jobs()) == [two.id]
    assert await derive(store, job) == 0


async def test_a_job_asked_for_anew_meanwhile_is_not_closed_by_the_older_one(store):
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (job,) = await claim(store)
    await ask(store, laptop, project, one)
    await derive(store, job)
    assert await store.read(lambda tx: tx.waiting_jobs()) == [one.id]
    (newer,) = await claim(store)
    assert newer.asked > job.asked
    await derive(store, newer)
    assert await store.read(lambda tx: tx.waiting_jobs()) == []


async def test_every_live_plot_of_a_project_is_asked_for(store):
    laptop, project, one, two, gone = await begin(store, "P1", "P2", "P3")
    _, elsewhere, _ = await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    batch.delete(gone)
    batch.put("point", point(one.id))
    await saved(store, batch)
    for _ in range(2):
        assert await store.write(lambda tx: tx.ask_for(project.id)) == 2
    assert await store.read(lambda tx: tx.waiting_jobs()) == sorted([one.id, two.id])
    assert await store.write(lambda tx: tx.ask_for(new_id())) == 0
    assert await store.read(lambda tx: tx.waiting_jobs(elsewhere.id)) == []


async def test_what_is_asked_for_need_not_wait_for_the_end_of_a_lease(store):
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (job,) = await claim(store, lease=10**9)
    await store.write(lambda tx: tx.ask_for(project.id))
    assert [found.plot_id for found in await claim(store)] == [job.plot_id]


async def test_a_plot_asked_for_while_it_is_derived_is_derived_once_more(store):
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (job,) = await claim(store)
    await store.write(lambda tx: tx.ask_for(project.id))
    await derive(store, job)
    assert await store.read(lambda tx: tx.waiting_jobs()) == [one.id]
    (newer,) = await claim(store)
    await derive(store, newer)
    assert await store.read(lambda tx: tx.waiting_jobs()) == []


async def test_no_job_is_taken_twice_by_those_who_take_at_once(store, opened):
    codes = [f"P{n}" for n in range(12)]
    laptop, project, *plots = await begin(store, *codes)
    await ask(store, laptop, project, *plots)
    other = opened()
    try:
        taken = await asyncio.gather(
            *(claim(one, most=2) for _ in range(4) for one in (store, other))
        )
    finally:
        other.close()
    names = [job.plot_id for jobs in taken for job in jobs]
    assert sorted(names) == sorted(made.id for made in plots)


async def tree(store):
    """Save a project with two plots, one of them with a core; return all by name."""
    laptop, project, one, two = await begin(store, "P1", "P2")
    batch, made = Batch(project, laptop), {"one": one, "two": two}
    own = {"code": "HF", "title": "Highfield"}
    made["project"] = batch.put("project", own, record=project.id)
    fields = {"name": "C1", "start_date": "2025-05-01", "purpose": "baseline"}
    made["campaign"] = batch.put("campaign", fields)
    batch.put("campaign", fields | {"name": "C2"})
    points = [batch.put("point", point(one.id, code)) for code in "ABC"]
    made["points"] = sorted(points[:2], key=lambda record: record.id)
    core = CORE | {"point_id": points[0].id, "campaign_id": made["campaign"].id}
    made["core"] = batch.put("core", core)
    bag = BAG | {"core_id": made["core"].id, "sample_code": "HF-1"}
    made["sample"] = batch.put("sample", bag)
    made["result"] = batch.put("result", SOC | {"sample_id": made["sample"].id})
    batch.delete(points[2])
    made["core_conflict"] = batch.contest(made["core"], "number", {"number": 2})
    made["core"] = project.records[made["core"].id]
    await saved(store, batch)
    return laptop, project, made


def said(record):
    """Return what derivation reads of a record."""
    return (record.id, record.type, record.seq, record.fields, record.open_conflicts)


async def test_a_tree_is_everything_that_the_numbers_of_a_plot_rest_on(store):
    laptop, project, made = await tree(store)
    batch = Batch(project, laptop)
    batch.refuse("sample", BAG, record=new_id(), parent=made["core"].id)
    batch.refuse("practice", {}, record=new_id(), parent=made["one"].id)
    await saved(store, batch)
    plots = [made["two"].id, made["one"].id]
    two, one = await store.read(lambda tx: tx.plot_trees(project.id, plots))
    assert tuple(one.project) == said(made["project"])
    assert tuple(one.plot) == said(made["one"])
    assert [tuple(r) for r in one.campaigns] == [said(made["campaign"])]
    assert [tuple(r) for r in one.points] == [said(r) for r in made["points"]]
    assert [tuple(r) for r in one.cores] == [said(made["core"])]
    assert [tuple(r) for r in one.samples] == [said(made["sample"])]
    assert [tuple(r) for r in one.results] == [said(made["result"])]
    assert one.frozen == {}
    assert await store.read(lambda tx: tx.figures(project.id, plots)) == []
    assert (one.open_conflicts, one.quarantined) == (1, 1)
    assert tuple(two.plot) == said(made["two"])
    assert two.inputs == [two.project, two.plot]
    assert (two.open_conflicts, two.quarantined) == (0, 0)


OF_BATCH = {"lab": "LAS", "lab_batch": "B7", "analyte": "soc"}
BLANK = {"kind": "blank", "code": "BLANK", "number": 1, "value": 0.1, "unit": "g_kg"}


async def test_a_tree_has_the_controls_and_decisions_of_the_batches_of_its_results(
    store,
):
    laptop, project, made = await tree(store)
    batch = Batch(project, laptop)
    own = SOC | OF_BATCH | {"sample_id": made["sample"].id, "replicate": 2}
    batch.put("result", own)
    control = batch.put("lab_control", OF_BATCH | BLANK)
    batch.delete(batch.put("lab_control", OF_BATCH | BLANK | {"number": 2}))
    decided = {"decision": "accepted", "reason": "asked"}
    decision = batch.put("lab_batch", OF_BATCH | decided)
    for other in ({"lab_batch": "B70"}, {"lab": "LAS B7"}, {"analyte": "clay"}):
        batch.put("lab_control", OF_BATCH | BLANK | other)
        batch.put("lab_batch", OF_BATCH | decided | other)
    await saved(store, batch)
    plots = [made["one"].id, made["two"].id]
    one, two = await store.read(lambda tx: tx.plot_trees(project.id, plots))
    assert [tuple(r) for r in one.lab.controls] == [said(control)]
    assert [tuple(r) for r in one.lab.decisions] == [said(decision)]
    assert one.lab is two.lab
    assert [r.id for r in one.inputs[-2:]] == [control.id, decision.id]
    assert two.inputs == [two.project, two.plot]


async def test_bags_are_found_by_the_batches_of_their_results(store):
    laptop, project, made = await tree(store)
    batch = Batch(project, laptop)
    bag = made["sample"].id
    for number, lab in enumerate(("LAS", "LAS", "OTHER"), start=2):
        fields = SOC | {"sample_id": bag, "replicate": number, "lab": lab}
        batch.put("result", fields | {"lab_batch": "B7"})
    await saved(store, batch)

    async def found(*batches):
        return await store.read(lambda tx: tx.bags_of_batches(project.id, batches))

    assert await found(("LAS", "B7")) == {bag}
    assert await found(("LAS", "B8"), ("ELSE", "B7"), ("LAS", None)) == set()


async def test_trees_come_in_the_order_asked_for_and_unknown_plots_are_empty(store):
    _, project, made = await tree(store)
    names = [new_id(), made["two"].id, made["one"].id]
    found = await store.read(lambda tx: tx.plot_trees(project.id, names))
    assert [t.plot and t.plot.id for t in found] == [None, *names[1:]]
    assert found[0].inputs == [found[0].project]
    assert await store.read(lambda tx: tx.plot_trees(project.id, [])) == []
    away = await store.read(lambda tx: tx.plot_trees(new_id(), names))
    assert [t.inputs for t in away] == [[], [], []]


async def test_a_deleted_plot_is_not_in_its_tree(store):
    laptop, project, made = await tree(store)
    batch = Batch(project, laptop)
    batch.delete(made["two"])
    await saved(store, batch)
    names = [made["two"].id]
    (found,) = await store.read(lambda tx: tx.plot_trees(project.id, names))
    assert found.plot is None


async def test_numbers_of_a_job_that_ends_late_do_not_stand_for_good(store):
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (older,) = await claim(store, now=0, lease=1000)
    await ask(store, laptop, project, one)
    (newer,) = await claim(store, now=2000)
    fresh = row(one, digest="newer")
    await derive(store, newer, fresh)
    await derive(store, older, row(one, digest="older", name=fresh.id))
    (stock,) = await store.read(lambda tx: tx.records(project.id, "stock"))
    assert stock.fields == fresh.whole
    assert await store.read(lambda tx: tx.waiting_jobs()) == []


async def test_a_job_that_ends_late_freezes_no_reference(store):
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (older,) = await claim(store, now=0, lease=1000)
    (newer,) = await claim(store, now=2000)
    await derive(store, newer)
    await derive(store, older, reference=("30", {"mass": 1.5}))
    (found,) = await store.read(lambda tx: tx.plot_trees(project.id, [one.id]))
    assert found.frozen == {}


@pytest.mark.parametrize("everything", [False, True])
async def test_a_job_that_ends_late_does_not_end_a_newer_asking(store, everything):
    """Nothing was written between the two, so no number of a row tells them apart."""
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (older,) = await claim(store, now=0, lease=1000)
    (newer,) = await claim(store, now=2000)
    await derive(store, newer)
    if everything:
        await store.write(lambda tx: tx.ask_for(project.id))
    else:
        await ask(store, laptop, project, one)
    await derive(store, older)
    assert await store.read(lambda tx: tx.waiting_jobs()) == [one.id]


@pytest.fixture
async def job(store):
    """A job that was taken, with its laptop, project and plot."""
    laptop, project, one = await begin(store, "P1")
    await ask(store, laptop, project, one)
    (found,) = await claim(store)
    return laptop, project, one, found


async def test_derived_rows_are_records_with_numbers_of_their_own(store, job):
    _, project, one, taken = job
    rows = [row(one, soc=81.5), row(one, "trend", slope=0.5)]
    assert await derive(store, taken, *rows) == 2
    heads = await store.read(lambda tx: tx.project_heads([project.id]))
    assert heads[project.id].head == project.head + 2
    (stock,) = await store.read(lambda tx: tx.records(project.id, "stock"))
    assert (stock.id, stock.fields) == (rows[0].id, rows[0].whole)
    assert (stock.writers, stock.open_conflicts) == ({}, 0)
    found = await store.read(lambda tx: list(tx.rows_after(project.id, project.head)))
    assert {record.id for record in found} == {made.id for made in rows}
    seen = await store.read(lambda tx: tx.figures(project.id, [one.id]))
    assert {record.id for record in seen} == {made.id for made in rows}
    (read,) = await store.read(lambda tx: tx.plot_trees(project.id, [one.id]))
    assert read.points == []


async def test_rows_that_came_out_the_same_are_left_as_they_are(store, job):
    laptop, project, one, taken = job
    made = row(one, soc=81.5)
    assert await derive(store, taken, made) == 1
    before = await store.read(lambda tx: list(tx.rows_after(project.id, 0)))
    assert await derive_anew(store, laptop, project, one, made, second=5) == 0
    after = await store.read(lambda tx: list(tx.rows_after(project.id, 0)))
    assert after == before
    assert len(await store.read(lambda tx: tx.versions(project.id, made.id))) == 1


async def test_rows_are_replaced_and_every_version_is_kept_oldest_first(store, job):
    laptop, project, one, taken = job
    first = row(one, soc=81.5)
    second = row(one, digest="d2", name=first.id, soc=82.25)
    await derive(store, taken, first, second=1)
    assert await derive_anew(store, laptop, project, one, second, second=2) == 1
    (stock,) = await store.read(lambda tx: tx.records(project.id, "stock"))
    assert stock.fields == second.whole
    base, inputs = project.head, [[one.id, one.seq]]
    assert await store.read(lambda tx: tx.versions(project.id, first.id)) == [
        DerivedVersion(base + 1, first.whole, inputs, at(1)),
        DerivedVersion(base + 2, second.whole, inputs, at(2)),
    ]
    assert await store.read(lambda tx: tx.versions(new_id(), first.id)) == []
    assert await store.read(lambda tx: tx.versions(project.id, new_id())) == []


async def test_rows_that_no_longer_come_out_are_deleted_and_kept_as_versions(
    store, job
):
    laptop, project, one, taken = job
    made, stays = row(one, soc=81.5), row(one, soc=82.0)
    await derive(store, taken, made, stays)
    assert await derive_anew(store, laptop, project, one, stays) == 1
    (left,) = await store.read(lambda tx: tx.records(project.id, "stock"))
    assert left.id == stays.id
    *_, gone = await store.read(lambda tx: list(tx.rows_after(project.id, 0)))
    assert (gone.id, gone.deleted) == (made.id, True)
    assert len(await store.read(lambda tx: tx.versions(project.id, made.id))) == 1
    assert await derive_anew(store, laptop, project, one, made, stays) == 1
    assert len(await store.read(lambda tx: tx.versions(project.id, made.id))) == 2


async def test_the_digest_of_a_project_counts_derived_rows(store, job):
    laptop, project, one, _ = job
    for rows in ([row(one), row(one)], [row(one)], []):
        await derive_anew(store, laptop, project, one, *rows)
        items = await store.read(lambda tx: tx.digest_items(project.id))
        assert len(items) == 1 + len(rows)
        heads = await store.read(lambda tx: tx.project_heads([project.id]))
        assert heads[project.id].digest.items == len(items)


async def test_the_rows_of_other_plots_and_projects_stay(store, job):
    laptop, project, one, taken = job
    other, elsewhere, far = await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    two = batch.put("plot", plot("P2"))
    await saved(store, batch)
    for who, where, made in ((laptop, project, two), (other, elsewhere, far)):
        await derive_anew(store, who, where, made, row(made))
    await derive(store, taken, row(one))
    project.head += 2
    assert await derive_anew(store, laptop, project, one) == 1
    (stays,) = await store.read(lambda tx: tx.records(project.id, "stock"))
    assert stays.fields["plot_id"] == two.id
    (away,) = await store.read(lambda tx: tx.records(elsewhere.id, "stock"))
    assert away.fields["plot_id"] == far.id


async def test_many_plots_are_saved_at_once(store):
    laptop, project, *plots = await begin(store, "P1", "P2")
    other, elsewhere, far = await begin(store, "P1", name="other")
    await ask(store, laptop, project, *plots)
    await ask(store, other, elsewhere, far)
    jobs = [*await claim(store), *await claim(store)]
    by_id = {made.id: made for made in (*plots, far)}
    made = [DerivedPlot(job, [row(by_id[job.plot_id])]) for job in jobs]
    assert await store.write(lambda tx: tx.save_derived(made, at(1))) == 3
    assert await store.read(lambda tx: tx.waiting_jobs()) == []
    assert await store.write(lambda tx: tx.save_derived([], at(1))) == 0


async def test_a_reference_mass_is_frozen_by_the_setting_and_never_moved(store, job):
    laptop, project, one, _ = job
    for setting, mass in (("30", 1.5), ("30", 9.0), ("60", 2.5)):
        frozen = (setting, {"mass": mass})
        await derive_anew(store, laptop, project, one, reference=frozen)
    names = [one.id, new_id()]
    found, none = await store.read(lambda tx: tx.plot_trees(project.id, names))
    assert found.frozen == {"30": {"mass": 1.5}, "60": {"mass": 2.5}}
    assert none.frozen == {}


async def test_a_mass_that_was_found_once_stays_and_others_are_kept_beside_it(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    found = ("30 cm mineral", {"mass_t_ha": 3750.0})
    await derive_anew(store, laptop, project, one, reference=found)
    masses = [
        FrozenMass(project.id, one.id, "30 cm mineral", {"mass_t_ha": 4000.0}),
        FrozenMass(project.id, one.id, "40 cm mineral", {"mass_t_ha": 5000.0}),
        FrozenMass(project.id, two.id, "30 cm mineral", {"mass_t_ha": 3900.0}),
    ]
    for _ in range(2):
        await store.write(lambda tx: tx.freeze(masses, at(9)))
    kept = await store.read(lambda tx: tx.reference_masses(project.id))
    assert sorted(kept) == sorted([masses[0]._replace(mass=found[1]), *masses[1:]])
    assert await store.read(lambda tx: tx.reference_masses(new_id())) == []
