"""Commands `contact add`, `edit` and `import`."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from schemas.told import counted
from server.cli.acting import PersonalOption
from server.cli.common import (
    json_option,
    print_json,
    required_project_option,
    say,
    told_as_table,
    with_store,
)
from server.cli.contact import contact, contact_argument, one_project_option, within
from server.errors import UsageError

if TYPE_CHECKING:
    from server.access.contacts import Known

_Command = TypeVar("_Command", bound=Callable[..., Any])

_FIELDS: Final = {
    "name": "Name of the person.",
    "telephone": "Telephone number.",
    "email": "E-mail address.",
    "address": "Postal address, on one line.",
    "note": "What else is to be known.",
}


def personal_options(command: _Command) -> _Command:
    """Add the options of what is personal; the audit log keeps none of their values."""
    for name, says in reversed(_FIELDS.items()):
        command = click.option(f"--{name}", cls=PersonalOption, help=says)(command)
    return click.option(
        "--file",
        "file",
        type=click.Path(exists=True, allow_dash=True, dir_okay=False, path_type=Path),
        help="Read them from a JSON object instead, such as show --json has; - is"
        " standard input.",
    )(command)


@contact.command("add")
@required_project_option
@personal_options
@click.option("--plot", "plots", multiple=True, help="Plot of the contact; repeatable.")
@json_option
@click.pass_context
def add(
    context: click.Context,
    /,
    project: str,
    file: Path | None,
    plots: tuple[str, ...],
    as_json: bool,
    **said: str | None,
) -> None:
    """Add a contact of a project; without --name and --file the fields are asked for.

    What is typed as an option may stay in the history of the shell: a prompt or a file
    leaves nothing there.

    \b
    Example:
      permille-server contact add --project HF --plot HF
      permille-server contact add --project HF --file ada.json
    """
    from server.access.contacts import add_contact, for_audit
    from server.access.personal import personal_of
    from server.access.projects import find_project
    from server.clock import Clock

    personal = personal_of(_asked(said, file))

    async def job(store: Any) -> "Known":  # noqa: ANN401
        own = await find_project(store, project)

        def write(tx: Any) -> "Known":  # noqa: ANN401
            made = add_contact(tx, Clock(), own["id"], personal, plots)
            store.say(contacts=for_audit([made]))
            return made

        done: Known = await store.write(write)
        return done

    made = with_store(context, job)
    if as_json:
        print_json({"contact": made.contact.id, "project": made.contact.project_id})
        return
    say(f"Added {made.name} ({made.contact.id[:8]}).")
    say(
        "What they agreed to: permille-server contact consent add"
        f" {made.contact.id[:8]} --purpose PURPOSE --how paper"
    )


@contact.command("edit")
@contact_argument
@one_project_option
@personal_options
@click.option(
    "--plot", "plots", multiple=True, help="All plots of the contact; repeatable."
)
@click.option("--no-plots", is_flag=True, help="The contact has no plot any more.")
@json_option
@click.pass_context
def edit(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    /,
    contact: str,
    project: str | None,
    file: Path | None,
    plots: tuple[str, ...],
    no_plots: bool,
    as_json: bool,
    **said: str | None,
) -> None:
    """Change a contact, by name or id; an empty text empties a field.

    \b
    Example:
      permille-server contact edit "Ada Diallo" --telephone "+221 77 123 45 67"
      permille-server contact edit 0190a2b1 --plot HF --plot HG
    """
    from server.access.contacts import edit_contact, find_contact, for_audit
    from server.clock import Clock

    if no_plots and plots:
        raise click.UsageError("give --plot or --no-plots, not both")
    changed = _given(said, file)
    places = plots if plots or no_plots else None
    if not changed and places is None:
        raise click.UsageError("nothing to change: give a field, --plot or --no-plots")

    async def job(store: Any) -> "Known":  # noqa: ANN401
        ids = await within(store, project)

        def write(tx: Any) -> "Known":  # noqa: ANN401
            known = find_contact(tx, contact, ids)
            done = edit_contact(tx, Clock(), known, changed, places)
            store.about([done.contact.project_id])
            store.say(contacts=for_audit([done]))
            return done

        done: Known = await store.write(write)
        return done

    done = with_store(context, job)
    if as_json:
        print_json({"contact": done.contact.id, "project": done.contact.project_id})
        return
    say(f"Changed {done.name} ({done.contact.id[:8]}).")


@contact.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@required_project_option
@click.option("--dry-run", is_flag=True, help="Only look at the file.")
@json_option
@click.pass_context
def import_(
    context: click.Context, file: Path, project: str, dry_run: bool, as_json: bool
) -> None:
    """Add the contacts of a CSV: all of them, or none where one cannot be kept.

    Columns: name, and where known telephone, email, address, note, plots (codes with ;
    between them), and what they agreed to: purposes (with ; between them), how, given_on,
    ends_on. A person who is there already, by name, is told and left out.

    \b
    Example:
      permille-server contact import farmers.csv --project HF --dry-run
      permille-server contact import farmers.csv --project HF
    """
    from server.access.contact_table import ImportedContacts, keep_rows, read_contacts
    from server.access.contacts import for_audit
    from server.access.projects import find_project
    from server.cli.contact import today
    from server.clock import Clock

    with told_as_table():
        rows = read_contacts(file, today())

    async def job(store: Any) -> "ImportedContacts":  # noqa: ANN401
        own = await find_project(store, project)

        def write(tx: Any) -> "ImportedContacts":  # noqa: ANN401
            done = keep_rows(tx, Clock(), own["id"], rows, is_kept=not dry_run)
            if not dry_run:
                store.say(contacts=for_audit(done.kept))
            return done

        run = store.read if dry_run else store.write
        done: ImportedContacts = await run(write)
        return done

    done = with_store(context, job)
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "contacts": [one.contact.id for one in done.kept],
                "new": done.new,
                "already_there": done.lines_known,
            }
        )
        return
    say(f"{counted(done.new, 'contact')} {'would be added' if dry_run else 'added'}.")
    if done.lines_known:
        lines = ", ".join(map(str, done.lines_known))
        say(f"already there, and left as they are: line {lines}")


def _given(said: Mapping[str, str | None], file: Path | None) -> dict[str, object]:
    """Return what was said of a person by options and a file; options count."""
    found: dict[str, object] = {} if file is None else _from_file(file)
    return found | {name: text for name, text in said.items() if text is not None}


def _asked(said: Mapping[str, str | None], file: Path | None) -> dict[str, object]:
    """Return what was said of a person; each field is asked for where nothing was said."""
    found = _given(said, file)
    if found.get("name") or file is not None:
        return found
    if not sys.stdin.isatty():
        raise UsageError(
            "name: nobody was named", "give --name or --file, or type it when asked"
        )
    return {
        name: found.get(name)
        or click.prompt(name, default="" if name != "name" else None, err=True)
        for name in _FIELDS
    }


def _from_file(file: Path) -> dict[str, object]:
    with click.open_file(str(file), encoding="utf-8") as opened:
        try:
            found = json.load(opened)
        except ValueError as error:
            raise UsageError(
                f"{file} is no JSON: {error}", 'write {"name": "...", "email": "..."}'
            ) from None
    if isinstance(found, dict) and isinstance(found.get("personal"), dict):
        found = found["personal"]
    if not isinstance(found, dict):
        raise UsageError(
            f"{file} is no JSON object", 'write {"name": "...", "email": "..."}'
        )
    return found


__all__ = ["contact"]
