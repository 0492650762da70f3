"""Commands `device show`, `grant`, `withdraw` and `move`: what a laptop sees and sent."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from schemas.told import counted
from server.cli.common import device_data, json_option, print_json, with_store
from server.cli.device_code import device

if TYPE_CHECKING:
    from server.store.values import LogState

_name = click.argument("name", metavar="DEVICE")
_project = click.option(
    "--project", required=True, help="Project, by code or start of its id."
)


@device.command("show")
@_name
@json_option
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show a laptop by name or id: its projects, its clock, and what it sent.

    Every change is counted once, as the laptop itself counts it.

    \b
    Example:
      permille-server device show north-team
    """
    from server.access import devices

    shown: devices.DeviceDetails = with_store(
        context, lambda store: devices.show(store, name)
    )
    found, account = shown.device, shown.account
    if as_json:
        print_json(
            {
                **device_data(found),
                "projects": shown.projects,
                "withdrawn": shown.withdrawn,
                "clock_is_off": shown.is_clock_off,
                "laptop_key": shown.laptop_key,
                "server_key": shown.server_key,
                "logs": [_log(log) for log in shown.logs],
                "changes": {"total": account.total, **asdict(account)},
                "waiting": shown.waiting,
                "conflicts": shown.conflicts,
            }
        )
        return
    click.echo(f"{found.name} ({found.id})")
    for label, text in _lines(shown):
        click.echo(f"  {label:<10} {text}")


def _log(log: "LogState") -> dict[str, Any]:
    return {"log": log.log_id, "changes": log.n, "parent": log.parent}


@device.command("grant")
@_name
@_project
@json_option
@click.pass_context
def grant(context: click.Context, name: str, project: str, as_json: bool) -> None:
    """Grant a laptop a project; it receives all of it with its next sync.

    \b
    Example:
      permille-server device grant north-team --project WB
    """
    from server.access import devices

    found = with_store(context, lambda store: devices.grant(store, name, project))
    _say(found, f"{found.name} sees {project} from its next sync on.", as_json=as_json)


@device.command("withdraw")
@_name
@_project
@json_option
@click.pass_context
def withdraw(context: click.Context, name: str, project: str, as_json: bool) -> None:
    """Take a project from a laptop: its rows go with the next sync.

    What the laptop still sends for it waits in the quarantine.

    \b
    Example:
      permille-server device withdraw north-team --project HF
    """
    from server.access import devices
    from server.clock import Clock

    found = with_store(
        context, lambda store: devices.withdraw(store, Clock(), name, project)
    )
    _say(
        found,
        f"{found.name} no longer sees {project}; what it still sends for it waits"
        " in the quarantine.",
        as_json=as_json,
    )


@device.command("move")
@_name
@click.option(
    "--from",
    "old",
    required=True,
    help="Project it sees now, by code or start of its id.",
)
@click.option("--to", "new", required=True, help="Project it shall see instead.")
@json_option
@click.pass_context
def move(
    context: click.Context,
    name: str,
    old: str,
    new: str,
    as_json: bool,
) -> None:
    """Move a laptop from one project to another, at once.

    \b
    Example:
      permille-server device move north-team --from HF --to WB
    """
    from server.access import devices
    from server.clock import Clock

    found = with_store(
        context, lambda store: devices.move(store, Clock(), name, (old, new))
    )
    _say(found, f"{found.name} sees {new} instead of {old}.", as_json=as_json)


@device.command("edit")
@click.argument("name", metavar="DEVICE")
@click.option(
    "--may-begin-projects/--may-not-begin-projects",
    "may_begin",
    required=True,
    help="Whether it may begin projects of its own.",
)
@json_option
@click.pass_context
def edit(context: click.Context, name: str, may_begin: bool, as_json: bool) -> None:
    """Say what else a laptop may do. What waits follows: quarantine rejudge.

    \b
    Example:
      permille-server device edit north-team --may-begin-projects
    """
    from server.access import devices

    found = with_store(
        context, lambda store: devices.allow_to_begin(store, name, allowed=may_begin)
    )
    may = "may" if may_begin else "may not"
    _say(found, f"{found.name} {may} begin projects.", as_json=as_json)


@device.command("renew")
@_name
@json_option
@click.pass_context
def renew(context: click.Context, name: str, as_json: bool) -> None:
    """Have a laptop get another token at its next sync; nobody types anything on it.

    The old token counts until the new one was used once. For a token that somebody else
    may have seen: revoke, and enrol anew.

    \b
    Example:
      permille-server device renew north-team
    """
    from server.access import devices
    from server.clock import Clock

    found = with_store(context, lambda store: devices.renew(store, Clock(), name))
    text = (
        f"{found.name} gets another token at its next sync, and uses it from then on."
    )
    _say(found, text, as_json=as_json)


def _say(found: Any, text: str, *, as_json: bool) -> None:  # noqa: ANN401 - a device
    if as_json:
        print_json(device_data(found))
        return
    click.echo(text)


def _lines(shown: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - what flow gives
    found, account = shown.device, shown.account
    lines = [
        ("enrolled", found.created_at),
        ("last seen", found.last_seen_at or "never"),
        ("revoked", found.revoked_at or ""),
        *_keys(shown),
        ("clock", _clock(shown)),
        ("projects", ", ".join(shown.projects) or "none"),
        ("withdrawn", ", ".join(shown.withdrawn)),
        ("begins projects", _begins(found)),
    ]
    for log in shown.logs:
        parent = log.parent
        came = f", goes on from change {parent[1]} of {parent[0]}" if parent else ""
        lines.append(("log", f"{log.log_id}: {counted(log.n, 'change')}{came}"))
    named = {**asdict(account), "to fix": account.to_fix}
    order = (
        "accepted",
        "merged",
        "to fix",
        "conflict",
        "held",
        "replaced",
        "discarded",
    )
    counts = ", ".join(f"{named[word]} {word}" for word in order if named[word])
    lines.append(("changes", f"{account.total}{': ' if counts else ''}{counts}"))
    reasons = ", ".join(f"{n} {code}" for code, n in shown.waiting.items())
    lines.append(("waiting", reasons))
    settled = shown.conflicts
    lines.append(("conflicts", f"{settled['open']} open, {settled['settled']} settled"))
    return [(label, text) for label, text in lines if text]


def _keys(shown: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - what access gives
    return [
        ("token", "another one at its next sync" if shown.device.renew_code else ""),
        ("laptop key", shown.laptop_key or "none"),
        ("server key", shown.server_key or "none"),
    ]


def _begins(found: Any) -> str:  # noqa: ANN401 - a device
    return f"yes, {found.begun} so far" if found.may_begin else ""


def _clock(shown: Any) -> str:  # noqa: ANN401 - what access gives
    skew_s = shown.device.skew_s
    flag = "  (off: put it right)" if shown.is_clock_off else ""
    return "" if skew_s is None else f"{skew_s:+.1f} s{flag}"


__all__ = ["device"]
