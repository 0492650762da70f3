"""Read the answer to a sync request: whole, or not at all."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from collector.rules.shape import is_usual, wrong_in
from schemas import limits, strict_json
from schemas.ids import ID
from schemas.messages import MessageError, decode_response
from schemas.problem_kinds import KINDS
from schemas.problems import Problem

Message = Mapping[str, Any]

_RECORDS: Final = frozenset({"row", "gone"})


class CutReplyError(ValueError):
    """The answer ended before its last line, or a line cannot be read."""


class MisshapenReplyError(CutReplyError):
    """A row is not what a row is: sending again will not help."""


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """One line that the server signed: how much of which log it has."""

    raw: str
    signature: str
    log_id: str
    n: int
    hash: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer: verdicts, scope, rows in server order, new cursors."""

    hello: Message
    end: Message
    verdicts: list[Message] = field(default_factory=list)
    rows: list[Message] = field(default_factory=list)  # row and gone
    resets: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    scope: list[str] | None = None
    asked_epoch: str = ""

    @property
    def epoch(self) -> str:
        """Return the server's timeline: the one the request named, if it says none."""
        return str(self.hello.get("epoch", self.asked_epoch))

    @property
    def need_from(self) -> int | None:
        """Return the change from which the server wants the log again."""
        asked = self.hello.get("need_from")
        return None if asked is None else int(asked)

    @property
    def need_log(self) -> str | None:
        """Return the log that the server wants, when it is not the one that spoke."""
        return self.hello.get("need_log")

    @property
    def receipt(self) -> SignedReceipt | None:
        """Return the server's receipt, as it reads; whether it is signed is not asked."""
        found = self.end.get("receipt")
        if found is None:
            return None
        try:
            said = json.loads(found["raw"])
            log, n, digest = str(said["log"]), int(said["n"]), str(said["hash"])
            return SignedReceipt(found["raw"], str(found["sig"]), log, n, digest)
        except (ValueError, KeyError, TypeError):
            raise CutReplyError("the server's receipt cannot be read") from None

    @property
    def late(self) -> tuple[str, int] | None:
        """Return the last of the verdicts that were given anew."""
        numbers = [verdict["l"] for verdict in self.verdicts if "l" in verdict]
        return (self.epoch, max(numbers)) if numbers else None

    @property
    def shared(self) -> dict[str, int]:
        """Return how much of each project is left of the timeline this laptop read."""
        return dict(self.hello.get("shared", {}))

    @property
    def cursors(self) -> dict[str, tuple[str, int]]:
        """Return the new cursor of each project that moved."""
        found = self.end.get("cursors", {})
        return {
            s: (self.epoch, said) if isinstance(said, int) else (said[0], said[1])
            for s, said in found.items()
        }

    @property
    def more(self) -> bool:
        """Return whether another page waits."""
        return bool(self.end.get("more", False))

    @property
    def received(self) -> int:
        """Count the rows that came."""
        return len(self.rows)


def read_reply(lines: Iterable[bytes], asked_epoch: str = "") -> Reply:
    """Read every line of an answer to a request that named a timeline, or none.

    Raises
    ------
    CutReplyError
        If the first or last line is missing, or a line is not a message.
    """
    messages: list[Message] = [_decode(line) for line in lines if line.strip()]
    reply = _whole(messages, asked_epoch)
    scope: list[str] | None = None
    for message in messages[1:-1]:
        match message["k"]:
            case "v":
                reply.verdicts.append(message)
            case "scope":
                scope = list(message["streams"])
            case "row" | "gone":
                reply.rows.append(message)
            case "reset":
                reply.resets.append(message["s"])
            case "purged":
                reply.purged.extend(message["r"])
            case _:
                raise CutReplyError("the server's answer has lines out of place")
    _check_receipt(reply)
    return replace(reply, scope=scope)


def _check_receipt(reply: Reply) -> None:
    """Read the receipt once, so that one that cannot be read fails the whole answer."""
    receipt = reply.receipt
    if receipt is not None and receipt.n < 0:
        raise CutReplyError("the server's receipt cannot be read")


