"""language: which language this laptop speaks; and --lang, for one command."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import click

from collector.cli.app import App, json_option, pass_app
from collector.cli.output import emit_json, say
from collector.errors import RefusedError, UsageError
from collector.speech.spoken import can_speak, speak, speech
from schemas.phrases import _, followed
from schemas.speech.languages import LANGUAGES, of_system

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE: Final = "PERMILLE_LANG"


def language_option(command: F) -> F:
    """Add the option --lang, which every command understands."""
    return click.option(
        "--lang",
        metavar=f"[{'|'.join(LANGUAGES)}]",
        expose_value=False,
        is_eager=True,
        callback=_speak,
        help=f"The language of this command. [env: {VARIABLE}]",
    )(command)


def _speak(context: click.Context, _parameter: Any, value: str | None) -> None:  # noqa: ANN401
    """Speak the language that was named; else that of the system, until a laptop is open."""
    asked = value or os.environ.get(VARIABLE)
    app = context.find_object(App) or App()
    context.obj = replace(app, is_language_named=bool(asked))
    if not asked:
        speak(of_system(os.environ))
        return
    code = _one_of_four(asked, "--lang" if value else VARIABLE)
    speak(code)
    if not can_speak(code):
        # Work goes on: a language is no reason to lose a day.
        say(followed(_needs_babel(code), _how_to_install()), "  ", err=True)


@click.command()
@click.argument("code", required=False, metavar=f"[{'|'.join(LANGUAGES)}]")
@json_option
@pass_app
def language(app: App, code: str | None, as_json: bool) -> None:
    """Show which language this laptop speaks, or say which it speaks from now on.

    It is that of the commands and of the page, and no other computer hears of it. One
    command in another language takes permille --lang CODE.

    \b
    Example:
      permille language
      permille language fr
      permille --lang es today
    """
    from collector.laptop import settings

    with app.laptop() as laptop:
        if code is not None:
            code = _one_of_four(code, "CODE")
            if not can_speak(code):
                raise RefusedError(
                    _needs_babel(code), _how_to_install(), code="extra_missing"
                )
            laptop.store.set_settings({settings.LANGUAGE: code})
            if not app.is_language_named:
                speak(code)
        remembered = laptop.store.setting(settings.LANGUAGE)
    spoken = speech().code
    if as_json:
        emit_json({"spoken": spoken, "remembered": remembered, "known": [*LANGUAGES]})
        return
    for each, name in LANGUAGES.items():
        line = _("{code}  {name} (spoken here)", code=each, name=name)
        say(line if each == spoken else f"{each}  {name}")
    if code is None:
        say(_("to speak another: permille language CODE"))


def _one_of_four(text: str, where: str) -> str:
    """Return the code of a language.

    Raises
    ------
    UsageError
        If it is none of the four.
    """
    code = text.strip().lower()
    if code in LANGUAGES:
        return code
    known = "; ".join(f"{each} {name}" for each, name in LANGUAGES.items())
    raise UsageError(
        _("{where} {text} is no language that is spoken here", where=where, text=text),
        _("one of: {known}", known=known),
    )


def _needs_babel(code: str) -> str:
    return _("{name} needs the package babel", name=LANGUAGES[code])


def _how_to_install() -> str:
    from schemas.gis.extra import how_to_install

    return how_to_install("ui")
