"""Commands `conflict` and `quarantine`: what waits for a person."""

import json
from typing import Any

import click

from server.cli.common import json_option, print_json, print_table, with_store

_project_option = click.option("--project", help="Only this project, by code or id.")


@click.group()
def conflict() -> None:
    """Look at conflicts: two unseen values of one measurement.

    \b
    Example:
      permille-server conflict list --project HF
    """


@conflict.command("list")
@_project_option
@json_option
@click.pass_context
def list_conflicts(context: click.Context, project: str | None, as_json: bool) -> None:
    """List the open conflicts: the first value stands, the other is kept.

    \b
    Example:
      permille-server conflict list --project HF --json
    """
    found = with_store(context, lambda store: _find(store, project, "conflicts"))
    if as_json:
        print_json(found)
        return
    print_table(
        ["record", "group", "stands", "also recorded", "by", "at"],
        [
            (
                _name(c),
                c["group"],
                _values(c["theirs"]),
                _values(c["ours"]),
                c["person"] or c["device"],
                c["at"][:16],
            )
            for c in found
        ],
    )
    click.echo(f"{len(found)} open conflicts.")


@click.group()
def quarantine() -> None:
    """Look at the quarantine: changes that were stored and not applied.

    \b
    Example:
      permille-server quarantine list --project HF
    """


@quarantine.command("list")
@_project_option
@json_option
@click.pass_context
def list_quarantine(context: click.Context, project: str | None, as_json: bool) -> None:
    """List the quarantined changes with their reasons; their authors see them too.

    \b
    Example:
      permille-server quarantine list --json
    """
    found = with_store(context, lambda store: _find(store, project, "quarantine"))
    if as_json:
        print_json(found)
        return
    print_table(
        ["record", "field", "value", "reason", "what to do", "by"],
        [
            (
                _name(q),
                why.get("path"),
                why.get("value"),
                f"{why.get('text')} [{why.get('code')}]",
                why.get("hint"),
                q["person"] or q["device"],
            )
            for q in found
            for why in q["why"]
        ],
    )
    click.echo(f"{len(found)} quarantined changes.")


async def _find(store: Any, project: str | None, what: str) -> list[dict[str, Any]]:  # noqa: ANN401
    from server.flow.admin import find_project

    stream = (await find_project(store, project))["id"] if project else None
    found: list[dict[str, Any]] = await store.read(
        lambda unit: getattr(unit, what)(stream)
    )
    return found


def _name(found: dict[str, Any]) -> str:
    fields = found["fields"]
    for key in ("sample_code", "code", "name", "analyte"):
        if key in fields:
            return f"{found['type']} {fields[key]}"
    return f"{found['type']} {found['record'][:8]}"


def _values(fields: dict[str, Any] | None) -> str:
    if not fields:
        return "deleted" if fields == {} else ""
    return ", ".join(
        f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in fields.items()
    )
