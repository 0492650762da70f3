"""What `conflict` and `quarantine` share: names, values and who."""

import json
from collections.abc import Mapping
from typing import Any, Final

import click

from schemas import limits
from server.cli.common import one_line

project_option: Final = click.option(
    "--project", help="Only this project, by code or start of its id."
)
reason_option: Final = click.option(
    "--reason",
    required=True,
    callback=one_line(limits.NOTE_CHARS),
    help="Why; it is kept and the author is told.",
)


async def project_of(store: Any, project: str | None) -> str | None:  # noqa: ANN401
    """Return the id of the project that was named, if one was."""
    from server.access.projects import find_project

    return (await find_project(store, project))["id"] if project else None


def name_of(found: Mapping[str, Any]) -> str:
    """Name a record as people do, with the start of its id if others may have the name."""
    from schemas.records import TYPES, label

    said, kind = label(found["type"], found["fields"]), TYPES.get(found["type"])
    is_shared = kind is None or not kind.references.keys().isdisjoint(kind.key)
    if is_shared or said == found["type"]:
        return f"{said} {found['record'][:8]}"
    return said


def values_of(fields: Mapping[str, Any] | None) -> str:
    """Write the values of one side."""
    if not fields:
        return "deleted" if fields == {} else ""
    said = {k: v for k, v in fields.items() if v is not None}
    return (
        ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in said.items())
        or "empty"
    )


def by(found: Mapping[str, Any] | None) -> str:
    """Return in words who did something, where and when."""
    if not found:
        return ""
    who = " on ".join(filter(None, [found["person"], found["device"]]))
    return f"{who or 'somebody'}, {(found['at'] or '')[:16]}"
