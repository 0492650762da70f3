"""The audit log of administrators: lines that are appended, each chained to the last."""

from typing import Final

from schemas import chain
from server.store.driver import Connection

_LAST: Final = "SELECT number, hash FROM audit_line ORDER BY number DESC LIMIT 1"
_ADD: Final = "INSERT INTO audit_line (number, said, hash) VALUES (?, ?, ?)"


class AuditTables:
    """The part of a transaction that notes what administrators do."""

    connection: Connection

    def add_audit_line(self, said: str) -> None:
        """Append what an administrator did to the chained audit log; the job is alone."""
        last = self.connection.execute(_LAST).fetchone()
        number, previous = (last[0], bytes(last[1])) if last else (0, chain.START)
        digest = chain.link(previous, said.encode())
        self.connection.execute(_ADD, (number + 1, said, digest))
