"""Whether what a laptop says of its log fits what is stored of it."""

from collections.abc import Iterable
from itertools import takewhile
from typing import Any, Final

from schemas import chain
from schemas.changes import Change, Place
from schemas.messages import parse_object
from schemas.problems import Problem
from schemas.signing import is_signed, public_key, receipt_text
from server.errors import RequestError, refuse
from server.intake.receipts import server_key
from server.intake.request import Push
from server.merge.model import ValidatedChange
from server.store.port import Transaction
from server.store.values import Device, LineQuery, LogState

#: Why an epoch begins.
_PROVED: Final = "a receipt shows that changes are not here"
_READ: Final = "two laptops have read rows that are not here"
#: The setting that says that false claims may have been none: rows were lost.
DOUBTED: Final = "doubted_bases"
YES: Final = "yes"
#: The setting that holds in which epoch a laptop said first that rows are not here.
_CLAIM: Final = "rows_missed"


def notice_lost_timeline(
    tx: Transaction, device: Device, push: Push, epoch: str, now: str
) -> None:
    """Begin a new epoch where this server is shown that it lost what it had.

    It happens when a copy of the database was put in place by hand. One laptop that says so
    changes nothing for others: it shows a receipt that the server signed, or another
    laptop says the same.
    """
    present = tx.epoch()
    if _is_proved(tx, push, present):
        reason = _PROVED
    elif _has_read_more(tx, device, push, present) and _is_said_by_another(
        tx, device, present
    ):
        reason = _READ
    else:
        return
    tx.begin_epoch(epoch, now, reason, device.id)
    tx.set_setting(DOUBTED, YES)


def _has_read_more(tx: Transaction, device: Device, push: Push, present: str) -> bool:
    """Return whether a laptop has read rows of its own projects that are not here."""
    own = {*device.projects}
    read = {
        s: seq
        for s, (name, seq) in push.cursors.items()
        if name == present and s in own
    }
    heads = tx.project_heads(read)
    return any(seq > (heads[s].head if s in heads else 0) for s, seq in read.items())


def _is_said_by_another(tx: Transaction, device: Device, present: str) -> bool:
    """Return whether another laptop has read what is not here, too; remember who did first."""
    key = device.public_key or device.id
    first = tx.setting(_CLAIM)
    epoch, _, who = (first or "").partition(" ")
    if epoch == present and who != key:
        return True
    tx.set_setting(_CLAIM, f"{present} {key}")
    return False


def _is_proved(tx: Transaction, push: Push, present: str) -> bool:
    """Return whether this server signed, in this timeline, for more of a log than it has."""
    if push.receipt is None:
        return False
    raw, signature = push.receipt
    if not is_signed(public_key(server_key(tx)), signature, receipt_text(raw)):
        return False
    said = parse_object(raw.encode())
    log = tx.log_head(said["log"])
    is_of_now: bool = said["epoch"] == present
    return is_of_now and said["n"] > (log.n if log else 0)


def missing_part(tx: Transaction, device: Device, push: Push) -> tuple[str, int] | None:
    """Return the log, and the change in it, that the server needs before this push.

    Raises
    ------
    RequestError
        If the log, or the one it came from, is another laptop's; `fork`, if the one it
        came from went on elsewhere.
    """
    head = tx.log_head(push.log_id)
    if head is None and push.parent is not None:
        parent_log, parent_n = push.parent
        parent = tx.log_head(parent_log)
        _refuse_foreign(parent, device)
        if parent is None or parent.n < parent_n:
            return parent_log, (parent.n if parent else 0) + 1
        if _hashes(tx, parent_log, [parent_n]) != {parent_n: push.parent_hash}:
            raise _fork(tx, parent, parent_n)
    _refuse_foreign(head, device)
    stored_n = head.n if head else 0
    return (push.log_id, stored_n + 1) if push.acked_n > stored_n else None


def check_lineage(tx: Transaction, push: Push, head: LogState) -> None:
    """Refuse a log that says other things than what is stored of it.

    Raises
    ------
    RequestError
        `fork`, with hashes of the stored log around the place where both may agree.
    """
    known = [change for change in push.changes if change.n <= head.n]
    said = {push.acked_n: push.acked_hash}
    said |= {change.n: change.hash for change in known[-1:]}
    stored = _hashes(tx, push.log_id, said)
    went_on = push.head < head.n and not push.is_closed
    if stored == said and not went_on:
        return
    raise _fork(tx, head, push.acked_n)


