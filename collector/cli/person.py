"""person: who is at work on this laptop."""

import click

from collector.cli.app import App, json_option, one_line, pass_app
from collector.cli.output import emit_json, say
from schemas import limits


@click.command()
@click.argument("name", required=False, callback=one_line(limits.NAME_CHARS))
@click.option(
    "--forget",
    metavar="NAME",
    help="Take somebody off the list; what they recorded keeps their name.",
)
@json_option
@pass_app
def person(app: App, name: str | None, forget: str | None, as_json: bool) -> None:
    """Show who is at work on this laptop, or say who is from now on.

    The name stands in each change, and decides between two values of a conflict. One
    command of somebody else takes --person NAME.

    \b
    Example:
      permille person
      permille person "Bo Ek"
    """
    from collector.laptop import people

    with app.laptop() as laptop:
        if forget is not None:
            people.forget(laptop, forget)
        if name is not None:
            people.switch(laptop, name)
        found, now = people.people(laptop), laptop.person
    if as_json:
        emit_json({"at_work": now, "people": found})
        return
    for each in found:
        say(f"{each} (at work)" if each == now else each)
    if name is None and len(found) > 1:
        click.echo("to switch: permille person NAME")
