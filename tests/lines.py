"""The lines of logs as a server keeps them, for tests that look into its tables."""

from typing import NamedTuple

from server.store.logs import SegmentReader


class Line(NamedTuple):
    """A line with the hash of its log after it."""

    log_id: str
    n: int
    raw: bytes
    hash: bytes
    change_id: str


def kept_lines(connection, where="1", *values):
    """Return lines log by log, those for which a condition on `change` holds."""
    reader = SegmentReader(connection)
    columns = "log_id, n, segment, hash, change_id"
    sql = f"SELECT {columns} FROM change WHERE {where} ORDER BY log_id, n"  # noqa: S608
    rows = connection.execute(sql, values).fetchall()
    return [
        Line(log, n, reader.line(segment, n), bytes(digest), change)
        for log, n, segment, digest, change in rows
    ]
