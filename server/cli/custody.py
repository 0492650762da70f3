"""What `conflict` and `quarantine` share: names, values and who."""

from collections.abc import Mapping
from typing import Any, Final

import click

from schemas import limits
from server.cli.acting import one_line

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

    # An empty name is a name: it means nothing, and not everything.
    return None if project is None else (await find_project(store, project))["id"]


async def project_codes(store: Any) -> dict[str, str]:  # noqa: ANN401
    """Return what to type for each project of the server."""
    from server.access.projects import projects

    return {each["id"]: each["choose"] for each in await projects(store)}


def by(found: Mapping[str, Any] | None) -> str:
    """Return in words who did something, where and when."""
    if not found:
        return ""
    who = " on ".join(filter(None, [found["person"], found["device"]]))
    return f"{who or 'somebody'}, {(found['at'] or '')[:16]}"
