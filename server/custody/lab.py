"""Results of a laboratory, written by an administrator: matched by label, not by place."""

from collections.abc import Mapping

from schemas.lab.check import LabCheck, check, habits_key, habits_of, kept
from schemas.lab.layout import LabHabits
from server.custody.warnings import records_in
from server.store.port import Store, Transaction


def habits(tx: Transaction, lab: str) -> LabHabits:
    """Return what was said of a laboratory before."""
    return habits_of(tx.setting(habits_key(lab)))


def check_files(
    tx: Transaction,
    project_id: str,
    files: Mapping[str, bytes],
    keys: Mapping[str, str],
    lab: str,
    said: LabHabits,
) -> LabCheck:
    """Judge the readings of files; nothing is written.

    Raises
    ------
    TableError
        If a file as a whole cannot be used.
    """
    return check(files, records_in(tx, project_id), said, lab, keys)


async def remember(store: Store, lab: str, said: LabHabits) -> None:
    """Keep what was said of a laboratory for its next tables."""
    await store.write(lambda tx: tx.set_setting(habits_key(lab), kept(said)))
