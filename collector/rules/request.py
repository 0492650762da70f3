"""Write a sync request: hello, changes, end; and tell what follows when it is accepted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from collector.rules.log_heads import Cursor, LogHead
from collector.rules.reply import Reply
from schemas import chain, limits
from schemas.changes import group_of
from schemas.columns import fold
from schemas.messages import Outcome, encode
from schemas.version import PROTOCOL, SCHEMA_VERSION, __version__

#: Signs a text with the device's key.
Sign = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a laptop has of the server's rows and verdicts, and what it asks for."""

    cursors: Mapping[str, Cursor]
    late: Cursor | None = None
    wants_digest: bool = False
    receipt: tuple[str, str] | None = None

    @property
    def epoch(self) -> str | None:
        """Return the timeline of the cursors; of most, where a server was restored."""
        epochs = Counter(epoch for epoch, _ in self.cursors.values())
        return epochs.most_common(1)[0][0] if epochs else None


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines to send, and where those that are sent again stood in lost timelines."""

    lines: Sequence[bytes]
    stood: Mapping[int, Sequence[tuple[str, int]]] = field(default_factory=dict)


class Stand(NamedTuple):
    """What a request begins from: where the log that speaks stands, and what was read."""

    head: LogHead
    cursors: Mapping[str, Cursor | None]
    late: Cursor | None

    def says_as(self, other: "Stand") -> bool:
        """Return whether a request from here claims what one from there does."""
        return self.claims == other.claims

    @property
    def claims(self) -> tuple[object, ...]:
        """Return all that the server takes a laptop's word for."""
        head = self.head
        return (head.number, head.acked_n, head.acked_hash, self.cursors, self.late)


class Now(NamedTuple):
    """What a laptop says of itself: its wall time, and how many MiB its disk has left."""

    wall: str
    free_mib: int


@dataclass(frozen=True, slots=True)
class Request:
    """One request: where it begins, its lines, those that wait, and what it asks to read."""

    stand: Stand
    batch: list[bytes]
    waiting: list[bytes]
    most_bytes: int
    reading: Reading


def speaking(logs: Sequence[LogHead]) -> LogHead:
    """Return the log to send next: the first that waits, else the one written to."""
    return next((log for log in logs if log.acked_n < log.n), logs[-1])


def write_request(
    head: LogHead,
    batch: Batch,
    reading: Reading,
    now: Now,
    sign: Sign,
    protocol: int = PROTOCOL,
) -> bytes:
    """Write the request that speaks for a log; one with changes is signed."""
    last_n, last = head.acked_n, head.acked_hash
    for raw in batch.lines:
        last_n, last = last_n + 1, chain.link(last, raw)
    hello = _hello(head, reading, protocol)
    end: dict[str, Any] = {"k": "end"}
    if last_n != head.n:
        hello["head"] = head.n
    if batch.stood:
        hello["stood"] = {str(n): places for n, places in batch.stood.items()}
    if batch.lines or reading.wants_digest:
        # What the server keeps of a laptop: with what it says, and once a day.
        hello |= {
            "app": f"permille {__version__}",
            "wall": now.wall,
            "free": now.free_mib,
        }
    if batch.lines:
        # It takes 10 ms, and most requests have nothing to sign.
        from schemas.signing import push_text  # noqa: PLC0415

        signature = sign(push_text(head.id, last_n, last))
        end |= {"n": last_n, "hash": last.hex(), "sig": signature}
    lines = [encode(hello), *_changes(batch.lines, protocol), encode(end)]
    return b"\n".join(lines) + b"\n"


def _changes(lines: Sequence[bytes], protocol: int) -> Sequence[bytes]:
    """Return changes as they are sent: few of them by columns, where the server reads that."""
    if protocol == PROTOCOL or len(lines) > limits.FOLDED_CHANGES:
        return lines
    folded = fold(lines)
    return lines if folded is None else [folded]


