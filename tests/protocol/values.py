"""What a client written from docs/protocol.md holds: records, a log, a whole answer."""

import json
from dataclasses import dataclass, field

from tests.protocol import rules


class RefusedError(Exception):
    """A problem document."""

    def __init__(self, status, document):
        super().__init__(status, document)
        self.status, self.document = status, document
        self.code = document["code"]


class DamagedError(Exception):
    """An answer that is not whole, or not signed by the server."""


@dataclass
class Held:
    """A record as the client has it; without fields it is gone."""

    project_id: str
    seq: int
    type: str
    fields: dict | None
    conflicts: list = field(default_factory=list)


@dataclass
class Answer:
    """One whole answer, its lines by kind."""

    lines: list

    @property
    def hello(self):
        """Return the first line."""
        return self.lines[0]

    @property
    def end(self):
        """Return the last line."""
        return self.lines[-1]

    def of(self, *kinds):
        """Return the lines of these kinds, in order."""
        return [line for line in self.lines if line["k"] in kinds]

    @property
    def verdicts(self):
        """Return the verdicts on what was sent."""
        return [line for line in self.of("v") if "l" not in line]

    @property
    def late(self):
        """Return the verdicts that were given anew."""
        return [line for line in self.of("v") if "l" in line]

    @property
    def outcomes(self):
        """Return what became of each change that was sent."""
        return [line["r"] for line in self.verdicts]


@dataclass
class Log:
    """The lines of one log, where it came from, and how much the server has of it."""

    id: str
    lines: list = field(default_factory=list)
    parent: tuple | None = None
    closed: bool = False
    acked: int = 0

    @property
    def hashes(self):
        """Return the hash after each number of lines."""
        found = [rules.START]
        for line in self.lines:
            found.append(rules.link(found[-1], line))
        return found


def read(raw):
    """Read a whole answer."""
    lines = [json.loads(line) for line in raw.split(b"\n") if line]
    if not lines or lines[0]["k"] != "hello" or lines[-1]["k"] != "end":
        raise DamagedError("the answer was cut")
    return Answer(lines)
