"""What every command shares: the home, the clock, the passphrase prompt."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from collector.cli.asking import agreed
from collector.cli.output import say
from collector.clock import Clock
from collector.config import PASSPHRASE_VARIABLE, Home, find_home
from collector.errors import RefusedError
from collector.speech.spoken import said, speak
from schemas.phrases import _

if TYPE_CHECKING:
    from collector.laptop.laptop import Laptop
    from schemas.operations import Operation


F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class App:
    """The settings of one call of the program."""

    clock: Clock = field(default_factory=Clock)
    home_given: str | None = None
    person: str | None = None
    is_language_named: bool = False

    def at(self, home: str | None) -> "App":
        """Return the same with another home, if one was named."""
        return replace(self, home_given=home or self.home_given)

    @property
    def home(self) -> Home:
        """Return the home directory."""
        return find_home(self.home_given)

    @contextmanager
    def laptop(self) -> Iterator["Laptop"]:
        """Open the laptop for one command."""
        from collector.laptop.open import opened

        with opened(self.home, self.clock, ask_passphrase, _tell) as laptop:
            if not self.is_language_named:
                _speak_as_remembered(laptop)
            yield replace(laptop, working=self.person)


pass_app = click.make_pass_decorator(App)


def _speak_as_remembered(laptop: "Laptop") -> None:
    """Speak the language that the laptop remembers, if it remembers one."""
    from collector.laptop import settings

    remembered = laptop.store.setting(settings.LANGUAGE)
    if remembered:
        speak(remembered)


def json_flag() -> click.Option:
    """Return the option --json."""
    return click.Option(["--json", "as_json"], is_flag=True, help="Print JSON.")


def project_flag(*, hidden: bool = False) -> click.Option:
    """Return the option --project."""
    return click.Option(
        ["--project"],
        metavar="CODE",
        help="Project, or the start of its id; not needed when there is just one.",
        hidden=hidden,
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
insecure_option = click.option(
    "--insecure",
    is_flag=True,
    help="Send the token unencrypted, over plain http, from now on.",
)
project_option = click.option(
    "--project",
    metavar="CODE",
    help="Project, or the start of its id; not needed when there is just one.",
)


def one_line(most: int) -> Callable[[Any, Any, str | None], str | None]:
    """Return the callback of an option whose text travels in a message."""

    def read(_context: Any, _parameter: Any, value: str | None) -> str | None:  # noqa: ANN401
        if value is None:
            return None
        from schemas.one_line import one_line as line_of

        try:
            return line_of(value, most)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read


def _at_work(context: click.Context, parameter: Any, value: str | None) -> None:  # noqa: ANN401
    from schemas import limits

    name = one_line(limits.NAME_CHARS)(context, parameter, value)
    if name is not None:
        context.obj = replace(context.find_object(App) or App(), person=name)


def person_flag() -> click.Option:
    """Return the option --person of a command that writes."""
    return click.Option(
        ["--person"],
        metavar="NAME",
        expose_value=False,
        callback=_at_work,
        help="Who does this, where it is not who is at work: permille person.",
    )


def person_option(command: F) -> F:
    """Add the option --person to a command that writes."""
    return click.option(
        "--person",
        metavar="NAME",
        expose_value=False,
        callback=_at_work,
        help="Who does this, where it is not who is at work: permille person.",
    )(command)


def ask_passphrase() -> str:
    """Take the passphrase from the environment, or ask for it.

    Raises
    ------
    RefusedError
        If there is neither the variable nor a terminal.
    """
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is not None:
        return given
    return _prompt(_("Passphrase"))


def new_passphrase() -> str:
    """Take a new passphrase from the environment, or ask for it twice."""
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is None:
        given = _prompt(_("New passphrase"), confirmation_prompt=True)
    if not given:
        raise RefusedError(
            _("an empty passphrase protects nothing"), _("choose another")
        )
    return given


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
        raise RefusedError(
            _("{question} This needs a yes.", question=question),
            _("add: --yes"),
            code="not_confirmed",
        )
    if not agreed(question, err=False):
        raise RefusedError(_("nothing was changed"), code="not_confirmed")


def import_of(
    laptop: "Laptop", files: Sequence[Path], reason: str | None = None
) -> "Operation":
    """Return an import of files as the operation that its changes name."""
    from schemas.operations import OperationKind, imported, operation

    what = imported([file.name for file in files], reason)
    return operation(OperationKind.IMPORT, laptop.clock.new_id(), what)


def tell_operation(operation_id: str | None) -> None:
    """Say how to take back what was written, if anything was."""
    if operation_id:
        say(_("to take it back: permille undo {operation}", operation=operation_id))


def example(*lines: str) -> str:
    """Format the examples of a command's help."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


Callback = Callable[..., Any]


def _tell(text: str) -> None:
    say(text, err=True)


def _prompt(text: str, *, confirmation_prompt: bool = False) -> str:
    if not sys.stdin.isatty():
        raise RefusedError(
            _("the database is protected by a passphrase"),
            _(
                "set {variable}, or run the command in a terminal",
                variable=PASSPHRASE_VARIABLE,
            ),
            code="passphrase_needed",
        )
    answer: str = click.prompt(
        said(text), hide_input=True, confirmation_prompt=confirmation_prompt, err=True
    )
    return answer
