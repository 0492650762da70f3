"""Receipts: what the server signed that it has, chained in each stream."""

from schemas.messages import encode
from schemas.signing import receipt_hash, receipt_text, sign
from server.store.port import Receipt, Unit
from server.sync.desk import Desk
from server.sync.request import Push


def give_receipt(unit: Unit, push: Push, desk: Desk, now: str) -> Receipt:
    """Sign for a push in the transaction that stores it.

    Each stream it touched counts its receipts and names the one before. Not one that this
    device may not write: what it sent there is signed for, and shows nothing of it.
    """
    n, digest = push.end
    touched = {change.stream for change in push.changes} & desk.streams
    heads = unit.streams(touched)
    said = {
        "epoch": desk.timeline.now,
        "log": push.log,
        "n": n,
        "hash": digest.hex(),
        "at": now,
        "streams": {
            stream: [heads[stream].receipt_count + 1, heads[stream].receipt_hash]
            for stream in sorted(touched)
        },
    }
    raw = encode(said).decode()
    signature = sign(unit.server_key(), receipt_text(raw))
    receipt = Receipt(push.log, n, raw, signature, push.signature)
    link = receipt_hash(raw)
    unit.keep_receipt(receipt, {s: (heads[s].receipt_count + 1, link) for s in touched})
    return receipt
