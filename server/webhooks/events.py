"""What a webhook is to be told: found in what is kept, from where it was last looked.

Nothing is noted where things happen. A look reads the project as it is, says what is new
since the look before, and keeps how far it looked in the transaction that keeps what it
found. So a look that is cut is made again and finds the same, and none is told twice.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final

from schemas.lab.batches import listed
from schemas.records import DERIVED
from server.access.projects import known_projects
from server.clock import Clock
from server.custody.warnings import records_in
from server.derivation.stages import ENDED
from server.store.board_values import CampaignQuestion
from server.store.custody_values import ConflictQuery
from server.store.port import Store, Transaction
from server.store.webhook_values import Delivery, DeliveryStatus, Webhook

#: Things that one event names; `count` says how many there are.
_NAMED: Final = 100
#: A webhook for which so many wait is not looked for: what is new is found once it is told.
_WAITING_MOST: Final = 100

Item = dict[str, Any]


class EventKind(StrEnum):
    """What a webhook may be told."""

    CAMPAIGN_COMPLETE = "campaign-complete"
    CONFLICT_OPENED = "conflict-opened"
    LAB_BATCH_FAILED = "lab-batch-failed"
    STOCKS_UPDATED = "stocks-updated"


#: Sent when an administrator asks for it.
TEST: Final = "test"


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a project was looked through for a webhook.

    `head` is its last number, `stocks_head` up to where figures were looked at, which is
    done while no plot waits. `complete` and `failed` are what stood then, by short hashes.
    """

    head: int = 0
    stocks_head: int = 0
    has_waiting: bool = False
    complete: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def text(self) -> str:
        """Return it as it is kept."""
        return json.dumps(asdict(self), sort_keys=True)


