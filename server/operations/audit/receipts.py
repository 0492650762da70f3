"""Receipts: signed on both sides, for the lines of their log, one after another."""

import json
from collections.abc import Iterator

from schemas.signing import (
    NO_RECEIPT,
    is_signed,
    push_text,
    receipt_hash,
    receipt_text,
)
from server.operations.audit.findings import Kept, guarded
from server.store.kept_values import (
    GivenReceipt,
    KeptLine,
    KeptLog,
    KeptProject,
    KeptReceipt,
)
from server.store.values import Fault

_CHECK = "receipts"


class Receipts:
    """The receipts of one log, in order, and the one that comes next."""

    def __init__(
        self, log: KeptLog, server_key: str, receipts: Iterator[KeptReceipt]
    ) -> None:
        self._log, self._server_key, self._rest = log, server_key, receipts
        self._next: KeptReceipt | None = None
        self._covered = 0

    def advance(self) -> None:
        """Go on to the next receipt."""
        self._next = next(self._rest, None)

    def check(self, line: KeptLine, digest: bytes) -> Iterator[str]:
        """Check the receipt that a line belongs to: the next one, which covers it."""
        receipt = self._next
        if receipt is None:
            return
        said = json.loads(receipt.raw)
        # Lines of before receipts were sent earlier than the first receipt says.
        if line.received_at != said["at"] and (
            self._covered or line.received_at > said["at"]
        ):
            yield (
                f"received at {line.received_at}, says the change;"
                f" {said['at']}, says its receipt"
            )
        if line.n != receipt.n:
            return
        self._covered = receipt.n
        self.advance()
        yield from self._signed(receipt, said, digest)

    def check_end(self, last: int) -> Iterator[str]:
        """Check that no receipt is left after the last line, and that it has one."""
        if self._next is not None:
            yield f"a receipt for change {self._next.n}, not here"
        elif self._covered and last and self._covered != last:
            yield "no receipt for its last change"

    def _signed(
        self, receipt: KeptReceipt, said: dict[str, object], digest: bytes
    ) -> Iterator[str]:
        log, n = self._log, receipt.n
        if not is_signed(
            self._server_key, receipt.signature, receipt_text(receipt.raw)
        ):
            yield "the server's key did not sign its receipt"
        if (said["log"], said["n"], said["hash"]) != (log.id, n, digest.hex()):
            yield "its receipt is for another line"
        if not is_signed(log.public_key, receipt.pushed, push_text(log.id, n, digest)):
            yield "the laptop's key did not sign the push"


class Links:
    """The last receipt of each project, while receipts are passed in their order."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, str]] = {}

    def of(self, project_id: str) -> tuple[int, str]:
        """Return how many receipts a project has had, and the hash of the last one."""
        return self._last.get(project_id, (0, NO_RECEIPT))

    def add(self, raw: str) -> Iterator[str]:
        """Pass a receipt; tell in words of which projects it does not follow the last."""
        link = receipt_hash(raw)
        for project_id, (count, before) in json.loads(raw)["streams"].items():
            if self.of(project_id) != (count - 1, before):
                yield f"does not follow the one before ({project_id})"
            self._last[project_id] = (count, link)


def check_receipts(kept: Kept) -> Iterator[Fault]:
    """Check that the receipts of each project follow each other to the last one."""
    links = Links()
    for receipt in kept.kept(GivenReceipt):
        where = f"receipt for log {receipt.log_id}, change {receipt.n}"
        found = (Fault(_CHECK, where, what) for what in links.add(receipt.raw))
        yield from guarded(_CHECK, where, found)
    for project in kept.kept(KeptProject):
        if (project.receipt_count, project.receipt_hash) != links.of(project.id):
            text = "its last receipt is not the one it counts"
            yield Fault(_CHECK, f"project {project.id}", text)
