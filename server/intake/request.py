"""From the lines of a request to a push whose chain holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas import chain, columns, limits
from schemas.changes import Change, read_change
from schemas.messages import MessageError, decode_request
from schemas.strict_json import values_at_most
from schemas.version import NEWEST_PROTOCOL, PROTOCOL
from server.errors import RequestError, refuse

Cursor = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Push:
    """A whole request: who speaks, its changes in order, its cursors."""

    log_id: str
    parent: tuple[str, int] | None
    parent_hash: bytes
    is_closed: bool
    schema: int
    acked_n: int
    acked_hash: bytes
    head: int
    wall: str
    want: int
    cursors: dict[str, Cursor]
    changes: list[Change]
    late: Cursor = ("", 0)
    epoch: str | None = None
    wants_digest: bool = False
    signature: str = ""
    stood: Mapping[str, Sequence[Cursor]] = field(default_factory=dict)
    receipt: tuple[str, str] | None = None
    protocol: int = PROTOCOL
    app: str = ""
    free_mib: int | None = None

    @property
    def end(self) -> tuple[int, bytes]:
        """Return the place and hash after the last change."""
        if not self.changes:
            return self.acked_n, self.acked_hash
        return self.changes[-1].n, self.changes[-1].hash

    def skew_s(self, now: str) -> float | None:
        """Return by how many seconds the laptop's clock is ahead, where it says."""
        try:
            wall = datetime.fromisoformat(self.wall)
            ahead_s = (wall - datetime.fromisoformat(now)).total_seconds()
            # Of -0.0 dumps of PostgreSQL made with --inserts make another number.
            return round(ahead_s, 1) + 0.0
        except (ValueError, TypeError, OverflowError):
            return None


def read_push(body: bytes) -> Push:
    """Read a request body and check its hash chain.

    Raises
    ------
    RequestError
        If it is not a whole, ordered, chained request of a protocol that is spoken.
    """
    if not body:
        raise refuse("bad_message", "the body is empty")
    if values_at_most(body) > limits.BODY_VALUES:
        raise refuse("too_large", f"more than {limits.BODY_VALUES} values")
    lines = body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if max(map(len, lines)) > limits.LINE_BYTES:
        raise refuse("too_large", f"a line is longer than {limits.LINE_BYTES} bytes")
    hello = _line(lines[0], "hello")
    end = _last_line(lines)
    raw_changes = _raw_changes(hello["protocol"], lines[1:-1])
    acked = hello["acked"]
    acked_hash = bytes.fromhex(acked["hash"])
    log, epoch = hello["log"], hello.get("epoch")
    changes = _changes(log["id"], raw_changes, acked["n"], acked_hash)
    end_n = changes[-1].n if changes else acked["n"]
    push = Push(
        log_id=log["id"],
        parent=(log["parent"][0], log["parent"][1]) if log["parent"] else None,
        parent_hash=bytes.fromhex(log.get("parent_hash", "")),
        is_closed=log.get("closed", False),
        schema=hello["schema"],
        acked_n=acked["n"],
        acked_hash=acked_hash,
        head=hello.get("head", end_n),
        wall=hello["wall"],
        want=min(max(hello["want"], 1), limits.PAGE_ROWS),
        cursors={s: _cursor(c, epoch) for s, c in hello["cursors"].items()},
        changes=changes,
        late=_cursor(hello["late"], epoch) if "late" in hello else ("", 0),
        epoch=epoch,
        wants_digest=hello.get("digest", False),
        signature=end["sig"] or "",
        stood=_stood(hello.get("stood", {}), changes),
        receipt=_receipt(hello.get("receipt")),
        protocol=hello["protocol"],
        app=hello["app"],
        free_mib=hello.get("free"),
    )
    _check_end(end, push)
    return push


def _receipt(said: Mapping[str, str] | None) -> tuple[str, str] | None:
    return None if said is None else (said["raw"], said["sig"])


def _stood(
    said: Mapping[str, Sequence[Sequence[Any]]], changes: Sequence[Change]
) -> dict[str, list[Cursor]]:
    """Return where changes of a push stood in lost timelines, by their ids."""
    return {
        change.id: [(epoch, seq) for epoch, seq in said[str(change.n)]]
        for change in changes
        if str(change.n) in said
    }


def _cursor(said: int | Sequence[Any], epoch: str | None) -> Cursor:
    """Read a number of the epoch that the hello names, or of its own."""
    if not isinstance(said, int):
        return said[0], said[1]
    if epoch is None:
        raise refuse("bad_message", f"{said} is a number of no epoch")
    return epoch, said


def _line(raw: bytes, kind: str) -> dict[str, Any]:
    try:
        message = decode_request(raw)
    except MessageError as error:
        raise RequestError(error.problem) from None
    if message["k"] != kind:
        raise refuse("bad_message", f"expected {kind}, found {message['k']}")
    return message


def _last_line(lines: Sequence[bytes]) -> dict[str, Any]:
    try:
        message = decode_request(lines[-1])
    except MessageError:
        raise refuse("cut_body", "the last line is not an end") from None
    if message["k"] != "end":
        raise refuse("cut_body", "the end line is missing")
    return message


def _raw_changes(protocol: int, lines: list[bytes]) -> list[bytes]:
    """Return the lines of the changes, whichever way they came."""
    if protocol not in {PROTOCOL, NEWEST_PROTOCOL}:
        raise refuse("protocol_unknown", f"protocol {protocol}")
    if len(lines) > limits.BATCH_CHANGES:
        raise refuse("too_large", f"more than {limits.BATCH_CHANGES} changes")
    if (
        protocol == PROTOCOL
        or len(lines) != 1
        or not lines[0].startswith(columns.START)
    ):
        return lines
    try:
        return columns.unfold(lines[0])
    except MessageError as error:
        raise RequestError(error.problem) from None


def _changes(log: str, lines: Sequence[bytes], n: int, digest: bytes) -> list[Change]:
    changes = []
    for place, raw in enumerate(lines, start=n + 1):
        digest = chain.link(digest, raw)
        try:
            change = read_change(log, raw, digest)
        except MessageError as error:
            raise RequestError(error.problem) from None
        if change.n != place:
            raise refuse("log_gap", f"expected change {place}, found {change.n}")
        changes.append(change)
    return changes


def _check_end(end: dict[str, Any], push: Push) -> None:
    n, digest = push.end
    said = end.get("hash", digest.hex() if not push.changes else "")
    if end.get("n", n) != n or said != digest.hex():
        raise refuse("bad_chain", f"the end line does not fit change {n}")
