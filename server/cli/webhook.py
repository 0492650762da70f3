"""Command `webhook`: who is told what happens; webhook_sent.py adds what is sent."""

from typing import TYPE_CHECKING, Any, Final

import click

from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import (
    json_option,
    print_facts,
    print_json,
    print_table,
    required_project_option,
    say,
    with_store,
)

if TYPE_CHECKING:
    from server.store.webhook_values import Webhook

WEBHOOKS: Final = TableForm(
    "webhooks",
    prose("address"),
    "id",
    prose("project"),
    prose("events"),
    "waiting",
    "given up",
    "allowed",
)
HOSTS: Final = TableForm("hosts that may be told", "host")
#: The words of server.webhooks.events.EventKind, which --help does not load.
EVENTS: Final = (
    "campaign-complete",
    "conflict-opened",
    "lab-batch-failed",
    "stocks-updated",
)
webhook_argument: Final = click.argument("name", metavar="WEBHOOK")


@click.group()
def webhook() -> None:
    """Tell other programs what happens: signed, retried, to hosts that you allow.

    docs/webhooks.md has what is sent and how to check it.

    \b
    Example:
      permille-server webhook allow hooks.example.org
      permille-server webhook add https://hooks.example.org/soil --project HF --on stocks-updated
      permille-server webhook test hooks.example.org
    """


@webhook.command("allow")
@click.argument("host", required=False)
@click.option("--remove", is_flag=True, help="Take the host off the list.")
@json_option
@click.pass_context
def allow(
    context: click.Context, host: str | None, remove: bool, as_json: bool
) -> None:
    """Allow a host to be told anything; without one, list those that may.

    Addresses that are not public are refused all the same.

    \b
    Example:
      permille-server webhook allow hooks.example.org
      permille-server webhook allow hooks.example.org --remove
    """
    from server.webhooks.hosts import allow_host, allowed_hosts, disallow_host

    if remove and host is None:
        raise click.UsageError("say which host: webhook allow HOST --remove")

    async def job(store: Any) -> list[str]:  # noqa: ANN401
        if host is None:
            found: list[str] = await store.read(allowed_hosts)
        else:
            change = disallow_host if remove else allow_host
            found = await store.write(lambda tx: change(tx, host))
        return found

    hosts = with_store(context, job)
    if as_json:
        print_json(hosts)
        return
    print_table(HOSTS, [(each,) for each in hosts])
    say(f"{counted(len(hosts), 'host')} may be told.")


@webhook.command("add")
@click.argument("url", metavar="URL")
@required_project_option
@click.option(
    "--on",
    "events",
    type=click.Choice(EVENTS),
    multiple=True,
    required=True,
    help="What it is told; may be repeated.",
)
@json_option
@click.pass_context
def add(
    context: click.Context,
    url: str,
    project: str,
    events: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add an address that is told what happens in a project from now on.

    Its host must be allowed. The secret that signs what is sent is shown this once.

    \b
    Example:
      permille-server webhook add https://hooks.example.org/soil --project HF \\
                      --on campaign-complete --on conflict-opened
    """
    from server.access.projects import find_project
    from server.clock import Clock
    from server.webhooks.events import EventKind
    from server.webhooks.registry import NewWebhook, add_webhook

    async def job(store: Any) -> "Webhook":  # noqa: ANN401
        found = await find_project(store, project)
        asked = NewWebhook(found["id"], url, [EventKind(one) for one in events])
        return await add_webhook(store, Clock(), asked)

    made = with_store(context, job)
    if as_json:
        print_json({"id": made.id, "url": made.url, "secret": made.secret})
        return
    click.echo(f"Secret: {made.secret}")
    say("It is not shown again. docs/webhooks.md says how a signature is checked.")
    say(f"Try it: permille-server webhook test {made.id}")


@webhook.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List every webhook, never its secret. Exit code 1 where deliveries were given up.

    \b
    Example:
      permille-server webhook list
    """
    from server.webhooks.registry import listed_webhooks

    found = with_store(context, lambda store: store.read(listed_webhooks))
    if as_json:
        print_json(found)
    else:
        print_table(WEBHOOKS, [_row(one) for one in found])
        say(f"{counted(len(found), 'webhook')}.")
    if any(one["deliveries"].get("given up") for one in found):
        if not as_json:
            say("See: permille-server webhook deliveries --status 'given up'")
        context.exit(1)


@webhook.command("show")
@webhook_argument
@json_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show a webhook by its host or id, with how many deliveries it had; never its secret.

    \b
    Example:
      permille-server webhook show hooks.example.org
    """
    from server.webhooks.registry import shown_webhook

    found = with_store(
        context, lambda store: store.read(lambda tx: shown_webhook(tx, name))
    )
    if as_json:
        print_json(found)
        return
    counts = found["deliveries"]
    print_facts(
        [
            ("address", found["url"]),
            ("id", found["id"]),
            ("project", found["code"]),
            ("events", ", ".join(found["events"])),
            ("added", found["made_at"][:16]),
            ("allowed", "yes" if found["is_allowed"] else "no"),
            *((status, counts[status]) for status in sorted(counts)),
        ]
    )
    if not found["is_allowed"]:
        say("Nothing is sent until its host is allowed: permille-server webhook allow")


@webhook.command("remove")
@webhook_argument
@json_option
@click.pass_context
def remove(context: click.Context, name: str, as_json: bool) -> None:
    """Send nothing more to a webhook, nor what waits for it.

    \b
    Example:
      permille-server webhook remove hooks.example.org
    """
    from server.clock import Clock
    from server.webhooks.registry import remove_webhook

    found = with_store(context, lambda store: remove_webhook(store, Clock(), name))
    if as_json:
        print_json({"removed": found.id, "url": found.url})
        return
    say(f"Removed {found.url}.")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    counts = one["deliveries"]
    return (
        one["url"],
        one["id"][:8],
        one["code"],
        ", ".join(one["events"]),
        counts.get("waiting", 0),
        counts.get("given up", 0),
        "yes" if one["is_allowed"] else "no",
    )
