"""Receipts: what the server signed that it has, against what is in the logs here."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from collector.laptop.keys import is_of_server
from collector.laptop.laptop import Laptop
from collector.rules.log_heads import LogHead
from collector.store.port import ServerReceipt, Store


class LogReceipt(NamedTuple):
    """The latest receipt of a log; `is_good` is None where nobody asked."""

    log_id: str
    changes: int
    signed_for: int
    at: str | None
    is_good: bool | None


def receipts(laptop: Laptop, *, verify: bool) -> list[LogReceipt]:
    """Return the latest receipt of each log; with `verify` its signature is checked."""
    return list(_held(laptop, verify=verify))


def without_receipt(store: Store) -> list[LogHead]:
    """Return the logs that the server has, and of whose end there is no proof here.

    A log that another one goes on from is proved by a receipt of that one: before the
    server took its first change, it compared where it came from.
    """
    signed = {receipt.log_id: receipt.n for receipt in store.receipts()}
    proved: set[tuple[str, int]] = set()
    missing = []
    for log in reversed(store.logs()):
        is_proved = (log.id, log.n) in proved
        if log.parent is not None and (is_proved or signed.get(log.number)):
            proved.add((log.parent.log_id, log.parent.n))
        if not is_proved and log.n == log.acked_n > signed.get(log.number, 0):
            missing.append(log)
    return missing


def _held(laptop: Laptop, *, verify: bool) -> Iterator[LogReceipt]:
    known = {receipt.log_id: receipt for receipt in laptop.store.receipts()}
    for log in laptop.store.logs():
        receipt = known.get(log.number)
        if receipt is not None:
            at = str(json.loads(receipt.raw).get("at"))
            good = _is_good(laptop, log, receipt) if verify else None
            yield LogReceipt(log.id, log.n, receipt.n, at, good)
        elif log.n:
            yield LogReceipt(log.id, log.n, 0, None, False if verify else None)


def _is_good(laptop: Laptop, log: LogHead, receipt: ServerReceipt) -> bool:
    from schemas.signing import receipt_text  # noqa: PLC0415 - 50 ms others spare

    said = json.loads(receipt.raw)
    own = laptop.store.hash_at(receipt.n, log.number)
    return (
        own is not None
        and (said.get("log"), said.get("n")) == (log.id, receipt.n)
        and said.get("hash") == own.hex()
        and is_of_server(laptop, receipt.signature, receipt_text(receipt.raw))
    )
