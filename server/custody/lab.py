"""Results of a laboratory, written by an administrator: matched by label, not by place."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from schemas.additions import Addition
from schemas.changes import Draft
from schemas.groups import completed
from schemas.lab.check import LabCheck, check, habits_of, kept
from schemas.lab.layout import LabHabits
from schemas.messages import Outcome
from schemas.records import record_id
from server.clock import Clock
from server.custody.own_log import discard_own, write
from server.custody.warnings import records_in
from server.errors import RefusedError
from server.merge.model import Verdict
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction

#: Changes of one transaction.
_BATCH: Final = 500


def habits(tx: Transaction, lab: str) -> LabHabits:
    """Return what was said of a laboratory before."""
    return habits_of(tx.setting(_key(lab)))


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


async def save(
    store: Store,
    clock: Clock,
    project_id: str,
    additions: Sequence[Addition],
    person: str,
) -> None:
    """Write results and densities.

    Raises
    ------
    RefusedError
        If some were not accepted: others changed the records meanwhile.
    """
    refused: list[Verdict] = []
    for start in range(0, len(additions), _BATCH):
        batch = additions[start : start + _BATCH]
        drafts = await store.read(partial(_drafts, clock, project_id, batch))
        accepted = await write(store, clock, drafts, person)
        refused += [v for v in accepted.verdicts if v.outcome not in _STANDS]
    if refused:
        await discard_own(store, clock, refused, "the administrator was told")
        problems = [problem for verdict in refused for problem in verdict.why]
        raise RefusedError(
            f"{len(refused)} values were not accepted",
            problems,
            "import the file again",
        )


async def remember(store: Store, lab: str, said: LabHabits) -> None:
    """Keep what was said of a laboratory for its next tables."""
    await store.write(lambda tx: tx.set_setting(_key(lab), kept(said)))


_STANDS: Final = frozenset({Outcome.ACCEPTED, Outcome.MERGED})


def _drafts(
    clock: Clock, project_id: str, additions: Sequence[Addition], tx: Transaction
) -> list[Draft]:
    """Draft additions on the records as they stand in one snapshot."""
    ids = [
        one.record_id or record_id(project_id, one.record_type, one.fields)
        for one in additions
    ]
    found = {
        r.id: r for r in tx.lookup(project_id, Wanted(record_ids=set(ids))).records
    }
    epoch, drafts = tx.epoch(), []
    for one, name in zip(additions, ids, strict=True):
        record = found.get(name)
        fields = dict(one.fields)
        if one.record_id is None:
            new_id = name if record is None else clock.new_id()
            drafts.append(
                Draft(project_id, one.record_type, new_id, fields=fields, is_new=True)
            )
            continue
        assert record is not None, "what was looked at is here"
        patch = completed(one.record_type, record.fields, fields)
        base = (epoch, record.seq)
        drafts.append(Draft(project_id, one.record_type, name, fields=patch, base=base))
    return drafts


def _key(lab: str) -> str:
    return f"lab:{lab}"