def with_own_ids(
    tx: Transaction, device: Device, batch: list[ValidatedChange]
) -> list[ValidatedChange]:
    """Refuse a change under the id of another laptop's change.

    A line names its id only where it was moved from another log. The same content under
    the same id is the same change, from a laptop that was enrolled anew.
    """
    named = [j.change for j in batch if j.change.id != chain.change_id(j.change.hash)]
    taken: dict[tuple[str, str], bytes] = {}
    for project_id in {change.project_id for change in named}:
        ids = [change.id for change in named if change.project_id == project_id]
        taken |= {
            (project_id, line.verdict.change_id): line.raw
            for line in tx.lines(LineQuery(project_id=project_id, change_ids=ids))
            if line.device_id != device.id
        }
    return [
        _under_own_id(j, taken.get((j.change.project_id, j.change.id))) for j in batch
    ]


def _under_own_id(validated: ValidatedChange, known: bytes | None) -> ValidatedChange:
    change = validated.change
    if known is None or _content(known) == _content(change.raw):
        return validated
    problem = Problem("change_id_taken", "i", change.id)
    own = change._replace(id=chain.change_id(change.hash))
    return ValidatedChange(own, {}, [problem])


def with_true_bases(
    tx: Transaction, batch: list[ValidatedChange]
) -> list[ValidatedChange]:
    """Refuse a change whose author claims to have seen a row not written yet.

    It would count as having seen whatever others write up to there.
    """
    epoch = tx.epoch()
    claims = {
        j.change.project_id for j in batch if any(base for _, base in _bases(j.change))
    }
    heads = {
        project_id: found.head for project_id, found in tx.project_heads(claims).items()
    }
    return [_with_true_base(j, epoch, heads.get(j.change.project_id, 0)) for j in batch]


def _bases(change: Change) -> list[tuple[str, Place | None]]:
    return [("b", change.base), *(("bg", base) for base in change.bases.values())]


def _with_true_base(
    validated: ValidatedChange, epoch: str, head: int
) -> ValidatedChange:
    change = validated.change
    if change.base is None and not change.bases:
        return validated
    # Of an older timeline counts only what it shares with this one.
    beyond = [
        (key, base[1])
        for key, base in _bases(change)
        if base and base[0] == epoch and base[1] > head
    ]
    if not beyond:
        return validated
    detail = f"the last row of the project is {head}"
    problem = Problem("base_beyond_head", *beyond[0], detail)
    return ValidatedChange(change, {}, [problem])


def with_whole_groups(
    tx: Transaction, head: LogState, batch: list[ValidatedChange]
) -> list[ValidatedChange]:
    """Refuse what was cut off the changes it stands or falls with.

    What is left of a group whose beginning came in an earlier push waits for a person.
    """
    group = batch[0].change.group
    if group is None or group != _group_at(tx, head):
        return batch
    rest = takewhile(lambda validated: validated.change.group == group, batch)
    problem = Problem("group_split", "g", group)
    cut = [ValidatedChange(validated.change, {}, [problem]) for validated in rest]
    return cut + batch[len(cut) :]


def _group_at(tx: Transaction, head: LogState) -> str | None:
    """Return the group that the last line of a log stands or falls with, if any."""
    group: object = None
    for line in tx.lines(LineQuery(log_id=head.log_id, places=[head.n])):
        group = parse_object(line.raw).get("g")
    return group if isinstance(group, str) else None


def _hashes(tx: Transaction, log_id: str, places: Iterable[int]) -> dict[int, bytes]:
    """Return the chain's hash after each of these lines that a log has."""
    wanted = set(places)
    query = LineQuery(log_id=log_id, places=sorted(wanted))
    found = {line.n: line.hash for line in tx.lines(query)}
    return {0: chain.START, **found} if 0 in wanted else found


def _content(raw: bytes) -> dict[str, Any]:
    line = parse_object(raw)
    return {key: value for key, value in line.items() if key not in {"n", "i"}}


def _fork(tx: Transaction, head: LogState, near: int) -> RequestError:
    """Return the refusal, with hashes of the stored log around a place."""
    hashes = _hashes(tx, head.log_id, _places_around(near, head.n))
    return RequestError(
        Problem("fork", detail=f"the server has {head.n} changes of this log"),
        more={
            "log": head.log_id,
            "n": head.n,
            "hashes": {str(n): digest.hex() for n, digest in sorted(hashes.items())},
        },
    )


def _refuse_foreign(head: LogState | None, device: Device) -> None:
    if head is not None and not _is_of(head, device):
        raise refuse("foreign_log", f"log {head.log_id}")


def _places_around(n: int, last: int) -> set[int]:
    """Return places at growing distances from one, so that halving finds the fork."""
    steps = [0, *(1 << k for k in range(max(last, n).bit_length() + 1))]
    near = {n + step for step in steps} | {n - step for step in steps}
    return {0, last} | {place for place in near if 0 <= place <= last}


def _is_of(log: LogState, device: Device) -> bool:
    """Return whether this laptop wrote a log: under this enrolment, or by its key."""
    same_key = None is not log.public_key == device.public_key
    return log.device_id == device.id or same_key
