"""Receipts: what the server signed that it has, chained in each project; and its key."""

from typing import Final

from schemas.messages import encode
from schemas.signing import receipt_hash, receipt_text, sign
from server.intake.request import Push
from server.merge.state import MergeState
from server.store.port import Transaction
from server.store.values import Device, StoredReceipt


def give_receipt(
    tx: Transaction, push: Push, state: MergeState, now: str
) -> StoredReceipt:
    """Sign for a push in the transaction that stores it.

    Each project it touched counts its receipts and names the one before. Not one that this
    device may not write: what it sent there is signed for, and shows nothing of it.
    """
    touched = {change.project_id for change in push.changes} & state.project_ids
    heads = tx.project_heads(touched)
    before = {
        project_id: (
            heads[project_id].receipt_count + 1,
            heads[project_id].receipt_hash,
        )
        for project_id in sorted(touched)
    }
    receipt = _signed(tx, push, state.timeline.now, now, before)
    link = receipt_hash(receipt.raw)
    tx.save_receipt(receipt, {s: (count, link) for s, (count, _) in before.items()})
    return receipt


def repeat_receipt(tx: Transaction, push: Push, now: str) -> StoredReceipt:
    """Return the receipt of a push that is repeated, since its answer was lost.

    A laptop that was restored may repeat a part of what it sent at once: that is signed
    for anew, touches no project, and is kept by the laptop alone.
    """
    known = tx.last_receipt(push.log_id, push.end[0])
    if known is not None and known.n == push.end[0]:
        return known
    return _signed(tx, push, tx.epoch(), now, {})


def _signed(
    tx: Transaction,
    push: Push,
    epoch: str,
    now: str,
    project_ids: dict[str, tuple[int, str]],
) -> StoredReceipt:
    n, digest = push.end
    said = {
        "epoch": epoch,
        "log": push.log_id,
        "n": n,
        "hash": digest.hex(),
        "at": now,
        "streams": {project_id: list(link) for project_id, link in project_ids.items()},
    }
    raw = encode(said).decode()
    signature = sign(server_key(tx), receipt_text(raw))
    return StoredReceipt(push.log_id, n, raw, signature, push.signature)


#: The settings of the server that name them.
SIGNING_KEY: Final = "signing_key"
OWN_DEVICE: Final = "own_device"


def server_key(tx: Transaction) -> bytes:
    """Return the secret key that receipts are signed with."""
    key = tx.setting(SIGNING_KEY)
    assert key is not None, "a server is made with its key"
    return bytes.fromhex(key)


def own_device(tx: Transaction) -> Device:
    """Return the device that stands for the server itself; it sees every project."""
    return next(device for device in tx.devices() if device.is_server)
