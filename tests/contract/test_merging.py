"""What a merge looks up in any store, and that what it saved is found there."""

import pytest

from schemas.records import key_text, record_id
from server.store.merge_values import DecidedOn, HistoryLine, Parent, Stood, Wanted
from tests.contract.values import Batch, begin, new_id, nothing, plot, point, saved


def empty(found):
    """Return whether a look-up found nothing at all."""
    return not any(
        (
            found.records,
            found.purged,
            found.holders,
            any(found.referrers.values()),
            found.verdicts,
            found.decisions,
            found.history,
            found.stood,
            found.parents,
        )
    )


async def test_nothing_wanted_and_unknown_ids_find_nothing(store):
    _, project, made = await begin(store, "P1")
    assert empty(await store.read(lambda tx: tx.lookup(project.id, Wanted())))
    name = new_id()
    wanted = Wanted(
        record_ids=[name],
        keys={"plot": ["NONE"], "sample": []},
        referred={name: [("plot", "organisation_id")]},
        change_ids=[name],
        history_of=[name],
        stood_of=[name],
        parents_of=[name],
    )
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    assert empty(found)
    assert found.referrers == {name: set()}
    assert made.id in project.records


async def test_records_are_read_back_as_they_were_saved(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    batch = Batch(project, laptop)
    two = batch.put("plot", plot("P2", note="Grüße 🌱"), record=two.id, computable=True)
    three = batch.put("point", point(one.id))
    one = batch.delete(one)
    await saved(store, batch)
    ids = [one.id, two.id, three.id, new_id()]
    found = await store.read(lambda tx: tx.lookup(project.id, Wanted(record_ids=ids)))
    assert {r.id: r for r in found.records} == {r.id: r for r in (one, two, three)}
    assert len(found.records) == 3
    assert {r.id for r in found.records if r.deleted} == {one.id}
    assert {r.id for r in found.records if r.computable_by_author} == {two.id}


async def test_a_project_does_not_find_what_is_of_another(store):
    laptop, project, made = await begin(store, "P1")
    _, other, _ = await begin(store, "P1", name="other")
    batch = Batch(project, laptop)
    changed = batch.put("plot", plot("P9"), record=made.id)
    kept = batch.refuse("point", point(made.id), parent=made.id)
    await saved(store, batch)
    change = changed.last_writer.change_id
    wanted = Wanted(
        record_ids=[made.id],
        keys={"plot": [key_text("plot", changed.fields)]},
        referred={made.id: []},
        change_ids=[change, kept.id],
        history_of=[made.id],
        stood_of=[change],
        parents_of=[made.id, kept.record_id],
    )
    assert empty(await store.read(lambda tx: tx.lookup(other.id, wanted)))
    assert empty(await store.read(lambda tx: tx.lookup(new_id(), wanted)))
    assert not empty(await store.read(lambda tx: tx.lookup(project.id, wanted)))


async def test_a_record_is_found_by_its_key_as_long_as_it_lives(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    key = {"plot": [key_text("plot", one.fields)]}

    async def holders():
        found = await store.read(lambda tx: tx.lookup(project.id, Wanted(keys=key)))
        return found.holders

    assert await holders() == [one]
    both = {"plot": ["P1", "P2"], "campaign": ["P1"]}
    found = await store.read(lambda tx: tx.lookup(project.id, Wanted(keys=both)))
    assert {r.id for r in found.holders} == {one.id, two.id}
    batch = Batch(project, laptop)
    batch.put("plot", plot("P7"), record=one.id)
    await saved(store, batch)
    assert await holders() == []
    batch = Batch(project, laptop)
    renamed = batch.put("plot", plot("P1"), record=two.id)
    await saved(store, batch)
    assert await holders() == [renamed]
    batch = Batch(project, laptop)
    batch.delete(renamed)
    await saved(store, batch)
    assert await holders() == []


async def test_referrers_are_live_children_and_who_names_it_in_a_field(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    batch = Batch(project, laptop)
    first = batch.put("point", point(one.id, "A"))
    gone = batch.put("point", point(one.id, "B"))
    campaign = batch.put(
        "campaign",
        {"name": "C1", "start_date": "2025-05-01", "purpose": "baseline"},
    )
    core = batch.put(
        "core",
        {
            "point_id": first.id,
            "campaign_id": campaign.id,
            "number": 1,
            "sampled_at": "2025-05-02T10:00:00Z",
            "sampled_precision": None,
        },
    )
    batch.delete(gone)
    await saved(store, batch)
    referred = {
        one.id: [("point", "revisits_point_id")],
        two.id: [],
        campaign.id: [("core", "campaign_id")],
        first.id: [],
    }
    found = await store.read(
        lambda tx: tx.lookup(project.id, Wanted(referred=referred))
    )
    assert found.referrers == {
        one.id: {first.id},
        two.id: set(),
        campaign.id: {core.id},
        first.id: {core.id},
    }


async def test_verdicts_are_found_by_their_changes(store):
    laptop, project, one = await begin(store, "P1")
    batch = Batch(project, laptop)
    kept = batch.refuse("plot", plot("P2"))
    conflict = batch.contest(one, "code", {"code": "P8"})
    effects = batch.effects()
    await store.write(lambda tx: tx.save(effects))
    wanted = Wanted(change_ids=[kept.id, conflict.change.id, new_id()])
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    said = {verdict.change_id: verdict for verdict in found.verdicts}
    assert said.keys() == {kept.id, conflict.change.id}
    for _, given in effects.lines:
        back = said[given.change_id]
        assert back.repeated
        assert (back.outcome, back.seq, back.n) == (given.outcome, given.seq, given.n)
        assert back.why == given.why
        assert back.conflicts == given.conflicts


async def test_history_keeps_what_stood_with_the_line_that_wrote_it(store):
    laptop, project, one = await begin(store, "P1")
    batch = Batch(project, laptop)
    batch.put("plot", plot("P2", note="first"), record=one.id)
    batch.put("plot", plot("P3"), record=one.id)
    await saved(store, batch)
    wanted = Wanted(history_of=[one.id, new_id()])
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    assert sorted(found.history, key=lambda old: old.replaced_seq) == [
        HistoryLine(one.id, "code", {"code": "P1"}, 1, 2, laptop.log, 1),
        HistoryLine(one.id, "code", {"code": "P2"}, 2, 3, laptop.log, 2),
    ]


async def test_decisions_are_found_by_what_they_were_made_on_and_the_first_stays(store):
    laptop, project, _ = await begin(store, "P1")
    seen, first, second = new_id(), new_id(), new_id()
    made = [
        DecidedOn(project.id, seen, "code", first),
        DecidedOn(project.id, seen, "place", second),
    ]
    await store.write(lambda tx: tx.save(nothing(laptop, decisions=made)))
    again = [DecidedOn(project.id, seen, "code", second)]
    await store.write(lambda tx: tx.save(nothing(laptop, decisions=again)))
    wanted = Wanted(change_ids=[seen])
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    assert sorted(found.decisions) == sorted(made)


async def test_numbers_of_lost_timelines_are_found_and_the_latest_word_counts(store):
    laptop, project, _ = await begin(store, "P1")
    change, one, two = new_id(), new_id(), new_id()
    said = [Stood(project.id, change, one, 5), Stood(project.id, change, two, 6)]
    await store.write(lambda tx: tx.save(nothing(laptop, stood=said)))
    newer = Stood(project.id, change, one, 9)
    await store.write(lambda tx: tx.save(nothing(laptop, stood=[newer])))
    wanted = Wanted(stood_of=[change])
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    assert sorted(found.stood) == sorted([newer, said[1]])


async def test_parents_are_one_step_up_for_records_and_for_what_waits(store):
    laptop, project, one = await begin(store, "P1")
    batch = Batch(project, laptop)
    below = batch.put("point", point(one.id))
    kept = batch.refuse("point", point(one.id, "B"), parent=one.id)
    await saved(store, batch)
    wanted = Wanted(parents_of=[below.id, one.id, kept.record_id, new_id()])
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    assert sorted(found.parents) == sorted(
        [
            Parent(below.id, "point", one.id),
            Parent(one.id, "plot", None),
            Parent(kept.record_id, "quarantined", one.id),
        ],
        key=lambda parent: parent.record_id,
    )


async def test_ids_that_were_purged_are_told_in_place_of_records(store):
    laptop, project, one, two = await begin(store, "P1", "P2")
    batch = Batch(project, laptop, 1)
    batch.delete(one)
    await saved(store, batch)
    await store.write(lambda tx: tx.purge("9", "9"))
    wanted = Wanted(record_ids=[one.id, two.id])
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    assert found.purged == {one.id}
    assert found.records == [two]


async def test_saving_nothing_changes_nothing(store):
    laptop, project, _ = await begin(store, "P1")
    before = await store.read(lambda tx: (tx.stats(), tx.project_heads([project.id])))
    await store.write(lambda tx: tx.save(nothing(laptop)))
    after = await store.read(lambda tx: (tx.stats(), tx.project_heads([project.id])))
    assert after == before


@pytest.mark.parametrize("count", [2000])
async def test_a_look_up_takes_as_many_ids_as_a_push_may_name(store, count):
    _, project, one = await begin(store, "P1")
    ids = [record_id(project.id, "plot", plot(f"X{n}")) for n in range(count)]
    wanted = Wanted(
        record_ids=[*ids, one.id],
        keys={"plot": ids},
        change_ids=ids,
        history_of=ids,
        stood_of=ids,
        parents_of=ids,
    )
    found = await store.read(lambda tx: tx.lookup(project.id, wanted))
    assert found.records == [one]
