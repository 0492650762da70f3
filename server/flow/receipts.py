"""Receipts: what the server signed that it has, chained in each stream."""

from schemas.messages import encode
from schemas.signing import receipt_hash, receipt_text, sign
from server.store.port import Unit
from server.store.values import Receipt
from server.sync.desk import Desk
from server.sync.request import Push


def give_receipt(unit: Unit, push: Push, desk: Desk, now: str) -> Receipt:
    """Sign for a push in the transaction that stores it.

    Each stream it touched counts its receipts and names the one before. Not one that this
    device may not write: what it sent there is signed for, and shows nothing of it.
    """
    touched = {change.stream for change in push.changes} & desk.streams
    heads = unit.streams(touched)
    before = {
        stream: (heads[stream].receipt_count + 1, heads[stream].receipt_hash)
        for stream in sorted(touched)
    }
    receipt = _signed(unit, push, desk.timeline.now, now, before)
    link = receipt_hash(receipt.raw)
    unit.keep_receipt(receipt, {s: (count, link) for s, (count, _) in before.items()})
    return receipt


def repeat_receipt(unit: Unit, push: Push, now: str) -> Receipt:
    """Return the receipt of a push that is repeated, since its answer was lost.

    A laptop that was restored may repeat a part of what it sent at once: that is signed
    for anew, touches no stream, and is kept by the laptop alone.
    """
    known = unit.last_receipt(push.log, push.end[0])
    if known is not None and known.n == push.end[0]:
        return known
    return _signed(unit, push, unit.epoch(), now, {})


def _signed(
    unit: Unit, push: Push, epoch: str, now: str, streams: dict[str, tuple[int, str]]
) -> Receipt:
    n, digest = push.end
    said = {
        "epoch": epoch,
        "log": push.log,
        "n": n,
        "hash": digest.hex(),
        "at": now,
        "streams": {stream: list(link) for stream, link in streams.items()},
    }
    raw = encode(said).decode()
    signature = sign(unit.server_key(), receipt_text(raw))
    return Receipt(push.log, n, raw, signature, push.signature)
