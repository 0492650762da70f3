"""The rest of the command `webhook`: what is sent, and what came of it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import json_option, print_json, print_table, say, with_store
from server.cli.webhook import webhook, webhook_argument

if TYPE_CHECKING:
    from server.store.webhook_values import Delivery
    from server.webhooks.delivering import Delivered

DELIVERIES: Final = TableForm(
    "deliveries",
    "made",
    "event",
    prose("webhook"),
    "status",
    "attempts",
    "next",
    prose("last error"),
)
#: The words of server.store.webhook_values.DeliveryStatus.
_STATUSES: Final = ("waiting", "delivered", "given up")


@webhook.command("test")
@webhook_argument
@json_option
@click.pass_context
def test(context: click.Context, name: str, as_json: bool) -> None:
    """Send a webhook the event `test` now, once. Exit code 1 where it did not arrive.

    \b
    Example:
      permille-server webhook test hooks.example.org
    """
    from server.clock import Clock
    from server.webhooks.delivering import send_test

    tried: Delivery = with_store(context, lambda store: send_test(store, Clock(), name))
    if as_json:
        print_json(_told(tried))
    elif tried.error is None:
        say(f"Delivered: event {tried.event_id}.")
    else:
        say(f"Not delivered: {tried.error}.")
        say(
            "Look at the receiver, and try again; what happens is sent again by itself."
        )
    if tried.error is not None:
        context.exit(1)


@webhook.command("send")
@json_option
@click.pass_context
def send(context: click.Context, as_json: bool) -> None:
    """Look for what is new and send what is due; a server that runs does so by itself.

    For cron, where no server runs. Exit code 1 where something did not arrive.

    \b
    Example:
      permille-server webhook send
    """
    from server.clock import Clock
    from server.webhooks.delivering import deliver_all
    from server.webhooks.events import look_for_all

    async def job(store: Any) -> "tuple[int, Delivered]":  # noqa: ANN401
        found = await look_for_all(store, Clock())
        return found, await deliver_all(store, Clock())

    found, done = with_store(context, job)
    if as_json:
        print_json({"events": found, **asdict(done)})
    else:
        say(
            f"{counted(found, 'new event')}: {done.delivered} delivered,"
            f" {done.again} to be tried again, {done.given_up} given up."
        )
    if done.again or done.given_up:
        if not as_json:
            say("See: permille-server webhook deliveries")
        context.exit(1)


@webhook.command("deliveries")
@click.argument("name", metavar="WEBHOOK", required=False)
@click.option("--status", type=click.Choice(_STATUSES), help="Only those.")
@click.option(
    "--most",
    type=click.IntRange(1, 1_000),
    default=50,
    show_default=True,
    help="How many, the newest first.",
)
@json_option
@click.pass_context
def deliveries(
    context: click.Context,
    name: str | None,
    status: str | None,
    most: int,
    as_json: bool,
) -> None:
    """List what was sent to webhooks, or to one, with what was wrong at the last attempt.

    \b
    Example:
      permille-server webhook deliveries
      permille-server webhook deliveries hooks.example.org --status "given up" --json
    """
    from server.webhooks.hosts import host_of_url
    from server.webhooks.registry import listed_deliveries

    found, urls = with_store(
        context,
        lambda store: store.read(lambda tx: listed_deliveries(tx, name, status, most)),
    )
    if as_json:
        print_json([_told(one) for one in found])
        return
    rows = [
        (
            one.made_at[:16],
            one.kind,
            host_of_url(urls[one.webhook_id])
            if one.webhook_id in urls
            else one.webhook_id[:8],
            str(one.status),
            one.attempts,
            one.next_at[:16] if one.status == "waiting" else "",
            one.error or "",
        )
        for one in found
    ]
    print_table(DELIVERIES, rows)
    click.echo(f"{counted(len(found), 'delivery', 'deliveries')}.")


def _told(one: "Delivery") -> dict[str, Any]:
    """Return the JSON object of a delivery."""
    return {**one._asdict(), "status": str(one.status)}


__all__ = ["webhook"]
