"""An export of ours taken in again: records under their own ids, parents first."""

from collections.abc import Callable, Iterable, Sequence

from collector.laptop.laptop import Laptop
from schemas.changes import Draft
from schemas.export.reading import (
    JudgedRecord,
    ReadRecord,
    RecordStanding,
    in_batches,
    judge,
)
from schemas.export.taking_in import Taken
from schemas.messages import Op
from schemas.operations import Operation

#: Told after a batch is on disk: records looked at so far, records kept.
Progress = Callable[[int, int], None]


def take_in(
    laptop: Laptop,
    records: Iterable[ReadRecord],
    done: Operation | None,
    progress: Progress,
    *,
    takes_differing: bool,
) -> Taken:
    """Judge the records of an export by those that are here, and keep what is new.

    `done` is None where nothing is to be written.
    """
    taken, seen = Taken(), 0
    for batch in in_batches(records):
        judged = _judged(laptop, batch)
        for one in judged:
            taken.note(one)
        if done is not None:
            wanted = [
                one for one in judged if one.is_wanted(takes_differing=takes_differing)
            ]
            drafts = [_draft(laptop, one, done) for one in wanted]
            if drafts:
                laptop.store.save(drafts, laptop.timestamp(), laptop.person)
            taken.kept += sum(not one.record.completes for one in wanted)
        seen += len(batch)
        progress(seen, taken.kept)
    return taken


def _judged(laptop: Laptop, batch: Sequence[ReadRecord]) -> list[JudgedRecord]:
    """Judge records by those that are here under their ids, looked up together."""
    ids = [one.record_id for one in batch]
    views, used_up = laptop.store.views(ids), laptop.store.used_up(ids)

    def judged(one: ReadRecord) -> JudgedRecord:
        view = views.get(one.record_id)
        if view is None and one.record_id in used_up:
            return JudgedRecord(one, RecordStanding.DELETED, {}, "long ago")
        here = view.fields if view else None
        return judge(one, here, is_deleted=bool(view and view.deleted))

    return [judged(one) for one in batch]


def _draft(laptop: Laptop, one: JudgedRecord, done: Operation) -> Draft:
    read = one.record
    if one.standing is RecordStanding.NEW:
        place = (read.project_id, read.record_type, read.record_id)
        return Draft(*place, fields=one.patch, is_new=True, reason=done.reason)
    seen = laptop.store.shown(read.record_id)
    assert seen is not None, "what differs is here"
    op = Op.UNDELETE if seen.view.deleted else Op.PUT
    return seen.draft(op, one.patch, reason=done.reason)
