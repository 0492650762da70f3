"""Keep what an import adds: new records batch by batch, then fields of those that are here."""

from collections.abc import Callable, Sequence
from typing import Final

from collector.laptop.laptop import Laptop
from collector.record import entry
from schemas import limits
from schemas.additions import Addition, referring
from schemas.changes import Draft
from schemas.records import record_id

#: Told after a batch is on disk: records kept so far, records in all.
Progress = Callable[[int, int], None]

_BATCH: Final = limits.IMPORT_BATCH_LAYERS


def save(
    laptop: Laptop, project_id: str, additions: Sequence[Addition], progress: Progress
) -> None:
    """Keep additions; those that others refer to come first.

    A new record that another one refers to is named there by its natural id.
    """
    new = [one for one in additions if one.record_id is None]
    changed = [one for one in additions if one.record_id is not None]
    minted: dict[str, str] = {}
    done = 0
    for start in range(0, len(new), _BATCH):
        batch = new[start : start + _BATCH]
        drafts = [_draft(laptop, project_id, one, minted) for one in batch]
        laptop.store.save(drafts, laptop.timestamp(), laptop.person)
        done += len(batch)
        progress(done, len(additions))
    for one in changed:
        view = laptop.store.record(one.record_id or "")
        assert view is not None, "what was looked at is here"
        entry.edit(laptop, view, one.fields)
        done += 1
    if changed:
        progress(done, len(additions))


def _draft(
    laptop: Laptop, project_id: str, one: Addition, minted: dict[str, str]
) -> Draft:
    kind, fields = one.record_type, referring(one, minted)
    name = entry.mint(laptop, project_id, kind, fields)
    minted[record_id(project_id, kind, one.fields)] = name
    return Draft(project_id, kind, name, fields=fields, is_new=True)
