"""Where the logs of a laptop stand, and how far it has read."""

from typing import NamedTuple

#: The place a project was read up to: the server's timeline and its sequence.
Cursor = tuple[str, int]


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
