"""Cut the log into requests that a bad link can carry."""

from collections.abc import Iterable

from schemas import limits


def first_batch(
    raw_lines: Iterable[tuple[int, bytes]],
    most_changes: int = limits.BATCH_CHANGES,
    most_bytes: int = limits.BATCH_BYTES,
) -> list[tuple[int, bytes]]:
    """Take lines from the front while they fit; one line always fits.

    Examples
    --------
    >>> [n for n, _ in first_batch([(1, b"aa"), (2, b"bb"), (3, b"cc")], 9, 6)]
    [1, 2]
    """
    batch: list[tuple[int, bytes]] = []
    size = 0
    for n, raw in raw_lines:
        size += len(raw) + 1
        if batch and (len(batch) == most_changes or size > most_bytes):
            break
        batch.append((n, raw))
    return batch
