"""Changes that the server writes itself, signed like the push of a laptop."""

from collections.abc import Sequence

from schemas import chain, hlc
from schemas.changes import Draft, read_change, write_change
from schemas.signing import push_text, sign
from schemas.version import SCHEMA_VERSION
from server.clock import iso
from server.intake.request import Push
from server.store.values import LogState


def signed_push(
    head: LogState,
    drafts: Sequence[Draft],
    now_ms: int,
    secret: bytes,
    person: str | None,
) -> Push:
    """Return drafts as the push that goes on from the end of a log.

    Parameters
    ----------
    head
        How far the log is here.
    drafts
        What is written, in this order.
    now_ms
        When it is written, in milliseconds since 1970.
    secret
        The key of the device that the log is of.
    person
        Who wrote it.
    """
    changes, digest, stamp = [], head.hash, 0
    for n, draft in enumerate(drafts, start=head.n + 1):
        stamp = hlc.tick(stamp, now_ms)
        raw = write_change(draft, n, stamp, person)
        digest = chain.link(digest, raw)
        changes.append(read_change(head.log_id, raw, digest))
    last_n = head.n + len(changes)
    return Push(
        log_id=head.log_id,
        parent=None,
        parent_hash=b"",
        is_closed=False,
        schema=SCHEMA_VERSION,
        acked_n=head.n,
        acked_hash=head.hash,
        head=last_n,
        wall=iso(now_ms),
        want=1,
        cursors={},
        changes=changes,
        signature=sign(secret, push_text(head.log_id, last_n, digest)),
    )
