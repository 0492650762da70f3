"""conflicts: two unseen values of one measurement, and what a person decides."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from collector.cli.app import App, confirmed, json_option, one_line, pass_app
from collector.cli.output import cell, emit_json, table
from collector.errors import Exit, UsageError
from schemas import limits
from schemas.conflicts import Take

if TYPE_CHECKING:
    from schemas.deciding import SideChoice


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def conflicts(context: click.Context, as_json: bool) -> int | None:
    """Show open conflicts and decide on them: what both had seen, theirs, ours.

    The first value stands until a person decides, here or on the server.

    \b
    Example:
      permille conflicts
      permille conflicts resolve HF --take stands --reason "measured again"
    """
    if context.invoked_subcommand is not None:
        return None
    from collector.record import views

    with context.ensure_object(App).laptop() as laptop:
        found = views.conflicts(laptop)
    if as_json:
        emit_json(found)
    elif not found:
        click.echo("no open conflicts")
    else:
        headers = ["record", "group", "base", "stands", "ours", "who", "when"]
        table("conflicts", [*headers, "state"], [_row(one) for one in found])
    is_open = any(not one["decided"] for one in found)
    return Exit.ATTENTION if is_open else Exit.DONE


@conflicts.command()
@click.argument("record")
@json_option
@pass_app
def show(app: App, record: str, as_json: bool) -> None:
    """Show the conflicts of a record side by side, with their ids.

    \b
    Example:
      permille conflicts show HF
    """
    from collector.fix import conflicts
    from collector.record import views

    with app.laptop() as laptop:
        base = conflicts.find_contested(laptop, record)
        name = conflicts.name_of(laptop, base)
        found = [c for c in views.conflicts(laptop) if c["record"] == base.id]
    if as_json:
        emit_json(found)
        return
    click.echo(f"{name} ({base.id})")
    for conflict in found:
        who = conflict.get("person") or conflict.get("device") or "somebody"
        decided = "; decided here, not yet synced" if conflict["decided"] else ""
        click.echo(f"conflict {conflict['id']}{decided}")
        click.echo(f"ours is of {who}, {str(conflict.get('at', ''))[:16]}")
        _print_sides(conflict)


@conflicts.command()
@click.argument("record", required=False)
@click.option(
    "--id", "ids", multiple=True, help="Only this conflict; its start will do."
)
@click.option("--all", "everything", is_flag=True, help="Every open conflict.")
@click.option(
    "--take",
    type=click.Choice([Take.STANDS, "mine", Take.OTHER], case_sensitive=False),
    help="Let what stands stand, or the other value; `mine` and `other` are one.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Let a third value stand. May be repeated.",
)
@click.option(
    "--reason",
    required=True,
    callback=one_line(limits.NOTE_CHARS),
    help="Why; it travels with the decision.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_app
def resolve(  # noqa: PLR0917 - click passes them by name
    app: App,
    record: str | None,
    ids: tuple[str, ...],
    everything: bool,
    take: str | None,
    settings: tuple[str, ...],
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Decide which value stands. The next sync carries the decision to all.

    Where a deletion met an edit, `--take stands` changes nothing and `--take mine`
    deletes the record or brings it back. A decision that meets a value newer than the
    one seen here becomes a conflict itself. Where a value of this laptop waits, to be
    sent or to be fixed, that the decision would go over, it is named and asked about.

    \b
    Example:
      permille conflicts resolve HF --take mine --reason "measured again"
      permille conflicts resolve HF --set area_ha=2.4 --reason "from the map"
      permille conflicts resolve --all --take stands --reason "first visit counts"
    """
    from collector.fix import conflicts, discard

    if bool(take) == bool(settings):
        raise UsageError("say --take or --set, one of them")
    if everything == bool(record):
        raise UsageError("which record?", "permille conflicts resolve RECORD, or --all")
    if everything and (take != Take.STANDS or ids):
        raise UsageError("--all goes with --take stands only")
    with app.laptop() as laptop:
        if record is None:
            lost = discard.set_aside_by_all(laptop)
            question = _question(lost, "Let everything stand as it stands?")
            confirmed(question, yes=yes)
            said, count = "all", conflicts.resolve_all(laptop, reason)
        else:
            base = conflicts.find_contested(laptop, record)
            said = conflicts.name_of(laptop, base)
            ids = conflicts.conflicts_named(base, ids, record)
            choice = _choice(base.type, take, settings)
            if lost := discard.set_aside(laptop, base, ids, choice):
                confirmed(_question(lost, "Decide so all the same?"), yes=yes)
            count = conflicts.resolve(laptop, base, ids, choice, reason)
    if as_json:
        emit_json({"record": said, "decided": count})
        return
    plural = "" if count == 1 else "s"
    click.echo(f"decided {count} conflict{plural} of {said}")
    click.echo("next: permille sync")


def _choice(
    record_type: str, take: str | None, settings: Sequence[str]
) -> "SideChoice":
    from collector.cli.review import read_settings
    from schemas.deciding import SideChoice

    if take is None:
        return SideChoice(values=read_settings(record_type, settings))
    return SideChoice(Take.OTHER if take == "mine" else Take(take))


def _question(lost: Sequence[str], question: str) -> str:
    """Return the question that names which values of this laptop would not stand."""
    if not lost:
        return question
    return f"What was recorded here would not stand: {'; '.join(lost)}. {question}"


def _row(found: Mapping[str, Any]) -> list[str]:
    who = found.get("person") or found.get("device") or ""
    return [
        f"{found['type']} {found['name']}",
        str(found.get("group", "")),
        *map(_values, _sides(found)),
        str(who),
        str(found.get("at", ""))[:16],
        "decided here, not yet synced" if found["decided"] else "open",
    ]


def _print_sides(found: Mapping[str, Any]) -> None:
    sides = _sides(found)
    names = dict.fromkeys(name for side in sides for name in side or ())
    rows = [[name, *(_value(side, name) for side in sides)] for name in names]
    table(
        "conflict",
        ["field", "base", "stands", "ours"],
        [row for row in rows if any(value is not None for value in row[1:])],
    )


def _sides(found: Mapping[str, Any]) -> list[Any]:
    """Return the values before, what stands now ({}: deleted), and the other side."""
    return [found.get("base"), found["stands"] or {}, found.get("ours")]


def _value(side: object, name: str) -> object:
    if not isinstance(side, Mapping):
        return None
    return side.get(name) if side else "deleted"


def _values(side: object) -> str:
    if not isinstance(side, Mapping):
        return cell(side)
    said = (f"{name}={cell(v)}" for name, v in side.items() if v is not None)
    return ", ".join(said) or ("empty" if side else "deleted")
