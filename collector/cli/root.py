"""The command `permille`: what it lists, and how it ends.

Commands are imported when they are typed.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, NoReturn

import click

from collector.cli import VERSION_LINE
from collector.cli.app import App
from collector.cli.edge import run
from collector.cli.speaking import language_option
from schemas.screen import safe_output

#: Command -> the module that has it, and its name there.
COMMANDS: Final = MappingProxyType(
    {
        "init": ("collector.cli.home", "init"),
        "enrol": ("collector.cli.home", "enrol"),
        "status": ("collector.cli.home", "status"),
        "today": ("collector.cli.today", "today"),
        "person": ("collector.cli.person", "person"),
        "language": ("collector.cli.speaking", "language"),
        "organisation": ("collector.cli.records", "organisation"),
        "project": ("collector.cli.records", "project"),
        "plot": ("collector.cli.records", "plot"),
        "practice": ("collector.cli.records", "practice"),
        "design": ("collector.cli.records", "design"),
        "point": ("collector.cli.records", "point"),
        "campaign": ("collector.cli.records", "campaign"),
        "core": ("collector.cli.core", "core"),
        "questions": ("collector.cli.questions", "questions"),
        "question_form": ("collector.cli.questions", "question_form"),
        "answer": ("collector.cli.answer", "answer"),
        "sample": ("collector.cli.records", "sample"),
        "skip": ("collector.cli.skip", "skip"),
        "custody_event": ("collector.cli.records", "custody_event"),
        "label": ("collector.cli.label", "label"),
        "custody": ("collector.cli.custody", "custody"),
        "where": ("collector.cli.where", "where"),
        "draft": ("collector.cli.draft", "draft"),
        "result": ("collector.cli.records", "result"),
        "lab_control": ("collector.cli.records", "lab_control"),
        "lab_batch": ("collector.cli.records", "lab_batch"),
        "plan": ("collector.cli.plan", "plan"),
        "position": ("collector.cli.position", "position"),
        "attach": ("collector.cli.attachments", "attach"),
        "attachments": ("collector.cli.attachments", "attachments"),
        "warnings": ("collector.cli.warnings", "warnings"),
        "import": ("collector.cli.imports", "import_group"),
        "export": ("collector.cli.export", "export"),
        "lab": ("collector.cli.lab", "lab"),
        "ui": ("collector.cli.ui", "ui"),
        "search": ("collector.cli.search", "search"),
        "records": ("collector.cli.taking_in", "records"),
        "undo": ("collector.cli.undo", "undo"),
        "sync": ("collector.cli.sync", "sync"),
        "bundle": ("collector.cli.bundle", "bundle"),
        "conflicts": ("collector.cli.conflicts", "conflicts"),
        "fix": ("collector.cli.review", "fix"),
        "receipts": ("collector.cli.receipts", "receipts"),
        "recover": ("collector.cli.home", "recover"),
        "doctor": ("collector.cli.doctor", "doctor"),
        "completion": ("collector.cli.doctor", "completion"),
        "stocks": ("collector.cli.stocks", "stocks"),
    }
)

#: What a shell sets when it asks for completions: click derives it from the name.
COMPLETE_VARIABLE: Final = "_PERMILLE_COMPLETE"

_HELP: Final = """Record soil samples without a network, and sync them later.

\b
Begin:   permille init --name lap-1 --person "Ada Diallo"
         permille enrol https://soil.example.org CODE
         permille sync
Record:  permille plot add --code HF
         permille campaign add --name 2026 --start-date 2026-05-01 --purpose baseline
         permille core add HF/1 10=A12:261 20=A13:262 30=A14:270 --new-point
Look:    permille today, permille status, permille sample list, permille stocks

Exit codes: 0 done; 1 done, but something needs attention; 2 wrong usage;
3 the server was not reached, nothing is lost, try again; 4 refused;
5 another permille command is at work on this laptop, wait for it and try again.
"""


class Root(click.Group):
    """The root group: loads commands late and turns every error into words."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click
        """Return the names, in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def main(  # type: ignore[override]  # never returns, in either mode of click
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,  # noqa: ANN401 - click's own options
    ) -> NoReturn:
        """Run a command and leave with its exit code."""
        given = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        call = super().main
        if COMPLETE_VARIABLE in os.environ:
            # A shell asks what may follow: click answers in bytes, with names of ours.
            call(given, prog_name or "permille", **extra)
        with safe_output():
            code = run(
                lambda: call(given, prog_name or "permille", **extra),
                as_json="--json" in given,
            )
        sys.exit(code)


@click.group(
    "permille",
    cls=Root,
    help=_HELP,
    # Colour: click would take ESC sequences out of a pipe instead of showing them.
    context_settings={"help_option_names": ["-h", "--help"], "color": True},
)
@click.version_option(message=VERSION_LINE)
@click.option(
    "--home",
    metavar="DIR",
    help="Where this laptop keeps its data. [env: PERMILLE_HOME]",
)
@language_option
@click.pass_context
def cli(ctx: click.Context, home: str | None) -> None:
    """Open the command line."""
    ctx.obj = (ctx.find_object(App) or App()).at(home)
