"""doctor: is this laptop fit for the field; completion: of commands in a shell."""

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json, say
from collector.errors import Exit
from collector.speech.spoken import said


@click.command()
@json_option
@pass_app
def doctor(app: App, as_json: bool) -> int:
    """Look whether this laptop is fit for the field: disk, clock, database, backlog.

    Every page of the database is read. Exit code 1 where something is to be done.

    \b
    Example:
      permille doctor
    """
    from collector.sync.doctor import examine
    from schemas.health import INDENT, HealthFinding, is_well
    from schemas.version import __version__

    with app.laptop() as laptop:
        found = examine(laptop, __version__)
    if as_json:
        emit_json([one.as_data() for one in found])
    else:
        for one in found:
            told = HealthFinding(
                said(one.part), one.health, said(one.said), said(one.hint)
            )
            say(told.line, INDENT)
    return Exit.DONE if is_well(found) else Exit.ATTENTION


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what completes the commands of permille in a shell.

    \b
    Example:
      permille completion bash >> ~/.bashrc
      permille completion zsh >> ~/.zshrc
      permille completion fish > ~/.config/fish/completions/permille.fish
    """
    from click.shell_completion import get_completion_class

    from collector.cli.root import COMPLETE_VARIABLE, cli

    made = get_completion_class(shell)
    assert made is not None, "click knows each shell that is offered"
    click.echo(made(cli, {}, "permille", COMPLETE_VARIABLE).source())
