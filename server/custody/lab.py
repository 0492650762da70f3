"""Results of a laboratory, written by an administrator: matched by label, not by place."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.lab.batches import decided
from schemas.lab.check import LabCheck, check, habits_key, habits_of, kept
from schemas.lab.layout import LabHabits
from schemas.lab.quality import BatchKey
from schemas.lab_files import ReadDelivery
from schemas.operations import Operation
from schemas.tables.differing import Differing
from server.clock import Clock
from server.custody.additions import save
from server.custody.warnings import records_in
from server.store.port import Store, Transaction


class LabTakingIn(NamedTuple):
    """How what a laboratory found is taken in: by whom, as which operation."""

    differing: Differing
    person: str
    done: Operation


async def look(
    store: Store, project_id: str, lab: str, read: ReadDelivery, said: LabHabits
) -> LabCheck:
    """Judge the readings of files by what is here, and what was said of the laboratory.

    Raises
    ------
    TableError
        If a file as a whole cannot be used.
    """

    def job(tx: Transaction) -> LabCheck:
        habits = habits_of(tx.setting(habits_key(lab))).with_more(said)
        records = records_in(tx, project_id)
        return check(read.files, records, habits, lab, read.keys, read.beside)

    return await store.read(job)


async def take_in(
    store: Store,
    clock: Clock,
    project_id: str,
    lab: str,
    found: LabCheck,
    how: LabTakingIn,
) -> None:
    """Keep what was looked at, and what was said of the laboratory for its next tables.

    Raises
    ------
    RefusedError
        If some were not accepted: others changed the records meanwhile.
    """
    additions = found.additions(how.differing)
    await save(store, clock, project_id, additions, how.person, how.done)
    said = kept(found.habits)
    await store.write(lambda tx: tx.set_setting(habits_key(lab), said))


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