def _hello(head: LogHead, reading: Reading, protocol: int) -> dict[str, Any]:
    log: dict[str, Any] = {"id": head.id}
    # The server has to know where a log came from before its first change.
    if head.parent is not None and head.acked_n == 0:
        log["parent"] = [head.parent.log_id, head.parent.n]
        log["parent_hash"] = head.parent.hash.hex()
    if head.is_closed:
        log["closed"] = True
    line: dict[str, Any] = {
        "k": "hello",
        "protocol": protocol,
        "schema": SCHEMA_VERSION,
        "log": log,
        "acked": {"n": head.acked_n, "hash": head.acked_hash.hex()},
    }
    epoch = reading.epoch
    if epoch is not None:
        line["epoch"] = epoch
        line["cursors"] = {s: _short(c, epoch) for s, c in reading.cursors.items()}
    if reading.late is not None:
        line["late"] = _short(reading.late, epoch)
    if reading.wants_digest:
        line["digest"] = True
    if reading.receipt is not None:
        line["receipt"] = dict(zip(("raw", "sig"), reading.receipt, strict=True))
    return line


def _short(place: tuple[str, int], epoch: str | None) -> int | list[str | int]:
    return place[1] if place[0] == epoch else list(place)


#: A group by itself: half of what a server takes at once.
_GROUP_BYTES: Final = limits.BODY_BYTES // 2


def first_batch(
    raw_lines: Iterable[bytes],
    most_changes: int = limits.BATCH_CHANGES,
    most_bytes: int = limits.BATCH_BYTES,
) -> list[bytes]:
    """Take lines from the front while they fit; one line always fits.

    A group that stands or falls together is not cut: the server would keep its second
    half back. One that is too large for a bad link by itself is sent all the same.

    Examples
    --------
    >>> first_batch([b"{}", b"{}", b"{}"], 9, 6)
    [b'{}', b'{}']
    >>> first_batch([b'{"g":"a"}', b'{"g":"a"}', b"{}"], 9, 10)
    [b'{"g":"a"}', b'{"g":"a"}']
    """
    batch: list[bytes] = []
    size = 0
    for raw in raw_lines:
        size += len(raw) + 1
        if batch and (len(batch) == most_changes or size > most_bytes):
            whole = _before_group(batch, raw)
            if whole or len(batch) == most_changes or size > _GROUP_BYTES:
                return whole or batch
        batch.append(raw)
    return batch


def _before_group(batch: list[bytes], following: bytes) -> list[bytes]:
    """Leave out the group at the end of a batch that goes on after it."""
    group = group_of(following)
    whole = list(batch)
    while group is not None and whole and group_of(whole[-1]) == group:
        whole.pop()
    return whole


def foretold(request: Request, reply: Reply) -> Stand | None:
    """Return where a laptop stands after an answer, where the answer tells that by itself.

    Such an answer accepts all that was sent, and brings rows at most. The laptop may ask on
    from there before it takes the answer in.
    """
    stand = request.stand
    is_of_now = "epoch" not in reply.hello and reply.need_from is None
    takes_away = reply.resets or reply.purged or reply.scope is not None
    if takes_away or not is_of_now or not _accepts_all(request, reply):
        return None
    head = stand.head
    if request.batch:
        receipt, last_n = reply.receipt, head.acked_n + len(request.batch)
        if receipt is None or (receipt.log_id, receipt.n) != (head.id, last_n):
            return None
        head = head._replace(acked_n=last_n, acked_hash=bytes.fromhex(receipt.hash))
    return Stand(head, {**stand.cursors, **reply.cursors}, stand.late)


def _accepts_all(request: Request, reply: Reply) -> bool:
    places = [verdict.get("n") for verdict in reply.verdicts]
    first = request.stand.head.acked_n + 1
    return places == list(range(first, first + len(request.batch))) and all(
        verdict["r"] == Outcome.ACCEPTED for verdict in reply.verdicts
    )
