"""What the server asks of a database about webhooks: a part of the port."""

from collections.abc import Sequence
from typing import Protocol

from server.store.webhook_values import Delivery, Webhook


class Webhooks(Protocol):
    """Addresses that are told what happens, and what is sent to them."""

    def add_webhook(self, webhook: Webhook) -> None:
        """Save a webhook."""

    def webhooks(self) -> list[Webhook]:
        """Return every webhook that was not removed, oldest first."""

    def remove_webhook(self, webhook_id: str, now: str) -> None:
        """Send nothing more to a webhook; what waits for it is given up."""

    def note_events(
        self, webhook: Webhook, seen: str, deliveries: Sequence[Delivery]
    ) -> bool:
        """Save what a webhook is to be told, with how far was looked.

        Nothing is saved where another one has looked since `webhook` was read; return
        whether it was.
        """

    def add_delivery(self, delivery: Delivery) -> None:
        """Save something that a webhook is to be told."""

    def claim_deliveries(self, now: str, until: str, most: int) -> list[Delivery]:
        """Take deliveries that are due, the oldest of each webhook, and count the attempt.

        They are due again from `until` on, if nothing is noted of them before.
        """

    def note_delivery(self, delivery: Delivery) -> None:
        """Note what became of a delivery that waits; one that waits no more stays as it is."""

    def deliveries(
        self, webhook_id: str | None, status: str | None, most: int
    ) -> list[Delivery]:
        """Return deliveries of one webhook or of all, in one status or any, newest first."""

    def count_deliveries(self) -> dict[str, dict[str, int]]:
        """Count the deliveries of each webhook by their status."""

    def next_delivery_at(self) -> str | None:
        """Return from when on the next delivery is due; None where none waits."""

    def forget_deliveries(self, before: str, most: int) -> int:
        """Delete what was delivered or given up before a moment, and all but `most` of each.

        Return how many are gone.
        """
