"""The edge of the program: every way to end becomes words and an exit code."""

import json
import os
from collections.abc import Callable, Sequence
from typing import Final

import click

from collector.cli.output import say
from collector.errors import Exit, PermilleError
from collector.speech.spoken import problem_said, said
from schemas.phrases import _
from schemas.problems import Problem

#: What a shell reports for a program that was interrupted.
INTERRUPTED: Final = 130
DEBUG_VARIABLE: Final = "PERMILLE_DEBUG"


def run(command: Callable[[], object], *, as_json: bool) -> int:
    """Run a command; return the exit code, and never show a traceback."""
    try:
        result = command()
    except (click.Abort, KeyboardInterrupt):
        say(_("stopped; what was saved before is kept"), err=True)
        return INTERRUPTED
    except SystemExit:
        # click leaves so when the reader went away (`permille plot list | head`).
        return Exit.DONE
    except Exception as error:  # noqa: BLE001 - the edge: a bug, told in one line
        return _ended(error, as_json=as_json)
    return int(result) if isinstance(result, int) else Exit.DONE


def tell_error(
    text: str,
    hint: str,
    code: str,
    problems: Sequence[Problem] = (),
    *,
    as_json: bool,
    are_options: bool = False,
) -> None:
    """Print an error: words on stderr, or one JSON object on stdout."""
    if as_json:
        found = [problem.as_data() for problem in problems]
        error = {"code": code, "text": text, "hint": hint, "problems": found}
        click.echo(json.dumps({"error": error}, ensure_ascii=False))
        return
    say(_("error: {text}", text=text), "  ", err=True)
    for problem in problems:
        say(f"  {problem_said(problem, is_option=are_options)}", "    ", err=True)
    if hint:
        say(f"  -> {said(hint)}", "     ", err=True)


def _ended(error: Exception, *, as_json: bool) -> int:
    match error:
        case PermilleError():
            return _stopped(error, as_json=as_json)
        case click.ClickException():
            return _wrong_usage(error, as_json=as_json)
        case OSError():
            return _system(error, as_json=as_json)
        case _:
            return _bug(error, as_json=as_json)


def _stopped(error: PermilleError, *, as_json: bool) -> int:
    tell_error(
        error.text,
        error.hint,
        error.code,
        error.problems,
        as_json=as_json,
        are_options=error.are_options,
    )
    return error.exit_code


def _wrong_usage(error: click.ClickException, *, as_json: bool) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return Exit.USAGE
    command = context.command_path if context else ""
    hint = _("see: {command} --help", command=command) if context else ""
    tell_error(error.format_message(), hint, "usage", as_json=as_json)
    return Exit.USAGE


def _system(error: OSError, *, as_json: bool) -> int:
    where = f"{error.filename}: " if error.filename else ""
    text = f"{where}{error.strerror or error}"
    tell_error(text, _("check path and rights"), "system", as_json=as_json)
    return Exit.REFUSED


def _bug(error: Exception, *, as_json: bool) -> int:
    if os.environ.get(DEBUG_VARIABLE):
        import traceback

        traceback.print_exception(error)
    defect = f"{type(error).__name__}: {error}"
    tell_error(
        _("a defect of the program: {defect}", defect=defect),
        _(
            "nothing was half saved; report it with {variable}=1",
            variable=DEBUG_VARIABLE,
        ),
        "defect",
        as_json=as_json,
    )
    return Exit.REFUSED
