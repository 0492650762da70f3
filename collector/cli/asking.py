"""Ask for yes or no, in the language that is spoken."""

from typing import Final

import click

from collector.cli.output import say
from collector.speech.spoken import said
from schemas.phrases import _

_YES: Final = (_("y"), _("yes"))
_NO: Final = (_("n"), _("no"))


def agreed(question: str, *, default: bool = False, err: bool = True) -> bool:
    """Return whether the person agrees; Enter takes the default.

    The letters of the language are taken, and those of English.

    Raises
    ------
    Abort
        If the person stops.
    """
    yes, no = said(_YES[0]), said(_NO[0])
    letters = f"{yes.upper()}/{no}" if default else f"{yes}/{no.upper()}"
    shown = f"{said(question)} [{letters}]"
    while True:
        typed = click.prompt(shown, default="", show_default=False, err=err)
        answer = str(typed).strip().lower()
        if not answer:
            return default
        for words, meant in ((_YES, True), (_NO, False)):
            if answer in {*words, *map(said, words)}:
                return meant
        say(_("type {yes} or {no}", yes=yes, no=no), err=err)
