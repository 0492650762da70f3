"""Read the answer to a sync request: whole, or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.messages import MessageError, decode_response
from schemas.problems import Problem

Message = Mapping[str, Any]


class CutReplyError(ValueError):
    """The answer ended before its last line, or a line cannot be read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer: verdicts, scope, rows in server order, new cursors."""

    hello: Message
    end: Message
    verdicts: list[Message] = field(default_factory=list)
    rows: list[Message] = field(default_factory=list)  # row, gone and reset
    scope: list[str] | None = None

    @property
    def epoch(self) -> str:
        """Give the server's timeline."""
        return str(self.hello["epoch"])

    @property
    def need_from(self) -> int | None:
        """Give the change from which the server wants the log again."""
        asked = self.hello.get("need_from")
        return None if asked is None else int(asked)

    @property
    def cursors(self) -> dict[str, tuple[str, int]]:
        """Give the new cursor of each stream."""
        return {s: (pair[0], pair[1]) for s, pair in self.end["cursors"].items()}

    @property
    def more(self) -> bool:
        """Tell whether another page waits."""
        return bool(self.end["more"])

    @property
    def received(self) -> int:
        """Count the rows that came."""
        return sum(message["k"] != "reset" for message in self.rows)


def read_reply(lines: Iterable[bytes]) -> Reply:
    """Read every line of an answer.

    Raises
    ------
    CutReplyError
        If the first or last line is missing, or a line is not a message.
    """
    messages = [_decode(line) for line in lines if line.strip()]
    if not messages or messages[0]["k"] != "hello" or messages[-1]["k"] != "end":
        raise CutReplyError("the server's answer was cut")
    reply = Reply(messages[0], messages[-1])
    scope: list[str] | None = None
    for message in messages[1:-1]:
        match message["k"]:
            case "v":
                reply.verdicts.append(message)
            case "scope":
                scope = list(message["streams"])
            case "row" | "gone" | "reset":
                reply.rows.append(message)
            case _:
                raise CutReplyError("the server's answer has lines out of place")
    return Reply(reply.hello, reply.end, reply.verdicts, reply.rows, scope)


def _decode(line: bytes) -> dict[str, Any]:
    try:
        return decode_response(line)
    except MessageError as error:
        raise CutReplyError(f"the server's answer cannot be read: {error}") from None


def problem_of(document: Mapping[str, Any]) -> Problem | None:
    """Read the code of a problem document, if it is one of ours."""
    try:
        return Problem(str(document.get("code", "")))
    except AssertionError:
        return None