def seen_of(text: str) -> Seen:
    """Return how far was looked, as it was kept."""
    found = Seen(**json.loads(text))
    return replace(found, complete=tuple(found.complete), failed=tuple(found.failed))


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found: events by kind, and how far was looked."""

    events: Sequence[tuple[EventKind, Sequence[Item]]]
    seen: Seen


def first_look(tx: Transaction, project_id: str) -> Seen:
    """Return how far a new webhook has seen: all that is there, which it is not told."""
    head = tx.heads()[project_id]
    return Seen(
        head=head,
        stocks_head=head,
        has_waiting=bool(tx.waiting_counts([project_id])),
        complete=_shorts(_complete(tx, project_id)),
        failed=_shorts(_failed(tx, project_id)),
    )


def look(tx: Transaction, project_id: str, seen: Seen, kinds: Collection[str]) -> Look:
    """Look through what is new in a project since another look; nothing is written."""
    head = tx.heads()[project_id]
    has_waiting = bool(tx.waiting_counts([project_id]))
    found = replace(seen, head=head, has_waiting=has_waiting)
    if head == seen.head and not (seen.has_waiting and not has_waiting):
        return Look([], found)
    opened: tuple[Item, ...] = ()
    failed, plots, complete = opened, opened, opened
    if EventKind.CONFLICT_OPENED in kinds:
        opened = tuple(_conflicts(tx, project_id, seen.head))
    if EventKind.LAB_BATCH_FAILED in kinds:
        failed = tuple(_failed(tx, project_id))
        found = replace(found, failed=_shorts(failed))
    # Figures and boards say what was derived: while plots wait, they may say something else.
    if not has_waiting:
        found = replace(found, stocks_head=head)
    if EventKind.STOCKS_UPDATED in kinds and not has_waiting:
        plots = tuple(_plots_derived(tx, project_id, seen.stocks_head))
    if EventKind.CAMPAIGN_COMPLETE in kinds and not has_waiting:
        complete = tuple(_complete(tx, project_id))
        found = replace(found, complete=_shorts(complete))
    events = (
        (EventKind.CONFLICT_OPENED, opened),
        (EventKind.LAB_BATCH_FAILED, _unseen(failed, seen.failed)),
        (EventKind.STOCKS_UPDATED, plots),
        (EventKind.CAMPAIGN_COMPLETE, _unseen(complete, seen.complete)),
    )
    return Look(list(filter(itemgetter(1), events)), found)


async def look_for_all(store: Store, clock: Clock) -> int:
    """Keep what is new for every webhook; return how many events there are.

    A repeat is harmless, and so is another process that looks meanwhile.
    """
    hooks = await store.read(lambda tx: tx.webhooks())
    if not hooks:
        return 0
    waiting = await store.read(lambda tx: tx.count_deliveries())
    count = 0
    for hook in hooks:
        if waiting.get(hook.id, {}).get(DeliveryStatus.WAITING, 0) < _WAITING_MOST:
            count += await _look_for(store, clock, hook)
    return count


async def _look_for(store: Store, clock: Clock, hook: Webhook) -> int:
    seen = seen_of(hook.seen)
    found = await store.read(lambda tx: look(tx, hook.project_id, seen, hook.events))
    if found.seen == seen:
        return 0
    code = await store.read(lambda tx: code_of(tx, hook.project_id))
    new = [delivery_of(clock, hook, code, kind, items) for kind, items in found.events]
    is_kept = await store.write(lambda tx: tx.note_events(hook, found.seen.text(), new))
    return len(new) if is_kept else 0


def delivery_of(
    clock: Clock, hook: Webhook, code: str, kind: str, items: Sequence[Item]
) -> Delivery:
    """Return an event as it is sent: ids, codes and counts, no person and no place."""
    event_id, now = clock.new_id(), clock.stamp()
    said = {
        "id": event_id,
        "event": str(kind),
        "at": now,
        "project": {"id": hook.project_id, "code": code},
        "count": len(items),
        "items": list(items[:_NAMED]),
    }
    body = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    waiting = DeliveryStatus.WAITING
    return Delivery(event_id, hook.id, str(kind), body, now, waiting, 0, now)


def code_of(tx: Transaction, project_id: str) -> str:
    """Return the code of a project."""
    return next(
        str(each["code"]) for each in known_projects(tx) if each["id"] == project_id
    )


def _conflicts(tx: Transaction, project_id: str, after: int) -> Iterable[Item]:
    """Yield the open conflicts whose change came after a number of the project."""
    changed = [
        record.id
        for record in tx.rows_after(project_id, after)
        if record.open_conflicts
    ]
    if not changed:
        return
    for found in tx.conflicts(ConflictQuery(project_id=project_id, record_ids=changed)):
        if found.seq > after:
            yield {"id": found.id, "record": found.record_id, "type": found.type}


def _failed(tx: Transaction, project_id: str) -> Iterable[Item]:
    """Yield the batches of laboratories that fail their controls and wait for a person."""
    for one in listed(records_in(tx, project_id)):
        if one["waits"]:
            yield {"batch": one["lab_batch"], "analyte": one["analyte"]}


def _plots_derived(tx: Transaction, project_id: str, after: int) -> list[Item]:
    """Return the plots whose figures were written after a number of the project."""
    plots = {
        record.fields["plot_id"]
        for record in tx.rows_after(project_id, after)
        if record.type in DERIVED and "plot_id" in record.fields
    }
    if not plots:
        return []
    codes = {one.id: one.fields["code"] for one in tx.records(project_id, "plot")}
    return [{"plot": name, "code": codes.get(name)} for name in sorted(plots)]


def _complete(tx: Transaction, project_id: str) -> Iterable[Item]:
    """Yield the campaigns that have points, of which nothing more is to come."""
    for campaign in tx.records(project_id, "campaign"):
        start = campaign.fields["start_date"]
        asked = CampaignQuestion(project_id, campaign.id, start, start)
        counts = tx.stage_counts(asked)
        if counts and all(one.stage in ENDED for one in counts):
            yield {"campaign": campaign.id, "points": sum(one.points for one in counts)}


def _shorts(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(_short(each) for each in items)


def _unseen(items: Iterable[Item], seen: Collection[str]) -> tuple[Item, ...]:
    """Return the things that did not stand at the look before."""
    return tuple(each for each in items if _short(each) not in seen)


def _short(item: Item) -> str:
    """Return what stands for a thing in what was seen: 64 bits of a hash of its names."""
    names = {key: value for key, value in item.items() if key != "points"}
    text = json.dumps(names, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
