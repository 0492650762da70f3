"""draft: what was typed and is no record yet, on this laptop alone."""

from itertools import chain
from typing import Final

import click

from collector.cli.app import App, confirmed, json_option, pass_app, person_option
from collector.cli.core_told import tell_core
from collector.cli.output import emit_json, print_facts, say, table
from collector.errors import Exit
from schemas.phrases import _, joined, named
from schemas.printing import TableForm, prose

#: What waits on this laptop alone.
DRAFTS: Final = TableForm(
    "drafts",
    _("draft"),
    _("is"),
    prose(_("of")),
    prose(_("typed")),
    prose(_("by")),
    _("since"),
)
_MINUTE_CHARS: Final = len("2026-11-30T09:15")

_number: Final = click.argument("number", type=click.IntRange(1))


@click.group("draft")
def draft() -> None:
    """List, show, finish or drop what was typed and is no record yet.

    A draft is on this laptop alone: no sync sends it, and wiping the laptop loses it.

    \b
    Example:
      permille draft list
      permille draft finish 3
    """


@draft.command("list")
@json_option
@pass_app
def list_drafts(app: App, as_json: bool) -> int:
    """List the drafts of this laptop, oldest first.

    \b
    Example:
      permille draft list
    """
    from collector.record.field_drafts import KINDS, as_data, described

    with app.laptop() as laptop:
        found = laptop.store.drafts()
    if as_json:
        emit_json([as_data(one) for one in found])
        return Exit.DONE
    rows = [
        (
            one.number,
            KINDS[one.kind],
            one.about,
            described(one),
            one.person,
            one.kept_at[:_MINUTE_CHARS],
        )
        for one in found
    ]
    if rows:
        table(DRAFTS, rows)
        say(_("to go on with one: permille draft finish NUMBER"), err=True)
    else:
        say(_("no drafts"))
    return Exit.DONE


@draft.command()
@_number
@json_option
@pass_app
def show(app: App, number: int, as_json: bool) -> int:
    """Show what was typed, and why it is no record yet.

    \b
    Example:
      permille draft show 3
    """
    from collector.record.field_drafts import KINDS, as_data, described, draft_named

    with app.laptop() as laptop:
        found = draft_named(laptop, number)
    if as_json:
        emit_json(as_data(found))
        return Exit.DONE
    draft = _("draft {number}", number=found.number)
    say(named(draft, joined([KINDS[found.kind], found.about])))
    facts = [
        (_("typed"), described(found)),
        (_("by"), found.person),
        (_("at"), found.kept_at),
    ]
    print_facts(facts)
    for why in chain.from_iterable(found.typed.get("why", ())):
        say(f"  {why}", "    ")
    return Exit.DONE


@draft.command()
@_number
@click.argument("layers", nargs=-1, metavar="[LAYER]...")
@person_option
@json_option
@pass_app
def finish(app: App, number: int, layers: tuple[str, ...], as_json: bool) -> int:
    """Save what a draft holds, with what is typed anew.

    Each LAYER stands in the place of one of the draft, in their order; of what is left out
    the draft's own stays, so that a label alone will do. A core that was cut short is asked
    for further, on a terminal.

    \b
    Example:
      permille draft finish 3
      permille draft finish 3 A13b
      permille draft finish 3 10-20=A13b:262
    """
    import sys

    from collector.record.core_entry import typed_core
    from collector.record.field_drafts import CORE, draft_named
    from collector.record.field_drafts import finish as save
    from collector.record.typed_layers import read_layer

    with app.laptop() as laptop:
        found = draft_named(laptop, number)
        if found.kind == CORE and not layers and sys.stdin.isatty():
            from collector.cli.core_asking import asked_core

            typed = typed_core(found.typed)
            outcome = asked_core(laptop, found.project_id, typed, number)
        else:
            outcome = save(laptop, found, [read_layer(text) for text in layers])
        return tell_core(outcome, as_json=as_json)


@draft.command()
@_number
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_app
def drop(app: App, number: int, yes: bool, as_json: bool) -> int:
    """Forget a draft, and what was typed in it.

    \b
    Example:
      permille draft drop 3
    """
    from collector.record import field_drafts

    with app.laptop() as laptop:
        found = field_drafts.draft_named(laptop, number)
        said = joined([field_drafts.KINDS[found.kind], found.about])
        question = _("Forget draft {number} ({draft})?", number=number, draft=said)
        confirmed(question, yes=yes)
        field_drafts.drop(laptop, found)
    if as_json:
        emit_json({"dropped": number})
    else:
        say(_("dropped draft {number}", number=number))
    return Exit.DONE
