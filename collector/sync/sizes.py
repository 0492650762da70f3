"""How much is sent at once: less where something on the way takes no more."""

from collections.abc import Sequence
from typing import Final

from collector.errors import PermilleError, RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.record.names import label
from collector.rules.request import Request, first_batch
from schemas.changes import read_draft

#: Refusals of the server, and of what lies before it, of a body of this size.
TOO_LARGE: Final = frozenset({"too_large", "between_413"})
#: A change by itself; smaller batches are many more requests and no smaller bodies.
_LEAST_BYTES: Final = 1024


def halve_batch(laptop: Laptop, request: Request, refused: PermilleError) -> None:
    """Send half as much from now on; it is kept for the next sync, too.

    Raises
    ------
    PermilleError
        The refusal, in words, where what was refused cannot be made smaller.
    """
    batch, waiting = request.batch, request.waiting
    size = sum(len(raw) + 1 for raw in batch)
    half = min(request.most_bytes, size) // 2
    while half >= _LEAST_BYTES // 2:
        if len(first_batch(waiting, most_bytes=half)) < len(batch):
            laptop.store.set_settings({settings.BATCH_BYTES: str(half)})
            return
        half //= 2
    raise _too_large(laptop, batch, refused)


def _too_large(
    laptop: Laptop, batch: Sequence[bytes], refused: PermilleError
) -> PermilleError:
    """Return the refusal of what cannot be sent in parts, with the name of its record."""
    if not batch:
        return refused
    draft = read_draft(batch[0])
    view = laptop.store.record(draft.record_id)
    name = f"{draft.type} {label(laptop.store, view)}" if view else draft.type
    event = f"the {len(batch)} changes of one sampling event, from {name} on,"
    error = RefusedError(
        f"{name if len(batch) == 1 else event} cannot be sent in parts: {refused.text}",
        refused.hint,
        code="too_large",
    )
    error.exit_code = refused.exit_code
    return error
