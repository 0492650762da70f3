"""Command `purge`: shrink old deletions to their ids."""

from datetime import timedelta
from typing import Any, Final

import click

from schemas import limits
from schemas.printing import TableForm
from schemas.told import counted
from server.cli.common import json_option, print_json, print_table, with_store

PURGED: Final = TableForm("purged records", "project", "deleted records")


@click.command()
@click.option(
    "--older-than",
    "days",
    default=limits.TOMBSTONE_DAYS,
    show_default=True,
    type=click.IntRange(1, 100 * 365),
    help="Days since the record was deleted.",
)
@click.option("--dry-run", is_flag=True, help="Only count.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def purge(
    context: click.Context, days: int, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Shrink records that were deleted long ago to their ids, for ever.

    Raw lines and verdicts stay. A laptop that was away for longer fetches its projects
    anew. A deletion that somebody contests is never purged.

    \b
    Example:
      permille-server purge --dry-run
    """
    from server.access.projects import projects
    from server.clock import Clock, iso

    clock = Clock()
    age_ms = int(timedelta(days=days).total_seconds() * 1000)
    before = iso(clock.now_ms() - age_ms)

    async def count(store: Any) -> tuple[dict[str, str], dict[str, int]]:  # noqa: ANN401
        known = await projects(store)
        found = await store.read(lambda tx: tx.purge(before, before, counts_only=True))
        return {each["id"]: each["name"] for each in known}, found

    async def shrink(store: Any) -> dict[str, int]:  # noqa: ANN401 - the port's store
        now = clock.stamp()
        done: dict[str, int] = await store.write(lambda tx: tx.purge(before, now))
        return done

    codes, found = with_store(context, count)
    if not as_json:
        rows = [(codes[project_id], n) for project_id, n in sorted(found.items())]
        print_table(PURGED, rows)
    if not dry_run and found:
        if not yes and not as_json:
            click.confirm(
                f"Shrink {counted(sum(found.values()), 'record')} to their ids for ever?",
                abort=True,
            )
        elif not yes:
            raise click.UsageError("--json does not ask: give --yes or --dry-run.")
        found = with_store(context, shrink)
    if as_json:
        print_json({"before": before, "dry_run": dry_run, "purged": found})
        return
    what = "would be purged" if dry_run else "purged"
    click.echo(f"{counted(sum(found.values()), 'deleted record')} {what}.")
