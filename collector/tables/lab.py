"""Results of a laboratory, kept on the laptop: matched by label, not by place."""

from collections.abc import Sequence
from pathlib import Path

from collector.errors import RefusedError
from collector.laptop.laptop import Laptop
from collector.record.neighbours import records_of
from schemas.lab.check import LabCheck, check, habits_key, habits_of, kept
from schemas.lab.layout import LabHabits
from schemas.lab_files import read_files, read_key
from schemas.tables.refusal import TableError


def habits(laptop: Laptop, lab: str) -> LabHabits:
    """Return what was said of a laboratory before."""
    return habits_of(laptop.store.setting(habits_key(lab)))


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
        keys = read_key(key)
        return check(read_files(files), records_of(laptop, project_id), said, lab, keys)
    except TableError as error:
        found = error.refusal
        raise RefusedError(found.reason, found.hint, code="bad_table") from None


def remember(laptop: Laptop, lab: str, said: LabHabits) -> None:
    """Keep what was said of a laboratory for its next tables."""
    laptop.store.set_settings({habits_key(lab): kept(said)})
