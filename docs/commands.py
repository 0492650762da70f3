"""The reference of the two command lines, as their own help says it."""

from collections.abc import Iterator

import click

WIDTH = 80

INTRO = """# Commands

`permille` runs on the laptop, `permille-server` on the server. Every text below is
what `--help` prints.

"""


class UndocumentedError(Exception):
    """A command lacks what a reader needs; names it."""


def page() -> str:
    """Return the page of every command of both programs."""
    from collector.cli.root import cli  # noqa: PLC0415 - other pages need neither program
    from server.cli import main  # noqa: PLC0415

    return INTRO + "".join(
        (*program("permille", cli), *program("permille-server", main))
    )


def program(name: str, root: click.Command) -> Iterator[str]:
    """Return the sections of one program, depth first in its own order.

    Raises
    ------
    UndocumentedError
        If a command has no help, or one that does something shows no example.
    """
    yield from _sections(root, name, None, 2)


def _sections(
    command: click.Command, name: str, parent: click.Context | None, level: int
) -> Iterator[str]:
    # A fixed width, so that the page does not depend on the terminal.
    settings = {**command.context_settings, "terminal_width": WIDTH}
    context = click.Context(command, parent, info_name=name, **settings)
    _check(command, context.command_path)
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"{'#' * level} {context.command_path}\n\n```text\n{text}\n```\n\n"
    if not isinstance(command, click.Group):
        return
    for inner_name in command.list_commands(context):
        inner = command.get_command(context, inner_name)
        assert inner is not None, f"{context.command_path} lists {inner_name}"
        if not inner.hidden:
            yield from _sections(inner, inner_name, context, min(level + 1, 4))


def _check(command: click.Command, path: str) -> None:
    if not (command.help or "").strip():
        raise UndocumentedError(f"{path}: the command has no help text")
    if "\\b" in (command.help or ""):
        # click asks for the control character; a raw docstring gives two letters.
        raise UndocumentedError(f"{path}: the help text shows a literal \\b")
    shows_example = "example" in (command.help or "").lower()
    if not shows_example and not isinstance(command, click.Group):
        raise UndocumentedError(f"{path}: the help text has no example")
