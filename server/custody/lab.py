"""Results of a laboratory, written by an administrator: matched by label, not by place."""

from collections.abc import Mapping

from schemas.lab.batches import decided
from schemas.lab.check import LabCheck, check, habits_key, habits_of, kept
from schemas.lab.layout import LabHabits
from schemas.lab.quality import BatchKey
from schemas.lab_files import ReadDelivery
from server.clock import Clock
from server.custody.additions import save
from server.custody.warnings import records_in
from server.store.port import Store, Transaction


def habits(tx: Transaction, lab: str) -> LabHabits:
    """Return what was said of a laboratory before."""
    return habits_of(tx.setting(habits_key(lab)))


def check_files(
    tx: Transaction, project_id: str, lab: str, read: ReadDelivery, said: LabHabits
) -> LabCheck:
    """Judge the readings of files; nothing is written.

    Raises
    ------
    TableError
        If a file as a whole cannot be used.
    """
    records = records_in(tx, project_id)
    return check(read.files, records, said, lab, read.keys, read.beside)


async def remember(store: Store, lab: str, said: LabHabits) -> None:
    """Keep what was said of a laboratory for its next tables."""
    await store.write(lambda tx: tx.set_setting(habits_key(lab), kept(said)))


async def decide(
    store: Store,
    clock: Clock,
    project_id: str,
    batch: BatchKey,
    said: Mapping[str, str],
) -> list[str]:
    """Keep a decision about a batch; return the analytes that it is about.

    Raises
    ------
    DecisionError
        If it is about nothing that is here.
    RefusedError
        If somebody else decided meanwhile.
    """
    found = await store.read(
        lambda tx: decided(records_in(tx, project_id), batch, said)
    )
    additions = [one.addition for one in found]
    await save(store, clock, project_id, additions, said["decided_by"])
    return [one.analyte for one in found]
