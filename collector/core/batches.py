"""Cut the log into requests that a bad link can carry."""

import json
from collections.abc import Iterable

from schemas import limits


def first_batch(
    raw_lines: Iterable[bytes],
    most_changes: int = limits.BATCH_CHANGES,
    most_bytes: int = limits.BATCH_BYTES,
) -> list[bytes]:
    """Take lines from the front while they fit; one line always fits.

    A group that stands or falls together is not cut where it can be helped.

    Examples
    --------
    >>> first_batch([b"{}", b"{}", b"{}"], 9, 6)
    [b'{}', b'{}']
    """
    batch: list[bytes] = []
    size = 0
    for raw in raw_lines:
        size += len(raw) + 1
        if batch and (len(batch) == most_changes or size > most_bytes):
            return _before_group(batch, raw)
        batch.append(raw)
    return batch


def _before_group(batch: list[bytes], following: bytes) -> list[bytes]:
    """Leave out the group at the end of a batch that goes on after it."""
    group = _group(following)
    if group is None:
        return batch
    whole = list(batch)
    while whole and _group(whole[-1]) == group:
        whole.pop()
    return whole or batch


def _group(raw: bytes) -> str | None:
    found: str | None = json.loads(raw).get("g")
    return found
