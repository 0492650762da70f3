"""What any store gives back is what it was given: types, texts, bytes, writers."""

import pytest

from schemas.records import TYPES
from server.store.custody_values import ConflictQuery, CustodyQuery
from server.store.merge_values import Wanted
from server.store.values import DerivedPlot, DerivedRow, LineQuery
from tests.contract.values import (
    Batch,
    Laptop,
    at,
    begin,
    new_id,
    nothing,
    plot,
    saved,
)

VALUES = {
    "whole": 14.0,
    "number": 14,
    "small": 1e-7,
    "long": 0.1 + 0.2,
    "large": 2**53,
    "below": -273.15,
    "none": None,
    "yes": True,
    "no": False,
    "text": 'Grüße 🌱 "quoted" \\ back\nline',
    "empty": "",
    "list": [1, 2.5, "three", [None], {}],
    "object": {"b": 1, "a": {"c": [1.0]}},
}


def exact(value):
    """Return a text that tells apart what Python calls equal: 14 and 14.0, 1 and True."""
    return repr(value)


async def test_derived_values_keep_their_types_and_the_order_of_their_names(store):
    laptop, project, made = await begin(store, "P1")
    wanted = nothing(laptop, plots={project.id: [made.id]})
    await store.write(lambda tx: tx.save(wanted))
    (job,) = await store.write(lambda tx: tx.claim_jobs(0, 1000, 1))
    row = DerivedRow("stock", new_id(), made.id, {"digest": "d"} | VALUES)
    plots = [DerivedPlot(job, [row], ("30", VALUES))]
    await store.write(lambda tx: tx.save_derived(plots, at(1)))
    (found,) = await store.read(lambda tx: tx.records(project.id, "stock"))
    assert exact(found.fields) == exact(row.whole)
    (version,) = await store.read(lambda tx: tx.versions(project.id, row.id))
    assert exact(version.fields) == exact(row.whole)
    (tree,) = await store.read(lambda tx: tx.plot_trees(project.id, [made.id]))
    assert exact(tree.frozen) == exact({"30": VALUES})
    (standing,) = await store.read(lambda tx: tx.figures(project.id, [made.id]))
    assert exact(standing.fields) == exact(row.whole)


@pytest.mark.parametrize(
    ("area", "note"),
    [
        (14.0, "Grüße 🌱"),
        (0.1 + 0.2, 'a "word" \\ n'),
        (1e-3, "two\nlines"),
    ],
)
async def test_what_people_wrote_is_kept_wherever_it_is_kept(store, area, note):
    laptop, project, made = await begin(store, "P1")
    fields = plot("P1", area_ha=area, note=note)
    batch = Batch(project, laptop)
    written = batch.put("plot", fields, record=made.id)
    batch.contest(written, "note", {"note": note}, {"note": note})
    kept = batch.refuse("plot", plot("P2", area_ha=area, note=note))
    batch.put("plot", {"note": "new", "area_ha": 1.0}, record=made.id)
    await saved(store, batch)
    (conflict,) = await store.read(lambda tx: tx.conflicts(ConflictQuery()))
    assert conflict.base == conflict.ours == conflict.theirs == {"note": note}
    (waits,) = await store.read(lambda tx: tx.quarantine(CustodyQuery()))
    assert exact(waits.fields) == exact(kept.fields)
    wanted = Wanted(history_of=[made.id])
    history = (await store.read(lambda tx: tx.lookup(project.id, wanted))).history
    old = {line.group: line.values for line in history if line.written_seq == 2}
    assert exact(old["note"]) == exact({"note": note})
    assert exact(old[TYPES["plot"].groups["area_ha"]]["area_ha"]) == exact(area)


async def test_a_group_keeps_every_writer_in_their_order(store):
    laptop, project, made = await begin(store, "P1")
    other = Laptop("other")
    await store.write(lambda tx: other.enrol(tx, project.id))
    files = [
        {"sha256": letter * 64, "size": 1, "mime": "image/png", "name": letter}
        for letter in "ab"
    ]
    for writer, count in ((laptop, 1), (other, 2)):
        batch = Batch(project, writer)
        fields = {"attachments": files[:count]}
        made = batch.put("plot", fields, record=made.id, joins=True)
        await saved(store, batch)
    assert [w.log_id for w in made.writers["attachments"]] == [laptop.log, other.log]
    (found,) = await store.read(lambda tx: tx.records(project.id, "plot"))
    assert found == made
    assert found.last_writer.log_id == other.log


async def test_a_line_is_kept_byte_for_byte(store):
    laptop, project = await begin(store)
    batch = Batch(project, laptop)
    note = "".join(map(chr, range(300))) + "\ud800"
    change = batch.refuse("plot", plot("P1", note=note))
    await saved(store, batch)
    query = LineQuery(log_id=laptop.log, places=[1])
    (line,) = await store.read(lambda tx: tx.lines(query))
    assert (line.raw, line.hash) == (change.raw, change.hash)
    (waits,) = await store.read(lambda tx: tx.quarantine(CustodyQuery()))
    assert waits.line.raw == change.raw
