"""Commands `attachments`: which files records name, and which of them are here."""

from typing import Any

import click

from server.cli.common import json_option, print_json, print_table, with_store
from server.config import DataDirectory


@click.group()
def attachments() -> None:
    """Look at attached files: photos and field sheets that records name.

    \b
    Example:
      permille-server attachments list --missing
    """


@attachments.command("list")
@click.option("--project", help="Only this project, by code or id.")
@click.option("--missing", is_flag=True, help="Only files that are not whole here.")
@json_option
@click.pass_context
def list_attachments(
    context: click.Context, project: str | None, missing: bool, as_json: bool
) -> None:
    """List the files that records name: here, arriving, or missing.

    A missing file is still on the laptop that attached it.

    \b
    Example:
      permille-server attachments list --project HF --missing --json
    """
    found = _find(context, project)
    if missing:
        found = [one for one in found if one["state"] != "here"]
    if as_json:
        print_json(found)
        return
    print_table(
        ["record", "file", "bytes", "sha256", "state"],
        [
            (
                f"{one['type']} {one['label']}",
                one["name"],
                one["size"],
                one["sha256"][:12],
                _state(one),
            )
            for one in found
        ],
    )
    click.echo(f"{len(found)} files.")


def _find(context: click.Context, project: str | None) -> list[dict[str, Any]]:
    from server.flow import blobs
    from server.flow.admin import find_project
    from server.store.blobs import BlobFiles

    data = context.find_object(DataDirectory)
    assert data is not None, "the root command names the data directory"

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the port's store
        stream = (await find_project(store, project))["id"] if project else None
        return await blobs.attachments(store, BlobFiles(data.blobs), stream)

    return with_store(context, job)


def _state(one: dict[str, Any]) -> str:
    if one["state"] == "arriving":
        return f"arriving {100 * one['arrived'] // one['size']} %"
    return str(one["state"])
