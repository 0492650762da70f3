"""What a laptop has not seen yet, gathered in one snapshot."""

from dataclasses import dataclass, field
from typing import Final

from schemas import limits
from schemas.digest import Digest
from server.intake.feed import has_rows_after, page_of
from server.intake.load import timeline_of
from server.intake.request import Push
from server.merge.model import Timeline, Verdict
from server.store.port import Transaction
from server.store.values import Device, LogSpan

#: Late verdicts of one response.
_LATE: Final = limits.BATCH_CHANGES
#: Higher than any number of a row.
_ANY: Final = 2**63 - 1


@dataclass(slots=True)
class Pulled:
    """Lines of rows, verdicts given anew, and the laptop's new cursors.

    `shared` gives, for a laptop that comes from an older timeline, the highest number of
    each project that both have: what it was told beyond that is to be judged again.
    """

    epoch: str
    late: list[Verdict]
    resets: list[str] = field(default_factory=list)
    purged: dict[str, list[str]] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    digests: dict[str, Digest] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    more: bool = False


def pull(
    tx: Transaction, device: Device, push: Push, project_ids: frozenset[str]
) -> Pulled:
    """Gather what the laptop has not seen."""
    timeline = timeline_of(tx)
    heard = push.late[1] if push.late[0] == timeline.now else 0
    late = tx.late_verdicts(device.id, heard, _LATE)
    pulled = Pulled(timeline.now, late, more=len(late) == _LATE)
    left = push.want
    for project_id in sorted(project_ids):
        left = _pull_project(tx, pulled, push, project_id, timeline, left)
    return pulled


def _pull_project(
    tx: Transaction,
    pulled: Pulled,
    push: Push,
    project_id: str,
    timeline: Timeline,
    left: int,
) -> int:
    """Add the rows of one project; return how many more fit."""
    cursor = push.cursors.get(project_id)
    after = _start(tx, timeline, project_id, cursor)
    if cursor and cursor[0] != timeline.now:
        pulled.shared[project_id] = timeline.common(project_id, cursor[0], _ANY)
    if left <= 0:
        pulled.more = pulled.more or has_rows_after(tx, project_id, after)
        return left
    if cursor and after < cursor[1]:
        pulled.resets.append(project_id)
    sent = LogSpan(push.log_id, push.acked_n, push.end[0])
    page = page_of(tx, project_id, after, left, sent)
    if gone := tx.purged_between(project_id, after, page.cursor):
        pulled.purged[project_id] = gone
    pulled.lines.extend(page.lines)
    pulled.more = pulled.more or page.more
    if cursor != (timeline.now, page.cursor):
        pulled.cursors[project_id] = page.cursor
    if push.wants_digest and not page.more:
        pulled.digests[project_id] = tx.project_heads([project_id])[project_id].digest
    return left - len(page.lines)


def _start(
    tx: Transaction,
    timeline: Timeline,
    project_id: str,
    cursor: tuple[str, int] | None,
) -> int:
    """Return the number after which to go on; 0 where the laptop must begin anew."""
    if cursor is None or cursor[1] == 0:
        return 0
    common = timeline.common(project_id, *cursor)
    known = tx.project_heads([project_id]).get(project_id)
    if known is None or common < cursor[1] or cursor[1] > known.head:
        return 0
    return common
