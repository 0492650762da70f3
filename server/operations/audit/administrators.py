"""The audit log of administrators: dense, and chained from its first line."""

from collections.abc import Iterator

from schemas import chain
from server.operations.audit.findings import Kept
from server.store.kept_values import AuditLine
from server.store.values import Fault

_CHECK = "administrators"


def check_administrators(kept: Kept) -> Iterator[Fault]:
    """Find lines that are missing or were altered; each is judged by itself.

    That lines were cut off at the end is told by the seal of the table.
    """
    place, digest = 0, chain.START
    for line in kept.kept(AuditLine):
        where = f"audit line {line.number}"
        if line.number != place + 1:
            yield Fault(_CHECK, where, f"line {place + 1} is missing before it")
        elif chain.link(digest, line.said.encode()) != line.hash:
            yield Fault(_CHECK, where, "it, or its hash, was altered")
        place = line.number
        # So that every line after it is judged by itself.
        digest = line.hash if len(line.hash) == len(chain.START) else chain.START
