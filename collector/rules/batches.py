"""Cut the log into requests that a bad link can carry."""

import json
from collections.abc import Iterable
from typing import Final

from schemas import limits

#: A group by itself: half of what a server takes at once.
_GROUP_BYTES: Final = limits.BODY_BYTES // 2


def first_batch(
    raw_lines: Iterable[bytes],
    most_changes: int = limits.BATCH_CHANGES,
    most_bytes: int = limits.BATCH_BYTES,
) -> list[bytes]:
    """Take lines from the front while they fit; one line always fits.

    A group that stands or falls together is not cut: the server would keep its second
    half back. One that is too large for a bad link by itself is sent all the same.

    Examples
    --------
    >>> first_batch([b"{}", b"{}", b"{}"], 9, 6)
    [b'{}', b'{}']
    >>> first_batch([b'{"g":"a"}', b'{"g":"a"}', b"{}"], 9, 10)
    [b'{"g":"a"}', b'{"g":"a"}']
    """
    batch: list[bytes] = []
    size = 0
    for raw in raw_lines:
        size += len(raw) + 1
        if batch and (len(batch) == most_changes or size > most_bytes):
            whole = _before_group(batch, raw)
            if whole or len(batch) == most_changes or size > _GROUP_BYTES:
                return whole or batch
        batch.append(raw)
    return batch


def _before_group(batch: list[bytes], following: bytes) -> list[bytes]:
    """Leave out the group at the end of a batch that goes on after it."""
    group = _group(following)
    whole = list(batch)
    while group is not None and whole and _group(whole[-1]) == group:
        whole.pop()
    return whole


def _group(raw: bytes) -> str | None:
    found: str | None = json.loads(raw).get("g")
    return found
