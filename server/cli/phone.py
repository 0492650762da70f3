"""Command `phone`: phones that fill in forms; phone_forms.py adds what they sent."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from schemas import limits
from schemas.printing import TableForm, prose
from schemas.told import counted
from server.cli.acting import one_line
from server.cli.common import (
    json_option,
    print_json,
    print_table,
    say,
    screen_width,
    with_store,
)
from server.cli.custody import project_codes, project_of, project_option

if TYPE_CHECKING:
    from server.store.phone_values import Phone

PHONES: Final = TableForm(
    "phones",
    prose("name"),
    "id",
    prose("project"),
    prose("person"),
    "made",
    "last used",
    "revoked",
)
#: The longest address and name still fit.
_CODE_COLUMNS: Final = 80


@click.group()
def phone() -> None:
    """Allow phones to fill in forms with ODK Collect, and look at what they sent.

    \b
    Example:
      permille-server phone add HF ada --address https://soil.example.org
    """


@phone.command("add")
@click.argument("project", metavar="PROJECT")
@click.argument("name", callback=one_line(limits.CODE_CHARS))
@click.option(
    "--person",
    callback=one_line(limits.NAME_CHARS),
    help="Who has the phone; stands in its changes. Default: what Collect says, or NAME.",
)
@click.option(
    "--address",
    metavar="URL",
    help="Address of this server for phones, by https. Default: that of the phone before.",
)
@click.option(
    "--qr",
    "picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the code to a file: .png, .svg or .pdf.",
)
@json_option
@click.pass_context
def add(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    project: str,
    name: str,
    person: str | None,
    address: str | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Make a phone of a project, and the code that Collect scans; it is shown this once.

    \b
    Example:
      permille-server phone add HF ada --person "Ada Diallo" \\
                      --address https://soil.example.org --qr ada.png
    """
    from server.access.phones import NewPhone, add_phone
    from server.access.projects import find_project, in_words
    from server.clock import Clock
    from server.phones.scan_code import code_text, in_letters, settings_of

    kind = _kind_of(picture)
    if picture is None and not as_json:
        _check_screen()

    async def job(store: Any) -> tuple["Phone", str, dict[str, Any]]:  # noqa: ANN401
        found = await find_project(store, project)
        asked = NewPhone(found["id"], name, person, address)
        made, token = await add_phone(store, Clock(), asked)
        return made, token, found

    made, token, found = with_store(context, job)
    settings = settings_of(made, token, found["code"] or found["name"])
    text = code_text(settings)
    if picture is not None:
        _write(picture, text, kind, name)
    if as_json:
        print_json({**told(made), "settings": settings, "code": text})
        return
    lines = in_letters(text) if picture is None else [f"Code: {picture}"]
    for line in lines:
        click.echo(line)
    say(f"For: {in_words(found)}")
    say(
        "In ODK Collect: Add project, scan the code. It holds a token and is not shown"
        " again: hand it over as you would a password."
    )


def _kind_of(picture: Path | None) -> str:
    """Return what kind of picture a file is, before anything is made."""
    from server.phones.scan_code import KINDS

    kind = "" if picture is None else picture.suffix.lower().removeprefix(".")
    if picture is not None and kind not in KINDS:
        endings = ", ".join(f".{each}" for each in KINDS)
        raise click.BadParameter(f"{picture} ends with none of {endings}")
    if picture is not None and not picture.absolute().parent.is_dir():
        raise click.BadParameter(f"{picture.parent} is no folder")
    return kind


def _write(picture: Path, text: str, kind: str, name: str) -> None:
    from schemas.durable_files import PRIVATE_FILE, write_durably
    from server.errors import StorageError
    from server.phones.scan_code import drawn

    try:
        write_durably(picture, drawn(text, kind), mode=PRIVATE_FILE)
    except OSError as error:
        raise StorageError(
            f"{picture}: {error.strerror or error}; the phone was made, its code is lost",
            f"run: permille-server phone revoke {name}, then add it again",
        ) from None


def _check_screen() -> None:
    """Refuse a screen that would break the code, before anything is made."""
    width = screen_width()
    if width is not None and width < _CODE_COLUMNS:
        raise click.UsageError(
            f"the code takes {_CODE_COLUMNS} columns and this screen has {width}:"
            " make it wider, or write the code to a file by --qr code.png"
        )


@phone.command("list")
@project_option
@json_option
@click.pass_context
def list_(context: click.Context, project: str | None, as_json: bool) -> None:
    """List phones with their last use; never their tokens.

    \b
    Example:
      permille-server phone list --project HF
    """
    from server.access.phones import phones_of

    async def job(store: Any) -> tuple[list["Phone"], dict[str, str]]:  # noqa: ANN401
        within = await project_of(store, project)
        found = await store.read(lambda tx: list(phones_of(tx, within)))
        return found, await project_codes(store)

    found, codes = with_store(context, job)
    if as_json:
        print_json([told(one) for one in found])
        return
    rows = [
        (
            one.name,
            one.id[:8],
            codes.get(one.project_id, one.project_id[:8]),
            one.person,
            one.created_at[:16],
            (one.last_seen_at or "never")[:16],
            (one.revoked_at or "")[:16],
        )
        for one in found
    ]
    print_table(PHONES, rows)
    click.echo(f"{counted(len(found), 'phone')}.")


@phone.command("revoke")
@click.argument("name", metavar="PHONE")
@project_option
@json_option
@click.pass_context
def revoke(
    context: click.Context, name: str, project: str | None, as_json: bool
) -> None:
    """Refuse a phone from now on, by name or id. What it sent stays.

    \b
    Example:
      permille-server phone revoke ada
    """
    from server.access.phones import revoke_phone
    from server.clock import Clock

    async def job(store: Any) -> "Phone":  # noqa: ANN401
        within = await project_of(store, project)
        return await revoke_phone(store, Clock(), name, within)

    found = with_store(context, job)
    if as_json:
        print_json({"revoked": found.id, "name": found.name})
        return
    used = (found.last_seen_at or "never")[:16]
    say(f"Revoked {found.name} ({found.id}), last used: {used}. What it sent stays.")


def told(one: "Phone") -> dict[str, Any]:
    """Return the JSON object of a phone, without its key."""
    return {
        "id": one.id,
        "name": one.name,
        "project": one.project_id,
        "person": one.person,
        "address": one.address,
        "created_at": one.created_at,
        "last_seen_at": one.last_seen_at,
        "revoked_at": one.revoked_at,
    }
