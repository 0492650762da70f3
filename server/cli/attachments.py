"""Commands `attachments`: which files records name, and which of them are here."""

from datetime import timedelta
from typing import Any, Final

import click

from schemas import limits
from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.common import json_option, print_json, print_table, with_store
from server.cli.custody import project_of
from server.config import DataDirectory

FILES: Final = TableForm(
    "files that records name",
    prose("record"),
    prose("file"),
    "bytes",
    "sha256",
    prose("state"),
)
UNNAMED: Final = TableForm(
    "files that nothing names", "sha256", "bytes", "written", prose("state")
)


@click.group()
def attachments() -> None:
    """Look at attached files: photos and field sheets that records name.

    \b
    Example:
      permille-server attachments list --missing
    """


@attachments.command("list")
@click.option("--project", help="Only this project, by code or start of its id.")
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
        FILES,
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
    click.echo(f"{counted(len(found), 'file')}.")


@attachments.command("unnamed")
@click.option(
    "--older-than",
    "days",
    default=limits.TOMBSTONE_DAYS,
    show_default=True,
    type=click.IntRange(1, 100 * 365),
    help="Days since it was written, and since a record named it.",
)
@click.option("--remove", is_flag=True, help="Remove them from the disk, for ever.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def list_unnamed(
    context: click.Context, days: int, remove: bool, yes: bool, as_json: bool
) -> None:
    """List the files on the disk that nothing names any more; remove them if told to.

    What a waiting change or an open conflict names stays. The laptop that attached a
    file may have dropped its own copy: make a backup before you remove any.

    \b
    Example:
      permille-server attachments unnamed
      permille-server attachments unnamed --older-than 800 --remove
    """
    if remove and as_json and not yes:
        raise click.UsageError("--json does not ask: give --yes.")
    found = _unnamed(context, days, remove=False)
    if not as_json:
        rows = [(f["sha256"], f["bytes"], f["written_at"], f["state"]) for f in found]
        print_table(UNNAMED, rows)
    if remove and found:
        size = sum(file["bytes"] for file in found)
        if not yes:
            files = counted(len(found), "file")
            question = f"Remove {files}, {size} bytes, for ever?"
            click.confirm(question, abort=True)
        found = _unnamed(context, days, remove=True)
    if as_json:
        print_json({"older_than_days": days, "removed": remove, "files": found})
        return
    what = "removed" if remove else "that nothing names"
    click.echo(f"{counted(len(found), 'file')} {what}.")


def _unnamed(
    context: click.Context, days: int, *, remove: bool
) -> list[dict[str, Any]]:
    from server.clock import Clock
    from server.files.disk import BlobFiles
    from server.files.orphans import orphans, remove_orphans

    data = context.find_object(DataDirectory)
    assert data is not None, "the root command names the data directory"
    age_ms = int(timedelta(days=days).total_seconds() * 1000)
    before_ms = Clock().now_ms() - age_ms
    work = remove_orphans if remove else orphans

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the port's store
        found = await work(store, BlobFiles(data.blobs), before_ms)
        return [file.as_data() for file in found]

    return with_store(context, job)


def _find(context: click.Context, project: str | None) -> list[dict[str, Any]]:
    from server.files import upload
    from server.files.disk import BlobFiles

    data = context.find_object(DataDirectory)
    assert data is not None, "the root command names the data directory"

    async def job(store: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the port's store
        within = await project_of(store, project)
        return await upload.attachments(store, BlobFiles(data.blobs), within)

    return with_store(context, job)


def _state(one: dict[str, Any]) -> str:
    if one["state"] == "arriving":
        return f"arriving {100 * one['arrived'] // one['size']} %"
    return str(one["state"])
