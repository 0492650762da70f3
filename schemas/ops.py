"""What a change does to its record, and what becomes of the change."""

from enum import StrEnum


class Op(StrEnum):
    """What a change does to its record."""

    PUT = "put"
    DELETE = "del"
    UNDELETE = "undel"
    RESOLVE = "resolve"


class Outcome(StrEnum):
    """The server's verdict on one change."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    HELD = "held"
