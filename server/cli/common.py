"""What every command shares: the data directory, running, printing, failing."""

import asyncio
import errno
import json
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click
from platformdirs import user_data_path

from schemas import printing
from schemas.printing import TableForm
from schemas.screen import raw_errors, safe_output
from schemas.told import problem_line
from server.cli.acting import act_of, is_owner, who_acts
from server.config import DATA_VARIABLE, DATABASE_VARIABLE, DataDirectory
from server.errors import (
    NotInstalledError,
    RefusedError,
    RequestError,
    ServerError,
    StorageError,
    UsageError,
)

if TYPE_CHECKING:
    from rich.progress import Progress

    from schemas.operations import Operation
    from server.store.values import Device

T = TypeVar("T")
_Command = TypeVar("_Command", bound=Callable[..., Any])

#: Rows of a list of what needs a person, on the screen; --json has all.
_SHOWN: Final = 30

json_option: Final = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)

required_project_option: Final = click.option(
    "--project", required=True, help="Code or start of the id of a project."
)

projects_option: Final = click.option(
    "--project",
    "projects",
    multiple=True,
    help="Only this project, by code or start of its id. May be repeated.",
)

#: The projects that a device or a token sees.
seen_projects_option: Final = click.option(
    "--project",
    "projects",
    multiple=True,
    required=True,
    help="Project, by code or start of its id; repeatable.",
)


class Commands(click.Group):
    """A group whose commands never end in a traceback, nor write what commands a terminal."""

    def main(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - click's types
        """Run a command; what it writes is safe."""
        with safe_output():
            return super().main(*args, **more)

    def invoke(self, context: click.Context) -> Any:  # noqa: ANN401 - click's type
        """Run a command; turn errors into advice and an exit code."""
        as_json = "--json" in context.args
        try:
            return super().invoke(context)
        except ServerError as error:
            fail(error, as_json=as_json)
        except RequestError as error:
            problem = error.problem
            refused = RefusedError(problem.text, [problem], problem.hint)
            fail(refused, as_json=as_json)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            fail(_wrong_usage(error), as_json=as_json)
        except (OSError, ModuleNotFoundError) as error:
            if (
                getattr(error, "errno", None) == errno.EPIPE
            ):  # the reader went away: click's to end
                raise
            fail(_not_possible(error), as_json=as_json)


def _wrong_usage(error: click.UsageError) -> UsageError:
    hint = f"see: {error.ctx.command_path} --help" if error.ctx else ""
    return UsageError(error.format_message(), hint)


def _not_installed(error: ModuleNotFoundError) -> NotInstalledError:
    missing = (error.name or "").partition(".")[0]
    assert missing not in {"server", "schemas"}, "a module of ours is always there"
    return NotInstalledError(
        f"the server is not installed whole: {missing} is missing",
        "run: pip install 'permille-….whl[server]', with the file of: make wheel",
    )


def _not_possible(error: OSError | ModuleNotFoundError) -> ServerError:
    if isinstance(error, ModuleNotFoundError):
        return _not_installed(error)
    where = f"{error.filename}: " if error.filename else ""
    return StorageError(f"{where}{error.strerror or error}", "check path and rights")


def fail(error: ServerError, *, as_json: bool) -> NoReturn:
    """Print what went wrong and what to do, and end the command."""
    problems = error.problems if isinstance(error, RefusedError) else []
    if as_json:
        body = {
            "code": error.code,
            "text": error.text,
            "hint": error.hint,
            "problems": [problem.as_data() for problem in problems],
        }
        click.echo(json.dumps({"error": body}, ensure_ascii=False))
    else:
        say(f"Error: {error.text}", "  ", err=True)
        for problem in problems:
            say(f"  {problem_line(problem)}", "  ", err=True)
        if error.hint:
            say(f"  {error.hint}", "  ", err=True)
    raise SystemExit(error.exit_code)


@contextmanager
def told_as_table() -> Iterator[None]:
    """Say what is wrong with a file of others as every refusal is said."""
    from schemas.tables.refusal import TableError

    try:
        yield
    except TableError as error:
        raise RefusedError(error.refusal.reason, [], error.refusal.hint) from None


def person_option(does: str) -> Callable[[_Command], _Command]:
    """Return the option that says who did something: `does` is "imports" or "decides"."""
    return click.option(
        "--person",
        callback=who_acts,
        help=f"Who {does}; your login name when not given.",
    )


def data_directory(path: Path | None, database: str | None = None) -> DataDirectory:
    """Return the data directory: as named, or the platform's own place."""
    if database is not None:
        postgres_address(database, "--database")
    return DataDirectory(path or user_data_path("permille-server"), database)


def postgres_address(said: str, option: str) -> str:
    """Return the address of a PostgreSQL database as it was given.

    Raises
    ------
    click.BadParameter
        If it is none.
    """
    if not said.startswith(_POSTGRES):
        raise click.BadParameter(
            f"{said} is no address such as postgresql://user@host/name",
            param_hint=option,
        )
    return said


#: How the address of a PostgreSQL database begins.
_POSTGRES: Final = ("postgresql://", "postgres://")
database_option: Final = click.option(
    "--database",
    metavar="URL",
    envvar=DATABASE_VARIABLE,
    help=f"Address of a PostgreSQL database, which `init` remembers; or set"
    f" {DATABASE_VARIABLE}. Default: a file in the data directory.",
)


data_option: Final = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar=DATA_VARIABLE,
    help=f"Data directory; or set {DATA_VARIABLE}.",
)


