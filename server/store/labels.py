"""Blocks of codes for labels, and who has them: SQLite."""

from server.store.driver import Connection
from server.store.values import LabelBlock

_BLOCKS = "SELECT block, device_id, request_id, given_at FROM label_block"


class LabelTables:
    """The part of a transaction that knows which blocks were handed out."""

    connection: Connection

    def label_blocks(self) -> list[LabelBlock]:
        """Return every block that was handed out, in the order of their codes."""
        rows = self.connection.execute(f"{_BLOCKS} ORDER BY block")
        return [LabelBlock(*row) for row in rows]

    def add_label_block(self, block: LabelBlock) -> None:
        """Save that a laptop has a block; who had it first keeps it."""
        self.connection.execute(
            "INSERT INTO label_block (block, device_id, request_id, given_at)"
            " VALUES (?, ?, ?, ?) ON CONFLICT (block) DO NOTHING",
            block,
        )