def _whole(messages: list[Message], asked_epoch: str) -> Reply:
    if not messages or messages[0]["k"] != "hello" or messages[-1]["k"] != "end":
        raise CutReplyError("the server's answer was cut")
    reply = Reply(messages[0], messages[-1], asked_epoch=asked_epoch)
    if not reply.epoch:
        raise CutReplyError("the server's answer names no timeline")
    return reply


def read_rows(lines: Iterable[bytes]) -> tuple[str, list[Message]]:
    """Read the rows of an answer that repairs, with the server's epoch.

    Raises
    ------
    CutReplyError
        If the last line is missing, or a line is not a record.
    """
    *rows, last = [line for line in lines if line.strip()] or [b""]
    try:
        end = json.loads(last)
        epoch = str(end["epoch"])
    except (ValueError, KeyError, TypeError):
        raise CutReplyError("the server's answer was cut") from None
    messages: list[Message] = [_decode(line) for line in rows]
    if any(message["k"] not in _RECORDS for message in messages):
        raise CutReplyError("the server's answer has lines out of place")
    return epoch, messages


#: What most verdicts of a push say, as a server writes them; no more than 18 digits.
_ACCEPTED: Final = re.compile(
    rb'\{"k":"v","n":(0|[1-9][0-9]{0,17}),"r":"accepted","q":(0|[1-9][0-9]{0,17})\}'
)


#: How a server begins the row of a record.
_ROW: Final = re.compile(
    rb'\{"k":"row","s":"(?P<s>%(id)b)","q":(?P<q>0|[1-9][0-9]{0,17}),"t":"(?P<t>[a-z_]{1,40})"'
    rb',"r":"(?P<r>%(id)b)","f":' % {b"id": ID.pattern.encode()}
)


def _usual_row(line: bytes) -> dict[str, Any] | None:
    """Read a row as nearly all are, without conflicts; None where it is another line."""
    start = _ROW.match(line)
    if start is None or line[-1:] != b"}" or len(line) > limits.LINE_BYTES:
        return None
    fields = strict_json.read_as_written(line[start.end() : -1])
    project_id, seq, kind, record_id = map(bytes.decode, start.groups())
    if not isinstance(fields, dict) or not is_usual(kind, fields):
        return None
    whose = {"k": "row", "s": project_id, "q": int(seq), "t": kind, "r": record_id}
    return {**whose, "f": fields, "x": []}


def _decode(line: bytes) -> dict[str, Any]:
    usual = _usual_row(line)
    if usual is not None:
        return usual
    plain = _ACCEPTED.fullmatch(line)
    if plain is not None:
        # It costs a twentieth of reading it as any line, and comes to the same.
        n, q = plain.groups()
        said = {"k": "v", "n": int(n), "r": "accepted", "q": int(q)}
        return {**said, "d": False, "why": [], "cf": []}
    try:
        message = decode_response(line)
    except MessageError as error:
        raise CutReplyError(f"the server's answer cannot be read: {error}") from None
    if message["k"] in _RECORDS and (wrong := wrong_in(message)):
        raise MisshapenReplyError(f"the server's answer cannot be used: {wrong}")
    return message


def problem_of(document: Mapping[str, Any]) -> Problem | None:
    """Read the code of a problem document, if it is one of ours."""
    code = document.get("code")
    return Problem(code) if isinstance(code, str) and code in KINDS else None


class RemovalGuard(NamedTuple):
    """Live records that a sync takes away, by project, and how many there were."""

    had: Mapping[str, int] = MappingProxyType({})
    removed: Mapping[str, int] = MappingProxyType({})
    are_accepted: bool = False

    def plus(self, removed: Mapping[str, int]) -> "RemovalGuard":
        """Return the count with what one more answer takes away."""
        project_ids = self.removed.keys() | removed.keys()
        total = {s: self.removed.get(s, 0) + removed.get(s, 0) for s in project_ids}
        return RemovalGuard(self.had, total, self.are_accepted)

    def too_many(self) -> dict[str, tuple[int, int]]:
        """Return the projects that lose too much: how many of how many."""
        if self.are_accepted:
            return {}
        return {
            project_id: (count, self.had.get(project_id, 0))
            for project_id, count in self.removed.items()
            if count > limits.REMOVED_RECORDS
            and count > limits.REMOVED_SHARE * self.had.get(project_id, 0)
        }