def with_store(
    context: click.Context,
    job: Callable[[Any], Coroutine[Any, Any, T]],
    *,
    hands_out: bool = False,
) -> T:
    """Open the store of the command's data directory, run a job, close it.

    Who may not give the command is refused. What the job writes is noted in the audit log;
    `hands_out` notes a job that writes nothing and hands data out.
    """
    from server.access.audit_log import AuditedStore
    from server.access.commands import check_command
    from server.clock import Clock
    from server.data import open_store

    data = context.find_object(DataDirectory) or data_directory(None)
    act = act_of(context)
    store = AuditedStore(open_store(data), Clock(), act)

    async def run() -> T:
        try:
            await store.read(lambda tx: check_command(tx, act, is_owner=is_owner(data)))
            if hands_out:
                await store.note_hand_out()
            return await job(store)
        except ServerError as error:
            # What the command fails for is told, whether this can be written or not.
            with suppress(StorageError):
                await store.note_stop(error.text)
            raise
        finally:
            store.close()

    return asyncio.run(run())


def print_json(document: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(form: TableForm, rows: Iterable[Sequence[object]]) -> None:
    """Print rows under the heads of a form, or as blocks where the screen is narrow."""
    for line in printing.lines_of(form, rows, screen_width()):
        click.echo(line)


def print_first(form: TableForm, rows: Sequence[Sequence[object]]) -> None:
    """Print the first rows that need a person, and how many there are; nothing for none."""
    for line in printing.first_lines(form, rows, screen_width(), _SHOWN):
        click.echo(line)


def print_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names with their values, one below the other."""
    for line in printing.facts(pairs, screen_width()):
        click.echo(line)


def say(text: str, indent: str = "", *, err: bool = False) -> None:
    """Print a line; where it is wider than the screen it breaks between words."""
    for line in printing.wrapped(text, screen_width(err=err), indent):
        click.echo(line, err=err)


def screen_width(*, err: bool = False) -> int | None:
    """Return how many characters a line of the screen has; None for a file or a pipe."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


@contextmanager
def progress_bar(*, quiet: bool) -> "Iterator[Progress]":
    """Show progress on stderr, while it is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(
        console=Console(file=raw_errors()),
        disable=quiet,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        yield bar


def confirmed(question: str, *, yes: bool) -> None:
    """Go on only when the person agrees.

    Raises
    ------
    RefusedError
        If they do not, or cannot be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(f"{question} This needs a yes.", [], "add: --yes")
    if not click.confirm(question):
        raise RefusedError("nothing was changed", [])


def import_of(files: Sequence[Path], reason: str | None = None) -> "Operation":
    """Return an import of files as the operation that its changes name."""
    from schemas.operations import OperationKind, imported, operation
    from server.clock import Clock

    what = imported([file.name for file in files], reason)
    return operation(OperationKind.IMPORT, Clock().new_id(), what)


def tell_progress(done: int, total: int) -> None:
    """Say how far a change of many records is; what is told is on disk."""
    say(f"{done} of {total} records", err=True)


def tell_operation(operation_id: str | None, project: str) -> None:
    """Say how to take back what was written, if anything was."""
    if operation_id:
        say(f"to take it back: permille-server undo {operation_id} --project {project}")


def device_data(device: "Device") -> dict[str, Any]:
    """Return the JSON object of a laptop."""
    found: dict[str, Any] = asdict(device)
    del found["is_server"]
    found["gets_new_token"] = found.pop("renew_code") is not None
    return found
