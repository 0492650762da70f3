"""Where the logs of a laptop stand."""

from typing import NamedTuple


class Parent(NamedTuple):
    """The place in another log that a log goes on from, and the hash there."""

    log_id: str
    n: int
    hash: bytes


class LogHead(NamedTuple):
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
