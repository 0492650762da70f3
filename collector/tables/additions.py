"""Keep what an import adds: new records batch by batch, then fields of those that are here."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from collector.laptop.laptop import Laptop
from collector.record import entry
from schemas import limits
from schemas.additions import Addition, referring
from schemas.changes import Draft
from schemas.operations import Operation
from schemas.records import record_id

#: Told after a batch is on disk: records kept so far, records in all.
Progress = Callable[[int, int], None]

_BATCH: Final = limits.IMPORT_BATCH_LAYERS


def save(
    laptop: Laptop,
    project_id: str,
    additions: Sequence[Addition],
    done: Operation | None,
    progress: Progress,
) -> None:
    """Keep additions; those that others refer to come first.

    A new record that another one refers to is named there by its natural id. Each change
    names the operation that it is part of, if it is.
    """
    new = [one for one in additions if one.record_id is None]
    changed = [one for one in additions if one.record_id is not None]
    kept, reason = 0, done.reason if done else None
    drafts = list(_drafts(laptop, project_id, new, reason))
    for start in range(0, len(drafts), _BATCH):
        batch = drafts[start : start + _BATCH]
        laptop.store.save(batch, laptop.timestamp(), laptop.person)
        kept += len(batch)
        progress(kept, len(additions))
    for one in changed:
        view = laptop.store.record(one.record_id or "")
        assert view is not None, "what was looked at is here"
        entry.edit(laptop, view, one.fields, reason)
        kept += 1
    if changed:
        progress(kept, len(additions))


def _drafts(
    laptop: Laptop, project_id: str, new: Sequence[Addition], reason: str | None
) -> Iterator[Draft]:
    """Yield new records; what those of one type refer to has its id before them."""
    minted: dict[str, str] = {}
    for kind, run in groupby(new, key=attrgetter("record_type")):
        every = list(run)
        fields = [referring(one, minted) for one in every]
        names = entry.mint_all(laptop, project_id, kind, fields)
        for one, said, name in zip(every, fields, names, strict=True):
            minted[record_id(project_id, kind, one.fields)] = name
            place = (project_id, kind, name)
            yield Draft(*place, fields=said, is_new=True, reason=reason)
