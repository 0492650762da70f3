"""Command `device code`: codes that enrol laptops, one by one or on a sheet."""

from collections.abc import Sequence
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
    seen_projects_option,
    with_store,
)
from server.cli.device import device
from server.errors import StorageError

if TYPE_CHECKING:
    from server.access.enrolment import IssuedCode, NewCodes

CODES: Final = TableForm("enrolment codes", "number", "code", prose("laptop"), "until")


@device.command("code")
@seen_projects_option
@click.option(
    "--name",
    callback=one_line(limits.CODE_CHARS),
    help="Name of the laptop; its own by default. With --count NAME-1, NAME-2.",
)
@click.option(
    "--may-begin-projects",
    "may_begin",
    is_flag=True,
    help="The laptop may begin projects of its own, under codes that are free.",
)
@click.option(
    "--count",
    type=click.IntRange(1, limits.CODES_AT_ONCE),
    help="Make so many codes, for one laptop each.",
)
@click.option(
    "--expires",
    "until",
    metavar="DAY",
    help="Last day on which it is taken, such as 2027-03-31 (UTC), at most 90 days away."
    " Default: seven days.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write cards to cut and hand out to a new PDF, A4.",
)
@click.option(
    "--qr",
    "with_qr",
    is_flag=True,
    help="With --out: a QR code on each card, of what is typed on the laptop.",
)
@click.option(
    "--address",
    metavar="URL",
    help="Address of this server for laptops, by https; kept. Default: the one of before.",
)
@json_option
@click.pass_context
def code(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    projects: tuple[str, ...],
    name: str | None,
    may_begin: bool,
    count: int | None,
    until: str | None,
    out: Path | None,
    with_qr: bool,
    address: str | None,
    as_json: bool,
) -> None:
    """Make one-time codes; each enrols one laptop, within seven days.

    With --count and --json they are a list. A card of --out has the code, its projects,
    how long it is taken and the whole line to type; a QR code says the same line.

    \b
    Example:
      permille-server device code --project HF --name north-team
      permille-server device code --project HF --count 10 --qr --out codes.pdf \\
                      --address https://soil.example.org
    """
    from server.access.enrolment import NewCodes

    _check_place(out, with_qr=with_qr)
    _check_name(name or "", count)
    asked = NewCodes((), name or "", count, until, may_begin, address, out is not None)
    issued, said = _issue(context, projects, asked)
    if out is not None:
        _write(out, issued, said, with_qr=with_qr)
    if as_json:
        told = [_told(one, projects, may_begin=may_begin) for one in issued]
        print_json(told[0] if count is None else told)
        return
    if count is None:
        _say_one(issued[0])
    else:
        _print_table(issued)
    say(f"For: {', '.join(said)}")
    say(f"server key {issued[0].server_key}: the laptop shows it when it has enrolled")
    if may_begin:
        click.echo("It may begin projects of its own.")
    if out is not None:
        say(
            f"Wrote {counted(len(issued), 'card')} to {out}: whoever has one can enrol."
        )
    click.echo(f"On the laptop: {_command(issued)}")


def _issue(
    context: click.Context, projects: Sequence[str], asked: "NewCodes"
) -> "tuple[list[IssuedCode], list[str]]":
    from dataclasses import replace

    from server.access.enrolment import issue_codes
    from server.access.projects import find_project, in_words
    from server.clock import Clock

    async def job(store: Any) -> "tuple[list[IssuedCode], list[str]]":  # noqa: ANN401
        found = [await find_project(store, project) for project in projects]
        ids = tuple(each["id"] for each in found)
        issued = await issue_codes(store, Clock(), replace(asked, projects=ids))
        return issued, [in_words(each) for each in found]

    return with_store(context, job)


def _check_place(out: Path | None, *, with_qr: bool) -> None:
    """Refuse a file that cannot be written, before any code is made."""
    if out is None:
        if with_qr:
            raise click.UsageError("--qr is drawn on cards: add --out codes.pdf")
        return
    if out.exists():
        raise click.BadParameter(f"{out} is there already", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise click.BadParameter(f"{out.parent} is no folder", param_hint="--out")


def _check_name(name: str, count: int | None) -> None:
    if count is not None and len(f"{name}-{count}") > limits.CODE_CHARS:
        raise click.BadParameter(
            f"{name} is too long for {name}-{count}: {limits.CODE_CHARS} characters",
            param_hint="--name",
        )


def _say_one(issued: "IssuedCode") -> None:
    click.echo(f"Code: {issued.code}   (one laptop, until {issued.expires_at[:10]})")


def _print_table(issued: Sequence["IssuedCode"]) -> None:
    rows = [
        (number, one.code, one.name or "its own name", one.expires_at[:16])
        for number, one in enumerate(issued, 1)
    ]
    print_table(CODES, rows)
    click.echo(f"{counted(len(issued), 'code')}, each for one laptop; not shown again.")


def _command(issued: Sequence["IssuedCode"]) -> str:
    first = issued[0]
    return (
        first.command if len(issued) == 1 else first.command.replace(first.code, "CODE")
    )


def _told(
    one: "IssuedCode", projects: Sequence[str], *, may_begin: bool
) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "expires_at": one.expires_at,
        "projects": list(projects),
        "may_begin_projects": may_begin,
        "address": one.address,
        "command": one.command,
        "server_key": one.server_key,
    }


def _write(
    out: Path, issued: Sequence["IssuedCode"], said: Sequence[str], *, with_qr: bool
) -> None:
    from schemas.durable_files import PRIVATE_FILE, write_durably
    from server.operations.enrolment_cards import cards_of

    try:
        write_durably(out, cards_of(issued, said, with_qr=with_qr), mode=PRIVATE_FILE)
    except OSError as error:
        # They are shown this once: none is lost.
        _print_table(issued)
        raise StorageError(
            f"{out}: {error.strerror or error}",
            "the codes above were made and can be used",
        ) from None


__all__ = ["device"]
