"""Catalogues of texts, read from .po files as translators write them."""

from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol

from collector.speech.languages import ENGLISH, Speech


def translations(code: str, package: str, folder: str) -> NullTranslations:
    """Return the texts of a folder, and behind them those of the rules."""
    if code == "en":
        return NullTranslations()
    found = _read(package, f"{folder}/{code}.po", code)
    found.add_fallback(_read("collector.speech", f"texts/rules/{code}.po", code))
    return found


@lru_cache
def speech_of_commands(code: str) -> Speech:
    """Return a language as commands speak it."""
    if code == "en":
        return ENGLISH
    texts = translations(code, "collector.speech", "texts/commands")
    return Speech(code, texts, get_decimal_symbol(code))


def _read(package: str, path: str, code: str) -> GNUTranslations:
    source = files(package).joinpath(path).read_bytes()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source), code))
    compiled.seek(0)
    return GNUTranslations(compiled)
