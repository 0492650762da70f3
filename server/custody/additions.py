"""What an import adds, written by an administrator as changes that laptops hear of."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from schemas.additions import Addition, referring
from schemas.changes import Draft
from schemas.groups import completed
from schemas.operations import Operation
from schemas.records import record_id
from server.clock import Clock
from server.custody.own_log import discard_own, why_not, write
from server.errors import RefusedError
from server.merge.model import Verdict
from server.store.merge_values import Wanted
from server.store.port import Store, Transaction

#: Changes of one transaction.
_BATCH: Final = 500


async def save(
    store: Store,
    clock: Clock,
    project_id: str,
    additions: Sequence[Addition],
    person: str,
    done: Operation | None = None,
) -> None:
    """Write additions; those that others refer to come first.

    A new record that another one refers to is named there by its natural id. Each change
    names the operation that it is part of.

    Raises
    ------
    RefusedError
        If some were not accepted: others changed the records meanwhile.
    """
    refused: list[Verdict] = []
    minted: dict[str, str] = {}
    for start in range(0, len(additions), _BATCH):
        batch = additions[start : start + _BATCH]
        reason = done.reason if done else None
        read = partial(drafts_of, clock, project_id, minted, batch, reason)
        drafts = await store.read(read)
        accepted = await write(store, clock, drafts, person)
        refused += [v for v in accepted.verdicts if why_not(v) is not None]
    if refused:
        await discard_own(store, clock, refused, "the administrator was told")
        problems = [problem for verdict in refused for problem in verdict.why]
        raise RefusedError(
            f"{len(refused)} of what was imported were not accepted",
            problems,
            "import the file again",
        )


def drafts_of(
    clock: Clock,
    project_id: str,
    minted: dict[str, str],
    additions: Sequence[Addition],
    reason: str | None,
    tx: Transaction,
) -> list[Draft]:
    """Draft additions on the records as they stand in one snapshot.

    `minted` has the ids of new records that later ones refer to; those made here are added.
    """
    natural = [
        one.record_id or record_id(project_id, one.record_type, one.fields)
        for one in additions
    ]
    wanted = Wanted(record_ids=set(natural))
    found = {record.id: record for record in tx.lookup(project_id, wanted).records}
    epoch, drafts = tx.epoch(), []
    for one, name in zip(additions, natural, strict=True):
        fields = referring(one, minted)
        if one.record_id is None:
            # Under a record with a fresh id nothing is here.
            own = record_id(project_id, one.record_type, fields)
            minted[name] = own if own not in found else clock.new_id()
            drafts.append(
                Draft(
                    project_id,
                    one.record_type,
                    minted[name],
                    fields=fields,
                    is_new=True,
                    reason=reason,
                )
            )
            continue
        record = found.get(name)
        assert record is not None, "what was looked at is here"
        patch = completed(one.record_type, record.fields, fields)
        base = (epoch, record.seq)
        drafts.append(
            Draft(
                project_id,
                one.record_type,
                name,
                fields=patch,
                base=base,
                reason=reason,
            )
        )
    return drafts
