"""The language that this call of the program speaks."""

from collections.abc import Mapping
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Final

from schemas.problems import Problem
from schemas.speech.languages import ENGLISH, Speech

_NOW: Final = ContextVar("speech", default=ENGLISH)


def can_speak(code: str) -> bool:
    """Return whether a language can be spoken: English always, others with babel."""
    return code == "en" or find_spec("babel") is not None


def speak(code: str) -> None:
    """Speak a language from now on; English where it cannot be spoken."""
    if code == "en" or not can_speak(code):
        _NOW.set(ENGLISH)
        return
    # English loads no catalogue, and not what reads one.
    from collector.speech.catalogues import speech_of_commands  # noqa: PLC0415

    _NOW.set(speech_of_commands(code))


def speech() -> Speech:
    """Return the language that is spoken."""
    return _NOW.get()


def said(value: object) -> str:
    """Return a phrase or a value in the language that is spoken."""
    return _NOW.get().said(value)


def problem_said(
    problem: Problem,
    called: Mapping[str, str] | None = None,
    *,
    is_option: bool = False,
) -> str:
    """Return a problem in the language that is spoken."""
    return _NOW.get().problem(problem, called, is_option=is_option)
