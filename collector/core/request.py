"""Write a sync request: hello, changes, end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas import chain, limits
from schemas.messages import encode
from schemas.signing import push_text
from schemas.version import PROTOCOL, SCHEMA_VERSION, __version__

#: Signs a text with the device's key.
Sign = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Parent:
    """The place in another log that a log goes on from, and the hash there."""

    log: str
    n: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where a log stands here, and how much of it the server has.

    `number` counts the logs of this laptop; the last one is written to.
    """

    number: int
    id: str
    parent: Parent | None
    is_closed: bool
    n: int
    hash: bytes
    acked_n: int
    acked_hash: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What a laptop has of the server's rows and verdicts, and what it asks for."""

    cursors: Mapping[str, tuple[str, int]]
    late: tuple[str, int] | None = None
    wants_digest: bool = False


def write_request(
    head: LogHead, batch: Sequence[bytes], reading: Reading, wall: str, sign: Sign
) -> bytes:
    """Write the request that speaks for a log; one with changes is signed."""
    last_n, last = head.acked_n, head.acked_hash
    for raw in batch:
        last_n, last = last_n + 1, chain.link(last, raw)
    end: dict[str, Any] = {"k": "end", "n": last_n}
    if batch:
        signature = sign(push_text(head.id, last_n, last))
        end |= {"hash": last.hex(), "sig": signature}
    lines = [encode(_hello(head, reading, wall)), *batch, encode(end)]
    return b"\n".join(lines) + b"\n"


def _hello(head: LogHead, reading: Reading, wall: str) -> dict[str, Any]:
    log: dict[str, Any] = {"id": head.id}
    # The server has to know where a log came from before its first change.
    if head.parent is not None and head.acked_n == 0:
        log["parent"] = [head.parent.log, head.parent.n]
        log["parent_hash"] = head.parent.hash.hex()
    if head.is_closed:
        log["closed"] = True
    line: dict[str, Any] = {
        "k": "hello",
        "protocol": PROTOCOL,
        "schema": SCHEMA_VERSION,
        "app": f"permille {__version__}",
        "log": log,
        "head": head.n,
        "acked": {"n": head.acked_n, "hash": head.acked_hash.hex()},
        "wall": wall,
        "want": limits.PAGE_ROWS,
        "cursors": {s: list(cursor) for s, cursor in reading.cursors.items()},
    }
    if reading.late is not None:
        line["late"] = list(reading.late)
    if reading.wants_digest:
        line["digest"] = True
    return line
