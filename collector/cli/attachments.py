"""attach and attachments: photos and field sheets of records."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from collector.cli.app import (
    App,
    confirmed,
    json_option,
    pass_app,
    person_option,
    project_option,
)
from collector.cli.output import emit_json, table
from collector.errors import RefusedError, UsageError
from collector.files.attach import ATTACHABLE
from schemas.printing import TableForm, prose
from schemas.told import counted

if TYPE_CHECKING:
    from collector.files.listing import Listed

FILES: Final = TableForm(
    "attached files", prose("record"), prose("file"), "bytes", "sha256", prose("state")
)

_type_option: Final = click.option(
    "--type",
    "record_type",
    type=click.Choice(ATTACHABLE),
    help="Type of the record, when its name alone is not clear.",
)


@click.command()
@click.argument("record")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE...",
)
@_type_option
@project_option
@person_option
@json_option
@pass_app
def attach(
    app: App,
    record: str,
    files: tuple[Path, ...],
    record_type: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Attach photos or field sheets to a plot, point, campaign, core or sample.

    JPEG, PNG, WebP, HEIC and PDF, 25 MiB each. The files are copied, encrypted, and
    sent after the records by the next sync. Time and place are read from the EXIF.

    \b
    Example:
      permille attach HF/1/2026 IMG_0412.jpg sheet-3.pdf
      permille attach HF profile.png --type plot
    """
    from collector.files import attach
    from collector.record import names

    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        view = attach.find(laptop, record, record_type, project_id)
        done = attach.attach(laptop, view, files)
    if as_json:
        emit_json(
            {
                "record": done.saved.view.id,
                "type": done.saved.view.type,
                "name": done.saved.label,
                "files": done.files,
                "warnings": done.warnings,
            }
        )
        return
    for file in done.files:
        if file["sha256"] in done.before:
            click.echo(f"{file['name']} was attached before; nothing is doubled")
            continue
        click.echo(f"attached {file['name']} to {view.type} {done.saved.label}")
    for warning in done.warnings:
        click.echo(f"warning: {warning}", err=True)


@click.group(invoke_without_command=True)
@click.option("--missing", is_flag=True, help="Only files that are not on this laptop.")
@json_option
@click.pass_context
def attachments(context: click.Context, missing: bool, as_json: bool) -> None:
    """List attached files: here only, sending, on the server, missing here.

    \b
    Example:
      permille attachments
      permille attachments --missing --json
    """
    if context.invoked_subcommand is not None:
        return
    from collector.files import listing

    app = context.find_object(App)
    assert app is not None, "the root command makes it"
    with app.laptop() as laptop:
        found = listing.listed(laptop)
    if missing:
        found = [one for one in found if not one.here]
    if as_json:
        emit_json([one.as_data() for one in found])
        return
    table(FILES, [_row(one) for one in found])
    click.echo(counted(len(found), "file"))


@attachments.command()
@click.argument("record")
@click.argument("name")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the file; must not exist.",
)
@_type_option
@project_option
@json_option
@pass_app
def get(  # noqa: PLR0917 - click passes them by name
    app: App,
    record: str,
    name: str,
    out: Path,
    record_type: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Write an attached file out; fetch it from the server if it is not here.

    What is written is not encrypted. NAME may be the start of the SHA-256.

    \b
    Example:
      permille attachments get HF/1/2026 IMG_0412.jpg --out hole.jpg
    """
    from collector.files import attach, listing
    from collector.files.transfer import fetch
    from collector.record import names

    if out.exists():
        raise RefusedError(f"{out} exists already", "choose another --out")
    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        view = attach.find(laptop, record, record_type, project_id)
        file = listing.find_file(view, name)
        import asyncio

        data = asyncio.run(fetch(laptop, file))
    with out.open("xb") as written:
        written.write(data)
    if as_json:
        emit_json({**file, "out": str(out)})
        return
    click.echo(f"wrote {file['name']}, {file['size']} bytes, to {out}")


@attachments.command()
@click.argument("record")
@click.argument("name")
@_type_option
@project_option
@person_option
@json_option
@pass_app
def remove(
    app: App,
    record: str,
    name: str,
    record_type: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Take a file off a record: it was attached by mistake.

    The next sync tells the others. What was sent already stays on the server, where
    nobody reaches it unless another record names it.

    \b
    Example:
      permille attachments remove HF/1/2026 IMG_0412.jpg
    """
    from collector.files import attach, listing
    from collector.record import names

    with app.laptop() as laptop:
        project_id = names.project_of(laptop.store, project)
        view = attach.find(laptop, record, record_type, project_id)
        file = listing.find_file(view, name)
        saved = attach.remove(laptop, view, file)
    if as_json:
        emit_json({"record": view.id, "name": saved.label, "removed": file})
        return
    click.echo(f"took {file['name']} off {view.type} {saved.label}")


@attachments.command()
@click.option("--sent", is_flag=True, help="Those that the server has confirmed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_app
def drop(app: App, sent: bool, yes: bool, as_json: bool) -> None:
    """Remove files from this laptop that the server has; records stay as they are.

    \b
    Example:
      permille attachments drop --sent --yes
    """
    from collector.files import listing

    if not sent:
        raise UsageError("say which files", "add: --sent")
    confirmed("Remove the files that are on the server from this laptop?", yes=yes)
    with app.laptop() as laptop:
        found = listing.drop_sent(laptop)
    if as_json:
        emit_json({"dropped": found})
        return
    click.echo(f"{counted(len(found), 'file')} removed; the server has them")


def _row(one: "Listed") -> list[object]:
    state = str(one.state)
    if state == "sending":
        state = f"sending {100 * one.sent // one.file['size']} %"
    elif not one.here and state == "on the server":
        state = "on the server, not here"
    name = f"{one.view.type} {one.label}"
    return [name, one.file["name"], one.file["size"], one.file["sha256"][:12], state]
