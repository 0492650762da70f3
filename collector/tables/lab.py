"""Results of a laboratory, kept on the laptop: matched by label, not by place."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record import entry
from collector.record.neighbours import records_of
from schemas import limits
from schemas.changes import Draft
from schemas.lab.check import LabCheck, check, habits_of, kept, read_keys
from schemas.lab.layout import LabHabits
from schemas.lab.matching import Addition
from schemas.lab_files import read_files
from schemas.tables.refusal import TableError

#: Told after a batch is on disk: values kept so far, values in all.
Progress = Callable[[int, int], None]

_BATCH: Final = limits.IMPORT_BATCH_LAYERS


def habits(laptop: Laptop, lab: str) -> LabHabits:
    """Return what was said of a laboratory before."""
    return habits_of(laptop.store.setting(_key(lab)))


def check_files(
    laptop: Laptop,
    project_id: str,
    files: Sequence[Path],
    key: Path | None,
    lab: str,
    said: LabHabits,
) -> LabCheck:
    """Judge the readings of files; nothing is written.

    Raises
    ------
    RefusedError
        If a file as a whole cannot be used.
    """
    try:
        keys = read_keys(key.name, read_files([key])[str(key)]) if key else {}
        return check(read_files(files), records_of(laptop, project_id), said, lab, keys)
    except TableError as error:
        found = error.refusal
        raise RefusedError(found.reason, found.hint, code="bad_table") from None


def save(
    laptop: Laptop, project_id: str, additions: Sequence[Addition], progress: Progress
) -> None:
    """Keep results and densities, batch by batch."""
    new = [one for one in additions if one.record_id is None]
    changed = [one for one in additions if one.record_id is not None]
    done = 0
    for start in range(0, len(new), _BATCH):
        batch = new[start : start + _BATCH]
        drafts = [
            Draft(
                project_id,
                one.record_type,
                entry.mint(laptop, project_id, one.record_type, one.fields),
                fields=one.fields,
                is_new=True,
            )
            for one in batch
        ]
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


def remember(laptop: Laptop, lab: str, said: LabHabits) -> None:
    """Keep what was said of a laboratory for its next tables."""
    laptop.store.set_settings({_key(lab): kept(said)})


def _key(lab: str) -> str:
    return f"lab:{lab}"
