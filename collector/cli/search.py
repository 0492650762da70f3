"""search: records by codes, names, notes and people."""

import click

from collector.cli.app import App, json_option, pass_app, project_option
from collector.cli.output import emit_json, say, table
from collector.errors import Exit, UsageError
from schemas.records import TYPES
from schemas.search import HITS


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--type", "record_type", type=click.Choice([*TYPES]), help="Only of this type."
)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N"
)
@project_option
@json_option
@pass_app
def search(
    app: App,
    words: tuple[str, ...],
    record_type: str | None,
    limit: int,
    project: str | None,
    as_json: bool,
) -> int:
    """Find records by their codes, names, notes, people and files.

    All words are looked for, each as the beginning of one; capitals and accents do not
    matter.

    \b
    Example:
      permille search HF-2026-0047
      permille search wet Ada --type sample
    """
    from collector.record import names
    from collector.record.searching import search as find
    from schemas.search import SearchQuery, match_of

    if not match_of(" ".join(words)):
        raise UsageError("there is no word to look for", "type letters or digits")
    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        query = SearchQuery(" ".join(words), project_id, record_type, limit + 1)
        found = find(laptop, query)
    if as_json:
        emit_json(found[:limit])
        return Exit.DONE
    if not found:
        say("nothing has all of these words")
        return Exit.DONE
    table(HITS, [(one["type"], one["name"], one["where"]) for one in found[:limit]])
    if len(found) > limit:
        say(f"there are more than {limit}; add a word, or --limit N", err=True)
    return Exit.DONE
