"""Command `search`: records by codes, names, notes and people."""

from typing import TYPE_CHECKING, Any

import click

from schemas.records import TYPES
from schemas.search import HITS
from server.cli.common import json_option, print_json, print_table, say, with_store
from server.config import DataDirectory
from server.errors import UsageError

if TYPE_CHECKING:
    from server.reading.port import Match


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--project", help="Only of this project, by code or start of the id.")
@click.option(
    "--type", "record_type", type=click.Choice([*TYPES]), help="Only of this type."
)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N"
)
@json_option
@click.pass_context
def search(
    context: click.Context,
    words: tuple[str, ...],
    project: str | None,
    record_type: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Find records of all projects by their codes, names, notes and people.

    All words are looked for, each as the beginning of one; capitals and accents do not
    matter. The tables for readers are brought up to date first.

    \b
    Example:
      permille-server search HF-2026-0047
      permille-server search wet hedge --project HF --type sample
    """
    from schemas.search import match_of
    from server.access.projects import find_project
    from server.cli.common import data_directory
    from server.data import open_read_copy
    from server.reading.follow import Follower

    if not match_of(" ".join(words)):
        raise UsageError("there is no word to look for", "type letters or digits")
    data = context.find_object(DataDirectory) or data_directory(None)

    async def job(store: Any) -> "list[Match]":  # noqa: ANN401
        projects = [one.id for one in await store.read(lambda tx: tx.projects())]
        if project is not None:
            projects = [(await find_project(store, project))["id"]]
        follower = Follower(store, open_read_copy(data))
        try:
            await follower.catch_up()
            return await follower.copy.search(
                " ".join(words), projects, limit + 1, record_type
            )
        finally:
            await follower.stop()

    found = with_store(context, job)
    if as_json:
        print_json([one._asdict() for one in found[:limit]])
        return
    if not found:
        say("nothing has all of these words")
        return
    rows = [(one.type, f"{one.project} {one.name}", one.snippet) for one in found]
    print_table(HITS, rows[:limit])
    if len(found) > limit:
        say(f"there are more than {limit}; add a word, or --limit N", err=True)
